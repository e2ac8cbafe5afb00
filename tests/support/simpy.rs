//! The SimPy baseline as a child process, and the comparison of its counts with ours.

use kinesim::measure::result::RunResult;
use std::process::Command;

/// What both count.
pub const NAMES: [&str; 5] = ["records", "throttled", "dropped", "polls", "refused_polls"];
/// One run's counts, in the order of `NAMES`.
pub type Counts = [f64; 5];

/// One line of a comparison.
pub struct Line {
    /// Both means and standard deviations, in words.
    pub text: String,
    /// Within three standard deviations of the difference of the means?
    pub agrees: bool,
}

/// Does `python3` know SimPy?
pub fn is_there() -> bool {
    Command::new("python3").args(["-c", "import simpy"]).output().is_ok_and(|o| o.status.success())
}

/// Runs the baseline: its counts and CPU seconds.
pub fn run(seconds: u64, shards: u32, rate: u64, hot: f64, seed: u64) -> Option<(Counts, f64)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/w2_simpy.py");
    let arguments =
        [seconds.to_string(), shards.to_string(), rate.to_string(), hot.to_string(), seed.to_string()];
    let output = Command::new("python3").arg(script).args(arguments).output().ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let mut counts = Counts::default();
    for (count, name) in counts.iter_mut().zip(NAMES) {
        *count = answer[name].as_f64()?;
    }
    Some((counts, answer["cpu_seconds"].as_f64()?))
}

/// The same counts of a run of ours.
pub fn counts_of(r: &RunResult) -> Counts {
    let p = &r.producers[0];
    let polls: u64 = r.consumers.iter().map(|c| c.calls).sum();
    let refused: u64 = r.consumers.iter().map(|c| c.throttled_by_calls + c.throttled_by_bytes).sum();
    [p.born, p.throttled, p.lost.all(), polls, refused].map(|n| n as f64)
}

/// Compares the means of both samples.
pub fn compare(ours: &[Counts], theirs: &[Counts]) -> Vec<Line> {
    let line = |(i, name): (usize, &str)| {
        let ((a, s), (b, t)) = (moments(ours, i), moments(theirs, i));
        let allowed = 3.0 * (s * s / ours.len() as f64 + t * t / theirs.len() as f64).sqrt();
        let agrees = (a - b).abs() <= allowed;
        let verdict = if agrees { "agree" } else { "DISAGREE" };
        let text = format!("{name}: {a:.1} (sd {s:.1}) here, {b:.1} (sd {t:.1}) in SimPy: {verdict}");
        Line { text, agrees }
    };
    NAMES.into_iter().enumerate().map(line).collect()
}

fn moments(sample: &[Counts], i: usize) -> (f64, f64) {
    let n = sample.len() as f64;
    let mean = sample.iter().map(|c| c[i]).sum::<f64>() / n;
    let square = sample.iter().map(|c| (c[i] - mean) * (c[i] - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, square.sqrt())
}
