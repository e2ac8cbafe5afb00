//! `kinesim replay`: a real history through every mode and every autoscaling rule.

use super::progress::Progress;
use super::{Exit, Flags, fs, input, talk};
use crate::experiment::account::{self, Account};
use crate::experiment::outcome::Outcome;
use crate::experiment::plan::Plan;
use crate::experiment::replay;
use crate::import::{self, History, Imported};
use crate::report::{self, RenderOptions};
use crate::scenario::replay::{Replayed, of_history, plain};
use crate::scenario::{AutoscalerSpec, Diag, FileId, Scenario, Sources, Span, mode_of_word};
use crate::stream::config::Mode;
use crate::units::{Dur, parse};
use std::path::PathBuf;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// Metrics: CloudWatch JSON, the console's CSV, a CSV of rates, captures with one JSON object a record; and perhaps
    /// a scenario (.yaml) whose client, consumers and settings the history gets.
    #[arg(required = true, value_name = "METRICS")]
    files: Vec<PathBuf>,
    /// Period of the metrics, where it cannot be found from their times, e.g. `60 s`.
    #[arg(long, value_name = "TIME", value_parser = period)]
    period: Option<Dur>,
    /// The mode the stream is in now: provisioned, on_demand or on_demand_advantage, e.g. `--now provisioned --set
    /// stream.shards=12`. Every other design's saving and risk are held against it; without `--now` against on-demand, or
    /// against the dearest design where on-demand is not among the modes.
    #[arg(long, value_name = "MODE", value_parser = mode)]
    now: Option<Mode>,
    /// Try no autoscaling rules.
    #[arg(long)]
    no_policies: bool,
    /// Print the summary only; write no report folder.
    #[arg(long)]
    no_report: bool,
    /// Write no PNG pictures (the SVGs and the page stay).
    #[arg(long)]
    no_png: bool,
}

fn period(text: &str) -> Result<Dur, String> {
    let period = parse::duration(text).map_err(|e| e.message)?;
    let fine = period >= Dur::from_s(1) && period.0.is_multiple_of(Dur::from_s(1).0);
    if fine { Ok(period) } else { Err("expected whole seconds, at least one".into()) }
}

fn mode(text: &str) -> Result<Mode, String> {
    mode_of_word(text).ok_or_else(|| "expected provisioned, on_demand or on_demand_advantage".into())
}

impl Replay {
    /// Reads the metrics, has them replayed, and delivers the outcome.
    pub fn go(&self, flags: &Flags) -> Exit {
        self.try_go(flags).unwrap_or_else(|exit| exit)
    }

    fn try_go(&self, flags: &Flags) -> Result<Exit, Exit> {
        let is_scenario = |p: &&PathBuf| p.extension().is_some_and(|e| e == "yaml" || e == "yml");
        let (scenarios, metrics): (Vec<&PathBuf>, Vec<&PathBuf>) =
            self.files.iter().partition(|p| is_scenario(p));
        if scenarios.len() > 1 || metrics.is_empty() {
            return Err(talk::wrong("expected metrics, and one scenario (.yaml) at most"));
        }
        let base = match scenarios.first() {
            // `--stream` is one of the metrics'; the scenario has one.
            Some(path) => input::load(path, &Flags { stream: None, ..flags.clone() })?,
            None => plain(&flags.set).map_err(|d| input::refuse(&d, flags))?,
        };
        if let Some(now) = self.now.filter(|now| !base.modes.contains(now)) {
            let modes: Vec<&str> = base.modes.iter().map(|m| m.word()).collect();
            let (now, modes) = (now.word(), modes.join(", "));
            return Err(talk::wrong(format_args!(
                "`--now {now}` is none of the modes tried (`modes`: {modes})"
            )));
        }
        let (read, text) = self.import(&metrics, flags)?;
        let streams = chosen(&read, flags.stream.as_deref())?;
        let made = |h: &&History| of_history(base.clone(), h, &text).map_err(talk::wrong);
        let mut replayed = streams.iter().map(made).collect::<Result<Vec<Replayed>, Exit>>()?;
        replayed.iter_mut().for_each(|r| r.notes.extend(read.notes.iter().cloned()));
        let name = match replayed.as_slice() {
            [one] => one.scenario.name.clone(),
            _ => "replay".into(),
        };
        let folder =
            (!self.no_report).then(|| flags.out.clone().unwrap_or_else(|| fs::default_folder(&name)));
        if let Some(folder) = &folder {
            fs::can_write_report(folder).map_err(talk::wrong)?;
        }
        let progress = Progress::new(flags);
        let shared = replayed.len() > 1;
        let mut done = Vec::new();
        for one in &replayed {
            done.push(self.replay(one, shared, flags, &progress)?);
        }
        progress.end();
        if !shared {
            let outcome = done.swap_remove(0).1;
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
            let files = folder.is_some().then(|| report::render(&outcome, &options));
            return self.deliver(folder, files, &report::summary(&outcome), &report::text(&outcome), flags);
        }
        let account =
            account::of(&name, &base.question, &done, account::quotas(&base.region, base.shard_quota));
        let account: Account = account.map_err(talk::wrong)?;
        let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
        let files = folder.is_some().then(|| report::account::render(&account, &options));
        let (json, text) = (report::account::summary(&account), report::account::terminal(&account));
        self.deliver(folder, files, &json, &text, flags)
    }

