//! One shard: what arrives is admitted or refused cohort by cohort; lone records that are refused wait for another
//! attempt.
//!
//! Where a limit could bind, or retries are due, a cohort is born within one step; elsewhere it may be as long as the
//! time until somebody reads. Within a step new records and retries meet the limit alike, in an order drawn at random.

use super::demand::{Demand, SIZE_BITS, draw};
use super::log::{At, CohortLog};
use super::tally::{LoneCounts, Refused, Tally};
use super::together::{Cohort, share};
use super::waiting::Waiting;
use crate::facts::firehose::BILLED_STEP;
use crate::mechanism::chance::Coming;
use crate::producer::retry::Piece;
use crate::random::Stream;
use crate::stream::log::Log;
use crate::units::NS_PER_S;
use crate::world::hosted::{Lane, Settings};

/// One in shares and expected counts.
const ONE: f64 = 4_294_967_296.0;

/// What is stored in steps can be read every so many of them: readers ask for it about as often.
const LOOKS: u64 = 10;
/// While a limit binds, and as much is stored in every step, so many times as long.
const BOUND_LOOKS: u64 = 5;

/// Lone records of one producer on one shard.
struct Alone {
    producer: usize,
    /// Share of the producer's records × 2^32.
    share: u64,
    carry: u64,
    births: Stream,
    sleeps: Stream,
    /// Those that were refused.
    waiting: Waiting,
    /// First attempts stored since the last look: one cohort, however many steps they come from.
    fresh: Cohort,
    /// What became of attempts since the last look.
    counts: LoneCounts,
}

/// What arrives within a step.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// Which of the shard's producers.
    of: usize,
    /// For the first time?
    fresh: bool,
    n: u64,
    bytes: u64,
    /// Arrives from, until.
    at: (u64, u64),
    born: (u64, u64),
}

/// One shard's records.
pub struct Shard {
    /// What is stored.
    pub log: CohortLog,
    /// Where each plain consumer stands.
    pub at: Vec<At>,
    /// Rows before this were delivered to it, or passed.
    pub(super) reached: Vec<u64>,
    /// Have they begun?
    pub(super) begun: Vec<bool>,
    alone: Vec<Alone>,
    arrivals: Vec<Arrival>,
    /// What can be read from the next look on; ages of those that waited.
    shown: Vec<(Cohort, Option<(f64, f64)>)>,
    /// Attempts refused since the last look, by either limit.
    refused: Refused,
    /// Does a limit bind, step after step?
    binds: bool,
    step: u64,
    /// How those that meet a limit crowd within a step.
    crowding: Stream,
    /// Where shares are rounded up.
    offset: u64,
}

impl Shard {
    /// Nothing stored yet; `lone` producers' records are born here.
    pub fn new(id: u32, lone: &[usize], settings: &Settings, step: u64) -> Shard {
        let random = |p: usize, purpose| {
            settings.seed.numbered(&format!("producer/{}", settings.producers[p].name), purpose, id.into())
        };
        let mut marks = settings.seed.numbered("stream", "key_marks", id.into());
        let alone = lone.iter().map(|&p| {
            let producer = &settings.producers[p];
            let back = |i: u32| {
                let after = |piece: Piece| piece.after(producer.answer);
                producer.retry.pieces(i).into_iter().map(after).collect()
            };
            Alone {
                producer: p,
                share: 0,
                carry: 0,
                births: random(p, "cohorts_in_lane"),
                sleeps: random(p, "retry_in_lane"),
                waiting: Waiting::new(producer.retry.attempts(), step, back),
                fresh: Cohort::default(),
                counts: LoneCounts::default(),
            }
        });
        Shard {
            log: CohortLog::new(marks.word(), settings.packs),
            at: vec![At::default(); settings.consumers.len()],
            reached: vec![0; settings.consumers.len()],
            begun: settings.consumers.iter().map(|c| c.is_application).collect(),
            alone: alone.collect(),
            arrivals: Vec::new(),
            shown: Vec::new(),
            refused: Refused::default(),
            binds: false,
            step,
            crowding: settings.seed.numbered("stream", "crowding", id.into()),
            offset: u64::from(id) << 40,
        }
    }

    /// Its share of a producer's lone records.
    pub fn set_share(&mut self, producer: usize, share: f64) {
        if let Some(alone) = self.alone.iter_mut().find(|a| a.producer == producer) {
            alone.share = (share * 4_294_967_296.0 + 0.5) as u64;
        }
    }

