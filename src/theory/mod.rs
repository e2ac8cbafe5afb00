//! Closed forms that the simulator is checked against, and that the planner may use.
//!
//! Each function states its formula, its assumptions and where it is from. Floating point lives here freely: no
//! value of this room enters a simulated run. Transcendental functions are `libm`'s, so reports repeat.

pub mod backlog;
pub mod bursts;
pub mod hashing;
pub mod limits;
pub mod on_demand;
pub mod poisson;
pub mod polling;
pub mod queues;
pub mod sizing;
