//! From a scenario to something that can be deployed: Terraform, CloudFormation, CDK and AWS CLI lines.
//!
//! A scenario becomes one tree of resources in CloudFormation's words (`design`, `delivery`, `alarms`); each format
//! is one way of writing that tree. What a scenario cannot know (the ARN of a function, a bucket, a role) is asked for
//! as a parameter; what cannot be expressed (a KCL application's settings, a Flink job's code) is said in a comment.
//!
//! Left out: producers, the functions and jobs themselves, access policies, encryption keys.
//!
//! Names of properties and commands: CloudFormation's resource types, the AWS CLI's service models, the Terraform
//! AWS provider's schema.

mod alarms;
mod cdk;
mod cli_lines;
mod cloudformation;
mod delivery;
mod design;
mod quote;
mod terraform;
mod tree;

use crate::scenario::Scenario;
use crate::stream::config::Mode;

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HCL for the Terraform AWS provider.
    Terraform,
    /// A template in YAML.
    CloudFormation,
    /// A CDK app in TypeScript.
    CdkTypeScript,
    /// A CDK app in Python.
    CdkPython,
    /// Lines for a shell.
    Cli,
}

/// The scenario's design in one capacity mode.
pub fn render(scenario: &Scenario, mode: Mode, format: Format) -> String {
    let template = design::of(scenario, mode);
    match format {
        Format::Terraform => terraform::write(&template),
        Format::CloudFormation => cloudformation::write(&template),
        Format::CdkTypeScript => cdk::typescript(&template),
        Format::CdkPython => cdk::python(&template),
        Format::Cli => cli_lines::write(&template),
    }
}
