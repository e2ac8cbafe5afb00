<<<<<<< HEAD
//! `kinesim schema`: the JSON Schema of the scenario file.

use super::{Exit, talk};
use crate::scenario::schema::schema;
=======
//! `kinesim schema`: the scenario file's JSON Schema, for editors.

use super::{Exit, talk};
use crate::scenario;
>>>>>>> main

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub struct Schema {}

impl Schema {
<<<<<<< HEAD
    /// Prints the schema.
    pub fn go(&self) -> Exit {
        let mut text = serde_json::to_string_pretty(&schema()).unwrap_or_default();
=======
    /// Prints it.
    pub fn go(&self) -> Exit {
        let mut text = serde_json::to_string_pretty(&scenario::schema::schema()).unwrap_or_default();
>>>>>>> main
        text.push('\n');
        talk::data(text.as_bytes())
    }
}
