//! Lambda's event source mapping.

use super::Situation;
use super::application::{Application, Stream};
use crate::measure::clients::{ClientResult, LambdaResult};

/// As written.
#[derive(Clone, Debug)]
pub struct LambdaConfig {}

/// At work.
pub struct Lambda {}

impl Lambda {
    /// Waits for its start.
    pub fn new(_config: &LambdaConfig, _situation: &Situation) -> Lambda {
        Lambda {}
    }
}

impl Application for Lambda {
    fn next(&self) -> u64 {
        u64::MAX
    }

    fn act(&mut self, _stream: &mut dyn Stream) {}

    fn result(&self, _end: u64) -> ClientResult {
        ClientResult::Lambda(LambdaResult {})
    }
}
