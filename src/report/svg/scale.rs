//! Values to places, lines to stretches of points.

use super::canvas::fine;

/// Values to places inside the plot area.
pub(super) struct Scale {
    from: f64,
    to: f64,
    pub(super) start: f64,
    pub(super) end: f64,
    log: bool,
}

impl Scale {
    pub(super) fn new(range: (f64, f64), start: f64, end: f64, log: bool) -> Scale {
        let level = |v: f64| if log { libm::log10(v) } else { v };
        Scale { from: level(range.0), to: level(range.1), start, end, log }
    }

    /// Place of a value, held inside the area; `None` where a log axis has no place for it.
    pub(super) fn at(&self, v: f64) -> Option<f64> {
        let level = match self.log {
            true if v <= 0.0 => return None,
            true => libm::log10(v),
            false => v,
        };
        let share = (level - self.from) / (self.to - self.from);
        let place = self.start + share.clamp(0.0, 1.0) * (self.end - self.start);
        place.is_finite().then_some(place)
    }
}

/// Unbroken stretches of a line, as [`thinned`] as the picture's resolution allows.
pub(super) fn runs(xs: &[f64], ys: &[Option<f64>], x: &Scale, y: &Scale) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (at, value) in xs.iter().zip(ys) {
        let place = value.and_then(|v| Some((x.at(*at)?, y.at(v)?)));
        match (place, runs.last_mut()) {
            (Some(p), Some(run)) => run.push(p),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    // A lone point would be invisible: give it a short dash.
    for run in &mut runs {
        *run = match run[..] {
            [(px, py)] => vec![(px - 1.5, py), (px + 1.5, py)],
            _ => thinned(run),
        };
    }
    runs.retain(|r| !r.is_empty());
    runs
}

/// Of points that share a column of the picture keeps the lowest and the highest, in their order, and of a level
/// stretch its ends: what is left out would be drawn over.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const COLUMN: f64 = 1.5;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for column in points.chunk_by(|a, b| (a.0 / COLUMN).floor() == (b.0 / COLUMN).floor()) {
        let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (low, high) = (column.iter().min_by(by_y), column.iter().max_by(by_y));
        let (Some(low), Some(high)) = (low, high) else {
            continue;
        };
        let (first, then) = if low.0 <= high.0 { (low, high) } else { (high, low) };
        push_level(&mut kept, *first);
        if then != first {
            push_level(&mut kept, *then);
        }
    }
    if let (Some(end), Some(last)) = (points.last(), kept.last())
        && end.0 > last.0
    {
        kept.push(*end);
    }
    kept
}

/// Adds a point, or moves the end of a level stretch to it.
fn push_level(kept: &mut Vec<(f64, f64)>, p: (f64, f64)) {
    let level = |q: &(f64, f64)| fine(q.1) == fine(p.1);
    match &mut kept[..] {
        [.., before, end] if level(before) && level(end) => *end = p,
        _ => kept.push(p),
    }
}
