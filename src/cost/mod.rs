//! Money: meter, tiers, bill.

pub mod bill;
