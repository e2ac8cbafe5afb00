//! `kinesim init`: a commented scenario to start from.

use super::{Exit, Flags, fs, talk};
use crate::scenario::presets::{PRESETS, preset};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Which one; without it they are listed.
    preset: Option<String>,
}

impl Init {
    /// Prints the preset, or writes it to `--out`.
    pub fn go(&self, flags: &Flags) -> Exit {
        let Some(name) = &self.preset else {
            let lines = PRESETS.iter().map(|p| format!("{:<12} {}\n", p.name, p.about));
            let exit = talk::data(lines.collect::<String>().as_bytes());
            talk::note(flags, "kinesim init PRESET > my.yaml writes one; kinesim run my.yaml runs it.");
            return exit;
        };
        let Some(found) = preset(name) else {
            let names: Vec<&str> = PRESETS.iter().map(|p| p.name).collect();
            return talk::wrong(format_args!("no preset '{name}'; there are {}", names.join(", ")));
        };
        match &flags.out {
            None => talk::data(found.text.as_bytes()),
            Some(path) => match fs::write_new(path, found.text.as_bytes()) {
                Ok(()) => Exit::Fine,
                Err(trouble) => talk::wrong(trouble),
            },
        }
    }
}
