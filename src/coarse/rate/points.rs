//! Operating points: measured when first needed, kept, reused, and interpolated between.
//!
//! A run whose rates take few different values is measured at exactly those. Any other is measured at the loads of
//! `GRID` (utilisation of the busiest shard), and a load between two of them is a mixture of both: a share of its
//! records behaves as at the one, the rest as at the other, so that the mean rate is its own.

use super::lengths::{Care, Length, Load};
use super::places::Places;
use super::sample::{Offer, Small};
use super::stands::Sample;
use super::window::{Point, from_the_start, measure};
use crate::world::Unfit;
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    pub points: Vec<Arc<Point>>,
    /// Where on the grid which of them is, as long as nothing but the load changes.
    pub grid: Vec<(usize, u64, usize)>,
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
    /// Do pollers want more calls than a shard gives?
    pub crowded: bool,
    /// Does something happen in it that is rare?
    pub rare: bool,
    /// The whole run, where it stays at this point from its beginning to its end.
    pub all: Option<u64>,
}

impl Points {
    /// The measured point that is wanted.
    pub fn at(&mut self, small: &Small, wanted: &Wanted, care: Care) -> Result<usize, Unfit> {
        if let Some(found) = self.index.get(&wanted.key) {
            return Ok(*found);
        }
        let length = Length::at(wanted.rate, &wanted.loads, wanted.crowded, care);
        let length = if wanted.rare { length.for_rare(wanted.rate, care) } else { length };
        let at = self.points.len();
        if let Some(all) = wanted.all.filter(|all| *all <= 2 * length.warm + length.window) {
            self.points.push(Arc::new(from_the_start(small, &wanted.offers, all)?));
            self.index.insert(wanted.key.clone(), at);
            self.opening = Some((at, all));
            return Ok(at);
        }
        let (point, opening) = kept(small, wanted, length, care)?;
        self.points.push(point);
        self.index.insert(wanted.key.clone(), at);
        if self.opening.is_none() {
            self.opening = Some((at + 1, length.warm));
            self.points.push(opening);
        }
        Ok(at)
    }
}

/// A point, and how a run begins there.
type Window = (Arc<Point>, Arc<Point>);

/// Windows that this process has measured. One is a function of its small world and of nothing else, so other modes,
/// designs and replications that come to the same small world take it from here; which of them comes first changes
/// nothing.
static KEPT: Mutex<BTreeMap<[u8; 16], Window>> = Mutex::new(BTreeMap::new());
/// Kept at most.
const KEPT_MOST: usize = 400;

fn kept(small: &Small, wanted: &Wanted, length: Length, care: Care) -> Result<Window, Unfit> {
    let fresh = || {
        let (point, opening) = measure(small, &wanted.offers, &wanted.loads, length, care)?;
        Ok((Arc::new(point), Arc::new(opening)))
    };
    let Some(mark) = mark(small, wanted, length, care) else { return fresh() };
    let windows = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = windows().get(&mark) {
        return Ok(found.clone());
    }
    let window = fresh()?;
    let mut windows = windows();
    if windows.len() >= KEPT_MOST {
        windows.clear();
    }
    windows.insert(mark, window.clone());
    Ok(window)
}

/// The fingerprint of all that a window depends on; `None`: it has key tables, which are not looked into.
fn mark(small: &Small, wanted: &Wanted, length: Length, care: Care) -> Option<[u8; 16]> {
    if !small.places.iter().all(Places::anywhere) {
        return None;
    }
    let mut world = small.world(&wanted.offers, length.window);
    // Without keys of their own they are made of the stands' shares.
    world.tables.clear();
    let Sample { stands, whole, .. } = small.sample;
    let text =
        format!("{world:?} {stands:?} {whole} {:?} {:?} {length:?} {care:?}", wanted.offers, wanted.loads);
    Some(Md5::digest(text.as_bytes()).into())
}

/// The places on the grid around `load`, and the share of the upper one.
pub fn around(load: f64) -> (usize, usize, f64) {
    let above = GRID.partition_point(|g| *g <= load).min(GRID.len() - 1);
    if above == 0 {
        return (0, 0, 0.0);
    }
    let (low, high) = (GRID[above - 1], GRID[above]);
    (above - 1, above, ((load - low) / (high - low)).min(1.0))
}

/// The load at a place on the grid.
pub fn on_grid(at: usize) -> f64 {
    GRID[at]
}
