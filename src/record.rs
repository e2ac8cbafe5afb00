//! The traveller: one entry of one put call on its way from a client to a shard, and its hops.
//!
//! Hops of a record's life: born → sent → stored → received → processed. *Buffering* is born to first sent, *put*
//! is first sent to stored (retries included), *propagation* stored to received, *processing* received to
//! processed, *end to end* born to processed.
//!
//! Entries travel as columns; those of one window are dealt to the shards side by side, so that a shard reads its
//! own ones in one go and asks for the rest of an entry, by row, only when it refuses it.

mod listing;
mod shard;

pub use listing::Listing;
pub use shard::Shard;

/// Records as columns, in order of birth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Moment of birth, ns.
    pub born: Vec<u64>,
    /// Data bytes, and the key's where they count.
    pub size: Vec<u32>,
    /// Top 64 bits of the partition key's MD5 hash.
    pub position: Vec<u64>,
}

impl Columns {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.born.len()
    }

    /// No record.
    pub fn is_empty(&self) -> bool {
        self.born.is_empty()
    }

    /// Appends one record of other columns.
    #[inline]
    pub fn push_of(&mut self, other: &Columns, i: usize) {
        self.born.push(other.born[i]);
        self.size.push(other.size[i]);
        self.position.push(other.position[i]);
    }

    /// Appends some records of other columns.
    pub fn append_rows(&mut self, other: &Columns, rows: &[u32]) {
        self.born.extend(rows.iter().map(|row| other.born[*row as usize]));
        self.size.extend(rows.iter().map(|row| other.size[*row as usize]));
        self.position.extend(rows.iter().map(|row| other.position[*row as usize]));
    }

    /// Appends `from..to` of other columns.
    pub fn append_range(&mut self, other: &Columns, from: usize, to: usize) {
        self.born.extend_from_slice(&other.born[from..to]);
        self.size.extend_from_slice(&other.size[from..to]);
        self.position.extend_from_slice(&other.position[from..to]);
    }

    /// Forgets all but the first `n`.
    pub fn truncate(&mut self, n: usize) {
        self.born.truncate(n);
        self.size.truncate(n);
        self.position.truncate(n);
    }

    /// Takes the first `n` away.
    pub fn drop_front(&mut self, n: usize) {
        self.born.drain(..n);
        self.size.drain(..n);
        self.position.drain(..n);
    }

    /// Forgets the records, keeps the memory.
    pub fn clear(&mut self) {
        self.born.clear();
        self.size.clear();
        self.position.clear();
    }
}

/// Which records each row holds, where clients pack several into one Kinesis record; empty where none does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parcels {
    /// Births of all records, row after row.
    pub births: Vec<u64>,
    /// Where each row's births end.
    pub ends: Vec<u32>,
}

impl Parcels {
    /// Births of one row.
    pub fn of(&self, row: usize) -> &[u64] {
        let from = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.births[from as usize..self.ends[row] as usize]
    }

    /// Appends one row.
    pub fn push(&mut self, births: &[u64]) {
        self.births.extend_from_slice(births);
        self.ends.push(self.births.len() as u32);
    }

    /// Appends a row of one record for each of `births`.
    pub fn push_singles(&mut self, births: &[u64]) {
        let from = self.births.len() as u32;
        self.births.extend_from_slice(births);
        self.ends.extend((0..births.len() as u32).map(|i| from + i + 1));
    }

    /// Appends rows `from..to` of other parcels.
    pub fn append_range(&mut self, other: &Parcels, from: usize, to: usize) {
        for row in from..to {
            self.push(other.of(row));
        }
    }

    /// Takes the first `rows` away.
    pub fn drop_front(&mut self, rows: usize) {
        if rows == 0 {
            return;
        }
        let births = self.ends[rows - 1];
        self.births.drain(..births as usize);
        self.ends.drain(..rows);
        self.ends.iter_mut().for_each(|end| *end -= births);
    }

    /// Forgets the rows, keeps the memory.
    pub fn clear(&mut self) {
        self.births.clear();
        self.ends.clear();
    }
}

