//! What ListShards answers, made to be asked for one position after another.

/// The open shards: cells by a position's top bits, and the ends of the shards for the few cells that hold a
/// boundary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    shift: u32,
    /// The shard of all of a cell, or with `SEARCH` the place of its first one in `ends`.
    cells: Vec<u32>,
    /// Where each shard's positions end, and whose they are, in order; the last one has no end.
    ends: Vec<u64>,
    ids: Vec<u32>,
}

const SEARCH: u32 = 1 << 31;

impl Listing {
    /// Open shards as (first position, id), in order.
    pub fn new(open: Vec<(u64, u32)>) -> Listing {
        // Sixteen cells a shard at the least, so that few cells hold a boundary.
        let bits = (open.len().next_power_of_two().trailing_zeros() + 4).clamp(10, 16);
        let shift = 64 - bits;
        let first_in = |position: u64| open.partition_point(|(start, _)| *start <= position) - 1;
        let cell = |cell: u64| {
            let first = first_in(cell << shift);
            let whole = first == first_in((cell << shift) | ((1 << shift) - 1));
            if whole { open[first].1 } else { SEARCH | first as u32 }
        };
        let cells = (0..1u64 << bits).map(cell).collect();
        let ids = open.iter().map(|o| o.1).collect();
        let ends = open.iter().skip(1).map(|o| o.0).collect();
        Listing { shift, cells, ends, ids }
    }

    /// Open shards.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// No shard.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Id of the shard that holds a position.
    #[inline]
    pub fn shard_at(&self, position: u64) -> u32 {
        let cell = self.cells[(position >> self.shift) as usize];
        if cell & SEARCH == 0 { cell } else { self.search((cell & !SEARCH) as usize, position) }
    }

    #[cold]
    fn search(&self, from: usize, position: u64) -> u32 {
        self.ids[from + self.ends[from..].iter().take_while(|end| **end <= position).count()]
    }

    /// Is this shard open?
    pub fn holds(&self, id: u32) -> bool {
        self.ids.contains(&id)
    }

    /// The positions of one shard, if it is open: first, and last.
    pub fn range_of(&self, id: u32) -> Option<(u64, u64)> {
        let i = self.ids.iter().position(|open| *open == id)?;
        let first = if i == 0 { 0 } else { self.ends[i - 1] };
        let last = self.ends.get(i).map_or(u64::MAX, |end| end - 1);
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
