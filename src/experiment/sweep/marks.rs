//! Where a curve bends, and where demand reaches a limit.

use super::{Mark, PointMode, SweepAxis, SweepPoint};

/// A curve has a knee when a point lies at least this far below the straight line between its ends, in units of its
/// own width and height (the Kneedle criterion of Satopää et al., 2011, without smoothing: points are few and exact).
pub const KNEE_DISTANCE: f64 = 0.2;
/// Latency must change by this factor along the axis, or there is nothing to bend.
const LATENCY_FACTOR: f64 = 1.5;
/// Throttling must change by this share of attempts.
const THROTTLED_SPAN: f64 = 0.001;

/// Knees and limits of every mode, in the order of the modes, then along the axis.
pub(super) fn of(axis: &SweepAxis, points: &[SweepPoint]) -> Vec<Mark> {
    let Some(numbers) = &axis.numbers else { return Vec::new() };
    // Along ascending numbers, whatever order the user wrote.
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| numbers[points[*a].at[0]].total_cmp(&numbers[points[*b].at[0]]));
    let xs: Vec<f64> = order.iter().map(|i| numbers[points[*i].at[0]]).collect();
    let log = xs.first().is_some_and(|x| *x > 0.0) && axis.log;
    let mut marks = Vec::new();
    for m in 0..points.first().map_or(0, |p| p.modes.len()) {
        let line: Option<Vec<&PointMode>> = order.iter().map(|i| points[*i].modes.get(m)).collect();
        let Some(line) = line else { continue };
        let title = &line[0].title;
        if let Some((at, what)) = knee(&xs, &line, log) {
            marks.push(Mark {
                kind: "knee",
                mode: line[0].mode.clone(),
                point: Some(order[at]),
                x: xs[at],
                title: title.clone(),
                what,
            });
        }
        for (which, x) in limits_reached(&xs, &line) {
            marks.push(Mark {
                kind: "limit",
                mode: line[0].mode.clone(),
                point: None,
                x,
                title: title.clone(),
                what: which,
            });
        }
    }
    marks
}

/// The bend of the slowest consumer's p99 (in decades), or of the throttled share where no latency bends.
fn knee(xs: &[f64], line: &[&PointMode], log: bool) -> Option<(usize, &'static str)> {
    let latency: Option<Vec<f64>> =
        line.iter().map(|p| p.slowest_p99_ns.filter(|v| *v > 0.0).map(libm::log10)).collect();
    let throttled: Option<Vec<f64>> = line.iter().map(|p| p.mean("throttled_attempts")).collect();
    let by_latency = latency.and_then(|ys| farthest_below(xs, &ys, log, libm::log10(LATENCY_FACTOR)));
    if let Some(at) = by_latency {
        return Some((at, "latency"));
    }
    let at = farthest_below(xs, &throttled?, log, THROTTLED_SPAN)?;
    Some((at, "throttling"))
}

/// The point farthest below the chord from the first to the last, if it is far enough.
fn farthest_below(xs: &[f64], ys: &[f64], log: bool, least_span: f64) -> Option<usize> {
    let level = |x: f64| if log { libm::log10(x) } else { x };
    let (first, last) = (level(*xs.first()?), level(*xs.last()?));
    let (low, high) = ys.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| (a.min(*y), b.max(*y)));
    if xs.len() < 3 || high - low < least_span || last <= first {
        return None;
    }
    let below = |i: usize| {
        let along = (level(xs[i]) - first) / (last - first);
        let chord = ys[0] + (ys[ys.len() - 1] - ys[0]) * along;
        (chord - ys[i]) / (high - low)
    };
    let best = (1..xs.len() - 1).max_by(|a, b| below(*a).total_cmp(&below(*b)))?;
    (below(best) >= KNEE_DISTANCE).then_some(best)
}

/// Where the busiest minute crosses all of the records or of the bytes limit, between which points it does, by a
/// straight line between them.
pub fn limits_reached(xs: &[f64], line: &[&PointMode]) -> Vec<(&'static str, f64)> {
    let records: Vec<Option<f64>> = line.iter().map(|p| p.records_limit_share).collect();
    let bytes: Vec<Option<f64>> = line.iter().map(|p| Some(p.bytes_limit_share)).collect();
    let mut found = Vec::new();
    for (which, shares) in [("records", records), ("bytes", bytes)] {
        for i in 1..xs.len() {
            let (Some(a), Some(b)) = (shares[i - 1], shares[i]) else { continue };
            if (a <= 1.0) == (b <= 1.0) {
                continue;
            }
            // Demand over capacity is linear in a rate and hyperbolic in shards: a power law between two points is
            // exact for both on a logarithmic axis.
            let exact = xs[i - 1] > 0.0 && a > 0.0 && b > 0.0;
            let x = if exact {
                let part = libm::log(1.0 / a) / libm::log(b / a);
                xs[i - 1] * libm::pow(xs[i] / xs[i - 1], part)
            } else {
                xs[i - 1] + (xs[i] - xs[i - 1]) * (1.0 - a) / (b - a)
            };
            found.push((which, x));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[(f64, f64)]) -> Vec<PointMode> {
        let mode = |(share, p99): &(f64, f64)| PointMode {
            mode: "provisioned".into(),
            title: "provisioned".into(),
            shards_at_start: 1,
            shards_max: 1,
            records_limit_share: Some(*share),
            bytes_limit_share: share / 4.0,
            figures: Vec::new(),
            slowest_p99_ns: Some(*p99),
            slowest_p50_ns: None,
        };
        points.iter().map(mode).collect()
    }

    #[test]
    fn demand_over_shards_reaches_the_limit_where_division_says() {
        // 8,000 records/s on 1, 2, 5, 10, 20 shards: the records limit is reached at 8, the bytes limit at 2 exactly.
        let xs = [1.0, 2.0, 5.0, 10.0, 20.0];
        let all = line(&xs.map(|n| (8.0 / n, 1e9)));
        let found = limits_reached(&xs, &all.iter().collect::<Vec<_>>());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, "records");
        assert!((found[0].1 - 8.0).abs() < 1e-9 && (found[1].1 - 2.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn the_knee_is_the_last_good_point_of_a_rising_curve_and_the_first_of_a_falling_one() {
        let xs = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let rising = line(&[1e8, 1e8, 1.1e8, 1.2e8, 2e10, 3e10].map(|p99| (0.5, p99)));
        assert_eq!(knee(&xs, &rising.iter().collect::<Vec<_>>(), false), Some((3, "latency")));
        let falling = line(&[3e10, 2e10, 1.2e8, 1.1e8, 1e8, 1e8].map(|p99| (0.5, p99)));
        assert_eq!(knee(&xs, &falling.iter().collect::<Vec<_>>(), false), Some((2, "latency")));
        let straight = line(&[1e8, 1.01e8, 1.02e8, 1.0e8, 1.1e8, 1.2e8].map(|p99| (0.5, p99)));
        assert_eq!(knee(&xs, &straight.iter().collect::<Vec<_>>(), false), None);
    }
}
