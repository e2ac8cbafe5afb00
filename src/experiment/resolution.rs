//! What a coarse run says about itself in words.

use crate::measure::resolution::Coarse;
use crate::measure::result::RunResult;
use crate::units::Dur;

/// The grain of a run, and every figure it cannot show, with the reason.
pub fn notes(run: &RunResult) -> Vec<String> {
    let Some(coarse) = &run.coarse else { return Vec::new() };
    let mut notes = vec![grain(coarse)];
    for i in coarse.sampled.iter().flat_map(|s| &s.intervals) {
        let (low, high) = (Dur(i.low_ns), Dur(i.high_ns));
        notes
            .push(format!("sampled: p{} of {} lies between {low} and {high} (95 %)", i.percentile, i.figure));
    }
    notes.extend(coarse.not_shown.iter().map(|n| format!("not shown: {} ({})", n.figure, n.reason)));
    notes
}

fn grain(coarse: &Coarse) -> String {
    let step = Dur(coarse.step_ns);
    let mut text = match coarse.resolution {
        "cohort" => format!(
            "cohort resolution: records born within {step} on one shard move together (longer where no limit is near, or \
             one binds throughout)"
        ),
        _ => format!("{} resolution, steps of {step}", coarse.resolution),
    };
    if let Some(s) = &coarse.sampled {
        text.push_str(&format!(
            "; {} of {} equal shards were simulated and stand for all",
            s.simulated, s.of
        ));
    }
    text
}
