//! What consumer clients count besides, over a run: the first warm-up as it was, and every point's growth for the
//! time spent there. Largest values are the largest that any point saw.

use super::numbers::{Numbers, whole};
use crate::measure::clients::{
    ClientResult, Failovers, FirehoseResult, KclResult, LambdaResult, LeaseMoves, TableRequests, WorkerResult,
};
use crate::measure::latency::{LatencySummary, SizeSummary};

/// A client at a point: what it had counted after the warm-up and after the window, which is so long.
#[derive(Clone, Debug)]
pub struct Seen {
    /// After the warm-up.
    pub before: ClientResult,
    /// After the window.
    pub after: ClientResult,
    /// Length of the window, s.
    pub seconds: f64,
}

/// A point's client, and the time spent there in windows.
type Spent<'a> = (&'a Seen, f64);

/// The client of a run that began with the first point's warm-up and then spent its time as given.
pub fn over(spent: &[Spent]) -> Option<ClientResult> {
    let (first, _) = spent.first()?;
    Some(match &first.before {
        ClientResult::Lambda(_) => ClientResult::Lambda(Box::new(lambda(&pairs(spent, |c| match c {
            ClientResult::Lambda(l) => Some(l.as_ref()),
            _ => None,
        })))),
        ClientResult::Kcl(_) => ClientResult::Kcl(Box::new(kcl(&pairs(spent, |c| match c {
            ClientResult::Kcl(k) => Some(k.as_ref()),
            _ => None,
        })))),
        ClientResult::Firehose(_) => ClientResult::Firehose(Box::new(firehose(&pairs(spent, |c| match c {
            ClientResult::Firehose(f) => Some(f.as_ref()),
            _ => None,
        })))),
        ClientResult::Flink(_) => return None,
    })
}

/// (after the warm-up, after the window, windows spent there).
type Pairs<'a, T> = Vec<(&'a T, &'a T, f64)>;

fn pairs<'a, T>(spent: &[Spent<'a>], of: impl Fn(&'a ClientResult) -> Option<&'a T>) -> Pairs<'a, T> {
    spent.iter().filter_map(|(seen, windows)| Some((of(&seen.before)?, of(&seen.after)?, *windows))).collect()
}

/// The first warm-up's numbers and every point's growth.
fn sum<T>(pairs: &Pairs<T>, of: impl Fn(&T) -> Vec<f64>) -> Vec<f64> {
    let mut all = of(pairs[0].0);
    for (before, after, windows) in pairs {
        let (before, after) = (of(before), of(after));
        for (k, total) in all.iter_mut().enumerate() {
            let of = |list: &[f64]| list.get(k).copied().unwrap_or(0.0);
            *total += (of(&after) - of(&before)).max(0.0) * windows;
        }
    }
    all
}

fn most<T>(pairs: &Pairs<T>, of: impl Fn(&T) -> u64) -> u64 {
    pairs.iter().map(|p| of(p.1)).max().unwrap_or(0)
}

fn lambda(pairs: &Pairs<LambdaResult>) -> LambdaResult {
    let mut all = pairs[pairs.len() - 1].1.clone();
    LambdaResult::put(&sum(pairs, LambdaResult::of), &mut all);
    all.concurrency_max = most(pairs, |l| l.concurrency_max.into()) as u32;
    all.cold_starts = most(pairs, |l| l.cold_starts.into()) as u32;
    all.lanes_used = most(pairs, |l| l.lanes_used.into()) as u32;
    all.blocked_ns_max = most(pairs, |l| l.blocked_ns_max);
    all.iterator_age_ns_max = pairs.iter().filter_map(|p| p.1.iterator_age_ns_max).max();
    all
}

fn kcl(pairs: &Pairs<KclResult>) -> KclResult {
    let mut all = pairs[pairs.len() - 1].1.clone();
    KclResult::put(&sum(pairs, KclResult::of), &mut all);
    TableRequests::put(&sum(pairs, |k| TableRequests::of(&k.table)), &mut all.table);
    LeaseMoves::put(&sum(pairs, |k| LeaseMoves::of(&k.moves)), &mut all.moves);
    Failovers::put(&sum(pairs, |k| Failovers::of(&k.failovers)), &mut all.failovers);
    for (w, worker) in all.workers.iter_mut().enumerate() {
        let of = |k: &KclResult| k.workers.get(w).map_or(Vec::new(), WorkerResult::of);
        let mut numbers = sum(pairs, of);
        numbers.resize(2, 0.0);
        WorkerResult::put(&numbers, worker);
    }
    all
}

