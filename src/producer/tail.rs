//! The file an agent reads (or another source that can be read again): what is written, how far it is read, and up to where it is checkpointed.
//!
//! At AWS: the agent reads the file on and follows it when it is rotated (renamed, and a new one begun): it reads
//! the old file to its end first. When it no longer finds the file it reads, it starts again at the newest one.
//! We model: lines by number; rotation at fixed times; after so many more rotations a file is no longer found.
//! We leave out: the time reading takes, rotation by copying, files deleted while open, multi-line records.
//! Sources: Kinesis Agent source code, `FileTailer`, `SourceFileTracker`.

use super::calls::Held;
use crate::record::Columns;

/// What became, before the process died, of a line that is read again.
#[derive(Clone, Copy, Debug)]
struct Past {
    first_sent: u64,
    stored: bool,
    refused_before: bool,
}

impl Past {
    /// Nothing is left to count: it was stored, or skipped and counted as lost.
    const DONE: Past = Past { first_sent: 0, stored: true, refused_before: true };
}

/// The lines from the checkpoint on.
#[derive(Debug, Default)]
pub struct Tail {
    /// Written lines; those before `front` are checkpointed.
    pub lines: Columns,
    front: usize,
    /// Number of the line at `front`, and of the next one to read.
    checkpoint: u64,
    read: u64,
    /// Of lines from this number on, what became of them before the process died.
    past: Vec<Past>,
    past_from: u64,
    /// Between rotations (`None`: never rotated), and rotated files that are still found.
    every: Option<u64>,
    kept: u64,
    /// Which file is being read, and which one the checkpoint is in.
    file: u64,
    checkpoint_file: u64,
}

impl Tail {
    /// An empty file, rotated `every` so often; `kept` rotated files are found.
    pub fn new(every: Option<u64>, kept: u64) -> Tail {
        Tail { every, kept, ..Tail::default() }
    }

    fn index(&self, number: u64) -> usize {
        self.front + (number - self.checkpoint) as usize
    }

    fn file_at(&self, moment: u64) -> u64 {
        self.every.map_or(0, |every| moment / every)
    }

    /// When the next unread line was written.
    pub fn next_written(&self) -> Option<u64> {
        self.lines.born.get(self.index(self.read)).copied()
    }

    /// The next unread line, if it is written at `now`.
    pub fn peek(&self, now: u64) -> Option<Held> {
        let i = self.index(self.read);
        if self.lines.born.get(i).is_none_or(|born| *born > now) {
            return None;
        }
        let mut line = Held::new(&self.lines, i, self.read);
        if let Some(past) = self.past_of(self.read) {
            line.first_sent = past.first_sent;
            (line.stored, line.refused_before) = (past.stored, past.refused_before);
        }
        Some(line)
    }

    /// Was this line read before the process died?
    pub fn is_read_again(&self, number: u64) -> bool {
        self.past_of(number).is_some()
    }

    fn past_of(&self, number: u64) -> Option<Past> {
        self.past.get(number.checked_sub(self.past_from)? as usize).copied()
    }

    /// The peeked line is taken.
    pub fn take(&mut self, born: u64) {
        self.read += 1;
        self.file = self.file.max(self.file_at(born));
    }

    /// All that is written by `now` is read: what comes next is in the file of the moment.
    pub fn at_end(&mut self, now: u64) {
        self.file = self.file.max(self.file_at(now));
    }

    /// When the file being read is no longer found.
    pub fn gone_at(&self) -> Option<u64> {
        self.every.map(|every| (self.file + self.kept + 1).saturating_mul(every))
    }

    /// Looks for the file being read at `now`. When it is gone, reading goes on at the newest one: lines skipped.
    pub fn look(&mut self, now: u64) -> u64 {
        match self.gone_at() {
            Some(gone) if gone <= now => self.skip_to_newest(now),
            _ => 0,
        }
    }

    /// Reading goes on with the first line of the newest file: lines skipped that were never stored.
    fn skip_to_newest(&mut self, now: u64) -> u64 {
        self.file = self.file_at(now);
        let begun = self.every.map_or(0, |every| self.file * every);
        self.skip(begun)
    }

    /// Skips what was written before `moment`: lines that were never stored.
    fn skip(&mut self, moment: u64) -> u64 {
        let mut lost = 0;
        while self.next_written().is_some_and(|written| written < moment) {
            lost += u64::from(!self.past_of(self.read).is_some_and(|past| past.stored));
            self.read += 1;
        }
        lost
    }

    /// The buffer that ends before line `end` was sent as a whole; its last line was written at `written`.
    pub fn checkpoint(&mut self, end: u64, written: u64) {
        self.front += (end - self.checkpoint) as usize;
        self.checkpoint = end;
        self.checkpoint_file = self.file_at(written);
        if self.front >= 4096 && self.front * 2 >= self.lines.len() {
            self.lines.drop_front(self.front);
            self.front = 0;
        }
        if self.checkpoint >= self.past_from + self.past.len() as u64 {
            self.past.clear();
        }
    }

