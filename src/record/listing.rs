//! What ListShards answers, made to be asked for one position after another.

use crate::mechanism::wide::wide;
use std::hint::select_unpredictable;

/// The open shards: cells by a position's top bits, each with the one boundary it may hold and the shards on both
/// sides of it.
///
/// Cells as narrow as shards: those of a thousand shards fit a core's nearest cache. Which side a position lies on is
/// nothing a processor could guess, so it is chosen without a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    shift: u32,
    cells: Vec<Cell>,
    /// Last position of each shard, and whose it is, in order.
    lasts: Vec<u64>,
    ids: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    /// Last position of its first shard.
    last: u64,
    first: u32,
    /// The shard behind it; `SEARCH` where the cell holds more boundaries.
    second: u32,
}

const SEARCH: u32 = u32::MAX;
/// Cells have at most so many bits more than shards would need that are all alike.
const MORE_BITS: u32 = 4;

impl Listing {
    /// Open shards as (first position, id), in order.
    pub fn new(open: Vec<(u64, u32)>) -> Listing {
        let ids: Vec<u32> = open.iter().map(|o| o.1).collect();
        let lasts: Vec<u64> = open.iter().skip(1).map(|o| o.0 - 1).chain([u64::MAX]).collect();
        let least = open.len().next_power_of_two().trailing_zeros().max(1);
        let mut bits = least;
        loop {
            let shift = 64 - bits;
            let cells: Vec<Cell> = (0..1 << bits).map(|n| cell(&lasts, &ids, n, shift)).collect();
            if bits == least + MORE_BITS || cells.iter().all(|cell| cell.second != SEARCH) {
                return Listing { shift, cells, lasts, ids };
            }
            bits += 1;
        }
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
        let id = select_unpredictable(position > cell.last, cell.second, cell.first);
        if id == SEARCH { self.search(position) } else { id }
    }

    /// Ids of the shards that hold some positions, appended.
    pub fn shards_at(&self, positions: &[u64], out: &mut Vec<u32>) {
        let from = out.len();
        if found::best(&self.cells, self.shift, positions, out) == SEARCH {
            for (id, position) in out[from..].iter_mut().zip(positions).filter(|(id, _)| **id == SEARCH) {
                *id = self.search(*position);
            }
        }
    }

    #[cold]
    fn search(&self, position: u64) -> u32 {
        self.ids[self.lasts.partition_point(|last| *last < position)]
    }

    /// Is this shard open?
    pub fn holds(&self, id: u32) -> bool {
        self.ids.contains(&id)
    }

    /// The positions of one shard, if it is open: first, and last.
    pub fn range_of(&self, id: u32) -> Option<(u64, u64)> {
        let i = self.ids.iter().position(|open| *open == id)?;
        let first = if i == 0 { 0 } else { self.lasts[i - 1] + 1 };
        Some((first, self.lasts[i]))
    }
}

wide! {
    /// Appends what the cells say of each position; the largest of it.
    fn found(cells: &[Cell], shift: u32, positions: &[u64], out: &mut Vec<u32>) -> u32 {
        let mut most = 0;
        out.extend(positions.iter().map(|position| {
            let cell = &cells[(position >> shift) as usize];
            let id = select_unpredictable(*position > cell.last, cell.second, cell.first);
            most = most.max(id);
            id
        }));
        most
    }
}

/// The `number`-th cell.
fn cell(lasts: &[u64], ids: &[u32], number: u64, shift: u32) -> Cell {
    let (from, to) = (number << shift, (number << shift) | ((1 << shift) - 1));
    let place = lasts.partition_point(|last| *last < from);
    let second = match lasts.get(place + 1) {
        Some(last) if *last < to => SEARCH,
        Some(_) => ids[place + 1],
        None => ids[place],
    };
    Cell { last: lasts[place], first: ids[place], second }
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

    #[test]
    fn narrow_and_wide_shards_are_found_alike() {
        let narrow = (0..50).map(|i| ((1 << 40) + i * 3, 1 + i as u32));
        let open: Vec<(u64, u32)> = [(0, 0)].into_iter().chain(narrow).chain([(1 << 63, 51)]).collect();
        let listing = Listing::new(open.clone());
        for position in open.iter().flat_map(|o| [o.0.saturating_sub(1), o.0, o.0 + 1]).chain([u64::MAX]) {
            let place = open.partition_point(|o| o.0 <= position) - 1;
            assert_eq!(listing.shard_at(position), open[place].1, "{position}");
            let mut found = vec![7];
            listing.shards_at(&[position, 0], &mut found);
            assert_eq!(found, [7, open[place].1, 0]);
        }
    }
}
