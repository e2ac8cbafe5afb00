//! One shard's log: what is stored, in order, until every reader and the retention have passed it.
//!
//! Three columns, a row for each Kinesis record (and what it holds, where clients pack several records into one). The
//! births are written only when some differ from the storage times (nothing took time before the shard, nothing was
//! retried: then they are the same). Positions are absolute numbers that never change. What is dead at the front is
//! dropped in large pieces, so that memory is bounded by what is unread; what is unread for long grows cold (`cold`).

use super::cold::{Cold, GROUP, Thawed};
use super::packed::Packed;
use crate::facts::data_streams::GET_RECORDS_MAX_RECORDS;
use crate::mechanism::near;
use crate::mechanism::search::first_since;
use crate::record::Run;

/// Records of one shard in order of storage.
#[derive(Clone, Debug, Default)]
pub struct Log {
    first: u64,
    stored: Vec<u64>,
    /// Empty while every record was born the moment it was stored.
    born: Vec<u64>,
    /// All from this number on were.
    late_end: u64,
    size: Vec<u32>,
    /// What the rows hold, where clients pack.
    packed: Option<Packed>,
    /// Marks of partition keys, where a consumer looks at them.
    marks: Option<Vec<u16>>,
    /// Records before `first` that somebody still has to read.
    cold: Cold,
    /// A stretch of them written out for a reader.
    thawed: Thawed,
}

/// Records kept one by one behind the end of the log; older unread ones grow cold.
const WARM: usize = 32_768;
/// The same for what is packed into them.
const WARM_PACKED: u64 = 4 * WARM as u64;
/// What a call returns at most: so much lies before a reader in one stretch, so that no call ends where a stretch does.
const CALL: u64 = GET_RECORDS_MAX_RECORDS.count();
/// Cold records written out at a time: two calls' worth, so that each is written out about twice.
const THAW: usize = 2 * CALL as usize;

/// Dead records are dropped once there are this many, and as many as live ones: few enough that the logs of a
/// thousand shards stay in a processor's cache.
const DROP_AT: usize = 512;

impl Log {
    /// An empty log; `packs`: a row may hold several records; `marks`: rows keep a mark of their partition key.
    pub fn new(packs: bool, marks: bool) -> Log {
        let marks = marks.then(Vec::new);
        Log { packed: packs.then(Packed::default), marks, ..Log::default() }
    }

    /// Do rows keep a mark of their partition key?
    #[inline]
    pub fn keeps_marks(&self) -> bool {
        self.marks.is_some()
    }

    /// The places in hash space of rows that were stored just now.
    pub fn append_places(&mut self, places: impl Iterator<Item = u64>) {
        if let Some(marks) = &mut self.marks {
            marks.extend(places.map(mark));
            debug_assert_eq!(marks.len(), self.stored.len(), "one mark a row");
        }
    }

    /// Marks of the keys of rows `[from, to)`, appended, however far behind they are.
    pub fn marks(&self, from: u64, to: u64, out: &mut Vec<u16>) {
        let cold = to.min(self.first).max(from);
        self.cold.marks(from, cold, out);
        if let Some(marks) = self.marks.as_ref().filter(|_| cold < to) {
            out.extend_from_slice(&marks[self.slot(cold)..self.slot(to)]);
        }
    }

    /// Records in rows before `number`.
    pub fn records_before(&self, number: u64) -> u64 {
        match &self.packed {
            None => number,
            // A reader that has not begun may stand before all that is kept.
            Some(_) if number == 0 => 0,
            Some(_) if number < self.first => self.cold.records_before(number),
            Some(packed) => packed.number(self.slot(number)),
        }
    }

    /// Records in rows `[from, to)`.
    #[inline]
    pub fn records(&self, from: u64, to: u64) -> u64 {
        if self.packed.is_none() { to - from } else { self.records_before(to) - self.records_before(from) }
    }