    /// Lone records that are born or due before `until`, with nothing read meanwhile.
    pub fn settle(
        &mut self,
        from: u64,
        until: u64,
        lane: &mut Lane,
        demands: &mut [Demand],
        tally: &mut Tally,
    ) {
        if self.alone.is_empty() {
            return;
        }
        // What is readable later than it is stored is split inside a window.
        let at_once = tally.settings.visibility == 0;
        let look = if at_once { LOOKS * self.step } else { self.step };
        let (mut at, mut shown, mut bound) = (from, from, 0);
        while at < until {
            // Beside calls, which are judged at their own moments, windows are short.
            let short = until - from <= self.step;
            let waits = self.alone.iter().any(|a| a.waiting.all > 0);
            let calm = if short || waits { at } else { self.calm_until(at, until, lane, demands, tally) };
            let to = if calm > at { calm } else { until.min(self.step_until(at)) };
            self.births(at, to, calm == at, demands, tally);
            if calm > at {
                self.take_all(at, lane, demands, tally);
            } else {
                self.due(at, to, demands);
                let refuses = self.judge_step((at, to), lane, demands, tally);
                bound += if refuses { to - at } else { 0 };
                self.binds &= refuses;
            }
            at = to;
            let long = if self.binds { BOUND_LOOKS } else { 1 };
            if calm == to || at - shown >= long * look {
                self.show(lane, demands, tally);
                self.binds = at_once && 2 * bound > at - shown;
                (shown, bound) = (at, 0);
            }
        }
        self.show(lane, demands, tally);
    }

    /// The end of the step that begins at `at`. While a limit binds, what is stored is known, and steps are as long as
    /// what waits is told apart by.
    fn step_until(&self, at: u64) -> u64 {
        let windows = self.alone.iter().map(|a| a.waiting.window());
        let step = windows.min().filter(|_| self.binds).unwrap_or(self.step);
        (at / step + 1) * step
    }

    /// What is stored can be read, and what became of attempts is counted.
    fn show(&mut self, lane: &mut Lane, demands: &[Demand], tally: &mut Tally) {
        let Shard { log, alone, step, shown, refused, .. } = self;
        for Alone { waiting, fresh, producer, counts, .. } in alone {
            if counts.attempts == 0 {
                continue;
            }
            let sizes = &demands[*producer].sizes;
            let bytes = fresh.bytes + waiting.stored.bytes;
            tally.lone(*producer, std::mem::take(counts), (fresh.n, waiting.stored.n, bytes), sizes, lane);
            let in_steps =
                |cohort: Cohort| Cohort { records: cohort.n, steps: sizes.steps * cohort.n, ..cohort };
            if fresh.n > 0 {
                shown.push((in_steps(std::mem::take(fresh)), None));
            }
            waiting.take_stored(|cohort, age| {
                let (least, most) = around(age.0, age.1);
                tally.delays.put[*producer].add(least, most, cohort.n);
                shown.push((in_steps(cohort), Some(age)));
            });
        }
        tally.refused_in_all(std::mem::take(refused), lane);
        match shown[..] {
            [(ref only, None)] => log.push(*only, *step),
            _ => one_after_another(shown, |cohort| log.push(cohort, *step)),
        }
        shown.clear();
    }

    /// Until when, `until` at most, rates are constant and no limit could refuse anything born from `at` on, unless
    /// chance brought far more than it does; `at`: not even for a while.
    fn calm_until(
        &mut self,
        at: u64,
        until: u64,
        lane: &mut Lane,
        demands: &mut [Demand],
        tally: &Tally,
    ) -> u64 {
        let legs = self.alone.iter().map(|a| (a.producer, tally.leg(a.producer)));
        let to = legs.fold(until, |to, (p, leg)| {
            to.min(demands[p].pace.constant_until(at.saturating_sub(leg)).saturating_add(leg))
        });
        let next = until.min((at / self.step + 1) * self.step);
        // Limits without a refill bear shorter stretches only.
        let mut stretches = [to, to.min(at + NS_PER_S / 4)].into_iter().map(|to| to.max(next));
        stretches.find(|to| self.is_calm((at, *to), lane, demands, tally)).unwrap_or(at)
    }

    fn is_calm(&self, time: (u64, u64), lane: &mut Lane, demands: &mut [Demand], tally: &Tally) -> bool {
        let (mut records, mut bytes) = (Coming::default(), Coming::default());
        for alone in &self.alone {
            let demand = &mut demands[alone.producer];
            let mean = demand.pace.between(time.0, time.1) as f64 * alone.share as f64 / ONE / ONE;
            let sizes = &demand.sizes;
            let charge = tally.charge_per_record(sizes) as f64 / (1 << SIZE_BITS) as f64;
            let deviation = sizes.deviation as f64 / (1 << SIZE_BITS) as f64;
            records.add(mean, mean, 1.0);
            bytes.add(mean * charge, mean * (charge * charge + deviation * deviation), sizes.largest as f64);
        }
        lane.admission.surely_takes(time, records, bytes)
    }

