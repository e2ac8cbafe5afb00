//! Limits on latency, and consumers that do not keep up: one that falls behind does not meet them, however soon it had
//! what it did read.

use super::goal::Limit;
use super::metric::Subject;
use crate::experiment::findings::{count, records, time};
use crate::experiment::outcome::ModeOutcome;
use crate::measure::behind::Backlog;
use crate::measure::latency::LatencySummary;
use crate::measure::result::{ConsumerResult, RunResult};

impl Limit {
    /// Does a mode's first replication meet it?
    pub fn met(&self, outcome: &ModeOutcome) -> bool {
        self.holds(self.measured.of(outcome)) && self.behind(&outcome.run).is_none()
    }

    /// Why a consumer misses this limit on its latency whatever the figure: its backlog still grows at the end, or the
    /// copies that have waited for longer than the limit already make it miss.
    pub fn behind(&self, run: &RunResult) -> Option<String> {
        let (most, Subject::Consumer(i)) = (self.at_most?.value as u64, self.measured.subject) else {
            return None;
        };
        let (backlog, consumer) = (run.backlog(i)?, run.consumers.get(i)?);
        let latency = Latency::of(self.measured.metric.name, consumer)?;
        let left = format!("falls behind: {}", records(backlog.copies));
        let age = time(backlog.behind_ns);
        if backlog.grows {
            return Some(format!("{left} ({age}), and growing, at the end"));
        }
        let late: u64 = backlog.waiting.iter().filter(|w| w.0 > most).map(|w| w.1).sum();
        latency
            .misses(&backlog, most)
            .then(|| format!("{left} ({age}) unread at the end, {} of them late already", count(late)))
    }
}

/// What a limit on the time until a record is read looks at.
enum Latency<'a> {
    /// The share of records, in parts per million, that may be later.
    Share(&'a LatencySummary, u64),
    /// Their mean.
    Mean(&'a LatencySummary),
    /// The latest of all.
    Most,
    /// How far behind a job's event time is: nothing waits for that.
    EventTime,
}

impl<'a> Latency<'a> {
    fn of(metric: &str, consumer: &'a ConsumerResult) -> Option<Latency<'a>> {
        let (hop, figure) = metric.rsplit_once('_')?;
        let read = match hop {
            "propagation" => &consumer.propagation,
            "end_to_end" => &consumer.end_to_end,
            "iterator_age" | "lambda_iterator_age" => return Some(Latency::Most),
            "watermark_delay" => return Some(Latency::EventTime),
            _ => return None,
        };
        Some(match figure {
            "mean" => Latency::Mean(read),
            "p50" => Latency::Share(read, 500_000),
            "p90" => Latency::Share(read, 100_000),
            "p99" => Latency::Share(read, 10_000),
            "p999" => Latency::Share(read, 1_000),
            _ => Latency::Most,
        })
    }

    /// Is it missed once the copies that wait for longer than `most` ns count, each as old as it is by now?
    fn misses(&self, backlog: &Backlog, most: u64) -> bool {
        let late = || backlog.waiting.iter().filter(|w| w.0 > most);
        let copies: u64 = late().map(|w| w.1).sum();
        match self {
            Latency::EventTime => false,
            Latency::Most => copies > 0,
            Latency::Mean(read) => {
                let waited: u128 = late().map(|w| u128::from(w.0) * u128::from(w.1)).sum();
                copies > 0 && read.sum_ns + waited > u128::from(most) * u128::from(read.count + copies)
            }
            Latency::Share(read, may) => {
                let later: u64 = read.buckets.iter().filter(|b| b.0 > most).map(|b| b.2).sum();
                let (late, all) = (u128::from(later + copies), u128::from(read.count + copies));
                copies > 0 && late * 1_000_000 > all * u128::from(*may)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::NS_PER_S;

    /// 90 records read after a second each; of ten that are left, five have waited for a minute.
    #[test]
    fn what_waits_counts_as_old_as_it_is() {
        let second = NS_PER_S;
        let read = LatencySummary {
            count: 90,
            sum_ns: u128::from(90 * second),
            buckets: vec![(second, second + 1, 90)],
            ..LatencySummary::default()
        };
        let waiting = vec![(0, 5), (60 * second, 5)];
        let backlog = Backlog { copies: 10, waiting, behind_ns: 60 * second, grows: false };
        let misses = |of: Latency, seconds: u64| of.misses(&backlog, seconds * second);
        // Five of 95 are late: more than one in a hundred, less than one in ten.
        assert!(misses(Latency::Share(&read, 10_000), 5) && !misses(Latency::Share(&read, 100_000), 5));
        // (90 + 5 x 60) / 95 = 4.1 s.
        assert!(misses(Latency::Mean(&read), 4) && !misses(Latency::Mean(&read), 5));
        assert!(misses(Latency::Most, 59) && !misses(Latency::Most, 60));
        assert!(!misses(Latency::EventTime, 1));
    }
}
