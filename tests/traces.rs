//! Real traces, when they are at hand beside the project; facts about them from their own README and from exact
//! rational arithmetic elsewhere.

use kinesim::producer::config::{Burstiness, DemandConfig, KeyLaw, RateShape, SizeLaw, Trace};
use kinesim::producer::curve::{Calendar, RateCurve};
use kinesim::producer::demand::{Columns, Demand};
use kinesim::producer::trace::busiest_window;
use kinesim::random::Seed;
use kinesim::scenario::read_trace;
use kinesim::units::{Bytes, Dur, RecordRate};
use std::path::Path;
use std::sync::Arc;

fn read(name: &str) -> Option<Trace> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(read_trace(name, &text).expect("a sound trace")),
        Err(_) => {
            println!("skipped: {} is not at hand", path.display());
            None
        }
    }
}

struct Known {
    name: &'static str,
    rows: usize,
    end_s: u64,
    zero_rows: usize,
    max_micro: u64,
    micro_records: u128,
    busiest_day_s: u64,
}

#[test]
fn the_four_traces_are_read_whole() {
    let known = [
        ("twitter_goog_2015.csv", 15_842, 4_752_600, 35, 15_500_000_000, 3_285_060_000_018_300, 2_850_300),
        ("nyc_taxi_2014.csv", 10_320, 18_576_000, 0, 6_532_833_333, 46_865_914_800_078_600, 10_634_400),
        ("elb_requests_2014.csv", 4032, 1_212_000, 0, 10_933_333_333, 1_248_445_000_003_200, 569_100),
        ("azure_llm_code_2023.csv", 3437, 3437, 2523, 6_700_000_000, 881_900_000_000, 0),
    ];
    for (name, rows, end_s, zero_rows, max_micro, micro_records, busiest_day_s) in known {
        let k = Known { name, rows, end_s, zero_rows, max_micro, micro_records, busiest_day_s };
        let Some(t) = read(k.name) else { continue };
        assert_eq!((t.at.len(), t.end), (k.rows, Dur::from_s(k.end_s)), "{}", k.name);
        assert_eq!(t.rate.iter().filter(|r| r.0 == 0).count(), k.zero_rows, "{}", k.name);
        assert_eq!(t.rate.iter().max(), Some(&RecordRate(k.max_micro)), "{}", k.name);
        assert_eq!(t.records(Dur(0), t.end), k.micro_records, "{}", k.name);
        assert_eq!(busiest_window(&t, Dur::from_h(24)), Dur::from_s(k.busiest_day_s), "{}", k.name);
    }
}

#[test]
fn sizes_follow_the_trace() {
    let Some(trace) = read("azure_llm_code_2023.sizes.csv") else {
        return;
    };
    assert_eq!(trace.mean_size[..2], [Some(Bytes(19_272)), Some(Bytes(10_433))]);
    let trace = Arc::new(trace);
    let config = DemandConfig {
        rate: RateShape::Trace(Arc::clone(&trace)),
        burstiness: Burstiness::Even,
        record_size: SizeLaw::FromTrace,
        keys: KeyLaw::Random,
        key_bytes: Bytes(0),
    };
    let seed = Seed { user: 1, replication: 0 };
    let end = trace.end.0 + Dur::from_min(10).0;
    let mut out = Columns::default();
    Demand::new(&config, "llm", Calendar::default(), seed, end, false, &[]).take_until(u64::MAX, &mut out);
    assert_eq!(out.len() as u128 * 1_000_000, trace.records(Dur(0), trace.end));
    for (born, size) in out.born.iter().zip(&out.size) {
        let k = trace.at.partition_point(|a| a.0 <= *born) - 1;
        assert_eq!(trace.mean_size[k], Some(Bytes(u64::from(*size))));
    }
}

#[test]
fn a_window_of_a_trace_has_its_records() {
    let Some(trace) = read("twitter_goog_2015.csv") else {
        return;
    };
    let (day, from) = (Dur::from_h(24), busiest_window(&trace, Dur::from_h(24)));
    let part = trace.window(from, day);
    let wanted = trace.records(from, Dur(from.0 + day.0));
    assert_eq!(part.records(Dur(0), part.end), wanted);
    let curve = RateCurve::new(&RateShape::Trace(Arc::new(part)), Calendar::default(), day.0);
    assert_eq!(curve.integral(0, day.0), wanted);
    assert_eq!(curve.peak_minute(), RecordRate(15_500_000_000));
}
