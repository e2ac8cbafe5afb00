//! What clients cost besides the stream, where a closed form says it.

use super::{Demand, Plan, PricedLine, known, length, unknown};
use crate::consumer::config::ApplicationConfig;
use crate::consumer::flink::FlinkConfig;
use crate::consumer::flink::config::Place;
use crate::cost::bill::Bill;
use crate::cost::clients::{firehose, flink, kcl};
use crate::cost::{BillError, Stretch, Used, with_clients};
use crate::facts::firehose::BILLED_STEP;
use crate::firehose::config::{FirehoseConfig, Source};
use crate::measure::clients::FlinkUsage;
use crate::world::config::WorldConfig;
use crate::world::sizing;

/// A line for every priced thing of every client, known or not.
pub(super) fn lines(plan: &Plan, world: &WorldConfig, demand: &Demand) -> Result<Vec<PricedLine>, BillError> {
    let mut lines = Vec::new();
    let month = length(plan.month);
    let shards = u64::from(sizing::starting_shards(world));
    for consumer in &world.consumers {
        let name = &consumer.name;
        match &consumer.client {
            ApplicationConfig::Sdk | ApplicationConfig::Firehose => {}
            ApplicationConfig::Kcl(config) => {
                let metrics = kcl::metrics(shards, config.workers.into());
                let used = kcl::metrics_used(name, u128::from(metrics) * u128::from(month.0));
                lines.extend(priced(plan, &[used], &format!("{name}: {metrics} metrics all month"))?);
                lines.push(unknown(
                    format!("{name}: lease table, metric calls"),
                    "",
                    "renewals and checkpoints",
                ));
            }
            ApplicationConfig::Lambda(_) => {
                lines.push(unknown(format!("{name}: requests and GB-seconds"), "", "how full batches are"));
            }
            ApplicationConfig::Flink(config) => match flink_usage(config, month.0.into()) {
                Some((usage, formula)) => {
                    let used = flink::of_usage(name, &usage, month);
                    lines.extend(priced(plan, &used, &format!("{name}: {formula}"))?);
                }
                None => lines.push(unknown(format!("{name}: KPU hours"), "KPU-hour", "it scales by itself")),
            },
        }
    }
    for stream in &world.firehose {
        lines.extend(of_firehose(plan, world, stream, demand)?);
    }
    Ok(lines)
}

fn priced(plan: &Plan, used: &[Used], formula: &str) -> Result<Vec<PricedLine>, BillError> {
    let bill = with_clients(Bill::default(), used, &plan.prices, Stretch::Run)?;
    let lines = bill.lines.iter().filter(|l| l.amount.0 > 0);
    Ok(lines.map(|l| known(plan, l, formula.to_owned())).collect())
}

/// A job that keeps its size.
fn flink_usage(config: &FlinkConfig, month_ns: u128) -> Option<(FlinkUsage, String)> {
    match &config.place {
        Place::Managed(managed) if managed.autoscaling => None,
        Place::Managed(managed) => {
            let (own, beside) = (managed.kpus(config.parallelism), managed.orchestration_kpus);
            let usage = FlinkUsage {
                kpu_ns: u128::from(own) * month_ns,
                orchestration_kpu_ns: u128::from(beside) * month_ns,
                backup_bytes: managed.backups.0,
                backups_held_ns: u64::try_from(month_ns).unwrap_or(u64::MAX),
                ..FlinkUsage::default()
            };
            Some((usage, format!("{own} KPUs and {beside} for orchestration all month")))
        }
        Place::SelfManaged(own) => {
            let usage = FlinkUsage {
                machine_ns: u128::from(own.task_managers) * month_ns,
                machine_price: own.price_per_hour,
                ..FlinkUsage::default()
            };
            Some((usage, format!("{} task managers all month", own.task_managers)))
        }
    }
}

fn of_firehose(
    plan: &Plan,
    world: &WorldConfig,
    stream: &FirehoseConfig,
    demand: &Demand,
) -> Result<Vec<PricedLine>, BillError> {
    let name = &stream.name;
    let packed = world.producers.iter().any(|p| p.client.packs());
    let sums = match stream.source {
        _ if stream.billed_step != BILLED_STEP.bytes() => None,
        Source::Stream(_) if packed => None,
        Source::Stream(_) => Some(demand.month(plan, |i| demand.to_stream[i])),
        Source::Producer(i) => Some(demand.month(plan, |j| j == i)),
    };
    let mut lines = match sums {
        Some(sums) => {
            let formula =
                format!("{name}: {} records, each rounded up to 5 KB", crate::units::grouped(sums.records));
            priced(plan, &[firehose::ingested(name, stream.destination, sums.firehose)], &formula)?
        }
        None => vec![unknown(format!("{name}: ingestion"), "GB", "records are packed, or rounded otherwise")],
    };
    let what = "objects, S3 requests and all options beside ingestion";
    lines.push(unknown(format!("{name}: {what}"), "", "how full buffers are"));
    Ok(lines)
}
