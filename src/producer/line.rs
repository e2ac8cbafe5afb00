//! The way to the service and back, for one client process: when a call is judged, and when and how the client
//! learns how it ended.
//!
//! At AWS: a call can fail as a whole. The service answers with a 5xx, the connection breaks, or the answer does not
//! come in time; in the last two cases the records may have been stored all the same, and a retry stores them twice
//! (developer guide, duplicates by producer retries). Every SDK calls such errors transient and retries them.
//! We model: the put latency; stretches in which calls fail, in which nothing gets through, in which the network is
//! slow. What counts is the moment a call is sent. A call that fails does so after the latency its answer would
//! have had, so an unreachable service refuses fast (assumed: no connect or read timeout is waited for). Requests
//! of one process do not overtake one another where a slow stretch ends.
//! We leave out: connection set-up, timeouts of the client's own, lost packets.
//!
//! Every client that puts to the stream sends through its `Line` and leaves a call that does not get there out of
//! `Outgoing`. Without trouble a line draws from the put latency's stream alone.

use crate::random::{LatencyLaw, LatencySampler, Seed, Stream};
use crate::units::Percent;
use std::sync::Arc;

/// A stretch in which the way to the service is not as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// First moment, ns.
    pub from: u64,
    /// First moment after it, ns.
    pub until: u64,
    /// What is wrong with calls sent meanwhile.
    pub what: What,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The service cannot be reached: every call fails.
    Away,
    /// Each call fails with this chance.
    Errors {
        /// Share of calls that fail.
        share: Percent,
        /// Of those, the share whose records the service takes although the client gets no answer.
        stored: Percent,
    },
    /// Calls take so many times longer (at least 1: no answer ever comes before the fastest usual one).
    Slow(u32),
}

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// When its entries are judged; `None`: it does not get there, and nothing of it is stored.
    pub judged: Option<u64>,
    /// When the client knows how it ended.
    pub known: u64,
    /// Does the answer arrive? Else the client sees a transient error, whatever became of the records.
    pub answered: bool,
}

/// The way of one process's calls.
#[derive(Clone, Debug)]
pub struct Line {
    leg: u64,
    back: u64,
    latency: LatencySampler,
    random: Stream,
    dice: Stream,
    troubles: Arc<[Trouble]>,
    last_judged: u64,
}

impl Line {
    /// The line of the `instance`-th process of producer `name`. `leg` is the usual way to the shard, at most the
    /// fastest answer.
    pub fn new(
        latency: &LatencyLaw,
        leg: u64,
        troubles: Arc<[Trouble]>,
        name: &str,
        instance: u32,
        seed: Seed,
    ) -> Line {
        let path = format!("producer/{name}");
        let latency = latency.sampler();
        Line {
            leg,
            back: latency.min().saturating_sub(leg),
            latency,
            random: seed.numbered(&path, "put_latency", instance.into()),
            dice: seed.numbered(&path, "put_errors", instance.into()),
            troubles,
            last_judged: 0,
        }
    }

    /// A call goes out at `now`; calls must go out in order of time. What is judged is answered `latency.min() - leg`
    /// later or more, and calls are judged in the order they went out.
    pub fn send(&mut self, now: u64) -> Trip {
        let slow = self.slowness(now);
        let latency = self.latency.draw(&mut self.random).saturating_mul(slow);
        let (lost, judged) = self.fate(now);
        if lost && !judged {
            return Trip { judged: None, known: now.saturating_add(latency), answered: false };
        }
        let at = now.saturating_add(self.leg.saturating_mul(slow)).max(self.last_judged);
        self.last_judged = at;
        let known = now.saturating_add(latency).max(at.saturating_add(self.back));
        Trip { judged: Some(at), known, answered: !lost }
    }

    /// Least time between judgement and answer.
    pub fn back(&self) -> u64 {
        self.back
    }

    fn now(&self, at: u64) -> impl Iterator<Item = What> {
        self.troubles.iter().filter(move |t| t.from <= at && at < t.until).map(|t| t.what)
    }

