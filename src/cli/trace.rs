//! `kinesim trace`: one record's life, hop by hop.

use super::{Exit, Flags, input, talk};
use crate::report::human;
use crate::stream::config::Mode;
use crate::world::{self, RecordTrace};
use std::path::PathBuf;

/// Arguments of `trace`.
#[derive(Debug, clap::Args)]
pub struct Trace {
    /// The scenario file.
    scenario: PathBuf,
    /// Which record of its producer, counted from 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    record: u64,
    /// Whose record, where the scenario has several producers.
    #[arg(long, value_name = "NAME")]
    producer: Option<String>,
}

impl Trace {
    /// Prints the table of hops.
    pub fn go(&self, flags: &Flags) -> Exit {
        let scenario = match input::load(&self.scenario, flags) {
            Ok(scenario) => scenario,
            Err(exit) => return exit,
        };
        if let Some(why) = scenario.too_large() {
            return talk::wrong(why);
        }
        let named = |p: &String| scenario.producers.iter().position(|q| q.name == *p);
        let Some(producer) = self.producer.as_ref().map_or(Some(0), named) else {
            let names: Vec<&str> = scenario.producers.iter().map(|p| p.name.as_str()).collect();
            return talk::wrong(format_args!("no such producer; the scenario has {}", names.join(", ")));
        };
        let mode = scenario.modes.first().copied().unwrap_or(Mode::Provisioned);
        let world = scenario.world(mode, input::seed(&scenario, flags), 0);
        match world::trace(&world, producer, self.record) {
            Err(why) => talk::wrong(why.0),
            Ok(None) => talk::wrong(format_args!("the producer has fewer than {} records", self.record)),
            Ok(Some(trace)) if flags.json => {
                let mut text = serde_json::to_string_pretty(&trace).unwrap_or_default();
                text.push('\n');
                talk::data(text.as_bytes())
            }
            Ok(Some(trace)) => talk::data(table(&trace, mode).as_bytes()),
        }
    }
}

fn table(trace: &RecordTrace, mode: Mode) -> String {
    let mut text = format!("record {} of {} ({})\n\n", trace.number, trace.producer, mode.title());
    let mut before = None;
    for hop in &trace.hops {
        let (at, later) = match hop.at_ns {
            Some(ns) => {
                let later = before.map_or(String::new(), |b| format!("+{}", human::duration(ns - b)));
                before = Some(ns);
                (format!("{:.6} s", ns as f64 / 1e9), later)
            }
            None => ("not in this run".into(), String::new()),
        };
        text.push_str(&format!("{at:>18} {later:>12}  {:<19} {}\n", hop.place, hop.what));
    }
    text
}