    /// Births of the records in rows `[from, to)`, within `reach`.
    #[inline]
    pub fn births(&self, from: u64, to: u64) -> &[u64] {
        let Some(packed) = &self.packed else { return self.born(from, to) };
        if from < self.first {
            let start = self.thawed.first;
            return self.thawed.packed.births((from - start) as usize, (to - start) as usize);
        }
        packed.births(self.slot(from), self.slot(to))
    }

    /// May a row hold several records?
    #[inline]
    pub fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// Number of the next record to be stored.
    #[inline]
    pub fn end(&self) -> u64 {
        self.first + self.stored.len() as u64
    }

    /// Records in memory.
    pub fn in_memory(&self) -> u64 {
        (self.stored.len() + 2 * self.cold.len() + self.packed.as_ref().map_or(0, Packed::len)) as u64
    }

    /// Lets what is far behind the end grow cold. Called at the same moments whatever the windows are.
    pub fn cool(&mut self) {
        let mut old = self.stored.len().saturating_sub(WARM);
        let mut worth_it = old >= WARM;
        if let Some(packed) = &self.packed {
            let end = packed.number(self.stored.len());
            worth_it |= end - packed.number(0) > 2 * WARM_PACKED;
            old = old.max(packed.tail(WARM_PACKED));
        }
        old = old / GROUP * GROUP;
        if !worth_it || old == 0 {
            return;
        }
        for i in (0..old).step_by(GROUP) {
            let range = i..i + GROUP;
            let number = self.first + i as u64;
            let records = std::array::from_fn(|row| self.records_before(number + row as u64));
            let born = if self.born.is_empty() { &self.stored } else { &self.born };
            let (stored, born) = (&self.stored[range.clone()], &born[range.clone()]);
            let marks = self.marks.as_ref().map(|marks| &marks[range.clone()]);
            self.cold.push(number, stored, born, &self.size[range], &records, marks);
        }
        self.drop_front(old);
        // It may hold rows as they were when they were warm.
        self.thawed = Thawed::default();
    }

    /// Makes records from `from` on readable in columns; how far.
    pub fn reach(&mut self, from: u64) -> u64 {
        if from >= self.first {
            return self.end();
        }
        let call = (from + CALL).min(self.end());
        if from < self.thawed.first || self.thawed.end() < call {
            self.cold.thaw(from, THAW, self.packed.is_some(), &mut self.thawed);
            self.thaw_warm(call);
        }
        self.thawed.end()
    }

    /// A call that begins in the cold may go on in the warm.
    fn thaw_warm(&mut self, to: u64) {
        let rows = to.saturating_sub(self.first) as usize;
        if rows == 0 {
            return;
        }
        debug_assert_eq!(self.thawed.end(), self.first, "all that is cold before them");
        let born = if self.born.is_empty() { &self.stored } else { &self.born };
        self.thawed.born.extend_from_slice(&born[..rows]);
        self.thawed.stored.extend_from_slice(&self.stored[..rows]);
        self.thawed.size.extend_from_slice(&self.size[..rows]);
        if let Some(packed) = &self.packed {
            (0..rows).for_each(|row| self.thawed.packed.push(packed.births(row, row + 1)));
        }
    }

    /// Is a record read from its group's sums only?
    pub fn is_cold(&self, number: u64) -> bool {
        number < self.first
    }

    /// Brings near where the next `n` records are going to be stored.
    #[inline]
    pub fn bring_end_near(&self, n: usize) {
        near::column(&self.stored, self.stored.len(), n);
        near::column(&self.size, self.size.len(), n);
    }

    /// Brings near the first `n` records from `from` on.
    #[inline]
    pub fn bring_near(&self, from: u64, n: usize) {
        let from = from.saturating_sub(self.first) as usize;
        near::column(&self.stored, from, n);
        near::column(&self.size, from, n);
    }

    /// Stores one record.
    #[inline]
    pub fn push(&mut self, stored: u64, born: u64, size: u32) {
        debug_assert!(
            self.stored.last().is_none_or(|last| *last <= stored),
            "a shard stores in order of time"
        );
        if stored != born {
            self.write_births();
            self.late_end = self.end() + 1;
        }
        if !self.born.is_empty() || stored != born {
            self.born.push(born);
        }
        self.stored.push(stored);
        self.size.push(size);
        if let Some(packed) = &mut self.packed {
            packed.push(&[born]);
        }
    }

