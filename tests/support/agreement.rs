//! When two resolutions agree on a figure: what the means may differ by, how many seeds tell, and where single seeds lie.
//!
//! Both resolutions run the same seeds on the same draws, so seeds are compared pair by pair: what demand and polls do to
//! both is no noise of the difference.

/// How a figure is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Counts and money: part of itself.
    Amount,
    /// Shares: 0.2 percentage points or a twentieth of itself.
    Share,
    /// Percentiles of delays: part of itself.
    Delay,
}

/// What may differ.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Counts and money.
    pub amount: f64,
    /// Median and 99th percentile of delays.
    pub delay: f64,
}

/// Means of cohort runs against those of record runs.
pub const COHORT: Tolerance = Tolerance { amount: 0.005, delay: 0.02 };
/// Means of rate runs.
pub const RATE: Tolerance = Tolerance { amount: 0.01, delay: 0.1 };

/// How many seeds: as many as the first of them say are needed, up to the most.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    pub first: u32,
    pub most: u32,
}

/// The table's.
pub const ENOUGH: Seeds = Seeds { first: 12, most: 96 };

impl Seeds {
    /// So many.
    pub fn just(n: u32) -> Seeds {
        Seeds { first: n, most: n }
    }

    /// So many that the standard error of every figure is expected to be a third of what it may differ by. It is asked
    /// once, of the first seeds' spreads alone (Stein's two stages): how far the means lie apart has no say.
    pub fn needed(self, first: &[Figure], tolerance: Tolerance) -> u32 {
        let thirds =
            first.iter().map(|f| 3.0 * f.standard_error() / f.allowed(tolerance).max(f64::MIN_POSITIVE));
        let most = thirds.fold(0.0, f64::max);
        (most * most * f64::from(self.first)).ceil().clamp(self.first.into(), self.most.into()) as u32
    }
}

/// Of one figure so many single seeds may lie outside. Where seeds are normal and the means the same, and nothing but
/// three standard deviations is allowed, four or more of 12 to 96 do in one figure of 400 at most.
pub const OUTSIDE: usize = 3;

/// One figure of a scenario in one mode, over the seeds.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: String,
    pub kind: Kind,
    /// By seed: at record resolution, and coarse.
    pub runs: Vec<(f64, f64)>,
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count().max(1) as f64
}

fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let middle = mean(values.clone());
    let squares: f64 = values.clone().map(|v| (v - middle) * (v - middle)).sum();
    (squares / (values.count().max(2) - 1) as f64).sqrt()
}

impl Figure {
    fn record(&self) -> impl Iterator<Item = f64> + Clone {
        self.runs.iter().map(|run| run.0)
    }

    fn coarse(&self) -> impl Iterator<Item = f64> + Clone {
        self.runs.iter().map(|run| run.1)
    }

    /// Means of the record and the coarse runs.
    pub fn means(&self) -> (f64, f64) {
        (mean(self.record()), mean(self.coarse()))
    }

    /// Coarse against record: part of itself, or for shares percentage points.
    pub fn difference(&self) -> f64 {
        let (fine, coarse) = self.means();
        self.part(coarse - fine)
    }

    /// A difference as it is told.
    pub fn part(&self, off: f64) -> f64 {
        let (fine, _) = self.means();
        match self.kind {
            Kind::Share => off,
            _ if off == 0.0 => 0.0,
            _ => off / fine,
        }
    }

    /// What the means may differ by.
    pub fn allowed(&self, tolerance: Tolerance) -> f64 {
        let (fine, _) = self.means();
        match self.kind {
            Kind::Amount => tolerance.amount * fine,
            Kind::Delay => tolerance.delay * fine,
            Kind::Share => f64::max(0.002, 0.05 * fine),
        }
    }

    /// Standard error of the difference of the means.
    pub fn standard_error(&self) -> f64 {
        deviation(self.runs.iter().map(|run| run.1 - run.0)) / (self.runs.len() as f64).sqrt()
    }

    /// Do the means agree?
    pub fn means_agree(&self, tolerance: Tolerance) -> bool {
        let (fine, coarse) = self.means();
        (coarse - fine).abs() <= self.allowed(tolerance)
    }

    /// Single coarse runs farther from the record runs' mean than three of their standard deviations, beside what means
    /// may differ by.
    pub fn outside(&self, tolerance: Tolerance) -> usize {
        self.beyond(self.allowed(tolerance))
    }

    /// Single coarse runs farther from the record runs' mean than three of their standard deviations and so much more.
    pub fn beyond(&self, more: f64) -> usize {
        let (middle, bound) = (mean(self.record()), more + 3.0 * deviation(self.record()));
        self.coarse().filter(|v| (v - middle).abs() > bound).count()
    }

    /// Does it agree, on average and seed by seed?
    pub fn agrees(&self, tolerance: Tolerance) -> bool {
        self.means_agree(tolerance) && self.outside(tolerance) <= OUTSIDE
    }
}

/// Is what is said of `OUTSIDE` so? The record runs' deviation comes from as many seeds as lie outside it or not: it is
/// a root of a chi square, and each seed's chance follows from it.
#[test]
fn chance_alone_rarely_brings_more_single_seeds_outside() {
    for n in [12u32, 24, 48, 96] {
        let free = f64::from(n - 1);
        let (mut whole, mut often) = (0.0, 0.0);
        for square in (1..6000).map(|i| f64::from(i) * 0.05) {
            let weight = libm::exp(
                (free / 2.0 - 1.0) * libm::log(square) - square / 2.0 - free / 2.0 * libm::log(free),
            );
            let spread = 2.0 * (1.0 + 1.0 / f64::from(n));
            let one = libm::erfc(3.0 * (square / free).sqrt() / spread.sqrt());
            whole += weight;
            often += weight * (1.0 - at_most(OUTSIDE as u32, n, one));
        }
        assert!(often / whole < 0.0025, "{n}: {}", often / whole);
    }
}

/// The chance of at most `k` of `n`.
fn at_most(k: u32, n: u32, one: f64) -> f64 {
    let mut term = libm::pow(1.0 - one, f64::from(n));
    let mut sum = term;
    for i in 0..k {
        term *= one / (1.0 - one) * f64::from(n - i) / f64::from(i + 1);
        sum += term;
    }
    sum
}
