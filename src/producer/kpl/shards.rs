//! Which shard a user record is thought to go to.
//!
//! At AWS: a map of the open shards, loaded by ListShards when the pipeline starts and again only when an answer
//! names a shard that was not predicted, if its call began after the last load and the predicted shard is still in
//! the map. There is no map while it is loaded: records then travel alone. Ranges of shards seen before stay known
//! for a while after they closed (from 0.15.11).
//! We model: this; what ListShards answers is what was open half-way through its first call (assumed).
//! A call that finds the service away fails after the time its answer would have taken, and is made again after a wait
//! that grows.
//! Sources: KPL `shard_map.cc`.

use crate::facts::kpl::{LIST_BACKOFF, LIST_BACKOFF_MAX, LIST_PAGE, RANGES_KEPT};
use crate::producer::line::Line;
use crate::random::{LatencySampler, Stream};
use crate::record::Listing;
use std::sync::Arc;

/// How long closed ranges stay known.
const KEPT: u64 = RANGES_KEPT.dur().0;

/// What is known.
#[derive(Debug)]
enum State {
    /// Nothing was asked yet.
    Idle,
    /// Asked; the service looks at this moment, the answer comes at the other.
    Asked { looks: u64, answered: u64 },
    /// Asked in vain; asked again at this moment.
    Failed { again: u64 },
    /// The service has looked.
    Seen { answered: u64, listing: Arc<Listing> },
    /// The map is there.
    Ready(Arc<Listing>),
}

/// The shard map of one process.
#[derive(Debug)]
pub struct Shards {
    latency: LatencySampler,
    random: Stream,
    state: State,
    started: u64,
    updated: u64,
    backoff: u64,
    /// Listings loaded whose ranges are still known, oldest first.
    known: Vec<Arc<Listing>>,
    /// ListShards calls.
    pub calls: u64,
}

impl Shards {
    /// No map yet.
    pub fn new(latency: LatencySampler, random: Stream) -> Shards {
        let backoff = LIST_BACKOFF.dur().0;
        let (state, known) = (State::Idle, Vec::new());
        Shards { latency, random, state, started: 0, updated: 0, backoff, known, calls: 0 }
    }

    /// Has it been asked for?
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// The pipeline starts.
    pub fn start(&mut self, now: u64, line: &Line) {
        self.started = now;
        self.load(now, line);
    }

    /// The process is a new one.
    pub fn forget(&mut self) {
        (self.state, self.updated, self.backoff) = (State::Idle, 0, LIST_BACKOFF.dur().0);
        self.known.clear();
    }

    /// The map, if it is there.
    #[inline]
    pub fn ready(&self) -> Option<&Listing> {
        match &self.state {
            State::Ready(listing) => Some(listing),
            _ => None,
        }
    }

    /// When something happens to it.
    pub fn next(&self) -> u64 {
        match self.state {
            State::Asked { looks, .. } => looks,
            State::Failed { again } => again,
            State::Seen { answered, .. } => answered,
            State::Idle | State::Ready(_) => u64::MAX,
        }
    }