fn firehose(pairs: &Pairs<FirehoseResult>) -> FirehoseResult {
    let mut all = pairs[pairs.len() - 1].1.clone();
    FirehoseResult::put(&sum(pairs, FirehoseResult::of), &mut all);
    if all.opened_records.is_some() {
        all.opened_records = Some(whole(sum(pairs, |f| vec![f.opened_records.unwrap_or(0) as f64])[0]));
    }
    for (prefix, failed) in &mut all.failed {
        let of = |f: &FirehoseResult| {
            f.failed.get(prefix).map_or(vec![0.0; 2], |f| vec![f.records as f64, f.bytes as f64])
        };
        let total = sum(pairs, of);
        (failed.records, failed.bytes) = (whole(total[0]), whole(total[1]));
    }
    if let Some(transform) = &mut all.transform {
        let of = |f: &FirehoseResult| {
            let t = f.transform.unwrap_or_default();
            vec![t.calls as f64, t.failed_calls as f64, t.ran_ns as f64, t.records as f64, t.bytes as f64]
        };
        let total = sum(pairs, of);
        (transform.calls, transform.failed_calls) = (whole(total[0]), whole(total[1]));
        (transform.ran_ns, transform.records, transform.bytes) =
            (whole(total[2]).into(), whole(total[3]), whole(total[4]));
    }
    if let Some(partitions) = &mut all.partitions {
        let of = |f: &FirehoseResult| vec![f.partitions.unwrap_or_default().query_ns as f64];
        partitions.query_ns = whole(sum(pairs, of)[0]).into();
        partitions.active_max = most(pairs, |f| f.partitions.unwrap_or_default().active_max);
    }
    all.object_bytes = sizes(pairs, |f| &f.object_bytes);
    all.backup_object_bytes = sizes(pairs, |f| &f.backup_object_bytes);
    all.freshness = delays(pairs, |f| &f.freshness);
    all.object_age = delays(pairs, |f| &f.object_age);
    all.oldest_ns_max = pairs.iter().filter_map(|p| p.1.oldest_ns_max).max();
    all.series.clear();
    // What is inside at the end is as much as there was after the last window; what is delivered closes the ledger.
    let came = all.opened_records.unwrap_or(all.in_records);
    let gone = all.dropped + all.failed() + all.rejected + all.lost;
    all.held_records = all.held_records.min(came.saturating_sub(gone));
    all.delivered_records = came - gone - all.held_records;
    all
}

/// Buckets of all, whole.
fn buckets<T>(pairs: &Pairs<T>, of: impl Fn(&T) -> &[(u64, u64, u64)]) -> Vec<(u64, u64, u64)> {
    let mut all = std::collections::BTreeMap::new();
    let mut add = |list: &[(u64, u64, u64)], times: f64| {
        for (low, high, n) in list {
            all.entry((*low, *high))
                .and_modify(|all: &mut f64| *all += *n as f64 * times)
                .or_insert(*n as f64 * times);
        }
    };
    add(of(pairs[0].0), 1.0);
    for (before, after, windows) in pairs {
        add(of(after), *windows);
        add(of(before), -*windows);
    }
    let whole = all.into_iter().map(|((low, high), n)| (low, high, whole(n + 0.5)));
    whole.filter(|b| b.2 > 0).collect()
}

fn quantile(buckets: &[(u64, u64, u64)], share: f64) -> Option<u64> {
    let all: u64 = buckets.iter().map(|b| b.2).sum();
    let wanted = (share * all as f64).max(1.0);
    let mut below = 0.0;
    for (low, high, n) in buckets {
        if below + *n as f64 >= wanted {
            return Some(low + ((high - low) as f64 * (wanted - below) / *n as f64) as u64);
        }
        below += *n as f64;
    }
    None
}

fn sizes<T>(pairs: &Pairs<T>, of: impl Fn(&T) -> &SizeSummary) -> SizeSummary {
    let buckets = buckets(pairs, |t| &of(t).buckets);
    let count = buckets.iter().map(|b| b.2).sum();
    SizeSummary {
        count,
        sum: whole(sum(pairs, |t| vec![of(t).sum as f64])[0]).into(),
        p50: quantile(&buckets, 0.5),
        p90: quantile(&buckets, 0.9),
        max: pairs.iter().filter_map(|p| of(p.1).max).max(),
        buckets,
    }
}

fn delays<T>(pairs: &Pairs<T>, of: impl Fn(&T) -> &LatencySummary) -> LatencySummary {
    let buckets = buckets(pairs, |t| &of(t).buckets);
    LatencySummary {
        count: buckets.iter().map(|b| b.2).sum(),
        sum_ns: sum(pairs, |t| vec![of(t).sum_ns as f64])[0] as u128,
        p50_ns: quantile(&buckets, 0.5),
        p90_ns: quantile(&buckets, 0.9),
        p99_ns: quantile(&buckets, 0.99),
        p999_ns: quantile(&buckets, 0.999),
        max_ns: None,
        buckets,
    }
}
