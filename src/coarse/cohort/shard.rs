//! One shard: what arrives is admitted or refused cohort by cohort; lone records that are refused wait for another
//! attempt.
//!
//! Where a limit could bind, or retries are due, a cohort is born within one step; elsewhere it may be as long as the
//! time until somebody reads. Within a step new records and retries meet the limit alike.

use super::demand::{Demand, SIZE_BITS, draw};
use super::log::{At, CohortLog};
use super::tally::Tally;
use super::together::{Cohort, share};
use super::unread::{Unread, half};
use super::waiting::{CLASSES, Cell, Waiting};
use crate::facts::firehose::BILLED_STEP;
use crate::random::Stream;
use crate::stream::log::Log;
use crate::world::hosted::{Lane, Settings};

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
    /// Mean and variance of a retry's age, in microseconds.
    ages: (u64, u64),
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
    /// Lone records that were refused: classes are, of each producer, counts of refusals.
    waiting: Waiting,
    classes: usize,
    /// Stored since the last look.
    unread: Unread,
    arrivals: Vec<Arrival>,
    step: u64,
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
        let attempts = lone.iter().map(|p| settings.producers[*p].retry.attempts().min(CLASSES) as usize);
        let classes = attempts.max().unwrap_or(0);
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
            waiting: Waiting::new(lone.len() * classes, step),
            classes,
            unread: Unread::default(),
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
        // What is readable later than it is stored is split inside a window.
        let at_once = tally.settings.visibility == 0;
        while at < until {
            // Beside calls, which are judged at their own moments, windows are short.
            let short = until - from <= self.step;
            let fine = short || self.waiting.all > 0 || self.might_bind(at, until, lane, demands, tally);
            let to = if fine { until.min((at / self.step + 1) * self.step) } else { until };
            self.births(at, to, fine, demands, tally);
            self.due(to);
            self.judge_step(to, lane, demands, tally);
            if !at_once {
                self.show(tally);
            }
            at = to;
        }
        self.show(tally);
    }

    /// What is stored can be read.
    fn show(&mut self, tally: &mut Tally) {
        let Shard { unread, log, alone, step, .. } = self;
        unread.take(
            |which, (least, most), n| tally.delays.put[alone[which].producer].add(least, most, n),
            |cohort| log.push(cohort, *step),
        );
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
                self.arrivals.push(Arrival { producer: alone.producer, refusals: 0, cohort, ages: (0, 0) });
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

    /// Records of a producer that were dealt to this shard.
    pub fn arrive(&mut self, producer: usize, cohort: Cohort) {
        self.arrivals.push(Arrival { producer, refusals: 0, cohort, ages: (0, 0) });
    }

    /// Retries due before `to`.
    fn due(&mut self, to: u64) {
        let Shard { waiting, arrivals, alone, classes, step, .. } = self;
        waiting.take_due(to, |class, cell, end| {
            let producer = alone[class / *classes].producer;
            let ages = cell.moments();
            let half = half(ages.1);
            let born = |age: u64| end.saturating_sub(age * 1000);
            let cohort = Cohort {
                n: cell.n,
                records: cell.n,
                stored: (end.saturating_sub(*step), end),
                born: (born(ages.0 + half), born(ages.0.saturating_sub(half))),
                ..Cohort::default()
            };
            let refusals = (class % *classes) as u32;
            arrivals.push(Arrival { producer, refusals, cohort, ages });
        });
    }

    /// Judges what has arrived by `now`, and shows what is stored.
    pub fn judge(&mut self, now: u64, lane: &mut Lane, demands: &mut [Demand], tally: &mut Tally) {
        self.judge_step(now, lane, demands, tally);
        self.show(tally);
    }

    fn judge_step(&mut self, now: u64, lane: &mut Lane, demands: &mut [Demand], tally: &mut Tally) {
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
        let (admitted, verdict) = lane.admission.admit_many(now, n, charge, false);
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
                self.refuse(a, mine, now, tally);
            }
        }
        if admitted < n {
            tally.refused_in_all(n - admitted, verdict, now, lane);
        }
        arrivals.clear();
        self.arrivals = arrivals;
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
        match n {
            0 => {}
            _ if a.refusals == 0 => self.unread.add_fresh(cohort),
            _ => self.unread.add_aged(self.which(a.producer), cohort, a.ages),
        }
    }

    /// A producer's place among those of lone records.
    fn which(&self, producer: usize) -> usize {
        self.alone
            .iter()
            .position(|a| a.producer == producer)
            .expect("only lone records are tried again here")
    }

    fn refuse(&mut self, a: &Arrival, admitted: u64, now: u64, tally: &mut Tally) {
        let refused = a.cohort.n - admitted;
        tally.refused(a.producer, refused);
        if a.refusals == 0 {
            tally.delayed(a.producer, refused);
        }
        let (answer, retry) = tally.retry(a.producer);
        if a.refusals + 1 >= retry.attempts() {
            return tally.given_up(a.producer, refused);
        }
        let which = self.which(a.producer);
        let class = which * self.classes + (a.refusals as usize + 1).min(self.classes - 1);
        // Refused ones are spread over the step as they came.
        let every = |range: (u64, u64)| ((range.1 - range.0) / refused, range.0);
        let ((at_step, at), (born_step, born)) = (every(a.cohort.stored), every(a.cohort.born));
        for k in 0..refused {
            let sleep = retry.sleep(a.refusals, &mut self.alone[which].sleeps);
            let next = (at + at_step * k + at_step / 2 + answer + sleep).max(now + 1);
            self.waiting.add(next, born + born_step * k + born_step / 2, class);
        }
    }

    /// Lone records of a producer that wait for another attempt.
    pub fn waiting_of(&self, producer: usize) -> u64 {
        let Some(which) = self.alone.iter().position(|a| a.producer == producer) else { return 0 };
        self.waiting.of(which * self.classes..(which + 1) * self.classes)
    }

    /// It is closed: what waits here goes to its children, by their shares.
    pub fn hand_over(&mut self, children: &mut [(&mut Shard, f64)]) {
        let whole: f64 = children.iter().map(|c| c.1).sum();
        let last = children.len() - 1;
        self.waiting.take_all(|slot, class, cell| {
            let mut left = cell.n;
            for (k, (child, weight)) in children.iter_mut().enumerate() {
                let part = (cell.n as f64 * *weight / whole.max(f64::MIN_POSITIVE) + 0.5) as u64;
                let n = if k == last { left } else { part.min(left) };
                left -= n;
                if n > 0 {
                    let (ages, squares) = (share(cell.ages, n, cell.n), share(cell.squares, n, cell.n));
                    child.waiting.add_all(slot, class, Cell { n, ages, squares });
                }
            }
        });
    }
}

/// Steps that Firehose bills for records that share some bytes of data evenly.
fn steps(data: u64, records: u64) -> u64 {
    let (each, more, step) = (data / records, data % records, BILLED_STEP.bytes().0);
    more * (each + 1).div_ceil(step) + (records - more) * each.div_ceil(step)
}
