//! Records inside Firehose: not one by one, but in groups of neighbours with their count, bytes and first and last
//! moments.
//!
//! Buffers hold minutes of a stream. Counts and bytes of a group are exact; its records' moments are taken to lie evenly
//! between the first and the last. Small loads keep each record by itself; the longer a load grows, the more
//! neighbours share a group, so that a load's memory is bounded whatever it holds. Where only some of a group's records
//! go another way, they take their share of its bytes.

use crate::mechanism::histogram::Histogram;
use crate::units::Percent;

/// Neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Records.
    pub records: u64,
    /// Bytes of their data as it is now.
    pub bytes: u64,
    /// Bytes of their data as it came in.
    pub raw: u64,
    /// First and last birth.
    pub born: (u64, u64),
    /// First and last arrival at Firehose or in the stream it reads.
    pub arrived: (u64, u64),
}

impl Group {
    /// One record.
    pub fn one(born: u64, arrived: u64, size: u32) -> Group {
        let size = size.into();
        Group { records: 1, bytes: size, raw: size, born: (born, born), arrived: (arrived, arrived) }
    }

    fn join(&mut self, next: &Group) {
        let wide = |a: (u64, u64), b: (u64, u64)| (a.0.min(b.0), a.1.max(b.1));
        self.records += next.records;
        self.bytes += next.bytes;
        self.raw += next.raw;
        self.born = wide(self.born, next.born);
        self.arrived = wide(self.arrived, next.arrived);
    }

    /// Takes so many of its records out, with their share of the bytes.
    pub fn take(&mut self, records: u64) -> Group {
        let all = u128::from(self.records.max(1));
        let share = |bytes: u64| (u128::from(bytes) * u128::from(records) / all) as u64;
        let part = Group { records, bytes: share(self.bytes), raw: share(self.raw), ..*self };
        self.records -= part.records;
        self.bytes -= part.bytes;
        self.raw -= part.raw;
        part
    }

    /// Takes its first records out, with their moments.
    pub fn take_first(&mut self, records: u64) -> Group {
        let gaps = self.records.max(2) - 1;
        let at = |span: (u64, u64), k: u64| {
            span.0 + (u128::from(span.1 - span.0) * u128::from(k.min(gaps)) / u128::from(gaps)) as u64
        };
        let until = |span: (u64, u64)| (span.0, at(span, records.max(1) - 1));
        let (born, arrived) = (until(self.born), until(self.arrived));
        (self.born.0, self.arrived.0) = (at(self.born, records), at(self.arrived, records));
        Group { born, arrived, ..self.take(records) }
    }

    /// The same records, their data grown or shrunk.
    pub fn resized(self, to: Percent) -> Group {
        Group { bytes: resized(self.bytes, to), ..self }
    }

    /// When its records arrived, one after the other.
    pub fn arrivals(&self) -> Evenly {
        Evenly::new(self.arrived, self.records)
    }

    /// Its records by themselves, each with its share of the bytes.
    pub fn singly(self) -> impl Iterator<Item = Group> {
        let (mut bytes, mut raw) = (Shares::of(self.bytes, self.records), Shares::of(self.raw, self.records));
        self.arrivals().map(move |at| Group {
            records: 1,
            bytes: bytes.next(),
            raw: raw.next(),
            arrived: (at, at),
            ..self
        })
    }
}

/// Moments from a first to a last, evenly: the i-th of n lies at i / (n - 1) of the way, rounded down. A division for
/// all, none for each.
#[derive(Clone, Debug)]
pub struct Evenly {
    at: u64,
    left: u64,
    /// From one to the next, whole and in parts of `steps`, and the parts that have come together.
    whole: u64,
    part: u64,
    carried: u64,
    steps: u64,
}

impl Evenly {
    /// `n` moments in a span.
    pub fn new(span: (u64, u64), n: u64) -> Evenly {
        let (steps, width) = (n.max(2) - 1, span.1 - span.0);
        Evenly { at: span.0, left: n, whole: width / steps, part: width % steps, carried: 0, steps }
    }
}

impl Iterator for Evenly {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let at = self.at;
        self.carried += self.part;
        let carries = self.carried >= self.steps;
        self.carried -= if carries { self.steps } else { 0 };
        self.at = at.saturating_add(self.whole + u64::from(carries));
        Some(at)
    }
}

/// What records take of some bytes if each gets, rounded down, its share of what those before it left: the first ones
/// the same, the last ones one more.
struct Shares {
    each: u64,
    /// How many get no more than that.
    less: u64,
}

