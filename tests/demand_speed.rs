//! CPU time of a demand, in ns per record. Run with
//! `cargo test --test demand_speed -- --ignored --nocapture`; it asserts no time, a shared machine has none to give.

use kinesim::producer::config::{Burstiness, DemandConfig, KeyLaw, RateShape, SizeLaw};
use kinesim::producer::curve::Calendar;
use kinesim::producer::demand::{Columns, Demand};
use kinesim::random::Seed;
use kinesim::units::{Bytes, Dur, NS_PER_S, Percent, RecordRate};

/// Nanoseconds this thread has run (Linux); `None` elsewhere.
fn cpu_ns() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok()
}

fn measure(what: &str, config: &DemandConfig) {
    const END: u64 = 600 * NS_PER_S;
    const STEP: u64 = NS_PER_S / 50;
    let seed = Seed { user: 42, replication: 0 };
    let mut runs: Vec<f64> = (0..5)
        .filter_map(|_| {
            let mut demand = Demand::new(config, "web", Calendar::default(), seed, END, false, &[]);
            let mut out = Columns::default();
            let (before, mut until) = (cpu_ns()?, 0);
            while until < END {
                until += STEP;
                out.clear();
                demand.take_until(until, &mut out);
            }
            let spent = cpu_ns()? - before;
            assert_ne!(demand.digest(), 0);
            Some(spent as f64 / demand.born().0 as f64)
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    match runs.get(2) {
        Some(median) => println!("{what:40} {median:6.2} ns/record ({:.2} to {:.2})", runs[0], runs[4]),
        None => println!("{what:40} no CPU clock here"),
    }
}

#[test]
#[ignore = "a measurement, not a check"]
fn ns_per_record() {
    let base = DemandConfig {
        rate: RateShape::Constant(RecordRate::per_s(8000)),
        burstiness: Burstiness::Poisson,
        record_size: SizeLaw::Uniform { min: Bytes(256), max: Bytes(1536) },
        keys: KeyLaw::Uniform { distinct: 100_000 },
        key_bytes: Bytes(11),
    };
    let with = |what: &str, change: &dyn Fn(&mut DemandConfig)| {
        let mut config = base.clone();
        change(&mut config);
        measure(what, &config);
    };
    with("poisson, uniform sizes, uniform keys", &|_| ());
    with("poisson, uniform sizes, fresh keys", &|c| c.keys = KeyLaw::Random);
    with("poisson, fixed sizes, one key", &|c| {
        c.record_size = SizeLaw::Fixed(Bytes(1000));
        c.keys = KeyLaw::Constant("k".into());
    });
    with("even, fixed sizes, one key", &|c| {
        c.burstiness = Burstiness::Even;
        c.record_size = SizeLaw::Fixed(Bytes(1000));
        c.keys = KeyLaw::Constant("k".into());
    });
    with("zipf keys", &|c| c.keys = KeyLaw::Zipf { distinct: 100_000, exponent_milli: 1000 });
    with("hot keys", &|c| c.keys = KeyLaw::Hot { distinct: 100_000, share: Percent(30_000_000) });
    with("log-normal sizes", &|c| c.record_size = SizeLaw::LogNormal { mean: Bytes(1000), p95: Bytes(2500) });
    with("batches of 50", &|c| c.burstiness = Burstiness::Batches { size: 50 });
    with("mmpp", &|c| {
        c.burstiness = Burstiness::Mmpp { factor: 4, share: Percent(100_000_000), spell: Dur::from_ms(500) }
    });
    with("diurnal", &|c| {
        c.rate = RateShape::Diurnal {
            low: RecordRate::per_s(4000),
            high: RecordRate::per_s(12_000),
            peak_at: Dur::from_h(12),
        }
    });
}