    fn births(&mut self, at: u64, to: u64, fine: bool, demands: &mut [Demand], tally: &Tally) {
        for (of, alone) in self.alone.iter_mut().enumerate() {
            let (demand, leg) = (&mut demands[alone.producer], tally.leg(alone.producer));
            let born = (at.saturating_sub(leg), to.saturating_sub(leg));
            if alone.share == 0 || born.1 == 0 {
                continue;
            }
            let mean = (u128::from(demand.pace.between(born.0, born.1)) * u128::from(alone.share)) >> 32;
            let n = draw(mean as u64, &mut alone.carry, &mut alone.births);
            if n > 0 {
                demand.note(n);
                let bytes = match fine {
                    true => demand.sizes.bytes_of(n, &mut alone.births),
                    false => (demand.sizes.bytes * n) >> SIZE_BITS,
                };
                demand.born.1 += bytes;
                self.arrivals.push(Arrival { of, fresh: true, n, bytes, at: (at, to), born });
            }
        }
    }

    /// What its lane has stored record by record goes on in cohorts of those that are so near to one another.
    pub fn take_stored(&mut self, log: &mut Log, key_bytes: u64, near: u64) {
        for row in 0..log.end() {
            let births = log.births(row, row + 1);
            let (first, last) = births.iter().fold((u64::MAX, 0), |a, b| (a.0.min(*b), a.1.max(*b)));
            let (stored, records) = (log.stored_at(row), births.len() as u64);
            let bytes = u64::from(log.sizes(row, row + 1)[0]);
            let cohort = Cohort {
                n: 1,
                records,
                bytes,
                steps: steps(bytes.saturating_sub(key_bytes), records) << SIZE_BITS,
                stored: (stored, stored),
                born: (first, last),
                ..Cohort::default()
            };
            self.log.push_row(cohort, births, near);
        }
        log.begin_anew();
    }

    /// Records of a producer, born over a time, were dealt to this shard over another.
    pub fn arrive(&mut self, producer: usize, (n, bytes): (u64, u64), at: (u64, u64), born: (u64, u64)) {
        let of = self.alone.iter().position(|a| a.producer == producer).expect("it sends alone");
        self.arrivals.push(Arrival { of, fresh: true, n, bytes, at, born });
    }

    /// Retries due in `[at, to)`.
    fn due(&mut self, at: u64, to: u64, demands: &[Demand]) {
        for (of, Alone { producer, waiting, sleeps, .. }) in self.alone.iter_mut().enumerate() {
            let n = waiting.due(at, to, sleeps);
            if n > 0 {
                let bytes = (demands[*producer].sizes.bytes * n) >> SIZE_BITS;
                self.arrivals.push(Arrival { of, fresh: false, n, bytes, at: (at, to), born: (0, 0) });
            }
        }
    }

    /// Judges what has arrived by `now`, and shows what is stored.
    pub fn judge(&mut self, now: u64, lane: &mut Lane, demands: &mut [Demand], tally: &mut Tally) {
        self.judge_step((now, now), lane, demands, tally);
        self.show(lane, demands, tally);
    }

    /// Takes what has arrived from `from` on, all of which surely fits.
    fn take_all(&mut self, from: u64, lane: &mut Lane, demands: &[Demand], tally: &Tally) {
        for a in self.arrivals.drain(..) {
            let alone = &mut self.alone[a.of];
            lane.admission.take(from, a.n, tally.charge(&demands[alone.producer].sizes, a.n, a.bytes));
            alone.settle(&a, a.n);
        }
    }

    /// Judges what has arrived over a time: is any refused?
    fn judge_step(
        &mut self,
        (from, now): (u64, u64),
        lane: &mut Lane,
        demands: &mut [Demand],
        tally: &mut Tally,
    ) -> bool {
        if self.arrivals.is_empty() {
            return false;
        }
        let arrivals = std::mem::take(&mut self.arrivals);
        let (mut n, mut charge) = (0, 0);
        for a in &arrivals {
            n += a.n;
            charge += tally.charge(&demands[self.alone[a.of].producer].sizes, a.n, a.bytes);
        }
        let (admitted, verdict) = lane.admission.admit_among((from, now), n, charge, &mut self.crowding);
        if admitted < n {
            self.refused.add(n - admitted, verdict, now, tally);
        }
        let (mut before, mut given) = (0, 0);
        // Another offset each time (the golden ratio's multiples): nobody gains by rounding.
        self.offset = self.offset.wrapping_add(0x9e37_79b9_7f4a_7c15);
        for a in &arrivals {
            before += a.n;
            let upto = if admitted == n { before } else { self.part(admitted, before, n) };
            let mine = upto.saturating_sub(given).min(a.n);
            given += mine;
            self.alone[a.of].settle(a, mine);
        }
        self.arrivals = arrivals;
        self.arrivals.clear();
        admitted < n
    }