impl Shares {
    fn of(bytes: u64, records: u64) -> Shares {
        let records = records.max(1);
        Shares { each: bytes / records, less: records - bytes % records }
    }

    #[inline]
    fn next(&mut self) -> u64 {
        let more = self.less == 0;
        self.less -= u64::from(!more);
        self.each + u64::from(more)
    }
}

/// The moments of records, as times until `until`, to `each` in blocks: so many in every span, evenly.
pub fn times(spans: impl Iterator<Item = (u64, (u64, u64))>, until: u64, mut each: impl FnMut(&[u64])) {
    let (mut n, mut block) = (0, [0; 64]);
    for (records, span) in spans {
        for at in Evenly::new(span, records) {
            block[n] = until.saturating_sub(at);
            n += 1;
            if n == block.len() {
                each(&block);
                n = 0;
            }
        }
    }
    if n > 0 {
        each(&block[..n]);
    }
}

/// Stretches that are so close to one another, and as alike, are one.
const JOINED_NS: u64 = 1_000_000;
const ALIKE: f64 = 0.05;

/// Records that arrived evenly in a span, as times until `until`: so many of nearly the same time at once.
pub fn times_together(records: u64, (first, last): (u64, u64), until: u64, mut each: impl FnMut(u64, u64)) {
    let (low, high) = (until.saturating_sub(last), until.saturating_sub(first));
    let width = high - low;
    let (mut at, mut told) = (low, 0);
    while told < records {
        // Next to a long span the finest buckets are not told apart; the last bucket holds everything.
        let bucket = Some(Histogram::bucket_of(at).1).filter(|end| *end > at).unwrap_or(high);
        let end = bucket.max(at + width / PARTS).min(high);
        let upto = match end < high {
            true => (u128::from(records) * u128::from(end - low) / u128::from(width)) as u64,
            false => records,
        };
        each(at.midpoint(end), upto - told);
        (at, told) = (end, upto);
    }
}

/// A span is spread over so many parts at most.
const PARTS: u64 = 512;

/// So many bytes, grown or shrunk.
pub fn resized(bytes: u64, to: Percent) -> u64 {
    match to.0 {
        Percent::WHOLE => bytes,
        ppb => (u128::from(bytes) * u128::from(ppb) / u128::from(Percent::WHOLE)) as u64,
    }
}

/// Records that wait or travel together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    groups: Vec<Group>,
    /// Records.
    pub records: u64,
    /// Bytes of their data as it is now.
    pub bytes: u64,
    /// Bytes of their data as it came in.
    pub raw: u64,
    /// Neighbours that share a group, at most.
    share: u64,
}

/// Up to here each record keeps its own moments.
const ALONE: usize = 1024;
/// So many share a group then.
const TOGETHER: u64 = 64;
/// Groups of one load at most: twice as many share one each time they are too many.
const GROUPS: usize = 1 << 16;

impl Load {
    /// One of many: neighbours share groups from the start.
    pub fn coarse() -> Load {
        Load { share: TOGETHER, ..Load::default() }
    }

    /// Nothing in it?
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Its groups, in order of arrival.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// When its records arrived: stretches in which they came at nearly the same rate.
    pub fn stretches(&self) -> Vec<(u64, (u64, u64))> {
        let mut all: Vec<(u64, (u64, u64))> = Vec::new();
        let rate = |records: u64, (from, to): (u64, u64)| records as f64 / (to - from).max(1) as f64;
        for group in &self.groups {
            let (next, records) = (group.arrived, group.records);
            match all.last_mut() {
                Some((n, span))
                    if next.0 >= span.1
                        && next.0 - span.1 <= JOINED_NS
                        && (rate(records, next) / rate(*n, *span) - 1.0).abs() <= ALIKE =>
                {
                    (*n, span.1) = (*n + records, next.1);
                }
                _ => all.push((records, next)),
            }
        }
        all
    }

    /// Arrival of its oldest record.
    pub fn oldest(&self) -> Option<u64> {
        self.groups.iter().map(|g| g.arrived.0).min()
    }

    /// Puts a group behind the others.
    pub fn push(&mut self, group: Group) {
        self.records += group.records;
        self.bytes += group.bytes;
        self.raw += group.raw;
        let share = if self.share == 0 && self.groups.len() < ALONE { 1 } else { self.share.max(TOGETHER) };
        match self.groups.last_mut() {
            Some(last) if last.records + group.records <= share => last.join(&group),
            _ => self.groups.push(group),
        }
        if self.groups.len() > GROUPS {
            self.thin();
        }
    }

