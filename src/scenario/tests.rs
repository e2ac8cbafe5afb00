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
    let ClientConfig::Sdk(sdk) = &web.client;
    assert_eq!(sdk.instances, 20);
    assert_eq!(sdk.retry.mode, "standard-2026");
    let RateShape::Spike {
        base,
        peak,
        lasting,
        ..
    } = &web.demand.rate
    else {
        panic!()
    };
    assert_eq!(
        (*base, *peak, *lasting),
        (
            RecordRate::per_s(2_000),
            RecordRate::per_s(10_000),
            Dur::from_min(20)
        )
    );
    assert_eq!(
        web.demand.record_size,
        SizeLaw::LogNormal {
            mean: Bytes(1_229),
            p95: Bytes(3_072)
        }
    );
    assert_eq!(
        web.demand.keys,
        KeyLaw::Zipf {
            distinct: 200_000,
            exponent_milli: 800
        }
    );
    assert_eq!(world.stream.shards, Some(20));
    assert_eq!(world.consumers.len(), 2);
    assert_eq!(scenario.goal.as_ref().unwrap().limits.len(), 3);
    assert_eq!(scenario.expect.len(), 2);
}
