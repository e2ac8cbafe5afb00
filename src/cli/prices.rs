//! `kinesim prices`: every price of a Region, or of all.

use super::facts::{Form, listing};
use super::{Exit, Flags, talk};
use crate::facts::prices;

/// Arguments of `prices`.
#[derive(Debug, clap::Args)]
pub struct Prices {
    /// Only keys that contain this.
    filter: Option<String>,
    /// Only this Region.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    #[command(flatten)]
    form: Form,
}

impl Prices {
    /// Prints the listing.
    pub fn go(&self, flags: &Flags) -> Exit {
        let rows = match self.region.as_deref().map(prices::region) {
            None => prices::table(),
            Some(Ok(region)) => region.table(),
            Some(Err(missing)) => return talk::wrong(missing),
        };
        listing(rows, self.filter.as_deref(), &self.form, flags)
    }
}
