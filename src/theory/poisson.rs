//! The Poisson distribution, summed from its own terms.

/// P(N = k), N ~ Poisson(`mean`), through the logarithm of the gamma function.
pub fn probability(mean: f64, k: u64) -> f64 {
    let k = k as f64;
    if mean <= 0.0 {
        return if k == 0.0 { 1.0 } else { 0.0 };
    }
    libm::exp(k * libm::log(mean) - mean - libm::lgamma(k + 1.0))
}

/// P(N > limit) and E[(N - limit)+]: the chance that a window overflows and by how much on average.
///
/// Summed upwards from `limit` + 1 until the terms vanish. For P close to 1 this loses nothing: the terms are all
/// positive.
pub fn excess(mean: f64, limit: u64) -> (f64, f64) {
    let (mut above, mut over) = (0.0, 0.0);
    let mut term = probability(mean, limit + 1);
    let mut k = limit + 1;
    loop {
        above += term;
        over += term * (k - limit) as f64;
        k += 1;
        term *= mean / k as f64;
        let falling = k as f64 > mean;
        if falling && term * (k - limit) as f64 <= over * 1e-17 {
            return (above, over);
        }
    }
}

/// P(N > k) for k = 0, 1, … `count` - 1, each by a sum of positive terms.
pub fn tails(mean: f64, count: usize) -> Vec<f64> {
    let mut above = excess(mean, count.max(1) as u64 - 1).0;
    let mut tails = vec![0.0; count];
    for k in (0..count).rev() {
        tails[k] = above;
        above += probability(mean, k as u64);
    }
    tails
}
