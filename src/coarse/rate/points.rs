//! Operating points: measured when first needed, kept, reused, and interpolated between.
//!
//! A run whose rates take few different values is measured at exactly those. Any other is measured at the loads of
//! `GRID` (utilisation of the busiest shard), and a load between two of them is a mixture of both: a share of its
//! records behaves as at the one, the rest as at the other, so that the mean rate is its own.

use super::sample::{Offer, Small};
use super::window::{Care, Length, Load, Point, from_the_start, measure};
use crate::world::Unfit;
use std::collections::BTreeMap;

/// Utilisations of the busiest shard that are measured.
const GRID: [f64; 40] = [
    0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.78, 0.85, 0.9, 0.93,
    0.96, 0.98, 1.0, 1.02, 1.04, 1.07, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0,
    20.0, 50.0, 200.0,
];

/// Points of a run.
#[derive(Default)]
pub struct Points {
    index: BTreeMap<Vec<u64>, usize>,
    /// All that were measured, in the order in which they were needed.
    pub points: Vec<Point>,
    /// How the run begins: its point, and how long that holds.
    pub opening: Option<(usize, u64)>,
}

/// What a moment is a mixture of: (point, share of the time).
pub type Mixture = Vec<(usize, f64)>;

/// A point to be: offers, what the stands' utilisations are, records per second in the small world.
pub struct Wanted {
    /// What producers offer.
    pub offers: Vec<Offer>,
    /// What each stand is offered.
    pub loads: Vec<Load>,
    /// Records per second in the small world.
    pub rate: f64,
    /// What makes it this point.
    pub key: Vec<u64>,
    /// The whole run, where it stays at this point from its beginning to its end.
    pub all: Option<u64>,
}

impl Points {
    /// The measured point that is wanted.
    pub fn at(&mut self, small: &Small, wanted: &Wanted, care: Care) -> Result<usize, Unfit> {
        if let Some(found) = self.index.get(&wanted.key) {
            return Ok(*found);
        }
        let length = Length::at(wanted.rate, &wanted.loads, care);
        let at = self.points.len();
        if let Some(all) = wanted.all.filter(|all| *all <= 2 * length.warm + length.window) {
            self.points.push(from_the_start(small, &wanted.offers, all)?);
            self.index.insert(wanted.key.clone(), at);
            self.opening = Some((at, all));
            return Ok(at);
        }
        let (point, opening) = measure(small, &wanted.offers, &wanted.loads, length, care)?;
        self.points.push(point);
        self.index.insert(wanted.key.clone(), at);
        if self.opening.is_none() {
            self.opening = Some((at + 1, length.warm));
            self.points.push(opening);
        }
        Ok(at)
    }
}

/// The loads of the grid around `load`, and the share of the upper one.
pub fn around(load: f64) -> (f64, f64, f64) {
    let above = GRID.partition_point(|g| *g <= load).min(GRID.len() - 1);
    if above == 0 {
        return (GRID[0], GRID[0], 0.0);
    }
    let (low, high) = (GRID[above - 1], GRID[above]);
    (low, high, ((load - low) / (high - low)).min(1.0))
}
