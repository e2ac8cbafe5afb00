//! Rate resolution: every shard's rates from step to step.
//!
//! What changes slowly is carried: shard map, mode, on-demand state, meters (the world's own control acts at its own
//! exact moments, `world/carrier`), queues in clients, backlogs of readers, retention. What happens within seconds
//! is measured: at each operating point (loads of the shards, who reads) a small world of the same scenario is
//! simulated record by record, once, and what it did per record and per second, with all its delays, holds wherever
//! the run is at that point (`window`, `points`). So near-critical throttling, retries, batching and percentiles are
//! those of single records, and only what is not stationary is a fluid: backlogs, outages and catching up take their
//! delays from the backlog's own curve (`fifo`, `speed`, `readers`).
//!
//! Consumers each in the coarsest way that keeps their truth: plain readers and functions as readers with a pace; a KCL
//! application with the library's own workers and leases, which say who reads a shard and when nobody does (`fleets`);
//! Firehose streams with Firehose's own machine, fed with groups of records (`taps`, `doors`); Flink jobs, and what hangs on
//! single calls or batches (few cores, slow spells, short concurrency, bad records, more pollers than a shard has bytes
//! for, new owners of leases that ask for more at once than a shard gives in a second), call by call (`followed`).
//!
//! A run that stays at one point and is no longer than its measurement is that measurement. Near its capacity a shard is
//! looked at until it has forgotten how it began, and windows there bear the records expected of them (`window`).
//!
//! Left out: where more shards split than are simulated, counts per record are those of the simulated ones together
//! (an overloaded stream of unequal shards stores a few per cent less or more for a while); births scatter only inside
//! the windows (a run's totals are expectations), so that which of several starving readers, or of several workers with
//! equal load, gets what can differ from a run record by record; readers that catch up do not slow down those that are
//! level beyond what `speed` says; the largest single delay is not known.

mod backlog;
mod book;
mod clients;
mod delays;
mod demand;
mod doors;
mod fifo;
mod finish;
mod fleets;
mod followed;
mod lengths;
mod numbers;
mod operating;
mod outlook;
mod places;
mod points;
mod readers;
mod receiving;
mod rows;
mod run;
mod sample;
mod sending;
mod speed;
mod stands;
mod taps;
mod telling;
mod window;

use super::fit::{self, Carried, Need};
use crate::api::Position;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig};
use crate::consumer::kcl::config::Checkpoint;
use crate::measure::result::RunResult;
use crate::producer::config::ClientConfig;
use crate::units::Dur;
use crate::world::Unfit;
use crate::world::config::{Action, WorldConfig};

/// Can this be simulated at rate resolution? (What `simulate` would say, without the work.)
pub fn fit(config: &WorldConfig) -> Result<(), Unfit> {
    fit::check(config, "rate", |need| match need {
        Need::Producer(p) => match p.client {
            ClientConfig::Sdk(_)
            | ClientConfig::Kpl(_)
            | ClientConfig::Agent(_)
            | ClientConfig::FlinkSink(_) => Ok(()),
            ClientConfig::FirehoseDirect(ref direct) if direct.quotas.raise.is_some() => {
                Err(format!("quotas that raise themselves (`{}`)", p.name))
            }
            ClientConfig::FirehoseDirect(_) => Ok(()),
        },
        Need::Stream(_) => Ok(()),
        Need::Consumer(c) => consumer(c).and_then(|()| followed::fit(config, c)),
        Need::Firehose(_) => Ok(()),
        Need::Event(action) => event(action),
    })
}

fn consumer(c: &ConsumerConfig) -> Carried {
    match (&c.client, c.starts.from) {
        (_, Position::AtRow(_)) => Err("readers that begin at a row".into()),
        (ApplicationConfig::Kcl(kcl), _) if kcl.checkpoint == Checkpoint::AtShardEnd => {
            Err("KCL applications that never checkpoint (all they ever read would be done again)".into())
        }
        _ => Ok(()),
    }
}

fn event(action: &Action) -> Carried {
    let what = match action {
        Action::ProducerOutage { .. } => "producer outages",
        Action::ProcessRestart { .. } => "restarts of producers' processes",
        Action::PutErrors { .. } => "spells of put errors",
        Action::SlowNetwork { .. } => "spells of a slow network",
        _ => return Ok(()),
    };
    Err(what.into())
}

/// Simulates one scenario in one capacity mode, in steps of `step` (1 s to 60 s).
pub fn simulate(config: &WorldConfig, step: Dur) -> Result<RunResult, Unfit> {
    fit(config)?;
    let mut config = config.clone();
    if config.tables.is_empty() {
        config.share_tables();
    }
    let mut run = run::Run::new(&config, step.0)?;
    run.go()?;
    Ok(run.finish())
}
