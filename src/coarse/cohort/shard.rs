//! One shard: what arrives is admitted or refused cohort by cohort; lone records that are refused wait for another
//! attempt.
//!
//! Where a limit could bind, or retries are due, a cohort is born within one step; elsewhere it may be as long as the
//! time until somebody reads. Within a step new records and retries meet the limit alike.

use super::demand::{Demand, SIZE_BITS, draw};
use super::log::{At, CohortLog};
use super::tally::Tally;
use super::together::{Cohort, share};
use crate::facts::firehose::BILLED_STEP;
use crate::random::Stream;
use crate::stream::log::Log;
use crate::stream::shard::Verdict;
use crate::world::hosted::{Lane, Settings};
use std::collections::VecDeque;

/// Lone records of one producer that were refused as often: how many, and the moments of their ages.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    n: u64,
    /// Sum of ages and of their squares at the step's end, in microseconds.
    ages: u64,
    squares: u64,
}

/// Births of lone records on one shard.
struct Alone {
    producer: usize,
    /// Share of the producer's records × 2^32.
    share: u64,
    carry: u64,
    births: Stream,
    sleeps: Stream,
}

/// What arrives within a step.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    producer: usize,
    refusals: u32,
    cohort: Cohort,
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
    /// Steps from `waiting_from` on: per producer of lone records, and per count of refusals.
    waiting: VecDeque<Vec<Cell>>,
    waiting_from: u64,
    waits: u64,
    classes: usize,
    arrivals: Vec<Arrival>,
    step: u64,
    /// Where shares are rounded up.
    offset: u64,
}

/// Attempts told apart; later ones sleep as the last of them.
const CLASSES: u32 = 16;

impl Shard {
    /// Nothing stored yet; `lone` producers' records are born here.
    pub fn new(id: u32, lone: &[usize], settings: &Settings, step: u64) -> Shard {
        let random = |p: usize, purpose| {
            settings.seed.numbered(&format!("producer/{}", settings.producers[p].name), purpose, id.into())
        };
        let mut marks = settings.seed.numbered("stream", "key_marks", id.into());
        let alone = lone.iter().map(|&p| Alone {
            producer: p,
            share: 0,
            carry: 0,
            births: random(p, "cohorts_in_lane"),
            sleeps: random(p, "retry_in_lane"),
        });
        Shard {
            log: CohortLog::new(marks.word(), settings.packs),
            at: vec![At::default(); settings.consumers.len()],
            reached: vec![0; settings.consumers.len()],
            begun: settings.consumers.iter().map(|c| c.is_application).collect(),
            alone: alone.collect(),
            waiting: VecDeque::new(),
            waiting_from: 0,
            waits: 0,
            classes: lone.len() * CLASSES as usize,
            arrivals: Vec::new(),
            step,
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
        let mut at = from;
        while at < until {
            // Beside calls, which are judged at their own moments, windows are short.
            let short = until - from <= self.step;
            let fine = short || self.waits > 0 || self.might_bind(at, until, lane, demands, tally);
            let to = if fine { until.min((at / self.step + 1) * self.step) } else { until };
            self.births(at, to, fine, demands, tally);
            if self.waits > 0 {
                self.due(to);
            }
            self.judge(to, lane, demands, tally);
            at = to;
        }
    }

    /// Could a limit refuse anything born before `until`, by far more than chance brings?
    fn might_bind(
        &mut self,
        at: u64,
        until: u64,
        lane: &mut Lane,
        demands: &mut [Demand],
        tally: &Tally,
    ) -> bool {
        let (mut records, mut bytes) = (0u64, 0u64);
        for alone in &self.alone {
            let demand = &mut demands[alone.producer];
            let mean = (u128::from(demand.pace.between(at, until)) * u128::from(alone.share)) >> 64;
            // Nine deviations: the square root of a mean is at most a hundredth of it, plus 25.
            let most = mean as u64 + (mean as u64) / 11 + 25 * 9;
            records += most;
            bytes += most * tally.charge_per_record(alone.producer, &demand.sizes);
        }
        !lane.admission.has_room(at, records, bytes >> SIZE_BITS)
    }

    fn births(&mut self, at: u64, to: u64, fine: bool, demands: &mut [Demand], tally: &Tally) {
        for alone in &mut self.alone {
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
                let steps = demand.sizes.steps * n;
                let cohort = Cohort { n, records: n, bytes, steps, stored: (at, to), born, first: 0 };
                self.arrivals.push(Arrival { producer: alone.producer, refusals: 0, cohort });
            }
        }
    }