    /// Puts another load behind this one.
    pub fn append(&mut self, other: &Load) {
        other.groups.iter().for_each(|g| self.push(*g));
    }

    /// Takes every group out, in order of arrival.
    pub fn drain(&mut self) -> std::vec::IntoIter<Group> {
        std::mem::take(self).groups.into_iter()
    }

    /// Takes records out from the front until they are `bytes` or more, or all.
    pub fn take_bytes(&mut self, bytes: u64) -> Load {
        if self.bytes <= bytes {
            return std::mem::take(self);
        }
        let mut taken = Load::default();
        let whole = self.groups.iter().scan(0, |sum, g| {
            *sum += g.bytes;
            (*sum <= bytes).then_some(())
        });
        let whole = whole.count();
        self.groups.drain(..whole).for_each(|g| taken.push(g));
        let missing = bytes - taken.bytes;
        if let Some(first) = self.groups.first_mut().filter(|_| missing > 0) {
            let n = u128::from(missing) * u128::from(first.records);
            let part = first.take(n.div_ceil(u128::from(first.bytes.max(1))) as u64);
            taken.push(part);
            self.groups.retain(|g| g.records > 0);
        }
        self.leave_with(&taken);
        taken
    }

    fn leave_with(&mut self, gone: &Load) {
        self.records -= gone.records;
        self.bytes -= gone.bytes;
        self.raw -= gone.raw;
    }

    /// Takes out the groups whose records all arrived before `time`.
    pub fn take_before(&mut self, time: u64) -> Load {
        let mut gone = Load::default();
        let old = self.groups.iter().take_while(|g| g.arrived.1 < time).count();
        self.groups.drain(..old).for_each(|g| gone.push(g));
        self.leave_with(&gone);
        gone
    }

    fn thin(&mut self) {
        self.share = 2 * self.share.max(TOGETHER);
        let mut pairs = Vec::with_capacity(self.groups.len() / 2 + 1);
        for pair in self.groups.chunks(2) {
            let mut one = pair[0];
            pair[1..].iter().for_each(|g| one.join(g));
            pairs.push(one);
        }
        self.groups = pairs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_bytes_are_exact_and_memory_is_bounded() {
        let mut load = Load::default();
        let n = 10_000_000u64;
        for i in 0..n {
            load.push(Group::one(i, i + 5, 100 + (i % 7) as u32));
        }
        assert_eq!(load.records, n);
        assert_eq!(load.bytes, (0..n).map(|i| 100 + i % 7).sum::<u64>());
        assert!(load.groups().len() <= GROUPS);
        assert_eq!(load.groups().iter().map(|g| g.records).sum::<u64>(), n);
        assert_eq!(load.oldest(), Some(5));
        let gone = load.take_before(n / 2);
        assert_eq!(gone.records + load.records, n);
        assert!(gone.records.abs_diff(n / 2) < 8192);
        assert!(load.oldest().is_some_and(|at| at + 8192 > n / 2));
    }

    #[test]
    fn moments_of_a_group_lie_evenly_between_its_ends() {
        let mut group = Group::one(10, 10, 1);
        (1..5).for_each(|i| group.join(&Group::one(10 + 10 * i, 10 + 10 * i, 1)));
        let mut all = Vec::new();
        let spans = std::iter::once((group.records, group.born));
        times(spans, 100, |times| all.extend_from_slice(times));
        assert_eq!(all, [90, 80, 70, 60, 50]);
    }

    #[test]
    fn records_taken_singly_are_those_taken_one_by_one() {
        for (records, bytes, width) in
            [(1, 7, 0), (5, 3, 9), (64, 65_537, 1_000_003), (63, 63, 62), (7, 0, 1)]
        {
            let whole =
                Group { records, bytes, raw: 3 * bytes + 1, born: (1, 2), arrived: (100, 100 + width) };
            let (mut rest, steps) = (whole, u128::from(records.max(2) - 1));
            for (i, single) in whole.singly().enumerate() {
                let at = 100 + (u128::from(width) * i as u128 / steps) as u64;
                assert_eq!(single, Group { arrived: (at, at), ..rest.take(1) });
            }
            assert_eq!((rest.records, rest.bytes, rest.raw), (0, 0, 0));
        }
    }
}
