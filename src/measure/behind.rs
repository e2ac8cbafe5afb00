//! Does a consumer keep up? What it leaves unread at the end of a run, how old that is, and whether it still grows.
//!
//! A latency is measured when a record is read, so those of a consumer that falls behind tell of what it did read.

use super::result::{ConsumerSeries, RunResult};
use crate::units::NS_PER_S;

/// What a consumer leaves at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Copies it has not done with.
    pub copies: u64,
    /// The same by age, the youngest first: stored so many ns ago at least, and how many.
    pub waiting: Vec<(u64, u64)>,
    /// How far behind it is, ns.
    pub behind_ns: u64,
    /// It grows: more is unread, and further behind, than ever before, and it is not catching up.
    pub grows: bool,
}

/// A consumer less behind than this is not said to fall behind.
const LATE: u64 = 10 * NS_PER_S;

impl RunResult {
    /// The backlog of a consumer at the end; `None` of a Firehose stream, which gathers before it is done.
    pub fn backlog(&self, consumer: usize) -> Option<Backlog> {
        self.consumers.get(consumer).filter(|c| !c.gathers())?;
        let (series, bucket) = (self.series.consumers.get(consumer)?, self.series.bucket_ns);
        let stored = &self.series.stored;
        let lags = lags(stored, series, bucket);
        let copies = series.backlog.last().copied()?;
        let mut left = copies;
        // The records of a shard are read in order: what is left is the youngest, as far as the stream's sums tell.
        let part = |(i, stored): (usize, &u64)| {
            let part = left.min(*stored);
            left -= part;
            (self.duration_ns.saturating_sub((i as u64 + 1) * bucket), part)
        };
        let waiting = stored.iter().enumerate().rev().map(part).filter(|part| part.1 > 0).collect();
        Some(Backlog {
            copies,
            waiting,
            behind_ns: at_end(&lags),
            grows: falls_behind(&series.backlog, &lags),
        })
    }
}

/// How far behind at each bucket's end: the age of the oldest copy that is not read, in whole buckets, or that of what
/// was read last, which knows a shard that is further behind than the stream.
fn lags(stored: &[u64], series: &ConsumerSeries, bucket: u64) -> Vec<u64> {
    let mut sum = 0;
    let sums: Vec<u64> = stored.iter().map(|n| (sum += n, sum).1).collect();
    let oldest = |i: usize, backlog: u64| {
        let read = sums.get(i).map_or(0, |sum| sum.saturating_sub(backlog));
        i.saturating_sub(sums.partition_point(|sum| *sum <= read)) as u64 * bucket
    };
    let both = series.ages().into_iter().zip(&series.backlog).enumerate();
    both.map(|(i, (age, backlog))| oldest(i, *backlog).max(age.unwrap_or(0))).collect()
}

/// A bucket's age may be that of shards which are not behind: what counts is the largest of the last sixteenth.
fn at_end(lags: &[u64]) -> u64 {
    most(&lags[lags.len() - lags.len().div_ceil(16)..])
}

/// More is unread at the end, and further behind, than at any time before, and none of it is being made up.
fn falls_behind(backlog: &[u64], lags: &[u64]) -> bool {
    let (copies, lag) = (backlog.last().copied().unwrap_or(0), at_end(lags));
    lag >= LATE && grows(backlog, copies) && grows(lags, lag)
}

/// By a tenth more at the end than ever in the first three quarters, and no less, by a tenth, than in the last.
fn grows(values: &[u64], end: u64) -> bool {
    let (before, last) = values.split_at(values.len() * 3 / 4);
    let end = u128::from(end);
    end * 10 >= u128::from(most(before)) * 11 && end * 10 >= u128::from(most(last)) * 9
}

fn most(lags: &[u64]) -> u64 {
    lags.iter().copied().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds behind, one a bucket, at ten copies a second.
    fn grown(seconds: impl Iterator<Item = u64>) -> bool {
        let seconds: Vec<u64> = seconds.collect();
        let of = |each: u64| seconds.iter().map(|s| s * each).collect::<Vec<_>>();
        falls_behind(&of(10), &of(NS_PER_S))
    }

    #[test]
    fn what_grows_and_what_does_not() {
        assert!(grown(0..100), "a reader that is too slow from the beginning");
        assert!(grown((0..100).map(|i| 60u64.saturating_sub(99 - i))), "one that stops before the end");
        assert!(!grown((0..100).map(|i| i / 10)), "less than ten seconds");
        assert!(!grown((0..100).map(|i| i % 30)), "a batch window that fills and empties");
        assert!(!grown((0..100).map(|i| 100 - i)), "one that catches up");
        assert!(!grown((0..100).map(|i| if i < 90 { i / 3 } else { 300 - 3 * i })), "one that has begun to");
        assert!(!grown((0..100).map(|i| if i < 95 { i } else { 0 })), "one that has caught up just now");
        assert!(!grown((0..100).map(|i| i.min(60))), "one that is as far behind as it was");
        assert!(!grown(0..0));
    }

    #[test]
    fn the_oldest_unread_copy_tells_where_no_read_does() {
        // Ten copies a second, none read from the third second on.
        let series = ConsumerSeries {
            backlog: vec![0, 0, 10, 20, 30],
            iterator_age_ns: vec![Some(0), Some(0), None, None, None],
            ..ConsumerSeries::default()
        };
        assert_eq!(lags(&[10; 5], &series, NS_PER_S), [0, 0, 0, NS_PER_S, 2 * NS_PER_S]);
    }
}
