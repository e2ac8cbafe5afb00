//! The Kinesis Producer Library.

pub mod aggregate;
pub mod collector;
pub mod limiter;
pub mod parcel;
pub mod reducer;
