//! `kinesim schema`: the scenario file's JSON Schema, for editors.

use super::{Exit, talk};
use crate::scenario;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub struct Schema {}

impl Schema {
    /// Prints it.
    pub fn go(&self) -> Exit {
        let mut text = serde_json::to_string_pretty(&scenario::schema::schema()).unwrap_or_default();
        text.push('\n');
        talk::data(text.as_bytes())
    }
}