    fn write_births(&mut self) {
        if self.born.is_empty() {
            self.born.extend_from_slice(&self.stored);
        }
    }

    /// Stores a run of entries, each at its moment.
    #[inline]
    pub fn append(&mut self, run: Run) {
        if !run.is_prompt() {
            self.write_births();
            self.late_end = self.end() + run.len() as u64;
        }
        if !self.born.is_empty() || !run.is_prompt() {
            self.born.extend_from_slice(run.born);
        }
        self.stored.extend_from_slice(run.at);
        self.size.extend_from_slice(run.size);
        if let Some(packed) = &mut self.packed {
            packed.append(run.parcels, run.row);
        }
    }

    /// Is `[from, …)` known to be born the moment it was stored?
    #[inline]
    pub fn is_prompt(&self, from: u64) -> bool {
        from >= self.late_end && from >= self.first && self.packed.is_none()
    }

    fn slot(&self, number: u64) -> usize {
        (number - self.first) as usize
    }

    /// When a record was stored.
    #[inline]
    pub fn stored_at(&self, number: u64) -> u64 {
        if number < self.first {
            return self.cold.stored_at(number);
        }
        self.stored[self.slot(number)]
    }

    /// Storage times of `[from, to)`, within `reach`.
    #[inline]
    pub fn stored(&self, from: u64, to: u64) -> &[u64] {
        if from < self.first {
            let start = self.thawed.first;
            return &self.thawed.stored[(from - start) as usize..(to - start) as usize];
        }
        &self.stored[self.slot(from)..self.slot(to)]
    }

    /// Birth times of `[from, to)`, within `reach`.
    #[inline]
    pub fn born(&self, from: u64, to: u64) -> &[u64] {
        if from < self.first {
            let start = self.thawed.first;
            return &self.thawed.born[(from - start) as usize..(to - start) as usize];
        }
        let born = if self.born.is_empty() { &self.stored } else { &self.born };
        &born[self.slot(from)..self.slot(to)]
    }

    /// Sizes of `[from, to)`, within `reach`.
    #[inline]
    pub fn sizes(&self, from: u64, to: u64) -> &[u32] {
        if from < self.first {
            let start = self.thawed.first;
            return &self.thawed.size[(from - start) as usize..(to - start) as usize];
        }
        &self.size[self.slot(from)..self.slot(to)]
    }

    /// The first record in `[from, end)` stored at or after `time`.
    pub fn first_stored_since(&self, from: u64, time: u64) -> u64 {
        if from < self.first
            && let Some(found) = self.cold.first_stored_since(from, time)
        {
            return found;
        }
        let from = from.max(self.first);
        if self.stored.last().is_none_or(|last| *last < time) {
            return self.end();
        }
        let stored = &self.stored[self.slot(from)..];
        from + first_since(stored, time) as u64
    }

    /// Drops what lies before `keep`, when it is worth it.
    #[inline]
    pub fn forget_before(&mut self, keep: u64) {
        if !self.cold.is_empty() {
            self.cold.forget_before(keep);
        }
        let dead = keep.saturating_sub(self.first) as usize;
        if dead >= DROP_AT && dead * 2 >= self.stored.len() {
            self.drop_front(dead);
        }
    }

    /// Begins anew, as if nothing had been stored: its rows go on elsewhere.
    pub fn begin_anew(&mut self) {
        self.stored.clear();
        self.born.clear();
        self.size.clear();
        if let Some(packed) = &mut self.packed {
            packed.begin_anew();
        }
        if let Some(marks) = &mut self.marks {
            marks.clear();
        }
        (self.first, self.late_end) = (0, 0);
    }

