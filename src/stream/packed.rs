//! What the rows of a log hold, where clients pack several records into one Kinesis record.
//!
//! At AWS: an aggregated record is one record to the stream; what is in it only its reader sees.
//! We model: rows (Kinesis records) and, beside them, the births of all records in them, so that a reader of a
//! range of rows gets the births in it as one slice.

use crate::record::Parcels;

/// Rows and the records in them. Records are numbered from the first one ever stored.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// Records before the first row.
    before: u64,
    /// Number after the last record of each row.
    ends: Vec<u64>,
    births: Vec<u64>,
}

impl Packed {
    /// Rows that begin after `before` records.
    pub fn after(before: u64) -> Packed {
        Packed { before, ..Packed::default() }
    }

    /// Records in memory.
    pub fn len(&self) -> usize {
        self.births.len()
    }

    /// Appends rows of a window.
    pub fn append(&mut self, parcels: &Parcels, rows: &[u32]) {
        for &row in rows {
            self.push(parcels.of(row as usize));
        }
    }

    /// Appends one row.
    pub fn push(&mut self, births: &[u64]) {
        self.births.extend_from_slice(births);
        self.ends.push(self.before + self.births.len() as u64);
    }

    /// Appends a row of `records` born at the same moment.
    pub fn push_alike(&mut self, born: u64, records: u64) {
        self.births.extend((0..records).map(|_| born));
        self.ends.push(self.before + self.births.len() as u64);
    }

    /// Records before the `row`-th row.
    pub fn number(&self, row: usize) -> u64 {
        if row == 0 { self.before } else { self.ends[row - 1] }
    }

    /// Births of rows `from..to`.
    pub fn births(&self, from: usize, to: usize) -> &[u64] {
        let slot = |row| (self.number(row) - self.before) as usize;
        &self.births[slot(from)..slot(to)]
    }

    /// Drops the first rows.
    pub fn drop_front(&mut self, rows: usize) {
        let end = self.number(rows);
        self.births.drain(..(end - self.before) as usize);
        self.ends.drain(..rows);
        self.before = end;
    }

    /// Begins anew, with the first row.
    pub fn begin_anew(&mut self) {
        self.before = 0;
        self.ends.clear();
        self.births.clear();
    }

    /// Gives memory that a large backlog took back.
    pub fn shrink(&mut self) {
        self.births.shrink_to(2 * self.births.len());
        self.ends.shrink_to(2 * self.ends.len());
    }

    /// The first row from which on there are at most `records`.
    pub fn tail(&self, records: u64) -> usize {
        let end = self.number(self.ends.len());
        if end - self.before <= records { 0 } else { self.ends.partition_point(|e| end - e > records) + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_records_are_numbered_apart() {
        let mut packed = Packed::after(10);
        packed.push(&[1, 2, 3]);
        packed.push(&[4]);
        packed.push_alike(7, 2);
        assert_eq!((packed.number(0), packed.number(1), packed.number(3)), (10, 13, 16));
        assert_eq!(packed.births(1, 3), &[4, 7, 7]);
        assert_eq!((packed.tail(2), packed.tail(3), packed.tail(5), packed.tail(6)), (2, 1, 1, 0));
        packed.drop_front(1);
        assert_eq!((packed.number(0), packed.number(1), packed.len()), (13, 14, 3));
        assert_eq!(packed.births(0, 1), &[4]);
    }
}