    /// Everything read so far is checkpointed.
    pub fn checkpoint_read(&mut self) {
        self.checkpoint(self.read, 0);
    }

    /// Number of the first line behind the checkpoint.
    pub fn checkpointed(&self) -> u64 {
        self.checkpoint
    }

    /// The process died; `pending` are the lines it had read behind the checkpoint and that may not be stored.
    pub fn rewind<'a>(&mut self, pending: impl Iterator<Item = &'a Held>) {
        let known = self.past_from + self.past.len() as u64;
        let later = (self.read..known.max(self.read)).map(|n| self.past_of(n).unwrap_or(Past::DONE));
        let read = (self.read - self.checkpoint) as usize;
        let mut past: Vec<Past> = std::iter::repeat_n(Past::DONE, read).chain(later).collect();
        for line in pending.filter(|line| line.number >= self.checkpoint) {
            past[(line.number - self.checkpoint) as usize] = Past {
                first_sent: line.first_sent,
                stored: line.stored,
                refused_before: line.refused_before,
            };
        }
        (self.past, self.past_from) = (past, self.checkpoint);
        (self.read, self.file) = (self.checkpoint, self.checkpoint_file);
    }

    /// A new process without a checkpoint begins with the newest file, at its end or its first line: lines skipped.
    pub fn begin_anew(&mut self, now: u64, at_end: bool) -> u64 {
        let lost = self.skip_to_newest(now);
        if at_end { lost + self.skip(now) } else { lost }
    }

    /// Lines written and not read, without those stored before the process died.
    pub fn unread(&self) -> u64 {
        let all = self.lines.len() as u64 - self.index(self.read) as u64;
        let known = self.past_from + self.past.len() as u64;
        let done = |n: &u64| self.past_of(*n).is_some_and(|past| past.stored);
        all - (self.read..known.max(self.read)).filter(done).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn write(tail: &mut Tail, moments: impl Iterator<Item = u64>) {
        for born in moments {
            tail.lines.born.push(born);
            tail.lines.size.push(100);
            tail.lines.position.push(0);
        }
    }

    fn read(tail: &mut Tail, now: u64) -> Vec<Held> {
        let mut lines = Vec::new();
        while let Some(line) = tail.peek(now) {
            tail.take(line.born);
            lines.push(line);
        }
        lines
    }

    #[test]
    fn a_rotated_file_that_is_found_is_read_to_its_end() {
        let mut tail = Tail::new(Some(10 * S), 1);
        write(&mut tail, (0..25).map(|s| s * S));
        assert_eq!(read(&mut tail, 5 * S).len(), 6);
        assert_eq!((tail.look(19 * S), tail.gone_at()), (0, Some(20 * S)));
        assert_eq!(read(&mut tail, 19 * S).len(), 14);
    }

    #[test]
    fn a_file_that_is_gone_takes_its_unread_lines_with_it() {
        let mut tail = Tail::new(Some(10 * S), 1);
        write(&mut tail, (0..25).map(|s| s * S));
        assert_eq!(read(&mut tail, 5 * S).len(), 6);
        // At 20 s the third file begins: the first is gone, and the second is passed over with it.
        assert_eq!(tail.look(20 * S), 14);
        assert_eq!(read(&mut tail, 24 * S)[0].born, 20 * S);
        // A name that fits only the newest file: what was not read when it was rotated is gone.
        let mut tail = Tail::new(Some(10 * S), 0);
        write(&mut tail, (0..15).map(|s| s * S));
        read(&mut tail, 8 * S);
        assert_eq!(tail.look(10 * S), 1);
    }

    #[test]
    fn what_is_behind_the_checkpoint_is_read_again() {
        let mut tail = Tail::new(None, 0);
        write(&mut tail, 0..100);
        let mut lines = read(&mut tail, 60);
        tail.checkpoint(20, 19);
        lines[30].first_sent = 55;
        tail.rewind(lines[25..50].iter());
        assert_eq!(tail.unread(), 80 - 5 - 11, "20..25 and 50..61 are done");
        let again = read(&mut tail, 99);
        assert_eq!((again[0].number, again.len()), (20, 80));
        let stored: Vec<u64> = again.iter().filter(|l| l.stored).map(|l| l.number).collect();
        assert_eq!(stored, (20..25).chain(50..61).collect::<Vec<u64>>());
        assert_eq!(again[10].first_sent, 55);
        assert!(tail.next_written().is_none() && tail.is_read_again(60) && !tail.is_read_again(61));
    }

    #[test]
    fn without_a_checkpoint_a_new_process_begins_at_the_end() {
        let written = |at_end| {
            let mut tail = Tail::new(None, 0);
            write(&mut tail, 0..100);
            tail.rewind([].iter());
            tail.begin_anew(70, at_end)
        };
        assert_eq!((written(true), written(false)), (70, 0));
    }
}