/// The entries judged in one window.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// When the shard judges it (ns); empty while all are judged the moment they are born.
    at: Vec<u64>,
    /// Birth, bytes that count against the shard's limit before rounding, place in hash space.
    pub record: Columns,
    /// Who sent it; empty while all were sent alone by the first producer.
    pub ticket: Vec<Ticket>,
    /// What each entry holds, in worlds where clients pack several records into one entry.
    pub parcels: Parcels,
}

impl Entries {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.record.len()
    }

    /// No entry.
    pub fn is_empty(&self) -> bool {
        self.record.is_empty()
    }

    /// Who sent an entry.
    #[inline]
    pub fn ticket_of(&self, row: usize) -> Ticket {
        self.ticket.get(row).copied().unwrap_or(Ticket::alone(0))
    }

    /// Entries from `first` on are judged `leg` after their birth; those before have their moments.
    pub fn judge_after(&mut self, first: usize, leg: u64) {
        self.at.extend(self.record.born[first..].iter().map(|born| born + leg));
    }

    /// Entries that have no moment yet are judged at `at`.
    pub fn judge_at(&mut self, at: u64) {
        self.at.resize(self.record.len(), at);
    }

    /// When the shards judge them.
    pub fn times(&self) -> &[u64] {
        if self.at.is_empty() { &self.record.born } else { &self.at }
    }

    /// Forgets the entries, keeps the memory.
    pub fn clear(&mut self) {
        self.at.clear();
        self.record.clear();
        self.ticket.clear();
        self.parcels.clear();
    }
}

/// Entries of one shard, in order of time, as columns.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// When the shard judges it (ns).
    pub at: &'a [u64],
    /// Moment of birth; the very same column as `at` when all are born the moment they are judged.
    pub born: &'a [u64],
    /// Bytes that count against the shard's limit before rounding.
    pub size: &'a [u32],
    /// Row among the window's entries.
    pub row: &'a [u32],
    /// What the window's entries hold, by row (empty where none holds several records).
    pub parcels: &'a Parcels,
}

impl<'a> Run<'a> {
    /// Number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// No entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// The first `n`.
    #[inline]
    pub fn head(&self, n: usize) -> Run<'a> {
        self.part(0, n)
    }

    /// Are all born the moment they are judged?
    #[inline]
    pub fn is_prompt(&self) -> bool {
        std::ptr::eq(self.at, self.born)
    }

    /// All but the first `n`.
    #[inline]
    pub fn rest(&self, n: usize) -> Run<'a> {
        self.part(n, self.len())
    }

    /// Entries `from..to`.
    #[inline]
    pub fn part(&self, from: usize, to: usize) -> Run<'a> {
        Run {
            at: &self.at[from..to],
            born: &self.born[from..to],
            size: &self.size[from..to],
            row: &self.row[from..to],
            parcels: self.parcels,
        }
    }
}

/// Who sent an entry, and so how a refusal is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u32);

impl Ticket {
    const IN_CALL: u32 = 1 << 31;

    /// A record sent alone by a client without any limit: the shard's lane plays its retries.
    pub fn alone(producer: usize) -> Ticket {
        Ticket(producer as u32)
    }

    /// An entry of the window's `call`-th call, whose client waits for the answer.
    pub fn in_call(call: usize) -> Ticket {
        Ticket(call as u32 | Ticket::IN_CALL)
    }

    /// The call, if a client waits for its answer.
    #[inline]
    pub fn call(self) -> Option<u32> {
        (self.0 & Ticket::IN_CALL != 0).then_some(self.0 & !Ticket::IN_CALL)
    }

    /// The producer of a record sent alone.
    #[inline]
    pub fn producer(self) -> Option<usize> {
        (self.0 & Ticket::IN_CALL == 0).then_some(self.0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parcels_keep_their_births_apart() {
        let mut parcels = Parcels::default();
        parcels.push(&[1, 2, 3]);
        parcels.push_singles(&[4, 5]);
        let mut copy = Parcels::default();
        copy.push(&[0]);
        copy.append_range(&parcels, 0, 3);
        assert_eq!((copy.of(1), copy.of(2), copy.of(3)), (&[1, 2, 3][..], &[4][..], &[5][..]));
        copy.drop_front(2);
        assert_eq!((copy.of(0), copy.of(1)), (&[4][..], &[5][..]));
    }
}