    /// What its lane has stored record by record goes on in cohorts.
    pub fn take_stored(&mut self, log: &mut Log, key_bytes: u64) {
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
            self.log.push_row(cohort, births, self.step);
        }
        log.begin_anew();
    }

    /// Records of a producer that were dealt to this shard.
    pub fn arrive(&mut self, producer: usize, cohort: Cohort) {
        self.arrivals.push(Arrival { producer, refusals: 0, cohort });
    }

    /// Retries due before `to`.
    fn due(&mut self, to: u64) {
        while self.waits > 0 && (self.waiting_from + 1) * self.step <= to.next_multiple_of(self.step) {
            let Some(cells) = self.waiting.pop_front() else { break };
            let end = ((self.waiting_from + 1) * self.step).min(to);
            for (i, cell) in cells.iter().enumerate().filter(|(_, c)| c.n > 0) {
                self.waits -= cell.n;
                let alone = &self.alone[i / CLASSES as usize];
                let mean = cell.ages / cell.n;
                let variance = (cell.squares / cell.n).saturating_sub(mean * mean);
                // A uniform law of this mean and variance.
                let half = libm::sqrt(3.0 * variance as f64) as u64;
                let born = |age: u64| end.saturating_sub(age * 1000);
                let cohort = Cohort {
                    n: cell.n,
                    records: cell.n,
                    bytes: 0,
                    steps: 0,
                    stored: (end.saturating_sub(self.step), end),
                    born: (born(mean + half), born(mean.saturating_sub(half))),
                    first: 0,
                };
                let refusals = (i % CLASSES as usize) as u32;
                self.arrivals.push(Arrival { producer: alone.producer, refusals, cohort });
            }
            self.waiting_from += 1;
        }
        if self.waits == 0 {
            self.waiting.clear();
        }
    }

    /// Judges what has arrived by `now`.
    pub fn judge(&mut self, now: u64, lane: &mut Lane, demands: &mut [Demand], tally: &mut Tally) {
        if self.arrivals.is_empty() {
            return;
        }
        let mut arrivals = std::mem::take(&mut self.arrivals);
        let (mut n, mut charge) = (0, 0);
        for a in &mut arrivals {
            if a.cohort.bytes == 0 {
                let sizes = &demands[a.producer].sizes;
                a.cohort.bytes = (sizes.bytes * a.cohort.n) >> SIZE_BITS;
                a.cohort.steps = sizes.steps * a.cohort.n;
            }
            n += a.cohort.n;
            charge += tally.charge(a.producer, &demands[a.producer].sizes, a.cohort.n, a.cohort.bytes);
        }
        let (admitted, verdict) = lane.admission.admit_many(now, n, charge);
        let (mut before, mut given) = (0, 0);
        // Another offset each time (the golden ratio's multiples): no class gains by rounding.
        self.offset = self.offset.wrapping_add(0x9e37_79b9_7f4a_7c15);
        for a in &arrivals {
            before += a.cohort.n;
            let mine = match admitted == n {
                true => a.cohort.n,
                false => self.part(admitted, before, n).saturating_sub(given).min(a.cohort.n),
            };
            given += mine;
            self.store(a, mine, lane, &demands[a.producer], tally);
            if mine < a.cohort.n {
                self.refuse(a, mine, now, verdict, lane, tally);
            }
        }
        arrivals.clear();
        self.arrivals = arrivals;
    }

    /// `admitted` × `before` / `n`, rounded at this step's offset.
    fn part(&self, admitted: u64, before: u64, n: u64) -> u64 {
        let scaled = ((u128::from(admitted) * u128::from(before)) << 32) / u128::from(n);
        ((scaled + u128::from(self.offset >> 32)) >> 32) as u64
    }

    fn store(&mut self, a: &Arrival, n: u64, lane: &mut Lane, demand: &Demand, tally: &mut Tally) {
        let cohort = if n == a.cohort.n {
            a.cohort
        } else {
            // Admitted ones lie among the refused.
            let bytes = share(a.cohort.bytes, n, a.cohort.n);
            Cohort { n, records: n, bytes, steps: demand.sizes.steps * n, ..a.cohort }
        };
        tally.lone(a.producer, a.cohort.n, &cohort, a.refusals, demand);
        tally.stored(&cohort, lane);
        self.log.push(cohort, self.step);
    }

    fn refuse(
        &mut self,
        a: &Arrival,
        admitted: u64,
        now: u64,
        verdict: Verdict,
        lane: &mut Lane,
        tally: &mut Tally,
    ) {
        let refused = a.cohort.n - admitted;
        tally.refused(a.producer, refused, verdict, now, lane);
        if a.refusals == 0 {
            tally.delayed(a.producer, refused);
        }
        let (answer, retry) = tally.retry(a.producer);
        if a.refusals + 1 >= retry.attempts() {
            return tally.given_up(a.producer, refused);
        }
        let Some(which) = self.alone.iter().position(|alone| alone.producer == a.producer) else { return };
        let class = which * CLASSES as usize + (a.refusals + 1).min(CLASSES - 1) as usize;
        let spread = a.cohort.born.1 - a.cohort.born.0;
        for k in 0..refused {
            // Refused ones are spread over the step as they came.
            let (place, of) = (2 * k + 1, 2 * refused);
            let at = a.cohort.stored.0 + share(a.cohort.stored.1 - a.cohort.stored.0, place, of);
            let born = a.cohort.born.0 + share(spread, place, of);
            let sleep = retry.sleep(a.refusals, &mut self.alone[which].sleeps);
            let next = (at + answer + sleep).max(now + 1);
            self.wait(next, born, class);
        }
    }

    fn wait(&mut self, next: u64, born: u64, class: usize) {
        let slot = next / self.step;
        if self.waits == 0 {
            self.waiting_from = slot.min(self.waiting_from.max(slot));
            self.waiting.clear();
        }
        while slot < self.waiting_from {
            self.waiting.push_front(vec![Cell::default(); self.classes]);
            self.waiting_from -= 1;
        }
        let i = (slot - self.waiting_from) as usize;
        while self.waiting.len() <= i {
            self.waiting.push_back(vec![Cell::default(); self.classes]);
        }
        let age = ((slot + 1) * self.step - born) / 1000;
        let cell = &mut self.waiting[i][class];
        (cell.n, cell.ages, cell.squares) = (cell.n + 1, cell.ages + age, cell.squares + age * age);
        self.waits += 1;
    }

    /// Lone records of a producer that wait for another attempt.
    pub fn waiting_of(&self, producer: usize) -> u64 {
        let Some(which) = self.alone.iter().position(|a| a.producer == producer) else { return 0 };
        let mine = which * CLASSES as usize..(which + 1) * CLASSES as usize;
        self.waiting.iter().flat_map(|cells| &cells[mine.clone()]).map(|c| c.n).sum()
    }

    /// It is closed: what waits here goes to its children, by their shares.
    pub fn hand_over(&mut self, children: &mut [(&mut Shard, f64)]) {
        let whole: f64 = children.iter().map(|c| c.1).sum();
        let last = children.len() - 1;
        for (i, cells) in self.waiting.drain(..).enumerate() {
            let slot = self.waiting_from + i as u64;
            for (class, cell) in cells.iter().enumerate().filter(|(_, c)| c.n > 0) {
                let mut left = cell.n;
                for (k, (child, weight)) in children.iter_mut().enumerate() {
                    let part = (cell.n as f64 * *weight / whole.max(f64::MIN_POSITIVE) + 0.5) as u64;
                    let n = if k == last { left } else { part.min(left) };
                    left -= n;
                    child.wait_all(
                        slot,
                        class,
                        Cell {
                            n,
                            ages: share(cell.ages, n, cell.n),
                            squares: share(cell.squares, n, cell.n),
                        },
                    );
                }
            }
        }
        self.waits = 0;
    }

    fn wait_all(&mut self, slot: u64, class: usize, cell: Cell) {
        if cell.n == 0 {
            return;
        }
        // One finds the place; the others join it.
        self.wait(slot * self.step, slot * self.step, class);
        let mine = &mut self.waiting[(slot - self.waiting_from) as usize][class];
        let age = self.step / 1000;
        mine.n += cell.n - 1;
        mine.ages = mine.ages + cell.ages - age;
        mine.squares = mine.squares + cell.squares - age * age;
        self.waits += cell.n - 1;
    }
}

/// Steps that Firehose bills for records that share some bytes of data evenly.
fn steps(data: u64, records: u64) -> u64 {
    let (each, more, step) = (data / records, data % records, BILLED_STEP.bytes().0);
    more * (each + 1).div_ceil(step) + (records - more) * each.div_ceil(step)
}
