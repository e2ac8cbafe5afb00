//! The binary: everything is in [`kinesim::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    kinesim::cli::main()
}
