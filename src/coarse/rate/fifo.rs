//! What waits, first come first served, as stretches of time in which it came evenly.

use std::collections::VecDeque;

/// Stretches kept; more are joined in pairs (the sums stay exact, moments inside a pair are evened out).
const MOST: usize = 1024;

/// A stretch of arrivals.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: f64,
    to: f64,
    records: f64,
}

/// Waiting records.
#[derive(Clone, Debug, Default)]
pub struct Fifo {
    stretches: VecDeque<Stretch>,
    /// How many wait.
    pub records: f64,
}

/// A part of what left: how long its first and its last record had waited.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// Records.
    pub records: f64,
    /// The first one's wait, ns.
    pub first: f64,
    /// The last one's wait, ns.
    pub last: f64,
}

impl Fifo {
    /// Records came evenly over `[from, to)`.
    pub fn push(&mut self, from: f64, to: f64, records: f64) {
        if records <= 0.0 {
            return;
        }
        self.records += records;
        if let Some(last) = self.stretches.back_mut() {
            let (was, is) = (last.records / (last.to - last.from), records / (to - from));
            if last.to == from && (was - is).abs() <= 1e-9 * is {
                (last.to, last.records) = (to, last.records + records);
                return;
            }
        }
        self.stretches.push_back(Stretch { from, to, records });
        if self.stretches.len() > MOST {
            self.join();
        }
    }

    fn join(&mut self) {
        let all: Vec<Stretch> = self.stretches.drain(..).collect();
        let join = |pair: &[Stretch]| Stretch {
            from: pair[0].from,
            to: pair[pair.len() - 1].to,
            records: pair.iter().map(|s| s.records).sum(),
        };
        self.stretches.extend(all.chunks(2).map(join));
    }

    /// When the oldest came.
    pub fn oldest(&self) -> Option<f64> {
        self.stretches.front().map(|s| s.from)
    }

    /// Takes up to `records` out, evenly over `[from, to)`; what left, in order.
    pub fn pull(&mut self, from: f64, to: f64, records: f64, mut left: impl FnMut(Left)) -> f64 {
        let all = records.min(self.records);
        let (mut taken, pace) = (0.0, (to - from) / records.max(1e-300));
        while let Some(front) = self.stretches.front_mut() {
            let part = front.records.min(all - taken);
            if part <= 0.0 {
                break;
            }
            let until = front.from + (front.to - front.from) * (part / front.records);
            let (begins, ends) = (from + taken * pace, from + (taken + part) * pace);
            left(Left {
                records: part,
                first: (begins - front.from).max(0.0),
                last: (ends - until).max(0.0),
            });
            taken += part;
            if part >= front.records {
                self.stretches.pop_front();
            } else {
                (front.from, front.records) = (until, front.records - part);
            }
        }
        self.records = if self.stretches.is_empty() { 0.0 } else { self.records - taken };
        taken
    }

    /// Drops what came before `horizon`; how many.
    pub fn drop_before(&mut self, horizon: f64) -> f64 {
        let mut dropped = 0.0;
        while let Some(front) = self.stretches.front_mut() {
            if front.from >= horizon {
                break;
            }
            let share = ((horizon - front.from) / (front.to - front.from)).min(1.0);
            let part = front.records * share;
            dropped += part;
            if share >= 1.0 {
                self.stretches.pop_front();
            } else {
                (front.from, front.records) = (horizon, front.records - part);
            }
        }
        self.records = if self.stretches.is_empty() { 0.0 } else { self.records - dropped };
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_those_of_a_fluid_queue() {
        // Ten a second for ten seconds; from second 4 on, twenty a second leave.
        let mut fifo = Fifo::default();
        fifo.push(0.0, 4.0, 40.0);
        let mut waits = Vec::new();
        for second in 4..8 {
            let (from, to) = (f64::from(second), f64::from(second + 1));
            fifo.push(from, to, 10.0);
            fifo.pull(from, to, 20.0, |l| waits.push((l.first, l.last)));
        }
        assert_eq!(fifo.records, 0.0);
        assert_eq!(waits, [(4.0, 3.0), (3.0, 2.0), (2.0, 1.0), (1.0, 0.0)]);
    }

    #[test]
    fn nothing_is_lost_when_stretches_are_joined() {
        let mut fifo = Fifo::default();
        for k in 0..5000 {
            fifo.push(f64::from(k), f64::from(k + 1), f64::from(k % 7 + 1));
        }
        let all: f64 = (0..5000).map(|k| f64::from(k % 7 + 1)).sum();
        assert!((fifo.records - all).abs() < 1e-6);
        let dropped = fifo.drop_before(2500.0);
        let mut pulled = 0.0;
        fifo.pull(5000.0, 5001.0, 1e9, |l| pulled += l.records);
        assert!((dropped + pulled - all).abs() < 1e-6, "{dropped} {pulled} {all}");
        assert!((dropped / all - 0.5).abs() < 0.001);
    }
}
