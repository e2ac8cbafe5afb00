//! `kinesim export`: the design as something that can be deployed.

use super::{Exit, Flags, input, talk};
use crate::export::{Format, render};
use crate::scenario::{GoalMode, Scenario};
use crate::stream::config::Mode;
use crate::world;
use clap::ValueEnum;
use std::path::PathBuf;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The scenario file.
    scenario: PathBuf,
    /// What to write.
    #[arg(long = "as", value_name = "FORMAT", value_enum)]
    format: As,
    /// The capacity mode; else the goal's, else the scenario's first.
    #[arg(long, value_enum)]
    mode: Option<ModeWord>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum As {
    /// HCL for the Terraform AWS provider.
    Terraform,
    /// A CloudFormation template (YAML).
    Cloudformation,
    /// A CDK app in TypeScript.
    Cdk,
    /// A CDK app in Python.
    CdkPython,
    /// AWS CLI lines for a shell.
    Cli,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum ModeWord {
    /// Shards are bought by the hour.
    Provisioned,
    /// On-demand Standard.
    OnDemand,
    /// On-demand Advantage.
    OnDemandAdvantage,
}

impl Export {
    /// Writes the design to stdout.
    pub fn go(&self, flags: &Flags) -> Exit {
        let scenario = match input::load(&self.scenario, flags) {
            Ok(scenario) => scenario,
            Err(exit) => return exit,
        };
        let mode = self.mode(&scenario);
        if let Err(why) = world::fit(&scenario.world(mode, scenario.seed, 0)) {
            return talk::wrong(why.0);
        }
        talk::data(render(&scenario, mode, self.format()).as_bytes());
        Exit::Fine
    }

    fn format(&self) -> Format {
        match self.format {
            As::Terraform => Format::Terraform,
            As::Cloudformation => Format::CloudFormation,
            As::Cdk => Format::CdkTypeScript,
            As::CdkPython => Format::CdkPython,
            As::Cli => Format::Cli,
        }
    }

    fn mode(&self, scenario: &Scenario) -> Mode {
        let goal = scenario.goal.as_ref().and_then(|g| match g.mode {
            GoalMode::One(mode) => Some(mode),
            GoalMode::Any | GoalMode::All => None,
        });
        match self.mode {
            Some(ModeWord::Provisioned) => Mode::Provisioned,
            Some(ModeWord::OnDemand) => Mode::OnDemand,
            Some(ModeWord::OnDemandAdvantage) => Mode::OnDemandAdvantage,
            None => goal.unwrap_or(scenario.modes[0]),
        }
    }
}
