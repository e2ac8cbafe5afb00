//! The traveller: one entry of one put call on its way from a client to a shard, and its hops.
//!
//! Hops of a record's life: born → sent → stored → received → processed. *Buffering* is born to first sent, *put*
//! is first sent to stored (retries included), *propagation* stored to received, *processing* received to
//! processed, *end to end* born to processed.
//!
//! Entries travel as columns; those of one window are dealt to the shards side by side, so that a shard reads its
//! own ones in one go and asks for the rest of an entry, by row, only when it refuses it.

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

    /// Appends `from..to` of other columns.
    pub fn append_range(&mut self, other: &Columns, from: usize, to: usize) {
        self.born.extend_from_slice(&other.born[from..to]);
        self.size.extend_from_slice(&other.size[from..to]);
        self.position.extend_from_slice(&other.position[from..to]);
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

/// The entries judged in one window.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// When the shard judges it (ns).
    pub at: Vec<u64>,
    /// Birth, bytes that count against the shard's limit before rounding, place in hash space.
    pub record: Columns,
    /// Who sent it.
    pub ticket: Vec<Ticket>,
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

    /// Forgets the entries, keeps the memory.
    pub fn clear(&mut self) {
        self.at.clear();
        self.record.clear();
        self.ticket.clear();
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
