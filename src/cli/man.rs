//! `kinesim man`: the manual page, one section per command.

use super::{Cli, Exit, talk};
use clap::CommandFactory;
use clap_mangen::Man as Page;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// The page of one command.
    command: Option<String>,
}

impl Man {
    /// Prints the page as roff.
    pub fn go(&self) -> Exit {
        let mut whole = Cli::command();
        whole.build();
        let command = match &self.command {
            None => whole,
            Some(name) => match whole.find_subcommand(name) {
                Some(found) => found.clone(),
                None => return talk::wrong(format_args!("there is no command '{name}'")),
            },
        };
        let mut text = Vec::new();
        // Writing to memory cannot fail.
        let _ = Page::new(command).render(&mut text);
        talk::data(&text)
    }
}
