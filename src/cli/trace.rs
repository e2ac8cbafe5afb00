//! `kinesim trace`: one record's life, hop by hop.

<<<<<<< HEAD
use super::{Exit, Flags, facts::table, input, plan, talk};
use crate::report::human;
use crate::scenario::Scenario;
=======
use super::{Exit, Flags, input, talk};
use crate::report::human;
>>>>>>> main
use crate::stream::config::Mode;
use crate::world::{self, RecordTrace};
use std::path::PathBuf;

/// Arguments of `trace`.
#[derive(Debug, clap::Args)]
pub struct Trace {
    /// The scenario file.
    scenario: PathBuf,
<<<<<<< HEAD
    /// Which record, counted from 1.
    #[arg(long, value_name = "N", default_value_t = 1)]
    record: u64,
    /// Whose record; the first producer's unless named.
    #[arg(long, value_name = "NAME")]
    producer: Option<String>,
    /// In which of the scenario's modes; the first unless named.
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
}

impl Trace {
    /// Prints the hops with their times.
    pub fn go(&self, flags: &Flags) -> Exit {
        self.follow(flags).unwrap_or_else(|exit| exit)
    }

    fn follow(&self, flags: &Flags) -> Result<Exit, Exit> {
        let scenario = input::load(&self.scenario, flags)?;
        let producer = self.producer(&scenario)?;
        let config = plan::of(&scenario, flags)?.world_of(self.mode(&scenario)?, 0);
        let found = world::trace(&config, producer, self.record).map_err(|unfit| talk::wrong(unfit.0))?;
        let Some(trace) = found else {
            let name = &scenario.producers[producer].name;
            let n = human::count(self.record);
            return Err(talk::wrong(format_args!("{name} has no record number {n} in this run")));
        };
        if flags.json {
            let mut text = serde_json::to_string_pretty(&trace).unwrap_or_default();
            text.push('\n');
            return Ok(talk::data(text.as_bytes()));
        }
        Ok(talk::data(text(&trace).as_bytes()))
    }

    fn producer(&self, scenario: &Scenario) -> Result<usize, Exit> {
        let Some(name) = &self.producer else { return Ok(0) };
        let found = scenario.producers.iter().position(|p| p.name == *name);
        found.ok_or_else(|| {
            let names: Vec<&str> = scenario.producers.iter().map(|p| p.name.as_str()).collect();
            talk::wrong(format_args!("there is no producer '{name}'; there is {}", names.join(", ")))
        })
    }

    fn mode(&self, scenario: &Scenario) -> Result<Mode, Exit> {
        let modes = &scenario.modes;
        let wanted = self.mode.as_deref();
        let found = modes.iter().find(|m| wanted.is_none_or(|w| m.word() == w));
        found.copied().ok_or_else(|| {
            let words: Vec<&str> = modes.iter().map(|m| m.word()).collect();
            talk::wrong(format_args!("the scenario's modes are {}", words.join(", ")))
        })
    }
}

fn text(trace: &RecordTrace) -> String {
    let number = human::count(trace.number);
    let size = human::bytes(trace.size.into());
    let mut out = format!("record {number} of {}, {size}\n\n", trace.producer);
    let mut before = None;
    let rows = trace.hops.iter().map(|hop| {
        let step = hop.at_ns.zip(before).map(|(now, then)| human::duration(now - then));
        before = hop.at_ns.or(before);
        let at = hop.at_ns.map_or_else(|| "not in this run".into(), seconds);
        vec![at, step.map_or_else(String::new, |s| format!("+{s}")), hop.what.clone(), hop.place.to_owned()]
    });
    out.push_str(&table(&["at", "after", "what", "played by"], rows));
    out
}

/// Seconds since the start to the microsecond.
fn seconds(ns: u64) -> String {
    let us = ns / 1_000;
    format!("{}.{:06} s", us / 1_000_000, us % 1_000_000)
=======
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
>>>>>>> main
}
