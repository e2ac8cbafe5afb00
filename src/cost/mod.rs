//! Money: meter, bill, month, closed forms.
//!
//! AWS charges provisioned streams by shard-hour and 25 KB payload unit, on-demand streams by stream-hour and
//! gigabyte, Advantage by gigabyte above a commitment of the whole account. A run meters exact integers
//! (`measure::result::Usage`); a bill multiplies each by the price of its own unit and keeps the arithmetic in words.
//! Left out: KMS, NAT and endpoint charges, CloudWatch shard metrics. Data Streams has no tiered price.
//! Sources: `facts::prices`, `facts::billing`.

pub mod alternatives;
pub mod bill;
pub mod clients;
pub mod closed;
pub mod expected;
mod lines;
pub mod month;
mod round;
pub mod steady;

pub use clients::{Grows, Stretch, Used, used_in, with_clients};
pub use lines::{BillError, bill_of_usage, bill_run, shortfall};
pub use month::{MonthRule, bill_month, usage_of_month};
pub use round::Rounding;
