//! Data on stdout, talk on stderr. Colour only where a terminal wants it (`NO_COLOR` is honoured by anstream).

use super::{Exit, Flags};
use anstyle::{AnsiColor, Style};
use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// Writes data to stdout. A reader that stopped reading (`| head`) is no error.
pub fn data(bytes: &[u8]) -> Exit {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Exit::Fine,
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Exit::Fine,
        Err(e) => wrong(format_args!("cannot write to stdout: {e}")),
    }
}

/// Something good to know, unless `--quiet`.
pub fn note(flags: &Flags, text: impl Display) {
    if !flags.quiet {
        anstream::eprintln!("{text}");
    }
}

/// An error, always; the command ends with it.
pub fn wrong(text: impl Display) -> Exit {
    const RED: Style = AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{RED}error{RED:#}: {text}");
    Exit::Wrong
}

/// A hint that follows an error.
pub fn hint(text: impl Display) {
    const CYAN: Style = AnsiColor::Cyan.on_default();
    anstream::eprintln!("{CYAN}hint{CYAN:#}: {text}");
}
