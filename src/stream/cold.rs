//! The cold part of a log: records so far behind that only their sums are kept.
//!
//! A backlog as long as the retention must fit in memory. Groups of 64 consecutive records keep their number, bytes,
//! first and last storage time and mean age at storage, and the mark of each record's partition key where a consumer
//! looks at keys; read again, a group's times are spread evenly and its bytes evenly over its records. Counts, bytes and
//! marks stay exact; a record's own size and moment inside its group are lost.

use super::packed::Packed;
use std::collections::VecDeque;

/// Records of one group.
pub const GROUP: usize = 64;

/// What is kept of consecutive records.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    /// Number of its first record.
    first: u64,
    stored_first: u64,
    stored_last: u64,
    /// Mean of stored − born.
    age: u64,
    bytes: u64,
    /// What its rows hold: number of its first record, and after its last.
    records: (u64, u64),
    /// Records before each row, where rows hold several: who has worked on some of them must find the others as he
    /// left them.
    before: Option<Box<[u32; GROUP]>>,
    /// Marks of partition keys, where somebody looks at them: what belongs together stays together.
    marks: Option<Box<[u16; GROUP]>>,
}

impl Group {
    /// Records before its `i`-th row.
    fn records_before(&self, i: u64) -> u64 {
        match &self.before {
            Some(before) => before.get(i as usize).map_or(self.records.1, |n| self.records.0 + u64::from(*n)),
            None => self.records.0 + i,
        }
    }

    fn stored(&self, i: u64) -> u64 {
        self.stored_first + (self.stored_last - self.stored_first) * i / (GROUP as u64 - 1)
    }

    fn size(&self, i: u64) -> u32 {
        let (each, more) = (self.bytes / GROUP as u64, self.bytes % GROUP as u64);
        (each + u64::from(i < more)) as u32
    }
}

/// Consecutive cold records as columns.
#[derive(Clone, Debug, Default)]
pub struct Thawed {
    /// Number of the first.
    pub first: u64,
    /// Storage times.
    pub stored: Vec<u64>,
    /// Birth times.
    pub born: Vec<u64>,
    /// Sizes.
    pub size: Vec<u32>,
    /// What the rows hold, where clients pack.
    pub packed: Packed,
}

impl Thawed {
    /// Number after the last.
    pub fn end(&self) -> u64 {
        self.first + self.stored.len() as u64
    }
}

/// Groups in order, ending where the warm part of the log begins.
#[derive(Clone, Debug, Default)]
pub struct Cold {
    groups: VecDeque<Group>,
}

impl Cold {
    /// Is nothing cold?
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Groups kept.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Takes one group of records in, the next after those already here.
    pub fn push(
        &mut self,
        first: u64,
        stored: &[u64],
        born: &[u64],
        sizes: &[u32],
        records: &[u64; GROUP + 1],
        marks: Option<&[u16]>,
    ) {
        debug_assert_eq!(stored.len(), GROUP);
        let ages: u64 = stored.iter().zip(born).map(|(s, b)| s - b).sum();
        self.groups.push_back(Group {
            first,
            stored_first: stored[0],
            stored_last: stored[GROUP - 1],
            age: ages / GROUP as u64,
            bytes: sizes.iter().map(|s| u64::from(*s)).sum(),
            records: (records[0], records[GROUP]),
            before: (records[GROUP] - records[0] != GROUP as u64)
                .then(|| Box::new(std::array::from_fn(|i| (records[i] - records[0]) as u32))),
            marks: marks.map(|marks| Box::new(std::array::from_fn(|i| marks[i]))),
        });
    }

    fn group_of(&self, number: u64) -> usize {
        self.groups.partition_point(|g| g.first <= number) - 1
    }

    /// Records in rows before `number`.
    pub fn records_before(&self, number: u64) -> u64 {
        let group = &self.groups[self.group_of(number)];
        group.records_before(number - group.first)
    }

    /// Marks of the keys of cold rows `[from, to)`, appended.
    pub fn marks(&self, from: u64, to: u64, out: &mut Vec<u16>) {
        let mut at = from;
        while at < to {
            let group = &self.groups[self.group_of(at)];
            let end = (group.first + GROUP as u64).min(to);
            if let Some(marks) = &group.marks {
                out.extend_from_slice(&marks[(at - group.first) as usize..(end - group.first) as usize]);
            }
            at = end;
        }
    }

    /// When a cold record was stored.
    pub fn stored_at(&self, number: u64) -> u64 {
        let group = &self.groups[self.group_of(number)];
        group.stored(number - group.first)
    }

    /// The first cold record from `from` on stored at or after `time` (`None`: none of them). Who has not begun yet
    /// may ask from before all that is kept.
    pub fn first_stored_since(&self, from: u64, time: u64) -> Option<u64> {
        let late = self.groups.partition_point(|g| g.stored_last < time);
        let first = self.groups.partition_point(|g| g.first <= from).saturating_sub(1);
        let group = self.groups.get(late.max(first))?;
        let inside = (0..GROUP as u64).find(|i| group.stored(*i) >= time && group.first + i >= from);
        inside.map(|i| group.first + i)
    }

    /// Writes records `[from, …)` out, `most` at the most, to the end of a group.
    pub fn thaw(&self, from: u64, most: usize, packs: bool, out: &mut Thawed) {
        let packed = Packed::after(if packs { self.records_before(from) } else { 0 });
        *out = Thawed { first: from, packed, ..Thawed::default() };
        for group in self.groups.iter().skip(self.group_of(from)) {
            if out.stored.len() + GROUP > most {
                break;
            }
            for i in from.saturating_sub(group.first)..GROUP as u64 {
                let stored = group.stored(i);
                out.stored.push(stored);
                out.born.push(stored.saturating_sub(group.age));
                out.size.push(group.size(i));
                if packs {
                    let records = group.records_before(i + 1) - group.records_before(i);
                    out.packed.push_alike(stored.saturating_sub(group.age), records);
                }
            }
        }
    }

    /// Drops groups that end at or before `keep`.
    pub fn forget_before(&mut self, keep: u64) {
        while self.groups.front().is_some_and(|g| g.first + GROUP as u64 <= keep) {
            self.groups.pop_front();
        }
    }
}
