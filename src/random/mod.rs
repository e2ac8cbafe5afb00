//! Randomness: named streams and the samplers whose values are part of our promise.

pub mod draw;
mod law;
mod named;

pub use law::LatencyLaw;
pub use named::{Seed, Stream};
