use super::*;
use crate::producer::config::{ClientConfig, KeyLaw, RateShape, SizeLaw};
use crate::units::{Bytes, RecordRate};

const WHOLE: &str = "\
version: 1
question: Do the dashboards keep up on launch day, and which mode is cheaper?
duration: 2 h
producers:
  web:
    client: { sdk: { instances: 20 } }
    rate: { spike: { base: 2000 records/s, peak: 5x, at: 45 min, for: 20 min } }
    record_size: { lognormal: { mean: 1.2 KiB, p95: 3 KiB } }
    keys: { zipf: { distinct: 200000, exponent: 0.8 } }
stream: { shards: 20, retention: 24 h, on_demand: { history: steady } }
modes: [provisioned, on_demand, on_demand_advantage]
consumers:
  dashboard: { read: polling, processing: 40 us/record }
  fraud: { read: enhanced_fan_out, processing: 15 ms + 0.2 ms/record }
firehose:
  lake: {}
events:
  - { at: 50 min, do: { outage: { consumer: dashboard, for: 10 min } } }
goal:
  mode: provisioned
  throttled_attempts: { at_most: 0.1 % }
  consumers: { dashboard: { propagation_p99: { at_most: 15 min } } }
  monthly_cost: { at_most: 2000 USD }
expect:
  - { that: provisioned.consumers.dashboard.propagation_p99, at_most: 20 min, source: A01 }
  - { that: throttled_attempts, at_least: 0 %, source: regression }
central: { key: stream.shards, broken: 2 }
";

fn no_files(name: &str) -> Result<String, String> {
    Err(format!("{name}: not found"))
}

fn load_text(text: &str) -> Result<Scenario, String> {
    load(text, "t.yaml", &no_files, &[]).map_err(|d| render(&d, false))
}

#[test]
fn the_example_of_the_contract_becomes_a_world() {
    let scenario = load_text(WHOLE).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scenario.name, "t");
    assert_eq!(scenario.modes.len(), 3);
    let world = scenario.world(Mode::Provisioned, 7, 2);
    assert_eq!((world.seed.user, world.seed.replication), (7, 2));
    let web = &world.producers[0];
    let ClientConfig::Sdk(sdk) = &web.client else { panic!("an sdk client") };
    assert_eq!(sdk.instances, 20);
    assert_eq!(sdk.retry.mode, "standard-2026");
    let RateShape::Spike { base, peak, lasting, .. } = &web.demand.rate else { panic!() };
    assert_eq!(
        (*base, *peak, *lasting),
        (RecordRate::per_s(2_000), RecordRate::per_s(10_000), Dur::from_min(20))
    );
    assert_eq!(web.demand.record_size, SizeLaw::LogNormal { mean: Bytes(1_229), p95: Bytes(3_072) });
    assert_eq!(web.demand.keys, KeyLaw::Zipf { distinct: 200_000, exponent_milli: 800 });
    assert_eq!(world.stream.shards, Some(20));
    assert_eq!(world.consumers.len(), 3, "Firehose reads too");
    assert_eq!(scenario.goal.as_ref().unwrap().limits.len(), 3);
    assert_eq!(scenario.expect.len(), 2);
}

#[test]
fn every_preset_loads_without_a_mistake_and_breaks_no_quota() {
    for preset in presets::PRESETS {
        let scenario = load(preset.text, preset.name, &no_files, &[]);
        let scenario = scenario.unwrap_or_else(|d| panic!("{}:\n{}", preset.name, render(&d, false)));
        assert_eq!(scenario.quota_findings(), [], "{}", preset.name);
        assert_eq!(scenario.too_large(), None, "{}", preset.name);
        assert_ne!(scenario.question, "What happens to this workload?");
    }
    assert!(presets::preset("iot").is_some() && presets::preset("x").is_none());
}

/// Every default of the grammar, taken by a scenario that writes none of them, is accepted by its own reader.
#[test]
fn every_default_reads_and_lies_in_its_own_range() {
    for key in help::keys() {
        let written = key.default.as_str();
        if ["none: it must be written", "nothing", "as below", "[]", "What happens to this workload?"]
            .contains(&written)
        {
            continue;
        }
        // Keys of one path are set through the overlay, which reads them as if they were in the file.
        let path = key
            .key
            .replace("producers.NAME", "producers.web")
            .replace("consumers.NAME", "consumers.dashboard")
            .replace("firehose.NAME", "firehose.lake");
        let in_choice = path.contains(".rate.")
            || path.contains(".keys.hot")
            || path.starts_with("goal")
            || path.starts_with("events");
        if in_choice {
            continue;
        }
        let set = [(path.clone(), written.to_owned())];
        // A client's keys are read where the producer has that client.
        let of_producer = Some(path.as_str()).filter(|p| p.starts_with("producers"));
        let rest = of_producer.and_then(|p| p.split(".client.").nth(1));
        let client = rest.and_then(|rest| rest.split('.').next()).unwrap_or("sdk");
        let whole = WHOLE.replace("client: { sdk: {", &format!("client: {{ {client}: {{"));
        // Neighbours that must be written may be missing; the default itself must be fine.
        let diags = load(&whole, "t.yaml", &no_files, &set).err().unwrap_or_default();
        let own: Vec<_> = diags.into_iter().filter(|d| d.code != "missing-key").collect();
        assert!(own.is_empty(), "{path}={written}\n{}", render(&own, false));
    }
}