    /// The files' metrics, and all their text.
    fn import(&self, metrics: &[&PathBuf], flags: &Flags) -> Result<(Imported, String), Exit> {
        let mut named = Vec::new();
        for path in metrics {
            let text = fs::read_text(path, fs::TRACE_BYTES_MAX).map_err(talk::wrong)?;
            named.push((path.display().to_string(), text));
        }
        let files: Vec<import::File> = named.iter().map(|(name, text)| import::File { name, text }).collect();
        let read = import::read(&files, self.period).map_err(|mistakes| {
            let mut sources = Sources::default();
            let ids: Vec<FileId> = named.iter().map(|(name, text)| sources.add(name, text)).collect();
            let diag = |m: import::Mistake| {
                let at = Span { file: ids[m.file], start: m.at.start, end: m.at.end };
                sources.diag(m.code, at, m.message, m.expected)
            };
            let diags: Vec<Diag> = mistakes.into_iter().map(diag).collect();
            input::refuse(&diags, flags)
        })?;
        let text = named.into_iter().map(|n| n.1).collect();
        Ok((read, text))
    }

    fn replay(
        &self,
        one: &Replayed,
        shared: bool,
        flags: &Flags,
        progress: &Progress,
    ) -> Result<(Plan, Outcome), Exit> {
        let scenario: &Scenario = &one.scenario;
        if let Some(why) = one.too_large() {
            return Err(talk::wrong(why));
        }
        let mut plan = input::plan(scenario, flags)?;
        plan.notes.extend(one.notes.iter().cloned());
        if shared {
            account::share_commitment(&mut plan);
        }
        let mut policies = AutoscalerSpec::presets();
        policies.retain(|_| !self.no_policies && scenario.modes.contains(&Mode::Provisioned));
        let tell = |done, all| progress.more(done, all);
        let mut outcome = replay::run(&plan, &one.past, &policies, self.now, &tell).map_err(talk::wrong)?;
        if shared {
            // By itself a stream's saving leaves out the commitment that all share: the total tells it.
            outcome.findings.retain(|f| !matches!(f.kind, "replay" | "cost"));
        }
        Ok((plan, outcome))
    }

    fn deliver(
        &self,
        folder: Option<PathBuf>,
        files: Option<Vec<report::File>>,
        json: &[u8],
        text: &str,
        flags: &Flags,
    ) -> Result<Exit, Exit> {
        if let (Some(folder), Some(files)) = (folder, files) {
            fs::write_report(&folder, &files).map_err(talk::wrong)?;
            talk::note(flags, format_args!("report: {}", folder.join("index.html").display()));
        }
        Ok(talk::data(if flags.json { json } else { text.as_bytes() }))
    }
}

/// The streams asked for: one, or all.
fn chosen<'a>(read: &'a Imported, stream: Option<&str>) -> Result<Vec<&'a History>, Exit> {
    let wanted = |h: &&History| stream.is_none_or(|name| *name == h.name);
    let chosen: Vec<&History> = read.streams.iter().filter(wanted).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = read.streams.iter().map(|h| h.name.as_str()).collect();
        let among = if names.is_empty() { "none".into() } else { names.join(", ") };
        let asked = stream.unwrap_or_default();
        return Err(talk::wrong(format_args!("no stream is called {asked}; the metrics have: {among}")));
    }
    Ok(chosen)
}