    fn drop_front(&mut self, dead: usize) {
        self.stored.drain(..dead);
        self.size.drain(..dead);
        if let Some(packed) = &mut self.packed {
            packed.drop_front(dead);
        }
        if let Some(marks) = &mut self.marks {
            marks.drain(..dead);
        }
        self.first += dead as u64;
        if self.late_end <= self.first {
            self.born.clear();
        } else {
            self.born.drain(..dead);
        }
        // A backlog that has drained gives its memory back.
        if self.stored.capacity() > 16 * DROP_AT && self.stored.len() * 8 < self.stored.capacity() {
            self.stored.shrink_to(2 * DROP_AT);
            self.born.shrink_to(2 * DROP_AT);
            self.size.shrink_to(2 * DROP_AT);
            if let Some(packed) = &mut self.packed {
                packed.shrink();
            }
        }
    }
}

/// The mark of a partition key: a hash of its place in the hash space, spread independently of any shard's range.
pub fn mark(place: u64) -> u16 {
    let h = (place ^ (place >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((h ^ (h >> 31)) >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundredth of the hash space still has all marks, evenly.
    #[test]
    fn marks_do_not_follow_the_hash_space() {
        let mut counts = [0u64; 16];
        let step = u64::MAX / 100 / 100_000;
        (0..100_000u64).for_each(|i| counts[usize::from(mark(i * step) >> 12)] += 1);
        assert!(counts.iter().all(|n| n.abs_diff(6_250) < 320), "{counts:?}");
    }

    /// However far behind a row is, its key's mark is the same.
    #[test]
    fn a_cold_row_keeps_the_mark_of_its_key() {
        let mut log = Log::new(false, true);
        let place = |row: u64| (row * 7919 % 31) << 59;
        for row in 0..200_000u64 {
            log.push(row, row, 100);
            log.append_places(std::iter::once(place(row)));
        }
        log.cool();
        assert!(log.is_cold(0) && !log.is_cold(199_999));
        let first_warm = (0..200_000).find(|row| !log.is_cold(*row)).unwrap_or(0);
        for (from, to) in [(0, 200_000), (63, 65), (64_001, 64_130), (first_warm - 70, first_warm + 70)] {
            let mut marks = Vec::new();
            log.marks(from, to, &mut marks);
            assert_eq!(marks, (from..to).map(|row| mark(place(row))).collect::<Vec<_>>(), "{from}..{to}");
        }
    }

    /// A log of 200,000 records, once kept warm and once cooled: counts, bytes, ends and order are the same.
    #[test]
    fn a_cold_log_keeps_counts_bytes_and_order() {
        let mut log = Log::default();
        let mut bytes = 0u64;
        for i in 0..200_000u64 {
            let size = 100 + (i * 7919 % 1000) as u32;
            bytes += u64::from(size);
            log.push(1_000_000 * i + i % 977, 1_000_000 * i - 500.min(i), size);
        }
        let warm = log.clone();
        log.cool();
        assert!(log.is_cold(0) && !log.is_cold(199_999) && log.in_memory() < 50_000);
        let (mut cursor, mut read, mut last) = (0, 0u64, 0);
        while cursor < log.end() {
            let reach = log.reach(cursor);
            assert!(reach >= log.end().min(cursor + CALL), "a call from {cursor} ends at {reach}");
            let to = reach.min(cursor + 1000);
            assert_eq!(log.stored(cursor, to).len(), log.sizes(cursor, to).len());
            for (i, &at) in log.stored(cursor, to).iter().enumerate() {
                let exact = warm.stored_at(cursor + i as u64);
                assert!(at >= last && at.abs_diff(exact) < 64_000_000, "{at} for {exact}");
                assert_eq!(at, log.stored_at(cursor + i as u64));
                last = at;
            }
            read += log.sizes(cursor, to).iter().map(|s| u64::from(*s)).sum::<u64>();
            cursor = to;
        }
        assert_eq!(read, bytes);
        let half = log.first_stored_since(10, 50_000_000_000);
        assert!(half.abs_diff(50_000) <= 64 && log.stored_at(half) >= 50_000_000_000);
        log.forget_before(150_000);
        assert!(log.stored_at(160_000) > 0 && log.in_memory() < 34_000 + 1024);
    }
}
