//! Scratch comparison.
use kinesim::coarse::rate;
use kinesim::measure::result::RunResult;
use kinesim::stream::config::Mode;
use kinesim::units::Dur;
use std::time::Instant;

fn line(what: &str, a: f64, b: f64) {
    let d = if a == 0.0 { b } else { (b - a) / a * 100.0 };
    let mark = if d.abs() > 1.0 { "  <<" } else { "" };
    println!("  {what:40} {a:>18.1} {b:>18.1} {d:>9.3} %{mark}");
}
fn show(a: &RunResult, b: &RunResult) {
    for (x, y) in a.producers.iter().zip(&b.producers) {
        let f = |n: &str, g: fn(&kinesim::measure::result::ProducerResult) -> u64| {
            line(&format!("{} {n}", x.name), g(x) as f64, g(y) as f64)
        };
        f("born", |p| p.born);
        f("born_bytes", |p| p.born_bytes);
        f("stored", |p| p.stored);
        f("dup", |p| p.duplicates);
        f("lost", |p| p.lost.all());
        f("held", |p| p.held);
        f("delayed", |p| p.delayed);
        f("attempts", |p| p.attempts);
        f("throttled", |p| p.throttled);
        f("calls", |p| p.calls);
        for (n, p, q) in [("put", &x.put, &y.put), ("buffering", &x.buffering, &y.buffering)] {
            line(
                &format!("{n} p50 us"),
                p.p50_ns.unwrap_or(0) as f64 / 1e3,
                q.p50_ns.unwrap_or(0) as f64 / 1e3,
            );
            line(
                &format!("{n} p99 us"),
                p.p99_ns.unwrap_or(0) as f64 / 1e3,
                q.p99_ns.unwrap_or(0) as f64 / 1e3,
            );
        }
    }
    let (s, t) = (&a.stream, &b.stream);
    line("kinesis", s.kinesis_records as f64, t.kinesis_records as f64);
    line("stored bytes", s.stored_bytes as f64, t.stored_bytes as f64);
    line("thr rec", s.throttled_by_records as f64, t.throttled_by_records as f64);
    line("thr bytes", s.throttled_by_bytes as f64, t.throttled_by_bytes as f64);
    line("thr s", s.throttled_seconds as f64, t.throttled_seconds as f64);
    line("shards end", s.shards_at_end as f64, t.shards_at_end as f64);
    line("hottest ppm", s.hottest_share_ppm as f64, t.hottest_share_ppm as f64);
    for (x, y) in a.consumers.iter().zip(&b.consumers) {
        let f = |n: &str, g: fn(&kinesim::measure::result::ConsumerResult) -> u64| {
            line(&format!("{} {n}", x.name), g(x) as f64, g(y) as f64)
        };
        f("first", |c| c.first_deliveries);
        f("bytes", |c| c.delivered_bytes);
        f("redel", |c| c.redeliveries);
        f("lost", |c| c.lost_to_retention);
        f("unread", |c| c.unread);
        f("calls", |c| c.calls);
        f("empty", |c| c.empty_calls);
        f("thr calls", |c| c.throttled_by_calls);
        f("thr bytes", |c| c.throttled_by_bytes);
        f("age max ms", |c| c.iterator_age_ns_max / 1_000_000);
        f("catch up s", |c| c.catch_up_ns.unwrap_or(0) / 1_000_000_000);
        for (n, p, q) in [
            ("prop", &x.propagation, &y.propagation),
            ("proc", &x.processing, &y.processing),
            ("e2e", &x.end_to_end, &y.end_to_end),
        ] {
            line(
                &format!("{n} p50 us"),
                p.p50_ns.unwrap_or(0) as f64 / 1e3,
                q.p50_ns.unwrap_or(0) as f64 / 1e3,
            );
            line(
                &format!("{n} p99 us"),
                p.p99_ns.unwrap_or(0) as f64 / 1e3,
                q.p99_ns.unwrap_or(0) as f64 / 1e3,
            );
        }
    }
    let (u, v) = (serde_json::to_value(&a.usage).unwrap(), serde_json::to_value(&b.usage).unwrap());
    for (k, x) in u.as_object().unwrap() {
        let n = |v: &serde_json::Value| v.to_string().parse::<f64>().unwrap_or(0.0);
        if n(x) != 0.0 || n(&v[k]) != 0.0 {
            line(&format!("usage {k}"), n(x), n(&v[k]));
        }
    }
}

