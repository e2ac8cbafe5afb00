//! Two designs on common draws: what differs, and whether it is more than noise.
//!
//! Replication r of both meets the same demand (its draws depend on the seed and r alone), so the differences are taken
//! pair by pair: what both share cancels, and the interval of the mean difference is far narrower than those of the
//! two means (paired Student t).

use super::headline::mean_and_half_width;
use super::outcome::{Headline, ModeOutcome};
use serde::Serialize;

/// Two designs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first.
    pub a: Side,
    /// The second.
    pub b: Side,
    /// Did both meet the same demand, record for record?
    pub same_demand: bool,
    /// One per figure, in the order of the first design's, then what only the second has.
    pub rows: Vec<Row>,
}

/// One design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Scenario, and what was set.
    pub name: String,
    /// `provisioned`, …
    pub mode: &'static str,
    /// As AWS prints it.
    pub title: &'static str,
    /// Digest of the scenario's text.
    pub scenario_digest: String,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// `throttled_attempts`, `end_to_end_p99/NAME`, …
    pub key: String,
    /// In words.
    pub label: String,
    /// `share`, `ns`, `usd`.
    pub unit: &'static str,
    /// Mean over the first design's replications; `None` = not measured.
    pub a: Option<f64>,
    /// And over the second's.
    pub b: Option<f64>,
    /// Mean of second less first, over the pairs that were measured in both.
    pub delta: Option<f64>,
    /// Half width of the 95 % interval of that mean; `None` with fewer than two pairs.
    pub half_width: Option<f64>,
    /// What that means for the second design.
    pub verdict: Verdict,
}

/// What a difference means. Less is better in every headline figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Less, and the interval does not reach zero.
    Better,
    /// More, likewise.
    Worse,
    /// Exactly the same in every pair.
    Same,
    /// The interval holds zero.
    WithinNoise,
    /// One pair only: no interval.
    NoInterval,
    /// Not measured on both sides.
    NotMeasured,
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "the same",
            Verdict::WithinNoise => "no difference beyond noise",
            Verdict::NoInterval => "one replication: no interval",
            Verdict::NotMeasured => "not measured on both sides",
        }
    }
}

/// Compares two modes that were run with the same seed and number of replications.
pub fn compare(a: (Side, &ModeOutcome), b: (Side, &ModeOutcome)) -> Comparison {
    let ((side_a, a), (side_b, b)) = (a, b);
    let of_a = a.headline.iter().map(|h| row(Some(h), b.headline.iter().find(|o| o.key == h.key)));
    let missing = b.headline.iter().filter(|h| a.headline.iter().all(|o| o.key != h.key));
    let rows = of_a.chain(missing.map(|h| row(None, Some(h))));
    Comparison {
        same_demand: a.run.digests.demand == b.run.digests.demand,
        rows: rows.collect(),
        a: side_a,
        b: side_b,
    }
}

fn row(a: Option<&Headline>, b: Option<&Headline>) -> Row {
    let named = a.or(b).expect("one of both");
    let values = |h: Option<&Headline>| h.map_or(&[][..], |h| h.values.as_slice()).to_vec();
    let pairs = values(a).into_iter().zip(values(b));
    let deltas: Vec<f64> = pairs.filter_map(|(a, b)| Some(b? - a?)).collect();
    let (delta, half_width) = mean_and_half_width(&deltas);
    Row {
        key: named.key.clone(),
        label: named.label.clone(),
        unit: named.unit,
        a: a.and_then(|h| h.mean),
        b: b.and_then(|h| h.mean),
        delta,
        half_width,
        verdict: verdict(&deltas, delta, half_width),
    }
}

fn verdict(deltas: &[f64], mean: Option<f64>, half_width: Option<f64>) -> Verdict {
    match (mean, half_width) {
        (None, _) => Verdict::NotMeasured,
        (Some(_), _) if deltas.iter().all(|d| *d == 0.0) && deltas.len() > 1 => Verdict::Same,
        (Some(_), None) => Verdict::NoInterval,
        (Some(mean), Some(half)) if mean.abs() <= half => Verdict::WithinNoise,
        (Some(mean), _) if mean < 0.0 => Verdict::Better,
        _ => Verdict::Worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(values: &[f64]) -> Headline {
        Headline {
            key: "k".into(),
            label: "k".into(),
            unit: "ns",
            values: values.iter().map(|v| Some(*v)).collect(),
            mean: Some(values.iter().sum::<f64>() / values.len() as f64),
            half_width: None,
        }
    }

    /// Student's sleep data (1908), the textbook example of a paired t: mean difference 1.58, sd 1.2299, n = 10, 95 %
    /// interval 0.70 to 2.46.
    #[test]
    fn students_own_data_give_the_published_interval() {
        let a = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let b = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let row = row(Some(&headline(&a)), Some(&headline(&b)));
        let (delta, half) = (row.delta.expect("a mean"), row.half_width.expect("an interval"));
        assert!((delta - 1.58).abs() < 1e-9, "{delta}");
        assert!((delta - half - 0.7001142).abs() < 1e-6 && (delta + half - 2.4598858).abs() < 1e-6, "{half}");
        assert_eq!(row.verdict, Verdict::Worse);
    }

    #[test]
    fn verdicts_are_plain() {
        let of = |a: &[f64], b: &[f64]| row(Some(&headline(a)), Some(&headline(b))).verdict;
        assert_eq!(of(&[2.0, 2.0], &[2.0, 2.0]), Verdict::Same);
        assert_eq!(of(&[2.0, 3.0], &[1.0, 2.0]), Verdict::Better);
        assert_eq!(of(&[2.0, 3.0], &[3.0, 2.0]), Verdict::WithinNoise);
        assert_eq!(of(&[2.0], &[3.0]), Verdict::NoInterval);
        assert_eq!(row(None, Some(&headline(&[1.0]))).verdict, Verdict::NotMeasured);
    }
}
