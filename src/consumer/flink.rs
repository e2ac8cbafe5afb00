//! A Flink job that reads the stream.

use super::Situation;
use super::application::{Application, Stream};
use crate::measure::clients::{ClientResult, FlinkResult};

/// As written.
#[derive(Clone, Debug)]
pub struct FlinkConfig {}

/// At work.
pub struct Flink {}

impl Flink {
    /// Waits for its start.
    pub fn new(_config: &FlinkConfig, _situation: &Situation) -> Flink {
        Flink {}
    }
}

impl Application for Flink {
    fn next(&self) -> u64 {
        u64::MAX
    }

    fn act(&mut self, _stream: &mut dyn Stream) {}

    fn result(&self, _end: u64) -> ClientResult {
        ClientResult::Flink(FlinkResult {})
    }
}
