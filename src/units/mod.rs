//! Typed quantities: integer time, integer bytes, integer counts, exact money.
//!
//! A silent factor of 1.048 or 8 is the typical bug of a capacity planner, so every
//! quantity that a person writes or reads has its own type, and text is parsed exactly
//! (`parse`). Hot loops work on the bare `u64` inside (`.0`): nanoseconds, bytes.

pub mod billed;
pub mod calendar;
mod data;
mod money;
mod number;
pub mod parse;
mod show;
mod time;

pub use data::{ByteRate, Bytes, Factor, Percent, RecordRate};
pub use money::Money;
pub(crate) use show::{decimal, grouped};
pub use time::{Dur, NS_PER_S, Time};