    /// It happens; `open` is what the service would answer.
    pub fn step(&mut self, now: u64, open: &Arc<Listing>, line: &Line) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Asked { answered, .. } => {
                let pages = (open.len() as u64).div_ceil(LIST_PAGE.count()).max(1);
                let further = (1..pages).map(|_| self.latency.draw(&mut self.random)).sum::<u64>();
                self.calls += pages;
                self.state = State::Seen { answered: answered + further, listing: Arc::clone(open) };
            }
            State::Seen { listing, .. } => {
                self.known.retain(|l| !Arc::ptr_eq(l, &listing));
                self.known.push(Arc::clone(&listing));
                self.updated = now;
                self.backoff = LIST_BACKOFF.dur().0;
                self.state = State::Ready(listing);
            }
            State::Failed { .. } => self.load(now, line),
            other => self.state = other,
        }
    }

    /// A record of a call begun at `begun` landed elsewhere than predicted.
    pub fn invalidate(&mut self, begun: u64, predicted: u32, now: u64, line: &Line) {
        if begun > self.updated && self.ready().is_some_and(|map| map.holds(predicted)) {
            self.forget_closed(now);
            self.load(now, line);
        }
    }

    /// Is the range of a shard known, and does it hold a position? (`None`: not known.)
    pub fn holds(&mut self, shard: u32, position: u64, now: u64) -> Option<bool> {
        self.forget_closed(now);
        let (first, last) = self.known.iter().rev().find_map(|l| l.range_of(shard))?;
        Some((first..=last).contains(&position))
    }

    fn load(&mut self, now: u64, line: &Line) {
        let took = self.latency.draw(&mut self.random).saturating_mul(line.slowness(now));
        if line.is_away(now) {
            self.calls += 1;
            self.state = State::Failed { again: now + took + self.backoff };
            self.backoff = (self.backoff * 3 / 2).min(LIST_BACKOFF_MAX.dur().0);
            return;
        }
        self.state = State::Asked { looks: now + took / 2, answered: now + took };
    }

    /// Twice in the time they are kept, ranges that are not open any more are dropped, if the map is old enough.
    fn forget_closed(&mut self, now: u64) {
        let round = now - (now - self.started) % (KEPT / 2);
        if self.updated + KEPT < round && self.ready().is_some() {
            self.known.drain(..self.known.len() - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producer::line::{Trouble, What};
    use crate::random::{LatencyLaw, Seed};
    use crate::units::Dur;

    const S: u64 = 1_000_000_000;

    fn shards() -> Shards {
        let random = Seed { user: 1, replication: 0 }.stream("p", "list");
        Shards::new(LatencyLaw::Constant(Dur(100)).sampler(), random)
    }

    fn line(troubles: &[Trouble]) -> Line {
        let seed = Seed { user: 1, replication: 0 };
        Line::new(&LatencyLaw::Constant(Dur(10)), 5, troubles.into(), "p", 0, seed)
    }

    fn steps(shards: &mut Shards, open: &Arc<Listing>, line: &Line) -> u64 {
        let mut at = 0;
        while shards.next() < u64::MAX {
            at = shards.next();
            shards.step(at, open, line);
        }
        at
    }

    #[test]
    fn the_map_is_what_was_open_half_way_and_counts_from_the_answer() {
        let (mut s, line) = (shards(), line(&[]));
        let (one, two) =
            (Arc::new(Listing::new(vec![(0, 0)])), Arc::new(Listing::new(vec![(0, 1), (100, 2)])));
        s.start(10, &line);
        assert_eq!((s.next(), s.ready()), (60, None));
        s.step(60, &one, &line);
        assert_eq!((s.next(), s.ready()), (110, None));
        s.step(110, &two, &line);
        assert_eq!(s.ready().map(|l| l.shard_at(150)), Some(0));
        s.invalidate(110, 0, 200, &line);
        assert!(s.ready().is_some(), "the call began before the map was there");
        s.invalidate(111, 7, 200, &line);
        assert!(s.ready().is_some(), "that shard is not in the map");
        s.invalidate(111, 0, 200, &line);
        assert!(s.ready().is_none());
        steps(&mut s, &two, &line);
        assert_eq!(s.ready().map(|l| l.shard_at(150)), Some(2));
        assert_eq!(
            [s.holds(2, 150, 400), s.holds(1, 150, 400), s.holds(0, 150, 400)],
            [Some(true), Some(false), Some(true)]
        );
        assert_eq!(s.holds(3, 150, 400), None);
        // Rounds every 30 s; the first more than 60 s after the load is at 90 s.
        assert_eq!(s.holds(0, 150, 89 * S), Some(true));
        assert_eq!((s.holds(0, 150, 91 * S), s.holds(2, 150, 91 * S)), (None, Some(true)));
    }

    #[test]
    fn a_large_stream_takes_a_call_per_thousand_shards() {
        let (mut s, line) = (shards(), line(&[]));
        let many = Arc::new(Listing::new((0..2001).map(|i| (i * 10, i as u32)).collect()));
        s.start(0, &line);
        s.step(50, &many, &line);
        assert_eq!((s.next(), s.calls), (300, 3));
    }

    #[test]
    fn while_the_service_is_away_the_waits_grow() {
        let away = Trouble { from: 0, until: 4 * S, what: What::Away };
        let (mut s, line) = (shards(), line(&[away]));
        s.start(0, &line);
        // Failures at 0, 1 and 2.5 s; the fourth call at 4.75 s gets through.
        let listing = Arc::new(Listing::new(vec![(0, 0)]));
        assert_eq!(steps(&mut s, &listing, &line), 4_750_000_000 + 3 * 100 + 100);
        assert_eq!(s.calls, 4);
    }
}
