//! A stream's history: what was stored and refused, step by step.

use crate::producer::config::Trace;
use crate::units::calendar::Moment;
use crate::units::{Bytes, Dur, NS_PER_S, RecordRate};
use std::sync::Arc;

/// Millionths of a record.
pub(super) const MICRO: f64 = 1e6;

/// What happened from one moment to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Start, ns since the history's.
    pub at: u64,
    /// Records stored, in millionths; `None` = not known.
    pub records_micro: Option<u64>,
    /// Bytes stored.
    pub bytes: Option<u64>,
    /// Refused attempts, in millionths; `None` = not known.
    pub refused_micro: Option<u64>,
}

/// A stream's history. Steps follow one another without gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The stream's name.
    pub name: String,
    /// Date and time of the start, where known.
    pub start: Option<Moment>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Where the last one ends, ns since the start.
    pub end: u64,
    /// Length of a usual step.
    pub period: Dur,
    /// Steps without a datapoint of records: they count as zero.
    pub missing: u64,
    /// Partition keys of a capture, one entry per record seen (bounded).
    pub keys: Option<Arc<Vec<String>>>,
}

impl History {
    /// Where a step ends.
    pub fn end_of(&self, step: usize) -> u64 {
        self.steps.get(step + 1).map_or(self.end, |s| s.at)
    }

    /// How long a step is.
    pub fn length_of(&self, step: usize) -> u64 {
        self.end_of(step) - self.steps[step].at
    }

    /// Records stored, in millionths; `None` when they are not known.
    pub fn records_micro(&self) -> Option<u128> {
        sum(self.steps.iter().map(|s| s.records_micro))
    }

    /// Bytes stored; `None` when they are not known of every step that has records.
    pub fn bytes(&self) -> Option<u128> {
        sum(self.steps.iter().map(|s| s.bytes))
    }

    /// Refused attempts, in millionths; `None` when they are not known.
    pub fn refused_micro(&self) -> Option<u128> {
        sum(self.steps.iter().map(|s| s.refused_micro))
    }

    /// Highest mean rate of a step, records/s; `None` without records.
    pub fn peak_records_per_s(&self) -> Option<f64> {
        let rates = (0..self.steps.len()).map(|i| self.per_s(i, self.steps[i].records_micro? as f64 / MICRO));
        rates.flatten().reduce(f64::max)
    }

    /// Highest mean rate of a step, bytes/s; `None` without bytes.
    pub fn peak_bytes_per_s(&self) -> Option<f64> {
        let rates = (0..self.steps.len()).map(|i| self.per_s(i, self.steps[i].bytes? as f64));
        rates.flatten().reduce(f64::max)
    }

    /// Mean rate over the whole history, records/s.
    pub fn mean_records_per_s(&self) -> Option<f64> {
        let records = self.records_micro()? as f64 / MICRO;
        (self.end > 0).then(|| records / Dur(self.end).as_s())
    }

    /// Mean record of the whole history, bytes.
    pub fn mean_record_bytes(&self) -> Option<f64> {
        let records = self.records_micro()? as f64 / MICRO;
        (records > 0.0).then_some(self.bytes()? as f64 / records)
    }

    fn per_s(&self, step: usize, amount: f64) -> Option<f64> {
        let length = self.length_of(step);
        (length > 0).then(|| amount / Dur(length).as_s())
    }

    /// The demand as a trace: `micro` tells the records of a step in millionths.
    pub fn trace(&self, mut micro: impl FnMut(&Step) -> u64) -> Trace {
        let mut rate = |i: usize| {
            let per_s = u128::from(micro(&self.steps[i])) * u128::from(NS_PER_S);
            RecordRate((per_s / u128::from(self.length_of(i).max(1))) as u64)
        };
        Trace {
            at: self.steps.iter().map(|s| Dur(s.at)).collect(),
            rate: (0..self.steps.len()).map(&mut rate).collect(),
            mean_size: self.steps.iter().map(mean_size).collect(),
            end: Dur(self.end),
        }
    }
}

/// Mean record of a step; `None` where there is none.
fn mean_size(step: &Step) -> Option<Bytes> {
    let records = step.records_micro.filter(|r| *r > 0)?;
    let bytes = u128::from(step.bytes?) * MICRO as u128;
    Some(Bytes(((bytes + u128::from(records) / 2) / u128::from(records)) as u64))
}

fn sum(values: impl Iterator<Item = Option<u64>>) -> Option<u128> {
    values.map(|v| v.map(u128::from)).sum()
}
