//! The command line: one file per command, and the only room that touches files (`fs`), the terminal (`talk`) and
//! the environment.
//!
//! Data goes to stdout, talk to stderr. Exit codes: 0 it went well, 1 a goal or quota is missed, 2 wrong input.

mod check;
mod compare;
mod completions;
mod cost;
mod explain;
mod export;
mod facts;
pub mod fs;
mod init;
mod input;
mod man;
mod plan;
mod prices;
mod progress;
mod replay;
mod run;
mod schema;
mod sweep;
mod talk;
mod trace;

use crate::units::{Percent, parse};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Simulates and plans Amazon Kinesis streams: how many shards, which capacity mode, how late, what is lost, what it
/// costs. Not affiliated with Amazon.
#[derive(Debug, Parser)]
#[command(name = "kinesim", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Flags {
    /// Print data as JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Seed of all randomness, instead of the scenario's.
    #[arg(long, global = true, value_name = "N")]
    seed: Option<u64>,
    /// Set a scenario key for this run, e.g. `--set stream.shards=8`; may be repeated.
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// One stream of a file with several, by its name under `streams:` or in the metrics of `replay`, e.g. `--stream
    /// orders`. Without it `run`, `check` and `replay` take all streams; every other command asks for one.
    #[arg(long, global = true, value_name = "NAME")]
    stream: Option<String>,
    /// Prices of your own, or AWS's price list (JSON), in place of the built-in table's.
    #[arg(long, global = true, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// A private discount on every price, e.g. `--discount 12%`.
    #[arg(long, global = true, value_name = "PERCENT", value_parser = discount)]
    discount: Option<Percent>,
    /// Folder the report is written to, instead of reports/NAME.
    #[arg(long, global = true, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Say nothing on stderr but errors.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What happens to this workload in every capacity mode: summary, report with curves, charts and a page.
    Run(run::Run),
    /// The cheapest design that meets the scenario's goal, and an excuse for every other.
    Plan(plan::Plan),
    /// What a real stream's history would have cost and throttled in every mode and under autoscaling rules.
    Replay(replay::Replay),
    /// How latency, throttling and cost bend along one or two keys of the scenario.
    Sweep(sweep::Sweep),
    /// The bill of every mode without a simulation: its arithmetic, the break-even map, a year, the same elsewhere.
    Cost(cost::Cost),
    /// What changes between two scenarios, or two modes of one, on the same draws.
    Compare(compare::Compare),
    /// Is a scenario valid, which quotas would it break, which goals does it miss?
    Check(check::Check),
    /// One record's life, hop by hop.
    Trace(trace::Trace),
    /// What a scenario key, fact or price means, with its source.
    Explain(explain::Explain),
    /// The design as Terraform, CloudFormation, CDK or AWS CLI lines, with alarms at its limits.
    Export(export::Export),
    /// Every quota and default in use, with source, date and standing.
    Facts(facts::Facts),
    /// Every price in use, with source, date and standing.
    Prices(prices::Prices),
    /// The scenario file's JSON Schema, for editors.
    Schema(schema::Schema),
    /// A commented scenario to start from.
    Init(init::Init),
    /// Shell completions on stdout.
    Completions(completions::Completions),
    /// The manual page on stdout.
    Man(man::Man),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It went well.
    Fine,
    /// A goal or quota is missed.
    Missed,
    /// Wrong input; what is wrong was said on stderr.
    Wrong,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Missed => 1,
            Exit::Wrong => 2,
        })
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    fs::leave_nothing_half_written();
    let cli = Cli::parse();
    let flags = &cli.flags;
    let exit = match &cli.command {
        Command::Run(c) => c.go(flags),
        Command::Plan(c) => c.go(flags),
        Command::Replay(c) => c.go(flags),
        Command::Sweep(c) => c.go(flags),
        Command::Compare(c) => c.go(flags),
        Command::Cost(c) => c.go(flags),
        Command::Check(c) => c.go(flags),
        Command::Trace(c) => c.go(flags),
        Command::Schema(c) => c.go(),
        Command::Init(c) => c.go(flags),
        Command::Explain(c) => c.go(flags),
        Command::Export(c) => c.go(flags),
        Command::Facts(c) => c.go(flags),
        Command::Prices(c) => c.go(flags),
        Command::Completions(c) => c.go(),
        Command::Man(c) => c.go(),
    };
    exit.into()
}

fn discount(text: &str) -> Result<Percent, String> {
    let text = match text.trim().strip_suffix('%') {
        Some(number) => format!("{} %", number.trim()),
        None => text.to_owned(),
    };
    let read = parse::percent(&text).map_err(|e| e.message)?;
    if read.0 < Percent::WHOLE { Ok(read) } else { Err("expected less than 100 %".into()) }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("expected KEY=VALUE, for instance stream.shards=8".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sets_keep_what_follows_the_first_equals_sign() {
        let cli = Cli::try_parse_from(["kinesim", "facts", "--set", "a.b=c=d", "--set=x= y"]);
        let flags = cli.expect("valid").flags;
        assert_eq!(flags.set, [("a.b".into(), "c=d".into()), ("x".into(), "y".into())]);
        assert!(Cli::try_parse_from(["kinesim", "facts", "--set", "=3"]).is_err());
    }

    #[test]
    fn a_misspelt_command_is_answered_with_the_nearest() {
        let error = Cli::try_parse_from(["kinesim", "fcats"]).expect_err("no such command");
        assert!(error.to_string().contains("facts"), "{error}");
    }
}
