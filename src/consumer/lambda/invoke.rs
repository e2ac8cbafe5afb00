//! One invocation: which rows it gets, how long it takes, how it ends.
//!
//! At AWS: the function is invoked when the batch size, 6 MB of event or the end of the batching window is reached;
//! without a window, as soon as there are records. Data travels as base64. A row packed by the KPL is one record.
//! We model: the event's text around each record as a constant (`record_overhead`, assumed). A record that alone exceeds
//! the payload never reaches the function. A failing invocation takes as long as one that succeeds; one that reaches
//! the function's timeout fails whole.
//! We leave out: the size of the answer.

use super::Common;
use super::lanes::Row;
use std::collections::VecDeque;

/// Why a batch is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// BatchSize is reached.
    BySize,
    /// The payload limit is reached, or a tumbling window ends.
    ByBound,
    /// It could hold more.
    No,
}

/// Bytes that a record of `size` takes in an event.
pub fn payload(size: u32, overhead: u64) -> u32 {
    let base64 = u64::from(size).div_ceil(3) * 4;
    u32::try_from(base64 + overhead).unwrap_or(u32::MAX)
}

/// How many of the rows that wait go into the next batch; rows from `until_row` on belong to a later window.
pub fn gather(waiting: &VecDeque<Row>, until_row: u64, common: &Common) -> (usize, Full) {
    let (mut bytes, size) = (0u64, common.config.batch_size);
    for (n, row) in waiting.iter().enumerate() {
        if n as u64 >= size {
            return (n, Full::BySize);
        }
        bytes += u64::from(row.payload);
        if row.held.row >= until_row || (n > 0 && bytes > common.config.max_payload.0) {
            return (n, Full::ByBound);
        }
    }
    let n = waiting.len();
    (n, if n as u64 >= size { Full::BySize } else { Full::No })
}
