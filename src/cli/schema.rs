//! `kinesim schema`: the JSON Schema of the scenario file.

use super::{Exit, talk};
use crate::scenario::schema::schema;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub struct Schema {}

impl Schema {
    /// Prints the schema.
    pub fn go(&self) -> Exit {
        let mut text = serde_json::to_string_pretty(&schema()).unwrap_or_default();
        text.push('\n');
        talk::data(text.as_bytes())
    }
}
