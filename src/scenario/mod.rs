//! The scenario file: YAML text, to a tree that knows its places, to a typed scenario.
//!
//! Every mistake of a file is found in one reading, with its place, what was expected and a hint. A key is declared
//! once (`grammar`): its reader, its line in the JSON Schema and its help come from the same words, and its default
//! is a fact wherever a figure is involved. The world never sees YAML.

mod account;
mod autoscaler;
pub mod axis;
mod behind;
mod choose;
mod clients;
mod consumer;
mod context;
mod demand;
pub mod diag;
mod direct;
mod events;
mod expect;
pub mod findings;
mod firehose;
mod flink;
mod glance;
pub mod goal;
mod grammar;
pub mod help;
mod kcl;
mod kpl;
mod lambda;
mod law;
pub mod metric;
mod node;
mod plan;
mod planning;
pub mod presets;
pub mod price_file;
mod producer;
mod record;
pub mod replay;
mod resolution;
mod retry;
mod scalars;
pub mod schema;
mod sdk;
mod sets;
mod shapes;
mod source;
mod stream;
mod top;
mod trace;
mod world;
mod yaml;

pub use autoscaler::AutoscalerSpec;
pub use context::Defaulted;
pub use diag::{Diag, FileId, Sources, Span, render};
pub use expect::Expectation;
pub use goal::{Central, Goal, GoalMode, Limit};
pub use planning::Planning;
pub use scalars::Interval;
pub use source::Source;

use crate::consumer::config::ConsumerConfig;
use crate::firehose::config::FirehoseConfig;
use crate::measure::resolution::Resolution;
use crate::producer::config::ProducerConfig;
use crate::stream::config::{Mode, StreamConfig};
use crate::units::Dur;
pub use crate::units::calendar::Moment;
use crate::world::config::TimedEvent;
use context::Cx;
use grammar::Read;
use top::TopSpec;

/// A scenario with all defaults filled in, for all its modes.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name: the file's stem unless written.
    pub name: String,
    /// The question it asks.
    pub question: String,
    /// Digest of the text, overlays and files read, 32 hex digits.
    pub text_digest: String,
    /// Capacity modes, in the order written.
    pub modes: Vec<Mode>,
    /// Simulated time.
    pub duration: Dur,
    /// Seed unless `--seed` says otherwise.
    pub seed: u64,
    /// Date and time of the start, where written.
    pub start: Option<Moment>,
    /// Region.
    pub region: String,
    /// At what grain it is simulated.
    pub resolution: Resolution,
    /// Replications, where written.
    pub replications: Option<u32>,
    /// Whether curves are drawn.
    pub curves: Curves,
    /// How bills are made.
    pub bill: Bill,
    /// The account's shard quota, where written.
    pub shard_quota: Option<u32>,
    /// Who sends.
    pub producers: Vec<ProducerConfig>,
    /// The stream.
    pub stream: StreamConfig,
    /// Who reads.
    pub consumers: Vec<ConsumerConfig>,
    /// Firehose streams.
    pub firehose: Vec<FirehoseConfig>,
    /// What happens on the way, in order of time.
    pub events: Vec<TimedEvent>,
    /// What the user wishes.
    pub goal: Option<Goal>,
    /// What a search for a design may choose from.
    pub planning: Planning,
    /// What the author claims.
    pub expect: Vec<Expectation>,
    /// The setting everything turns on.
    pub central: Option<Central>,
    /// Rates written as intervals: the run takes the middle, both ends are kept here.
    pub intervals: Vec<Interval>,
    /// Keys left to their defaults, for the provenance.
    pub defaults: Vec<Defaulted>,
}

/// Whether curves are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curves {
    /// Where the estimated work is small.
    Auto,
    /// Never.
    Off,
    /// Always.
    On,
}

/// How bills are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
    /// What a month is made of.
    pub month: BillMonth,
    /// How amounts are rounded when printed.
    pub rounding: Rounding,
    /// Length of a month.
    pub month_hours: Dur,
}

/// What a month is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillMonth {
    /// The base rate, plus the run's own excess once.
    Base,
    /// The run again and again.
    Repeat,
    /// The calendar month of `start`.
    Calendar,
}

/// Rounding of printed amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// None.
    Exact,
    /// As the AWS calculator.
    Calculator,
    /// Up to whole cents.
    InvoiceUp,
}

/// Reads a scenario.
///
/// `file_name` names it in diagnostics, and its stem names the scenario; `read_file` opens the trace and key files
/// it names; `sets` are `--set key=value` overlays. All mistakes come back at once, in the order of their places.
pub fn load(
    text: &str,
    file_name: &str,
    read_file: &dyn Fn(&str) -> Result<String, String>,
    sets: &[(String, String)],
) -> Result<Scenario, Vec<Diag>> {
    load_one(text, file_name, read_file, sets, None)
}

