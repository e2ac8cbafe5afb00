//! What a client of this kind uses besides the stream.

use super::Used;
use crate::measure::clients::FlinkResult;

/// Its priced quantities.
pub fn used(_whose: &str, _result: &FlinkResult) -> Vec<Used> {
    Vec::new()
}
