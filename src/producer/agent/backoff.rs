//! How long the agent's one publishing thread waits before it hands out the next buffer.
//!
//! At AWS: failures are a number that grows by one with a failed call, by the failed share with a partly failed
//! one, and is divided by ten by a success; rounded, it is the exponent of the wait. The wait is looked after in
//! steps of 250 ms, and a success ends it.
//! Sources: Kinesis Agent source code, `AsyncPublisherThrottler`.

use crate::facts::agent as facts;
use crate::random::Stream;
use crate::units::Percent;

const MILLION: u64 = 1_000_000;
const NS_PER_MS: u64 = 1_000_000;
const STEP: u64 = facts::BACKOFF_STEP.dur().0;
const JITTER: Percent = facts::BACKOFF_JITTER.percent();
const RECOVERY: u64 = facts::BACKOFF_RECOVERY.count();
/// Beyond this the wait cannot grow: 2^40 ns × any first wait exceeds the longest.
const MOST_DOUBLINGS: u64 = 40;

/// The publishing thread's memory of failures.
#[derive(Debug)]
pub struct Backoff {
    first: u64,
    longest: u64,
    /// Millionths.
    failures: u64,
    rejections: u64,
    /// Since when it waits, and until when.
    asleep: Option<(u64, u64)>,
    random: Stream,
}

impl Backoff {
    /// No failure yet.
    pub fn new(first: u64, longest: u64, random: Stream) -> Backoff {
        Backoff { first, longest, failures: 0, rejections: 0, asleep: None, random }
    }

    /// A call was answered: `failed` of its `all` entries were refused.
    pub fn answered(&mut self, failed: u64, all: u64, now: u64) {
        if failed > 0 {
            self.failures += failed * MILLION / all;
            return;
        }
        self.failures = recovered(self.failures);
        if let Some((since, until)) = self.asleep {
            let step = (now - since).div_ceil(STEP).max(1);
            self.asleep = Some((since, until.min(since + step * STEP)));
        }
    }

    /// No sending thread had room for a buffer, or one had.
    pub fn offered(&mut self, accepted: bool) {
        self.rejections = if accepted { recovered(self.rejections) } else { self.rejections + MILLION };
    }

    /// The publishing thread begins a round at `now`: does it wait first?
    pub fn begin(&mut self, now: u64) {
        let (failures, rejections) = (rounded(self.failures), rounded(self.rejections));
        if failures + rejections > 0 {
            self.rejections = 0;
            let wait = self.wait(failures);
            self.asleep = Some((now, now + wait.div_ceil(STEP).max(1) * STEP));
        }
    }

    /// The wait after so many failures, before it is rounded up to whole steps: ± 30 %, whole milliseconds.
    pub fn wait(&mut self, failures: u64) -> u64 {
        let doublings = failures.saturating_sub(1).min(MOST_DOUBLINGS) as u32;
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        let share = |of: u64| (u128::from(of) * u128::from(JITTER.0) / u128::from(Percent::WHOLE)) as u64;
        let wait = full - share(full) + self.random.below(2 * share(full) + 1);
        wait / NS_PER_MS * NS_PER_MS
    }

    /// When the wait is over.
    pub fn until(&self) -> Option<u64> {
        self.asleep.map(|asleep| asleep.1)
    }

    /// The wait is over.
    pub fn wake(&mut self) {
        self.asleep = None;
    }

    /// The process begins anew.
    pub fn forget(&mut self) {
        (self.failures, self.rejections, self.asleep) = (0, 0, None);
    }
}

fn rounded(millionths: u64) -> u64 {
    (millionths + MILLION / 2) / MILLION
}

/// What a success leaves.
fn recovered(millionths: u64) -> u64 {
    let left = millionths / RECOVERY;
    if left < MILLION { 0 } else { left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    const MS: u64 = NS_PER_MS;

    fn backoff() -> Backoff {
        let random = Seed { user: 1, replication: 0 }.stream("producer/p", "backoff");
        Backoff::new(100 * MS, 10_000 * MS, random)
    }

    #[test]
    fn waits_double_from_100_ms_to_10_s_give_or_take_30_percent() {
        let mut b = backoff();
        for (failures, full) in (1..=9).zip([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]) {
            let waits: Vec<u64> = (0..2000).map(|_| b.wait(failures)).collect();
            let (least, most) = (*waits.iter().min().unwrap(), *waits.iter().max().unwrap());
            assert!(
                least >= full * 7 / 10 * MS && most <= full * 13 / 10 * MS,
                "{failures}: {least}..{most}"
            );
            assert!(
                least < full * 71 / 100 * MS && most >= full * 129 / 100 * MS,
                "{failures}: {least}..{most}"
            );
            assert!(waits.iter().all(|w| w % MS == 0));
        }
    }

    #[test]
    fn a_wait_takes_whole_steps_and_a_success_ends_it_at_the_next() {
        let mut b = backoff();
        b.begin(0);
        assert_eq!(b.until(), None, "no failure, no wait");
        for _ in 0..6 {
            b.answered(500, 500, 0);
        }
        b.begin(1000 * MS);
        let until = b.until().unwrap();
        assert_eq!((until - 1000 * MS) % (250 * MS), 0);
        assert!((2_250..=4_250).contains(&((until - 1000 * MS) / MS)), "{until}");
        b.answered(0, 500, 1_300 * MS);
        assert_eq!(b.until(), Some(1_500 * MS));
    }

    #[test]
    fn shares_of_failures_add_up_and_a_success_takes_nine_tenths() {
        let mut b = backoff();
        b.answered(200, 500, 0);
        b.begin(0);
        assert_eq!(b.until(), None, "0.4 rounds to none");
        b.answered(50, 500, 0);
        b.begin(0);
        assert_eq!(b.until(), Some(250 * MS), "0.5 rounds to one: 70 to 130 ms, one step");
        b.wake();
        (0..30).for_each(|_| b.answered(1, 1, 0));
        b.answered(0, 1, 0);
        assert_eq!(b.failures, 3_050_000);
        b.answered(0, 1, 0);
        assert_eq!(b.failures, 0, "below one is none");
    }

    #[test]
    fn a_buffer_without_a_thread_costs_one_first_wait() {
        let mut b = backoff();
        b.offered(false);
        b.begin(0);
        assert_eq!(b.until(), Some(250 * MS));
        b.wake();
        b.begin(0);
        assert_eq!(b.until(), None);
    }
}
