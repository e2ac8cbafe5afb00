//! How much of a load comes above a limit, when the load of a second varies.

use super::poisson;

/// Variance over mean of the records of a step, from neighbouring steps of equal length (length, records): 1 is
/// Poisson, b are batches of b. A trend between two steps counts as scatter.
pub fn dispersion(steps: &[(u64, f64)]) -> f64 {
    let (mut squares, mut sums) = (0.0, 0.0);
    for pair in steps.windows(2) {
        let [(length, a), (next, b)] = pair else { continue };
        if length == next {
            squares += (b - a) * (b - a) / 2.0;
            sums += (a + b) / 2.0;
        }
    }
    if sums > 0.0 { (squares / sums).max(1.0) } else { 1.0 }
}

/// E[(X - limit)+] for X Poisson of this mean; far from the limit the mean decides.
pub fn poisson_excess(mean: f64, limit: f64) -> f64 {
    let room = 10.0 * (mean.max(1.0)).sqrt() + 10.0;
    if mean + room < limit {
        return 0.0;
    }
    if mean > limit + room {
        return mean - limit;
    }
    poisson::excess(mean, limit.max(0.0) as u64).1
}

/// E[(X - limit)+] for X of this mean and variance, by the gamma distribution: the usual picture of a load that comes
/// in batches, never negative and with one tail.
///
/// With shape k and scale s, E[(X - c)+] = k s Q(k + 1, c/s) - c Q(k, c/s), Q the regularised upper incomplete gamma
/// function.
pub fn gamma_excess(mean: f64, variance: f64, limit: f64) -> f64 {
    if mean <= 0.0 || variance <= 0.0 {
        return (mean - limit).max(0.0);
    }
    let (shape, scale) = (mean * mean / variance, variance / mean);
    let x = limit.max(0.0) / scale;
    let density = libm::exp(shape * libm::log(x.max(f64::MIN_POSITIVE)) - x - libm::lgamma(shape + 1.0));
    let above = upper_gamma(shape, x);
    (mean * (above + density) - limit * above).max(0.0).max(mean - limit)
}

/// Q(shape, x): by its series below the mean, by its continued fraction above (Abramowitz and Stegun 6.5.29, 6.5.31).
pub fn upper_gamma(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 {
        let (mut term, mut sum, mut a) = (1.0 / shape, 1.0 / shape, shape);
        for _ in 0..100_000 {
            a += 1.0;
            term *= x / a;
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    // Lentz's method.
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut h = d;
    for i in 1..100_000 {
        let a = -f64::from(i) * (f64::from(i) - shape);
        b += 2.0;
        d = a * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + a / c;
        c = if c.abs() < TINY { TINY } else { c };
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * h).clamp(0.0, 1.0)
}

/// What was offered, from what was stored and refused, when each record is tried `attempts` times at most: at a
/// refusal rate p = refused / (stored + refused) a record is stored with probability 1 - p^attempts, so
/// offered = stored / (1 - p^attempts).
///
/// It lies between `stored` (tried for ever) and `stored + refused` (tried once). Assumes refusals that do not depend
/// on one another. Nothing stored tells nothing: then the refused over the attempts.
pub fn offered(stored: f64, refused: f64, attempts: Option<u32>) -> f64 {
    let all = stored + refused;
    if refused <= 0.0 || all <= 0.0 {
        return stored;
    }
    let Some(attempts) = attempts else { return stored };
    let p = refused / all;
    let succeeds = 1.0 - libm::pow(p, f64::from(attempts));
    if stored <= 0.0 || succeeds <= 0.0 {
        return refused / f64::from(attempts.max(1));
    }
    (stored / succeeds).min(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shape 1 is the exponential distribution: Q = e^-x, and the excess is mean × e^(-limit/mean).
    #[test]
    fn the_exponential_distribution_is_a_special_case() {
        for x in [0.1, 1.0, 2.5, 20.0] {
            assert!((upper_gamma(1.0, x) - libm::exp(-x)).abs() < 1e-14, "{x}");
            let expected = 500.0 * libm::exp(-x);
            assert!((gamma_excess(500.0, 250_000.0, 500.0 * x) - expected).abs() < 1e-9, "{x}");
        }
        // Q(2, x) = (1 + x) e^-x.
        assert!((upper_gamma(2.0, 3.0) - 4.0 * libm::exp(-3.0)).abs() < 1e-14);
    }

    /// Poisson's own variance gives nearly Poisson's excess.
    #[test]
    fn a_gamma_of_poissons_variance_is_near_poisson() {
        for mean in [900.0, 950.0, 1_000.0, 1_050.0] {
            let (poisson, gamma) = (poisson_excess(mean, 1_000.0), gamma_excess(mean, mean, 1_000.0));
            assert!((poisson - gamma).abs() < 0.02 * poisson + 0.5, "{mean}: {poisson} {gamma}");
        }
    }

    #[test]
    fn the_offered_lies_between_the_stored_and_all_attempts() {
        assert_eq!(offered(100.0, 0.0, Some(3)), 100.0);
        assert_eq!(offered(100.0, 100.0, Some(1)), 200.0);
        assert_eq!(offered(100.0, 100.0, None), 100.0);
        // Half of the attempts fail: of 8 records 1 is given up after three attempts.
        assert!((offered(700.0, 700.0, Some(3)) - 800.0).abs() < 1e-9);
        // 800 records: 400 + 200 + 100 refused attempts, 700 stored.
        assert_eq!(offered(0.0, 30.0, Some(3)), 10.0);
    }
}
