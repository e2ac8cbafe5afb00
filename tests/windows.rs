//! No decision is rounded to a window's edge: any cut of time into windows gives the same bytes.

#[path = "support/w2.rs"]
mod work;

use kinesim::consumer::config::{FanOutConfig, ReadConfig};
use kinesim::random::LatencyLaw;
use kinesim::units::Dur;
use kinesim::world::config::{Action, TimedEvent, WorldConfig};
use kinesim::world::simulate;
use work::w2;

fn holds(name: &str, mut config: WorldConfig) {
    let mut whole = None;
    for divisor in [1, 2, 7] {
        config.window_divisor = divisor;
        let result = serde_json::to_string(&simulate(&config).unwrap()).unwrap();
        let whole = whole.get_or_insert_with(|| result.clone());
        assert!(*whole == result, "{name}: windows cut by {divisor} give another result");
    }
}

#[test]
fn calm() {
    holds("calm", w2(false, false, 10, 8000, 30, 1));
}

/// Nine shards: the hot one is over its limit after a few seconds.
#[test]
fn hot() {
    let config = w2(true, false, 9, 8000, 30, 1);
    assert!(simulate(&config).unwrap().producers[0].throttled > 1000);
    holds("hot", config);
}

#[test]
fn real() {
    holds("real", w2(false, true, 10, 8000, 30, 1));
}

/// Calls with refused entries, a fan-out reader beside the pollers, a reshard.
#[test]
fn crowded() {
    let mut config = w2(false, true, 7, 8000, 30, 1);
    let mut pushed = config.consumers[0].clone();
    pushed.name = "pushed".into();
    pushed.read = ReadConfig::FanOut(FanOutConfig {
        push_latency: LatencyLaw::Exponential { mean: Dur::from_ms(70) },
        bytes_per_s: 2 << 20,
        renew_every: Dur::from_s(5),
        renewal_gap: Dur::ZERO,
    });
    config.consumers.push(pushed);
    config.stream.resharding.per_operation = Dur::from_s(1);
    config.events = vec![TimedEvent { at: Dur::from_s(15), action: Action::SplitShard { open_index: 2 } }];
    assert!(simulate(&config).unwrap().producers[0].throttled > 1000);
    holds("crowded", config);
}