    /// Can the service not be reached at all?
    pub fn is_away(&self, at: u64) -> bool {
        self.now(at).any(|what| what == What::Away)
    }

    /// How many times longer calls take: the worst of what holds now.
    pub fn slowness(&self, at: u64) -> u64 {
        let factors = self.now(at).map(|what| if let What::Slow(factor) = what { factor } else { 1 });
        u64::from(factors.max().unwrap_or(1))
    }

    /// Does the call sent now go without an answer; and do its records get there?
    fn fate(&mut self, at: u64) -> (bool, bool) {
        let (mut away, mut worst) = (false, None);
        for what in self.now(at) {
            match what {
                What::Away => away = true,
                What::Errors { share, stored } => worst = worst.max(Some((share, stored))),
                What::Slow(_) => {}
            }
        }
        let Some((share, stored)) = worst.filter(|_| !away) else { return (away, !away) };
        let lost = self.dice.below(Percent::WHOLE) < share.0;
        (lost, !lost || self.dice.below(Percent::WHOLE) < stored.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Dur;

    const MS: u64 = 1_000_000;
    const SEED: Seed = Seed { user: 5, replication: 0 };

    fn line(troubles: &[Trouble]) -> Line {
        let law = LatencyLaw::Uniform { min: Dur(10 * MS), max: Dur(30 * MS) };
        Line::new(&law, 5 * MS, troubles.into(), "p", 0, SEED)
    }

    fn trouble(from: u64, until: u64, what: What) -> Trouble {
        Trouble { from: from * MS, until: until * MS, what }
    }

    #[test]
    fn a_quiet_line_only_takes_time() {
        let mut line = line(&[]);
        for i in 0..1000 {
            let trip = line.send(i * MS);
            assert!(trip.answered && trip.judged == Some((i + 5) * MS));
            assert!((10 * MS..=30 * MS).contains(&(trip.known - i * MS)));
        }
    }

    #[test]
    fn trouble_before_or_after_changes_no_draw() {
        let errors = What::Errors { share: Percent(500_000_000), stored: Percent(0) };
        let troubles = [trouble(100, 200, What::Slow(3)), trouble(100, 200, errors)];
        let (mut quiet, mut troubled) = (line(&[]), line(&troubles));
        for i in 0..400 {
            let (a, b) = (quiet.send(i * MS), troubled.send(i * MS));
            // What was slow may hold up what follows for the rest of its own way.
            assert!(a == b || (100..210).contains(&i), "{i}: {a:?} {b:?}");
        }
    }

    #[test]
    fn nothing_gets_through_while_the_service_is_away() {
        let mut line = line(&[trouble(10, 20, What::Away)]);
        for i in 0..30 {
            let trip = line.send(i * MS);
            let away = (10..20).contains(&i);
            assert_eq!((trip.judged.is_none(), trip.answered), (away, !away), "{i}");
            assert!(trip.known >= (i + 10) * MS);
        }
    }

    #[test]
    fn calls_fail_as_often_as_asked_and_some_of_them_are_stored() {
        let (share, stored) = (Percent(300_000_000), Percent(250_000_000));
        let mut line = line(&[trouble(0, 1 << 30, What::Errors { share, stored })]);
        let n = 200_000;
        let trips: Vec<Trip> = (0..n).map(|i| line.send(i * MS)).collect();
        let count = |f: fn(&&Trip) -> bool| trips.iter().filter(f).count() as f64 / n as f64;
        // Four deviations of a share p of n: 4 sqrt(p (1 - p) / n).
        assert!((count(|t| !t.answered) - 0.3).abs() < 4.1e-3);
        assert!((count(|t| !t.answered && t.judged.is_some()) - 0.075).abs() < 2.4e-3);
    }

    #[test]
    fn a_slow_way_only_lengthens_and_keeps_the_order() {
        let mut line = line(&[trouble(50, 60, What::Slow(10))]);
        let mut last = 0;
        for i in 0..200 {
            let trip = line.send(i * MS);
            let judged = trip.judged.expect("it gets there");
            assert!(judged >= last && judged >= (i + 5) * MS && trip.known >= judged + 5 * MS);
            last = judged;
        }
    }
}