#[test]
#[ignore]
fn compare() {
    let names = std::env::var("RATE").unwrap_or("steady".into());
    let seed: u64 = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    for name in names.split(',') {
        let path = format!("{}/scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let dir = std::path::Path::new(&path).parent().unwrap().to_owned();
        let files = move |n: &str| std::fs::read_to_string(dir.join(n)).map_err(|e| e.to_string());
        let scenario = kinesim::scenario::load(&text, &path, &files, &[])
            .unwrap_or_else(|d| panic!("{}", kinesim::scenario::render(&d, false)));
        let modes: Vec<Mode> = scenario.modes.clone();
        for mode in modes {
            let world = scenario.world(mode, seed, 0);
            let t = Instant::now();
            let a = kinesim::world::simulate(&world).unwrap();
            let ta = t.elapsed();
            let t = Instant::now();
            let b = match rate::simulate(&world, Dur::from_s(1)) {
                Ok(b) => b,
                Err(w) => {
                    println!("{name}: {}", w.0);
                    continue;
                }
            };
            println!("== {name} {} record {ta:.2?} rate {:.2?}", mode.word(), t.elapsed());
            show(&a, &b);
        }
    }
}

#[test]
#[ignore]
fn month() {
    let text = "version: 1
question: q
duration: 30 d
producers:
  app: { rate: { diurnal: { low: 200000 records/s, high: 800000 records/s, peak_at: 14 h } }, record_size: { uniform: { min: 256 B, max: 1536 B } }, client: { sdk: { instances: 1000 } } }
stream: { shards: 1000 }
modes: [provisioned, on_demand]
consumers:
  dashboard: { read: polling }
  fraud: { read: enhanced_fan_out }
";
    let scenario = kinesim::scenario::load(
        text,
        "m.yaml",
        &|_| Err("none".into()),
        &[("resolution".into(), "rate".into())],
    )
    .unwrap_or_else(|d| panic!("{}", kinesim::scenario::render(&d, false)));
    for mode in [Mode::Provisioned, Mode::OnDemand] {
        for step in [1, 60] {
            let world = scenario.world(mode, 1, 0);
            let t = Instant::now();
            let b = rate::simulate(&world, Dur::from_s(step)).unwrap_or_else(|w| panic!("{}", w.0));
            println!(
                "month {} step {step}: {:.2?} born {} throttled {} coarse {:?} shards {}",
                mode.word(),
                t.elapsed(),
                b.producers[0].born,
                b.producers[0].throttled,
                b.coarse,
                b.stream.shards_at_end
            );
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}

#[test]
#[ignore]
fn trace() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces/twitter_goog_2015.csv");
    let Ok(csv) = std::fs::read_to_string(path) else { return };
    let text = "version: 1
question: q
duration: 55 d
producers:
  app: { rate: { trace: t.csv }, record_size: 1 KiB }
stream: { shards: auto }
modes: [provisioned, on_demand, on_demand_advantage]
consumers:
  reader: { read: polling }
";
    let scenario = kinesim::scenario::load(
        text,
        "m.yaml",
        &move |_| Ok(csv.clone()),
        &[("resolution".into(), "rate".into())],
    )
    .unwrap_or_else(|d| panic!("{}", kinesim::scenario::render(&d, false)));
    for mode in [Mode::Provisioned, Mode::OnDemand, Mode::OnDemandAdvantage] {
        let world = scenario.world(mode, 1, 0);
        let t = Instant::now();
        let b = rate::simulate(&world, Dur::from_s(1)).unwrap_or_else(|w| panic!("{}", w.0));
        println!(
            "trace {}: {:.2?} born {} throttled {} shards {} to {}",
            mode.word(),
            t.elapsed(),
            b.producers[0].born,
            b.producers[0].throttled,
            b.stream.shards_at_start,
            b.stream.shards_at_end
        );
    }
}
