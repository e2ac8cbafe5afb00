//! A progress bar: only on a terminal, only for work that takes longer than a second.

use super::Flags;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Expected records simulated below which no bar is worth it (about a second of work).
const WORTH_A_BAR: u64 = 20_000_000;

/// The bar, drawn or not.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Nothing done yet.
    pub fn new(flags: &Flags) -> Progress {
        let bar = ProgressBar::new(0);
        if flags.quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style =
            ProgressStyle::with_template("{wide_bar} {percent} % of the records simulated, about {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar }
    }

    /// `done` more of `all`.
    pub fn more(&self, done: u64, all: u64) {
        if all >= WORTH_A_BAR {
            self.bar.set_length(all);
            self.bar.inc(done);
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
