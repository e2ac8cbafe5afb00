//! What ListShards answers, made to be asked for one position after another.

/// The open shards: start positions, with a first guess by a position's top bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    shift: u32,
    guess: Vec<u32>,
    /// Where the next shard begins.
    ends: Vec<u64>,
    ids: Vec<u32>,
}

impl Listing {
    /// Open shards as (first position, id), in order.
    pub fn new(open: Vec<(u64, u32)>) -> Listing {
        // Sixteen cells a shard, so that few cells hold a boundary.
        let bits = (open.len().next_power_of_two().trailing_zeros() + 4).clamp(10, 16);
        let shift = 64 - bits;
        let starts: Vec<u64> = open.iter().map(|o| o.0).collect();
        let guess = (0..1u64 << bits).map(|cell| starts.partition_point(|s| *s <= cell << shift) as u32 - 1);
        let guess = guess.collect();
        // The last one twice: the first step needs no bound.
        let ids = open.iter().chain(open.last()).map(|o| o.1).collect();
        let ends = starts.into_iter().skip(1).chain([u64::MAX]).collect();
        Listing { shift, guess, ends, ids }
    }

    /// Open shards.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// No shard.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Id of the shard that holds a position.
    #[inline]
    pub fn shard_at(&self, position: u64) -> u32 {
        let mut i = self.guess[(position >> self.shift) as usize] as usize;
        // One boundary in the cell at most, as a rule: a step without a branch.
        i += usize::from(self.ends[i] <= position);
        while i < self.ends.len() && self.ends[i] <= position {
            i += 1;
        }
        self.ids[i]
    }

    /// Is this shard open?
    pub fn holds(&self, id: u32) -> bool {
        self.ids[..self.len()].contains(&id)
    }

    /// The positions of one shard, if it is open: first, and last.
    pub fn range_of(&self, id: u32) -> Option<(u64, u64)> {
        let i = self.ids[..self.len()].iter().position(|open| *open == id)?;
        let first = if i == 0 { 0 } else { self.ends[i - 1] };
        let last = if i + 1 == self.len() { u64::MAX } else { self.ends[i] - 1 };
        Some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_finds_the_shard_of_a_position() {
        let listing = Listing::new(vec![(0, 0), (100, 3), (200, 4)]);
        assert_eq!([0, 99, 100, 199, 200, u64::MAX].map(|p| listing.shard_at(p)), [0, 0, 3, 3, 4, 4]);
        assert_eq!(listing.range_of(3), Some((100, 199)));
        assert_eq!((listing.range_of(4), listing.range_of(1)), (Some((200, u64::MAX)), None));
        assert_eq!((listing.len(), listing.holds(4), listing.holds(1)), (3, true, false));
    }
}