    /// `admitted` × `before` / `n`, rounded at this step's offset.
    fn part(&self, admitted: u64, before: u64, n: u64) -> u64 {
        let (of, offset) = (admitted * before, self.offset >> 32);
        if of < 1 << 32 {
            return ((of << 32) / n + offset) >> 32;
        }
        let scaled = (u128::from(of) << 32) / u128::from(n);
        ((scaled + u128::from(offset)) >> 32) as u64
    }

    /// Lone records of a producer that wait for another attempt.
    pub fn waiting_of(&self, producer: usize) -> u64 {
        self.alone.iter().find(|a| a.producer == producer).map_or(0, |a| a.waiting.all)
    }

    /// It is closed at `now`: what waits here goes to its children, by their shares.
    pub fn hand_over(&mut self, now: u64, children: &mut [(&mut Shard, f64)]) {
        let whole: f64 = children.iter().map(|c| c.1).sum();
        for Alone { producer, waiting, .. } in self.alone.iter_mut().filter(|a| a.waiting.all > 0) {
            let share = |weight: f64| weight / whole.max(f64::MIN_POSITIVE);
            let heir = |shard| &mut alone_of(shard, *producer).waiting;
            let heirs = children.iter_mut().map(|(child, weight)| (heir(&mut child.alone), share(*weight)));
            waiting.hand_over(now, &mut heirs.collect::<Vec<_>>());
        }
    }
}

impl Alone {
    /// Of what arrived, `n` are stored and the others refused.
    #[inline]
    fn settle(&mut self, a: &Arrival, n: u64) {
        let counts = &mut self.counts;
        counts.attempts += a.n;
        let stored = if a.fresh { &mut self.fresh } else { &mut self.waiting.stored };
        if n > 0 {
            if stored.n == 0 {
                (stored.stored, stored.born) = (a.at, a.born);
            }
            stored.n += n;
            // Admitted ones lie among the refused.
            stored.bytes += if n == a.n { a.bytes } else { share(a.bytes, n, a.n) };
            stored.stored = (stored.stored.0.min(a.at.0), stored.stored.1.max(a.at.1));
            stored.born = (stored.born.0.min(a.born.0), stored.born.1.max(a.born.1));
        }
        let refused = a.n - n;
        if !a.fresh {
            counts.given_up += self.waiting.judged(a.at.1, a.n, n);
        } else if refused > 0 {
            counts.delayed += refused;
            counts.given_up += self.waiting.refuse_first(refused, a.at.0, a.born);
        }
    }
}

/// Cohorts that were stored side by side, laid end to end over the same time, so that what is stored by any moment is a
/// stretch of the log; every other time the other way round, so that none is always the last.
fn one_after_another(all: &mut [(Cohort, Option<(f64, f64)>)], mut give: impl FnMut(Cohort)) {
    let n: u64 = all.iter().map(|c| c.0.n).sum();
    let (from, to) = all.iter().fold((u64::MAX, 0), |a, (c, _)| (a.0.min(c.stored.0), a.1.max(c.stored.1)));
    if n % 2 == 1 {
        all.reverse();
    }
    let mut before = 0;
    for (cohort, age) in all {
        let at = |k: u64| from + share(to - from, k, n);
        let stored = (at(before), at(before + cohort.n));
        before += cohort.n;
        let way = cohort.stored.0 - cohort.born.0.min(cohort.stored.0);
        let born = age
            .map_or((stored.0.saturating_sub(way), stored.1.saturating_sub(way)), |age| births(stored, age));
        give(Cohort { stored, born, ..*cohort });
    }
}

/// A range of this mean and variance.
fn around(mean: f64, variance: f64) -> (u64, u64) {
    let half = libm::sqrt(3.0 * variance);
    ((mean - half).max(0.0) as u64, (mean + half) as u64)
}

/// Births of records whose ages when they were stored had this mean and variance: ages and moments of storage vary
/// independently of one another.
fn births((from, to): (u64, u64), (mean, variance): (f64, f64)) -> (u64, u64) {
    let span = (to - from) as f64;
    let born = around((from + (to - from) / 2) as f64 - mean, variance + span * span / 12.0);
    (born.0.min(to), born.1.min(to))
}

/// A producer's lone records.
fn alone_of(all: &mut [Alone], producer: usize) -> &mut Alone {
    all.iter_mut().find(|a| a.producer == producer).expect("only lone records arrive by themselves")
}

/// Steps that Firehose bills for records that share some bytes of data evenly.
fn steps(data: u64, records: u64) -> u64 {
    let (each, more, step) = (data / records, data % records, BILLED_STEP.bytes().0);
    more * (each + 1).div_ceil(step) + (records - more) * each.div_ceil(step)
}
