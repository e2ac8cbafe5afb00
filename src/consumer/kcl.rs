//! A Kinesis Client Library application.

use super::Situation;
use super::application::{Application, Stream};
use crate::measure::clients::{ClientResult, KclResult};

/// As written.
#[derive(Clone, Debug)]
pub struct KclConfig {}

/// At work.
pub struct Kcl {}

impl Kcl {
    /// Waits for its start.
    pub fn new(_config: &KclConfig, _situation: &Situation) -> Kcl {
        Kcl {}
    }
}

impl Application for Kcl {
    fn next(&self) -> u64 {
        u64::MAX
    }

    fn act(&mut self, _stream: &mut dyn Stream) {}

    fn result(&self, _end: u64) -> ClientResult {
        ClientResult::Kcl(KclResult {})
    }
}
