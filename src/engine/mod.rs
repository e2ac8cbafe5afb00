//! Time and order, nothing else: the engine does not know what a shard is.
//!
//! A model is run in *windows*: half-open stretches of time inside which its lanes need nothing from one another
//! that is not already there. Windows end at control moments, so that control acts between windows, on a model
//! that has settled to exactly that moment. No decision is rounded to a window's edge: any cut of time into
//! windows no longer than the model's floor gives the same bytes.

pub mod digest;

/// What the engine runs.
pub trait Model {
    /// Longest window that needs no feedback from inside it, from `now` on.
    fn window(&self, now: u64) -> u64;
    /// The next control moment at or after `now` (`u64::MAX`: none).
    fn next_control(&self, now: u64) -> u64;
    /// Everything that happens at `now` before lanes move on.
    fn control(&mut self, now: u64);
    /// Settles all lanes over `[from, until)`.
    fn advance(&mut self, from: u64, until: u64);
    /// A reason to stop early.
    fn cut(&self) -> Option<String>;
}

/// Runs a model from 0 to `end`; returns the moment it reached.
pub fn run<M: Model>(model: &mut M, end: u64) -> u64 {
    let mut now = 0;
    while now < end {
        while model.next_control(now) <= now {
            model.control(now);
        }
        let until = model.next_control(now).min(end).min(now.saturating_add(model.window(now).max(1)));
        model.advance(now, until);
        now = until;
        if model.cut().is_some() {
            break;
        }
    }
    now
}
