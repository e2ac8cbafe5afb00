//! A trace as a step function: sums, windows, its busiest stretch.

use super::config::Trace;
use crate::units::{Dur, NS_PER_S};

impl Trace {
    /// Records in `from..to`, in micro-records.
    pub fn records(&self, from: Dur, to: Dur) -> u128 {
        let to = to.0.min(self.end.0);
        let mut sum = 0u128;
        let start = self.at.partition_point(|a| a.0 <= from.0).saturating_sub(1);
        for k in start..self.at.len() {
            if self.at[k].0 >= to {
                break;
            }
            let until = self.at.get(k + 1).map_or(self.end.0, |a| a.0).min(to);
            let length = until.saturating_sub(self.at[k].0.max(from.0));
            sum += u128::from(self.rate[k].0) * u128::from(length);
        }
        sum / u128::from(NS_PER_S)
    }

    /// The trace's own part `from..from + length`, as a trace that starts at zero.
    pub fn window(&self, from: Dur, length: Dur) -> Trace {
        let end = from.0.saturating_add(length.0).min(self.end.0);
        let start = self.at.partition_point(|a| a.0 <= from.0).saturating_sub(1);
        let stop = self.at.partition_point(|a| a.0 < end).max(start);
        Trace {
            at: self.at[start..stop].iter().map(|a| Dur(a.0.saturating_sub(from.0))).collect(),
            rate: self.rate[start..stop].to_vec(),
            mean_size: self.mean_size[start..stop].to_vec(),
            end: Dur(end.saturating_sub(from.0)),
        }
    }
}

/// Start of the `length` of the trace with the most records, among windows that start at a row; the first of a tie.
/// The start of the trace when it is shorter.
pub fn busiest_window(trace: &Trace, length: Dur) -> Dur {
    let mut before = vec![0u128];
    for k in 0..trace.at.len() {
        let until = trace.at.get(k + 1).map_or(trace.end.0, |a| a.0);
        before.push(before[k] + u128::from(trace.rate[k].0) * u128::from(until - trace.at[k].0));
    }
    let (mut best, mut most, mut stop) = (Dur(0), 0u128, 0);
    for (k, start) in trace.at.iter().enumerate() {
        let end = start.0.saturating_add(length.0);
        if end > trace.end.0 {
            break;
        }
        while trace.at.get(stop + 1).is_some_and(|a| a.0 <= end) {
            stop += 1;
        }
        let sum =
            before[stop] + u128::from(trace.rate[stop].0) * u128::from(end - trace.at[stop].0) - before[k];
        if sum > most {
            (best, most) = (*start, sum);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::RecordRate;

    #[test]
    fn the_busiest_window_is_found() {
        let hours: Vec<u64> = vec![1, 5, 2, 9, 9, 1];
        let trace = Trace {
            at: (0..6).map(Dur::from_h).collect(),
            rate: hours.iter().map(|r| RecordRate::per_s(*r)).collect(),
            mean_size: vec![None; 6],
            end: Dur::from_h(6),
        };
        assert_eq!(busiest_window(&trace, Dur::from_h(2)), Dur::from_h(3));
        assert_eq!(busiest_window(&trace, Dur::from_h(3)), Dur::from_h(2));
        assert_eq!(busiest_window(&trace, Dur::from_h(48)), Dur(0));
        let window = trace.window(Dur::from_h(3), Dur::from_h(2));
        assert_eq!(window.records(Dur(0), Dur::from_h(2)), 2 * 9 * 3600 * 1_000_000);
    }
}
