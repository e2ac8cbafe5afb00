//! `kinesim completions`: for a shell.

use super::{Cli, Exit, talk};
use clap::CommandFactory;
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// Prints the completions.
    pub fn go(&self) -> Exit {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "kinesim", &mut text);
        talk::data(&text)
    }
}
