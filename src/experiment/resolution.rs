//! What a coarse run says about itself in words.

use crate::measure::resolution::Coarse;
use crate::measure::result::RunResult;
use crate::units::Dur;

/// The grain of a run, and every figure it cannot show, with the reason.
pub fn notes(run: &RunResult) -> Vec<String> {
    let Some(coarse) = &run.coarse else { return Vec::new() };
    let mut notes = vec![grain(coarse)];
    notes.extend(coarse.not_shown.iter().map(|n| format!("not shown: {} ({})", n.figure, n.reason)));
    notes
}

fn grain(coarse: &Coarse) -> String {
    let step = Dur(coarse.step_ns);
    let mut text = match coarse.resolution {
        "cohort" => format!("cohort resolution: records born within {step} on one shard move together"),
        _ => format!("{} resolution, steps of {step}", coarse.resolution),
    };
    if let Some(s) = coarse.sampled {
        text.push_str(&format!(
            "; {} of {} equal shards were simulated and stand for all",
            s.simulated, s.of
        ));
    }
    text
}