fn set(key: &str, value: &str) -> Result<Scenario, String> {
    let sets = [(key.to_owned(), value.to_owned())];
    load(WHOLE, "t.yaml", &no_files, &sets).map_err(|d| render(&d, false))
}

#[test]
fn overlays_change_the_tree_before_it_is_read() {
    let changed = |key, value| set(key, value).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(changed("stream.shards", "8").stream.shards, Some(8));
    assert_eq!(changed("stream.shards", "auto").stream.shards, None);
    assert_eq!(changed("events.1.at", "51 min").events[0].at, Dur::from_min(51));
    let fan_out = changed("consumers.dashboard.read.enhanced_fan_out.renew_every", "1 min");
    assert!(matches!(fan_out.consumers[0].read, crate::consumer::config::ReadConfig::FanOut(_)));
    let keys = changed("producers.web.keys", "{ hot: { distinct: 100000, share: 30 % } }");
    assert_eq!(
        keys.producers[0].demand.keys,
        KeyLaw::Hot { distinct: 100_000, share: crate::units::Percent(300_000_000) }
    );
    assert_ne!(changed("seed", "2").text_digest, load_text(WHOLE).unwrap().text_digest);
}

#[test]
fn overlays_with_mistakes_point_into_themselves() {
    let text = |key, value| set(key, value).unwrap_err();
    let unknown = text("stream.shrads", "8");
    assert!(unknown.contains("--set:1:1") && unknown.contains("did you mean `shards`"), "{unknown}");
    assert!(text("producers.wob.rate", "5 records/s").contains("did you mean `web`"));
    let unit = text("stream.retention", "12");
    assert!(unit.contains("--set:1:18") && unit.contains("has no unit"), "{unit}");
    assert!(text("events.9.at", "1 min").contains("no item `9`"));
    assert!(text("duration", "[").contains("this is not YAML"));
    assert!(text("duration", "").contains("has no value"));
}

#[test]
fn a_path_may_leave_out_the_word_the_file_chose() {
    let short = set("producers.web.rate.base", "3000 records/s").expect("reads");
    let long = set("producers.web.rate.spike.base", "3000 records/s").expect("reads");
    let rate = |s: &Scenario| format!("{:?}", s.producers[0].demand.rate);
    assert_eq!(rate(&short), rate(&long));
    let error = set("producers.web.rate.bsae", "1 records/s").expect_err("no such key");
    assert!(error.contains("unknown key `bsae`"), "{error}");
}

#[test]
fn intervals_keep_both_ends_and_run_at_the_middle() {
    let scenario = set("producers.web.rate", "6000 .. 9000 records/s").unwrap();
    let RateShape::Constant(rate) = scenario.producers[0].demand.rate else { panic!() };
    assert_eq!(rate, RecordRate::per_s(7_500));
    let [interval] = scenario.intervals.as_slice() else { panic!() };
    assert_eq!(interval.key, "producers.web.rate");
    assert_eq!((interval.low, interval.high), (RecordRate::per_s(6_000), RecordRate::per_s(9_000)));
}

#[test]
fn anchors_aliases_and_merge_keys_work() {
    let text = "\
x-defaults: &d { record_size: 2 KiB, burstiness: even }
duration: 1 min
producers:
  a: { <<: *d, rate: 5 records/s }
  b: { rate: 5 records/s, <<: *d, record_size: 1 KiB }
stream: {}
";
    let scenario = load_text(text).unwrap_or_else(|e| panic!("{e}"));
    let size = |i: usize| scenario.producers[i].demand.record_size.clone();
    assert_eq!((size(0), size(1)), (SizeLaw::Fixed(Bytes::from_kib(2)), SizeLaw::Fixed(Bytes::from_kib(1))));
    assert_eq!(scenario.modes, [Mode::Provisioned, Mode::OnDemand]);
}

