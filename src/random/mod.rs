//! Randomness: named streams and the samplers whose values are part of our promise.

mod alias;
mod chacha;
pub mod draw;
mod latency;
mod law;
mod named;
pub mod poisson;

pub use alias::Alias;
pub use latency::LatencySampler;
pub use law::LatencyLaw;
pub use named::{Seed, Stream};
