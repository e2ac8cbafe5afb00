//! Whole runs on real traces, record by record: the busiest day of each, with the books closed at the end.

use kinesim::experiment;
use kinesim::measure::result::RunResult;
use kinesim::producer::config::{RateShape, SizeLaw, Trace};
use kinesim::producer::trace::busiest_window;
use kinesim::scenario::{self, read_trace};
use kinesim::stream::config::Mode;
use kinesim::units::{Bytes, Dur, NS_PER_S};
use std::path::Path;
use std::sync::Arc;

const SCENARIO: &str = "version: 1
question: Does the busiest day of a real stream fit the shards that its peak minute asks for?
duration: 24 h
producers:
  app: { rate: 1 records/s, record_size: 1 KiB, client: { sdk: { in_flight: 1000 } } }
stream: { shards: auto }
modes: [provisioned]
consumers:
  reader: { read: polling }
";

fn trace(name: &str) -> Option<Trace> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(read_trace(name, &text).expect("a sound trace")),
        Err(_) => {
            println!("skipped: {name} is not at hand");
            None
        }
    }
}

/// The trace's busiest day (or all of it), run record by record.
fn busiest_day(trace: &Trace, size: SizeLaw) -> (RunResult, u128) {
    let length = Dur(Dur::from_h(24).0.min(trace.end.0));
    let from = busiest_window(trace, length);
    let wanted = trace.records(from, Dur(from.0 + length.0)) / 1_000_000;
    let text = SCENARIO.replace("24 h", &format!("{} s", length.0 / NS_PER_S));
    let loaded = scenario::load(&text, "day.yaml", &|_| Err("none".into()), &[]);
    let mut scenario = loaded.unwrap_or_else(|d| panic!("{}", scenario::render(&d, false)));
    let demand = &mut scenario.producers[0].demand;
    (demand.rate, demand.record_size) = (RateShape::Trace(Arc::new(trace.window(from, length))), size);
    let mut plan = scenario.plan(1).expect("prices of its Region");
    (plan.replications, plan.curves) = (Some(1), Some(false));
    let mut outcome = experiment::run(&plan, &|_, _| ()).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(outcome.modes[0].mode, Mode::Provisioned.word());
    (outcome.modes.remove(0).run, wanted)
}

/// Births scatter as Poisson's law says; every record is in the books; what was stored was read or is unread.
fn check(name: &str, size: SizeLaw) -> Option<()> {
    let trace = trace(name)?;
    let (run, wanted) = busiest_day(&trace, size);
    let p = &run.producers[0];
    let scatter = (wanted as f64).sqrt();
    let off = p.born as f64 - wanted as f64;
    assert!(off.abs() <= 5.0 * scatter, "{name}: {} born, {wanted} in the trace", p.born);
    assert_eq!(p.stored + p.lost.all() + p.held, p.born, "{name}");
    let c = &run.consumers[0];
    assert_eq!(
        c.first_deliveries + c.unread + c.lost_to_retention + c.before_start,
        run.stream.stored,
        "{name}"
    );
    assert!(run.cut.is_none(), "{name}: {:?}", run.cut);
    println!(
        "{name}: {} shards, {} born, {} stored, {} lost, {} throttled of {} attempts, p99 {:?} ms",
        run.stream.shards_at_start,
        p.born,
        run.stream.stored,
        p.lost.all(),
        p.throttled,
        p.attempts,
        c.end_to_end.p99_ns.map(|ns| ns / 1_000_000)
    );
    Some(())
}

#[test]
fn the_whole_azure_trace_with_its_sizes_keeps_the_books() {
    check("azure_llm_code_2023.sizes.csv", SizeLaw::FromTrace);
}

#[test]
fn the_busiest_day_of_the_load_balancer_keeps_the_books() {
    check("elb_requests_2014.csv", SizeLaw::Fixed(Bytes(1_024)));
}

#[test]
fn the_busiest_day_on_twitter_keeps_the_books() {
    check("twitter_goog_2015.csv", SizeLaw::Fixed(Bytes(300)));
}

#[test]
fn the_busiest_day_of_the_taxis_keeps_the_books() {
    check("nyc_taxi_2014.csv", SizeLaw::Fixed(Bytes(200)));
}
