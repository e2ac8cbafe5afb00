//! Findings about Flink jobs: idle subtasks, what binds, the watermark, restarts, what the place costs.

use super::{count, records, time};
use crate::consumer::config::ApplicationConfig;
use crate::consumer::flink::FlinkConfig;
use crate::consumer::flink::config::{Place, SourceConfig};
use crate::cost::clients::flink::of_usage;
use crate::cost::{Stretch, with_clients};
use crate::experiment::plan::Plan;
use crate::facts::billing::MONTH;
use crate::facts::managed_flink as facts;
use crate::measure::clients::{ClientResult, FlinkResult, FlinkUsage};
use crate::measure::result::ConsumerResult;

/// What one consumer's job is worth saying, if it is a Flink job.
pub fn of(plan: &Plan, c: &ConsumerResult) -> Vec<(&'static str, String)> {
    let Some(ClientResult::Flink(result)) = &c.client else { return Vec::new() };
    let index = plan.world.consumers.iter().position(|w| w.name == c.name);
    let Some(ApplicationConfig::Flink(config)) = index.map(|i| &plan.world.consumers[i].client) else {
        return Vec::new();
    };
    let name = &c.name;
    let all = [
        ("idle_subtasks", idle(name, config, result)),
        ("flink_binds", binds(name, config, result)),
        ("watermark", watermark(name, result)),
        ("restarts", restarts(name, config, result, c)),
        ("rescales", rescales(name, result)),
        ("managed_or_own", own(plan, name, config, result)),
    ];
    all.into_iter().filter_map(|(kind, text)| Some((kind, text?))).collect()
}

fn percent(ppm: u64) -> String {
    format!("{:.0} %", ppm as f64 / 1e4)
}

fn idle(name: &str, config: &FlinkConfig, r: &FlinkResult) -> Option<String> {
    let what = match (config.source, config.idleness) {
        (SourceConfig::Legacy { .. }, _) => "which the legacy source leaves out of the watermark",
        (_, Some(_)) => "which the watermark leaves out after a while",
        (_, None) => "which hold the watermark for ever: `idleness` frees it",
    };
    (r.idle_subtasks > 0).then(|| {
        format!(
            "{} of {name}'s {} subtasks have no shard to read, {what}; slots beyond the number of shards work on nothing",
            count(r.idle_subtasks.into()),
            count(r.parallelism_at_end.into())
        )
    })
}

/// What keeps a job from reading faster, where something does.
fn binds(name: &str, config: &FlinkConfig, r: &FlinkResult) -> Option<String> {
    if r.waiting_for_slot_ppm > 500_000 {
        return Some(format!(
            "{name} is held by its slots: its fetchers waited for them {} of the time, and the fullest slot worked {} of it",
            percent(r.waiting_for_slot_ppm),
            percent(r.busiest_slot_ppm)
        ));
    }
    let eager = matches!(config.source, SourceConfig::New { interval, .. } if interval.0 == 0);
    let why = match eager {
        true => " (a busy shard is asked again at once: `get_records_interval` 0)",
        false => "",
    };
    (r.waiting_for_limits_ppm > 100_000).then(|| {
        format!(
            "{name} is held by the read limits of its shards: its fetchers waited {} of the time after refused calls{why}",
            percent(r.waiting_for_limits_ppm)
        )
    })
}

fn watermark(name: &str, r: &FlinkResult) -> Option<String> {
    let (p50, max) = (r.watermark_delay.p50_ns?, r.watermark_delay.max_ns?);
    (max > 60_000_000_000).then(|| {
        format!("{name}'s watermark was {} behind at the median and {} at most", time(p50), time(max))
    })
}

fn restarts(name: &str, config: &FlinkConfig, r: &FlinkResult, c: &ConsumerResult) -> Option<String> {
    let refused = c.throttled_by_calls + c.throttled_by_bytes;
    let why = match config.source {
        SourceConfig::Legacy { .. } if refused > 0 => {
            ", some of them because read calls were refused three times more"
        }
        _ => "",
    };
    (r.restarts > 0 || r.rewound > 0).then(|| {
        let failed = match r.restarts {
            0 => "was stopped".to_owned(),
            1 => format!("failed once{why}"),
            n => format!("failed {} times{why}", count(n)),
        };
        format!(
            "{name} {failed}, was away for {} and worked on {} again; {} were delivered more than once",
            time(r.down_ns),
            records(r.rewound),
            records(c.redeliveries)
        )
    })
}

fn rescales(name: &str, r: &FlinkResult) -> Option<String> {
    let step = |s: &crate::measure::clients::Rescale| format!("{} to {} at {}", s.from, s.to, time(s.at_ns));
    let steps: Vec<String> = r.rescales.iter().take(4).map(step).collect();
    let more = match r.rescales.len() {
        0..=4 => "",
        _ => " and on",
    };
    (!steps.is_empty())
        .then(|| format!("{name} was rescaled from {}{more}; each costs a restart", steps.join(", ")))
}

/// A job on machines of one's own against the managed service with a KPU for each slot.
fn own(plan: &Plan, name: &str, config: &FlinkConfig, r: &FlinkResult) -> Option<String> {
    let Place::SelfManaged(place) = config.place else { return None };
    let month = MONTH.dur();
    let bill = |usage: &FlinkUsage| {
        let used = of_usage(name, usage, month);
        with_clients(Default::default(), &used, &plan.prices, Stretch::Run).ok()
    };
    let hours = u128::from(month.0);
    let mine = bill(&FlinkUsage {
        machine_ns: hours * u128::from(place.task_managers),
        machine_price: place.price_per_hour,
        ..FlinkUsage::default()
    })?;
    let managed = bill(&FlinkUsage {
        kpu_ns: hours * u128::from(config.parallelism),
        orchestration_kpu_ns: hours * u128::from(facts::ORCHESTRATION.count()),
        ..FlinkUsage::default()
    })?;
    Some(format!(
        "a month of {name}'s machines costs {:.2} USD; the managed service with a KPU for each of its {} slots would cost {:.2} USD (its slots worked {} of the time)",
        mine.total.as_f64(),
        count(config.parallelism.into()),
        managed.total.as_f64(),
        percent(r.slots_busy_ppm)
    ))
}
