//! Which shard a user record is thought to go to.
//!
//! At AWS: a map of the open shards, loaded by ListShards when the pipeline starts and again only when an answer
//! names a shard that was not predicted, if its call began after the last load and the predicted shard is still in
//! the map. There is no map while it is loaded: records then travel alone. Ranges of shards seen before stay known
//! for a while after they closed (from 0.15.11).
//! We model: this; what ListShards answers is what was open half-way through its first call (assumed).
//! We leave out: failed calls and their backoff.
//! Sources: KPL `shard_map.cc`.

use crate::facts::kpl::{LIST_PAGE, RANGES_KEPT};
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
    /// Listings loaded whose ranges are still known, oldest first.
    known: Vec<Arc<Listing>>,
    /// ListShards calls.
    pub calls: u64,
}

impl Shards {
    /// No map yet.
    pub fn new(latency: LatencySampler, random: Stream) -> Shards {
        Shards { latency, random, state: State::Idle, started: 0, updated: 0, known: Vec::new(), calls: 0 }
    }

    /// Has it been asked for?
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// The pipeline starts.
    pub fn start(&mut self, now: u64) {
        self.started = now;
        self.load(now);
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
            State::Seen { answered, .. } => answered,
            State::Idle | State::Ready(_) => u64::MAX,
        }
    }

    /// It happens; `open` is what the service would answer.
    pub fn step(&mut self, now: u64, open: &Arc<Listing>) {
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
                self.state = State::Ready(listing);
            }
            other => self.state = other,
        }
    }

    /// A record of a call begun at `begun` landed elsewhere than predicted.
    pub fn invalidate(&mut self, begun: u64, predicted: u32, now: u64) {
        if begun > self.updated && self.ready().is_some_and(|map| map.holds(predicted)) {
            self.forget_closed(now);
            self.load(now);
        }
    }

    /// Is the range of a shard known, and does it hold a position? (`None`: not known.)
    pub fn holds(&mut self, shard: u32, position: u64, now: u64) -> Option<bool> {
        self.forget_closed(now);
        let (first, last) = self.known.iter().rev().find_map(|l| l.range_of(shard))?;
        Some((first..=last).contains(&position))
    }

    fn load(&mut self, now: u64) {
        let took = self.latency.draw(&mut self.random);
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
    use crate::random::{LatencyLaw, Seed};
    use crate::units::Dur;

    const S: u64 = 1_000_000_000;

    fn shards() -> Shards {
        let random = Seed { user: 1, replication: 0 }.stream("p", "list");
        Shards::new(LatencyLaw::Constant(Dur(100)).sampler(), random)
    }

    fn steps(shards: &mut Shards, open: &Arc<Listing>) {
        while shards.next() < u64::MAX {
            let at = shards.next();
            shards.step(at, open);
        }
    }

    #[test]
    fn the_map_is_what_was_open_half_way_and_counts_from_the_answer() {
        let mut s = shards();
        let (one, two) =
            (Arc::new(Listing::new(vec![(0, 0)])), Arc::new(Listing::new(vec![(0, 1), (100, 2)])));
        s.start(10);
        assert_eq!((s.next(), s.ready()), (60, None));
        s.step(60, &one);
        assert_eq!((s.next(), s.ready()), (110, None));
        s.step(110, &two);
        assert_eq!(s.ready().map(|l| l.shard_at(150)), Some(0));
        s.invalidate(110, 0, 200);
        assert!(s.ready().is_some(), "the call began before the map was there");
        s.invalidate(111, 7, 200);
        assert!(s.ready().is_some(), "that shard is not in the map");
        s.invalidate(111, 0, 200);
        assert!(s.ready().is_none());
        steps(&mut s, &two);
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
        let mut s = shards();
        let many = Arc::new(Listing::new((0..2001).map(|i| (i * 10, i as u32)).collect()));
        s.start(0);
        s.step(50, &many);
        assert_eq!((s.next(), s.calls), (300, 3));
    }
}
