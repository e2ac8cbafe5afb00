//! A scenario's text, to be read again and again with other overlays: the points of a sweep, the candidates of a search.

use super::{Diag, Scenario, load_one};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A scenario's text and where its files are.
pub struct Source<'a> {
    text: String,
    file_name: String,
    read_file: &'a dyn Fn(&str) -> Result<String, String>,
    sets: Vec<(String, String)>,
    stream: Option<String>,
    seen: RefCell<BTreeMap<String, Result<String, String>>>,
}

impl<'a> Source<'a> {
    /// The text of `file_name`, with the overlays that hold for every reading of it.
    pub fn new(
        text: String,
        file_name: &str,
        read_file: &'a dyn Fn(&str) -> Result<String, String>,
        sets: &[(String, String)],
    ) -> Source<'a> {
        Source {
            text,
            file_name: file_name.to_owned(),
            read_file,
            sets: sets.to_vec(),
            stream: None,
            seen: RefCell::new(BTreeMap::new()),
        }
    }

    /// Of an account's file, the stream of this name.
    pub fn of_stream(self, name: Option<&str>) -> Source<'a> {
        Source { stream: name.map(str::to_owned), ..self }
    }

    /// The scenario with these overlays on top; every file it names is read once.
    pub fn with(&self, overlays: &[(String, String)]) -> Result<Scenario, Vec<Diag>> {
        let sets: Vec<(String, String)> = self.sets.iter().chain(overlays).cloned().collect();
        let once = |name: &str| {
            let mut seen = self.seen.borrow_mut();
            seen.entry(name.to_owned()).or_insert_with(|| (self.read_file)(name)).clone()
        };
        load_one(&self.text, &self.file_name, &once, &sets, self.stream.as_deref())
    }
}
