//! The page.
use crate::experiment::outcome::Outcome;
use crate::report::chart::Figure;
/// x
pub fn html(_o: &Outcome, _f: &[Figure], _d: &[String]) -> String { String::new() }
