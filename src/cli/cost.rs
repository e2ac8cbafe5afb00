//! `kinesim cost`: the bill of every mode without a simulation, its arithmetic, the break-even and the year.

use super::{Exit, Flags, fs, input, talk};
use crate::experiment::priced;
use crate::report::{self, RenderOptions};
use std::path::PathBuf;

/// Arguments of `cost`.
#[derive(Debug, clap::Args)]
pub struct Cost {
    /// The scenario file.
    scenario: PathBuf,
    /// Print the bills only; write no report folder.
    #[arg(long)]
    no_report: bool,
    /// Write no PNG pictures.
    #[arg(long)]
    no_png: bool,
}

impl Cost {
    /// Prices the scenario and delivers.
    pub fn go(&self, flags: &Flags) -> Exit {
        match self.done(flags) {
            Ok(exit) | Err(exit) => exit,
        }
    }

    fn done(&self, flags: &Flags) -> Result<Exit, Exit> {
        let scenario = input::load(&self.scenario, flags)?;
        let usual = || fs::default_folder(&format!("{}-cost", scenario.name));
        let place = (!self.no_report).then(|| flags.out.clone().unwrap_or_else(usual));
        if let Some(folder) = &place {
            fs::can_write_report(folder).map_err(talk::wrong)?;
        }
        let plan = input::plan(&scenario, flags)?;
        let priced = priced::price(&plan).map_err(talk::wrong)?;
        if let Some(folder) = place {
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
            fs::write_report(&folder, &report::cost::render(&priced, &options)).map_err(talk::wrong)?;
            talk::note(flags, format_args!("report: {}", folder.join("index.html").display()));
        }
        Ok(match flags.json {
            true => talk::data(&report::cost::json(&priced)),
            false => talk::data(report::cost::terminal(&priced).as_bytes()),
        })
    }
}
