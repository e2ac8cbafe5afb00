//! `kinesim init`: a commented scenario to start from.

<<<<<<< HEAD
use super::{Exit, Flags, facts::table, fs, talk};
use crate::scenario::presets::{PRESETS, preset};
use std::path::PathBuf;
=======
use super::{Exit, Flags, fs, talk};
use crate::scenario::presets::{PRESETS, preset};
>>>>>>> main

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Init {
<<<<<<< HEAD
    /// Which preset; without one, the presets are listed.
    preset: Option<String>,
    /// File to write instead of PRESET.yaml; `-` prints it.
    file: Option<PathBuf>,
}

impl Init {
    /// Writes the preset, or lists all.
    pub fn go(&self, flags: &Flags) -> Exit {
        let Some(name) = &self.preset else {
            let rows = PRESETS.iter().map(|p| vec![p.name.to_owned(), p.about.to_owned()]);
            return talk::data(table(&["preset", "about"], rows).as_bytes());
        };
        let Some(preset) = preset(name) else {
            let names: Vec<&str> = PRESETS.iter().map(|p| p.name).collect();
            let exit = talk::wrong(format_args!("there is no preset '{name}'"));
            talk::hint(format_args!("presets: {}", names.join(", ")));
            return exit;
        };
        let path = self.file.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
        if path.as_os_str() == "-" {
            return talk::data(preset.text.as_bytes());
        }
        if let Err(trouble) = fs::write_new(&path, preset.text.as_bytes()) {
            return talk::wrong(trouble);
        }
        let path = path.display();
        talk::note(flags, format_args!("wrote {path}; next: kinesim run {path}"));
        Exit::Fine
=======
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
>>>>>>> main
    }
}
