//! The traveller: one entry of one put call on its way from a client to a shard, and its hops.
//!
//! Hops of a record's life: born → sent → stored → received → processed. *Buffering* is born to first sent, *put*
//! is first sent to stored (retries included), *propagation* stored to received, *processing* received to
//! processed, *end to end* born to processed.

/// One entry of one put call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Put {
    /// When the shard judges it (ns).
    pub at: u64,
    /// When the record was born (ns).
    pub born: u64,
    /// The position in hash space on the way to the shard; at the shard, for entries of a call that waits for its
    /// answer, the handle by which a refusal finds its way back.
    pub key: u64,
    /// Bytes that count against the shard's limit before rounding.
    pub size: u32,
    /// Who sent it, and how a refusal is handled.
    pub tag: Tag,
}

/// Sender and flags of a put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tag(u32);

impl Tag {
    const IN_CALL: u32 = 1 << 31;
    const STORED_BEFORE: u32 = 1 << 30;

    /// A record sent alone by a client without any limit: the shard's lane plays its retries.
    pub fn alone(producer: usize) -> Tag {
        Tag(producer as u32)
    }

    /// An entry of a call whose client waits for the answer.
    pub fn in_call(producer: usize, stored_before: bool) -> Tag {
        Tag(producer as u32 | Tag::IN_CALL | if stored_before { Tag::STORED_BEFORE } else { 0 })
    }

    /// Index of the producer.
    #[inline]
    pub fn producer(self) -> usize {
        (self.0 & 0xffff) as usize
    }

    /// Does a client wait for the answer?
    #[inline]
    pub fn is_in_call(self) -> bool {
        self.0 & Tag::IN_CALL != 0
    }

    /// Would storing it make a duplicate?
    #[inline]
    pub fn stored_before(self) -> bool {
        self.0 & Tag::STORED_BEFORE != 0
    }
}
