//! A shard's records as rows with numbers, for applications that are followed call by call: stretches of time in which
//! they came evenly. The n-th is stored when so many have come in full.

use std::collections::VecDeque;

/// Time, and the rows that came in it.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: f64,
    to: f64,
    first: f64,
    rows: f64,
    size: f64,
}

impl Stretch {
    fn end(&self) -> f64 {
        self.first + self.rows
    }
}

/// A shard's rows.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    stretches: VecDeque<Stretch>,
    end: f64,
    /// The last known size of a row.
    size: f64,
}

/// Parts of a row that do not count.
const HAIR: f64 = 1e-6;
/// Stretches kept; more are joined in pairs.
const MOST: usize = 4096;

impl Rows {
    /// Rows of `size` bytes came evenly over `[from, to)`.
    pub fn push(&mut self, from: f64, to: f64, rows: f64, size: f64) {
        if rows <= 0.0 || to <= from {
            return;
        }
        let first = self.end;
        (self.end, self.size) = (self.end + rows, size);
        if let Some(last) = self.stretches.back_mut() {
            let (was, is) = (last.rows / (last.to - last.from), rows / (to - from));
            if last.to == from && (was - is).abs() <= 1e-9 * is && last.size == size {
                (last.to, last.rows) = (to, last.rows + rows);
                return;
            }
        }
        self.stretches.push_back(Stretch { from, to, first, rows, size });
        if self.stretches.len() > MOST {
            self.join();
        }
    }

    fn join(&mut self) {
        let all: Vec<Stretch> = self.stretches.drain(..).collect();
        let join = |pair: &[Stretch]| {
            let rows: f64 = pair.iter().map(|s| s.rows).sum();
            let size = pair.iter().map(|s| s.rows * s.size).sum::<f64>() / rows.max(1e-300);
            Stretch { to: pair[pair.len() - 1].to, rows, size, ..pair[0] }
        };
        self.stretches.extend(all.chunks(2).map(join));
    }

    /// Forgets rows before this one.
    pub fn forget(&mut self, row: u64) {
        while self.stretches.front().is_some_and(|s| s.end() < row as f64) {
            self.stretches.pop_front();
        }
    }

    /// Rows there are in all.
    pub fn end(&self) -> u64 {
        (self.end + HAIR) as u64
    }

    /// Rows stored by `time`.
    pub fn by(&self, time: u64) -> u64 {
        let at = time as f64;
        let place = self.stretches.partition_point(|s| s.from <= at);
        let rows = match place.checked_sub(1).map(|i| self.stretches[i]) {
            None => self.stretches.front().map_or(self.end, |s| s.first),
            Some(s) => s.first + s.rows * ((at - s.from) / (s.to - s.from)).min(1.0),
        };
        (rows + HAIR) as u64
    }

    /// The stretch in which a row came to its end.
    fn of(&self, row: u64) -> Option<&Stretch> {
        let whole = row as f64 + 1.0 - HAIR;
        let place = self.stretches.partition_point(|s| s.end() < whole);
        self.stretches.get(place).or(self.stretches.back())
    }

    /// When a row was stored.
    pub fn stored_at(&self, row: u64) -> u64 {
        let Some(s) = self.of(row) else { return 0 };
        let part = ((row as f64 + 1.0 - s.first) / s.rows.max(1e-300)).clamp(0.0, 1.0);
        (s.from + (s.to - s.from) * part).ceil() as u64
    }

    /// Bytes of a row.
    pub fn size(&self, row: u64) -> f64 {
        self.of(row).map_or(self.size, |s| s.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_there_when_it_has_come_in_full() {
        let mut rows = Rows::default();
        rows.push(0.0, 10.0, 5.0, 100.0);
        rows.push(10.0, 12.0, 4.0, 200.0);
        assert_eq!((rows.by(1), rows.by(2), rows.by(10), rows.by(11), rows.by(99)), (0, 1, 5, 7, 9));
        assert_eq!((rows.stored_at(0), rows.stored_at(4), rows.stored_at(8)), (2, 10, 12));
        assert_eq!((rows.size(4), rows.size(5)), (100.0, 200.0));
        (0..9).for_each(|row| assert!(rows.by(rows.stored_at(row)) > row, "{row}"));
    }
}