/// The same of a file that may describe an account: the stream of this name.
pub fn load_one(
    text: &str,
    file_name: &str,
    read_file: &dyn Fn(&str) -> Result<String, String>,
    sets: &[(String, String)],
    stream: Option<&str>,
) -> Result<Scenario, Vec<Diag>> {
    let account = load_account(text, file_name, read_file, sets)?;
    let named = account.named;
    let names: Vec<String> = account.streams.iter().map(|s| s.name.clone()).collect();
    let wanted = |s: &Scenario| stream.map_or(!named, |name| named && s.name == name);
    let not_found = || one_stream(text, file_name, stream, named.then_some(&names));
    account.streams.into_iter().find(wanted).ok_or_else(not_found)
}

/// What is said where one stream was expected; `names`: those of the account, if it is one.
fn one_stream(text: &str, file_name: &str, asked: Option<&str>, names: Option<&Vec<String>>) -> Vec<Diag> {
    let nothing = |_: &str| Err(String::new());
    let mut cx = Cx::new(&nothing);
    let file = cx.sources.add(file_name, text);
    let at = text.find(if names.is_some() { "streams:" } else { "stream:" }).unwrap_or(0);
    let at = Span { file, start: at, end: at + "stream".len().min(text.len() - at) };
    let (message, expected) = match (asked, names.map(|n| n.join(", "))) {
        (None, names) => (
            "this is an account with streams".to_owned(),
            format!(
                "one of its streams, by `--stream NAME` ({}); `kinesim run` and `kinesim check` take all",
                names.unwrap_or_default()
            ),
        ),
        (Some(name), Some(names)) => {
            (format!("the account has no stream `{name}`"), format!("one of {names}"))
        }
        (Some(name), None) => (
            format!("the file has one stream and no names, and `--stream {name}` asks for one of several"),
            "no `--stream`".into(),
        ),
    };
    cx.say("several-streams", at, message, &expected);
    cx.diags
}

/// What a file describes: one stream, or an account with `streams:`.
#[derive(Clone, Debug)]
pub struct AccountScenario {
    /// Name: the file's stem unless written.
    pub name: String,
    /// The question it asks.
    pub question: String,
    /// One scenario per stream; those of an account carry their stream's name.
    pub streams: Vec<Scenario>,
    /// It has `streams:`.
    pub named: bool,
}

/// Reads a scenario of one stream or of an account; otherwise as [`load`].
pub fn load_account(
    text: &str,
    file_name: &str,
    read_file: &dyn Fn(&str) -> Result<String, String>,
    sets: &[(String, String)],
) -> Result<AccountScenario, Vec<Diag>> {
    let mut cx = Cx::new(read_file);
    let text = text.trim_start_matches('\u{feff}');
    let loaded = read(text, file_name, sets, &mut cx);
    match loaded {
        Some(account) if cx.diags.is_empty() => Ok(account),
        _ => Err(sorted(cx.diags)),
    }
}

/// The mode of a word.
pub fn mode_of_word(word: &str) -> Option<Mode> {
    top::ModeSpec::of_word(word)
}

/// Reads a trace file's text alone.
pub fn read_trace(file_name: &str, text: &str) -> Result<crate::producer::config::Trace, Vec<Diag>> {
    let nothing = |_: &str| Err(String::new());
    let mut cx = Cx::new(&nothing);
    let text = text.trim_start_matches('\u{feff}');
    let file = cx.sources.add(file_name, text);
    trace::read_text(text, file, &mut cx).ok_or_else(|| sorted(cx.diags))
}

fn read(text: &str, file_name: &str, sets: &[(String, String)], cx: &mut Cx) -> Option<AccountScenario> {
    let file = cx.sources.add(file_name, text);
    let mut root = cx.parse(text, file)?;
    sets::apply(&mut root, sets, cx);
    cx.digest("", text);
    for (key, value) in sets {
        cx.digest(key, value);
    }
    let mut streams = Vec::new();
    let (mut name, mut named, mut all_read) = (stem(file_name).to_owned(), false, true);
    for (of, node) in account::expand(&root, cx)? {
        glance::at(&node, cx);
        let Some(top) = TopSpec::read(&node, cx) else {
            all_read = false;
            continue;
        };
        let mut scenario = top.resolve(stem(file_name), cx);
        if let Some(of) = of {
            named = true;
            name = std::mem::replace(&mut scenario.name, of);
        } else {
            name.clone_from(&scenario.name);
        }
        streams.push(scenario);
    }
    let question = streams.first()?.question.clone();
    all_read.then_some(AccountScenario { name, question, streams, named })
}

/// Mistakes reported at most: beyond, a file has one mistake of another kind.
const MOST_MISTAKES: usize = 500;

fn sorted(mut diags: Vec<Diag>) -> Vec<Diag> {
    diags.sort_by_key(|d| (d.order, d.line, d.column));
    diags.dedup();
    diags.truncate(MOST_MISTAKES);
    diags
}

fn stem(file_name: &str) -> &str {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    match last.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => last,
    }
}

#[cfg(test)]
mod tests;