#[test]
fn a_trace_file_becomes_steps_and_its_step_holds_at_the_end() {
    let file = |_: &str| {
        Ok("timestamp,records_per_second,mean_record_bytes\n2026-01-01T00:00:00Z,5,100\n2026-01-01T00:01:00Z,1566.666667,\n".to_owned())
    };
    let text = "duration: 2 min\nproducers: { a: { rate: { trace: f.csv }, record_size: from_trace } }\nstream: {}\n";
    let scenario = load(text, "t.yaml", &file, &[]).unwrap_or_else(|d| panic!("{}", render(&d, false)));
    let RateShape::Trace(trace) = &scenario.producers[0].demand.rate else { panic!() };
    assert_eq!(trace.at, [Dur::ZERO, Dur::from_min(1)]);
    assert_eq!(trace.rate[1], RecordRate(1_566_666_667));
    assert_eq!(trace.mean_size, [Some(Bytes(100)), None]);
    assert_eq!(trace.end, Dur::from_min(2));
}

#[test]
fn quotas_that_a_design_breaks_are_named() {
    let facts = |sets: &[(&str, &str)]| {
        let sets: Vec<(String, String)> =
            sets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let scenario =
            load(WHOLE, "t.yaml", &no_files, &sets).unwrap_or_else(|d| panic!("{}", render(&d, false)));
        scenario.quota_findings().into_iter().map(|f| f.fact).collect::<Vec<_>>()
    };
    let events = |list: &str| facts(&[("events", list)]);
    assert_eq!(facts(&[]), [""; 0]);
    assert_eq!(facts(&[("account.shard_quota", "19")]), ["stream.shard_quota_large"]);
    assert_eq!(facts(&[("consumers.fraud.count", "21")]), ["fan_out.consumers_max", "fan_out.consumers_max"]);
    assert_eq!(events("[{ at: 1 min, do: { reshard: { to: 41 } } }]"), ["update_shard_count.factor_max"]);
    assert_eq!(events("[{ at: 1 min, do: { reshard: { to: 9 } } }]"), ["update_shard_count.factor_max"]);
    assert_eq!(events("[{ at: 1 min, do: { reshard: { to: 40 } } }]"), [""; 0]);
    let switch = "{ at: 1 min, do: { mode_switch: { to: on_demand } } }";
    assert_eq!(events(&format!("[{switch}, {switch}, {switch}]")), ["stream.mode_switches_per_24_h"]);
    assert_eq!(facts(&[("consumers.dashboard.read.polling.interval", "199 ms")]), ["shard.read.calls_per_s"]);
    assert_eq!(facts(&[("producers.web.keys", "{ constant: one }")]), ["shard.write.records_per_s"]);
    assert_eq!(
        facts(&[("region", "sa-east-1"), ("producers.web.rate", "300k records/s")]),
        ["on_demand.max_write"]
    );
}

#[test]
fn a_run_of_a_million_million_records_is_refused_with_its_estimate() {
    let scenario = load_text(WHOLE).unwrap();
    // 100 min at 2,000 and 20 min at 10,000 records/s.
    assert_eq!(scenario.records_born(), 100 * 60 * 2_000 + 20 * 60 * 10_000);
    let huge = set("producers.web.rate", "140000k records/s").unwrap();
    assert!(huge.too_large().unwrap().contains("1,008,000,000,000 records"));
}

#[test]
fn help_comes_from_the_declaration() {
    let all = help::explain("stream.retention");
    assert_eq!((all.len(), all[0].default.as_str(), all[0].fact), (1, "24 h", Some("stream.retention")));
    let named = help::explain("consumers.dashboard.read.polling.interval");
    assert_eq!(named[0].fact, Some("consumer.interval"));
    assert_eq!(help::explain("max_bytes").len(), 3);
    assert!(help::explain("no_such_key").is_empty());
    assert_eq!(help::explain_metric("propagation_p99")[0].0, "consumers.NAME.propagation_p99");
    for key in help::keys() {
        assert!(
            !key.meaning.is_empty() && key.meaning.ends_with('.') || key.meaning.ends_with('?'),
            "{}: {}",
            key.key,
            key.meaning
        );
    }
}

#[test]
fn the_schema_knows_every_key() {
    let text = schema::schema().to_string();
    for key in help::keys() {
        let last = key.key.rsplit('.').next().unwrap();
        assert!(text.contains(&format!("\"{last}\":")), "{}", key.key);
    }
    // Producers and the stream stand under `streams` where there are several.
    assert_eq!(schema::schema()["required"].as_array().unwrap(), &["duration"]);
}

#[test]
fn the_digest_covers_the_files_that_are_read() {
    let text =
        "duration: 2 min\nproducers: { a: { rate: { trace: f.csv }, record_size: 1 KiB } }\nstream: {}\n";
    let digest = |rows: &'static str| {
        let file = move |_: &str| Ok(format!("timestamp,records_per_second\n{rows}"));
        load(text, "t.yaml", &file, &[]).unwrap().text_digest
    };
    assert_eq!(digest("0,1\n"), digest("0,1\n"));
    assert_ne!(digest("0,1\n"), digest("0,2\n"));
    assert_eq!(digest("0,1\n").len(), 32);
}
