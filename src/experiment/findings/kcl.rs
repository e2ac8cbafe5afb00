//! Findings about KCL applications: shards without a processor, what was done twice, uneven workers, the lease table.

use super::{count, percent, records, time};
use crate::consumer::config::{ApplicationConfig, ReadConfig};
use crate::experiment::plan::Plan;
use crate::facts::kcl as facts;
use crate::measure::clients::{ClientResult, KclResult, WorkerResult};
use crate::measure::result::{ConsumerResult, RunResult};

fn kcl(c: &ConsumerResult) -> Option<&KclResult> {
    match &c.client {
        Some(ClientResult::Kcl(kcl)) => Some(kcl),
        _ => None,
    }
}

/// How long shards had nobody after their workers had ended, and what was processed again.
pub fn failover(c: &ConsumerResult) -> Option<String> {
    let f = &kcl(c)?.failovers;
    let longest = f.max_ns?;
    let mean = (f.sum_ns / u128::from(f.count.max(1))) as u64;
    let again = match c.redeliveries {
        0 => "nothing was processed twice".into(),
        n => format!("{} were processed again, from the last checkpoint on", records(n)),
    };
    Some(format!(
        "{}: {} shards lost their worker and had no processor for {} on average, {} at most: a lease must expire before another worker takes it, whether its worker crashed or stopped in good order; {again}",
        c.name,
        count(f.count),
        time(mean),
        time(longest)
    ))
}

/// Shards that nobody had taken over when the run ended.
pub fn orphans(c: &ConsumerResult) -> Option<String> {
    let kcl = kcl(c)?;
    (kcl.orphans > 0)
        .then(|| format!("{}: {} shards still had no worker when the run ended", c.name, count(kcl.orphans)))
}

/// How long subscriptions were silent before the health check made them again.
pub fn silence(c: &ConsumerResult) -> Option<String> {
    let s = &kcl(c)?.silences;
    let longest = s.max_ns?;
    Some(format!(
        "{}: {} subscriptions fell silent and were made again after {} at most: the library waits {} for a sign of life",
        c.name,
        count(s.count),
        time(longest),
        time(facts::SILENCE.dur().0)
    ))
}

/// Which knob binds an application that ends far behind.
pub fn binds(plan: &Plan, run: &RunResult, c: &ConsumerResult) -> Option<String> {
    let kcl = kcl(c).filter(|_| c.unread * 50 > run.stream.stored && c.unread > 0)?;
    let config = plan.world.consumers.iter().find(|w| w.name == c.name)?;
    let ApplicationConfig::Kcl(own) = &config.client else { return None };
    let lived = |w: &WorkerResult| w.until_ns.unwrap_or(run.duration_ns).min(run.duration_ns) - w.from_ns;
    let busy = |w: &WorkerResult, servers: u64| {
        w.busy_ns as f64 / (lived(w) as f64 * servers.max(1) as f64).max(1.0)
    };
    let most = |servers: &dyn Fn(&WorkerResult) -> u64| {
        kcl.workers.iter().map(|w| busy(w, servers(w))).fold(0.0, f64::max)
    };
    let why = match own.cores {
        Some(cores) if most(&|_| u64::from(cores)) > BUSY => format!(
            "the cores of its fullest worker worked {:.0} % of the time: more cores or workers would help, or less work a record",
            100.0 * most(&|_| u64::from(cores))
        ),
        _ if most(&|w| w.leases_max) > BUSY => format!(
            "the processors of a worker worked {:.0} % of the time, and a shard has one, which takes batch after batch: more shards would help, or less work a record, more workers would not",
            100.0 * most(&|w| w.leases_max)
        ),
        _ if c.throttled_by_calls + c.throttled_by_bytes > c.calls / 10 => {
            "its calls are refused: the shards' read limits bind it".into()
        }
        _ => match &config.read {
            ReadConfig::Polling(p) => format!(
                "reading binds it: a call every {} and shard, {} records each at most",
                p.interval, p.limit
            ),
            ReadConfig::FanOut(_) => return None,
        },
    };
    Some(format!("{} ended the run behind: {why}", c.name))
}

/// A server that works more than this share of its time is full.
const BUSY: f64 = 0.95;

/// A worker that does much more than its share.
pub fn hottest(run: &RunResult, c: &ConsumerResult) -> Option<String> {
    let kcl = kcl(c)?;
    let lived = |w: &WorkerResult| w.until_ns.unwrap_or(run.duration_ns).min(run.duration_ns) - w.from_ns;
    let rate = |w: &WorkerResult| w.records as f64 / lived(w).max(1) as f64;
    // Workers that were there for half of the run at least.
    let long: Vec<&WorkerResult> = kcl.workers.iter().filter(|w| 2 * lived(w) >= run.duration_ns).collect();
    let hot = *long.iter().max_by(|a, b| rate(a).total_cmp(&rate(b)))?;
    let (all, own): (u64, u64) = (long.iter().map(|w| w.records).sum(), hot.records);
    (long.len() > 1 && own as f64 * long.len() as f64 > 1.5 * all as f64).then(|| {
        let number = kcl.workers.iter().position(|w| std::ptr::eq(w, hot)).map_or(0, |i| i + 1);
        format!(
            "{}: worker {number} of {} worked on {} of the records with {} leases{}",
            c.name,
            kcl.workers.len(),
            percent(own, all),
            hot.leases_max,
            match kcl.version {
                "v3" => "",
                _ => ": this version balances by the number of leases, not by their load",
            }
        )
    })
}

/// Failed batches are skipped.
pub fn skipped(c: &ConsumerResult) -> Option<String> {
    let failed = kcl(c)?.failed_batches;
    (failed > 0).then(|| {
        format!(
            "{}: {} batches failed, and the library went on behind them: {} were never processed",
            c.name,
            count(failed),
            records(c.skipped)
        )
    })
}

/// What the lease table is asked for.
pub fn table(run: &RunResult, c: &ConsumerResult) -> Option<String> {
    let kcl = kcl(c)?;
    let seconds = run.duration_ns as f64 / 1e9;
    let per_s = |n: u64| format!("{:.2}", n as f64 / seconds);
    let writes = kcl.table.write_units();
    (writes > 0).then(|| {
        format!(
            "{}: its lease table takes {} writes a second, {} of them renewals and {} checkpoints, and {} CloudWatch metrics are kept on average",
            c.name,
            per_s(writes),
            percent(kcl.table.renewals, writes),
            percent(kcl.table.checkpoints, writes),
            count((kcl.metric_ns / u128::from(run.duration_ns.max(1))) as u64)
        )
    })
}
