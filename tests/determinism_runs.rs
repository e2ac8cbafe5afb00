//! Same input, same bytes: whole reports, whatever the number of threads and the length of the windows.

use kinesim::experiment;
use kinesim::experiment::outcome::Outcome;
use kinesim::report::{self, File, RenderOptions};
use kinesim::scenario::{self, Scenario};
use std::path::Path;

/// Short runs of three scenarios that have little in common: retries and modes, a closed shard, calls refused.
const SCENARIOS: [(&str, &[(&str, &str)]); 3] = [
    ("launch-day", &[("duration", "22 min"), ("producers.web.rate.spike.for", "1 min")]),
    ("reshard-while-behind", &[]),
    ("phase-lock", &[("duration", "2 min")]),
];

fn load(name: &str, sets: &[(&str, &str)]) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.yaml"));
    let text = std::fs::read_to_string(path).expect("readable");
    let sets: Vec<(String, String)> = sets.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let no_files = |_: &str| Err("none".into());
    let loaded = scenario::load(&text, &format!("{name}.yaml"), &no_files, &sets);
    loaded.unwrap_or_else(|d| panic!("{}", scenario::render(&d, false)))
}

fn outcome(scenario: &Scenario, threads: usize, window_divisor: u32) -> Outcome {
    let mut plan = scenario.plan(scenario.seed).expect("prices of its Region");
    plan.world.window_divisor = window_divisor;
    plan.replications = Some(2);
    plan.curves = Some(false);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let run = || experiment::run(&plan, &|_, _| ());
    pool.install(run).unwrap_or_else(|why| panic!("{}: {why}", scenario.name))
}

fn files(scenario: &Scenario, threads: usize, window_divisor: u32) -> Vec<File> {
    report::render(&outcome(scenario, threads, window_divisor), &RenderOptions::default())
}

fn assert_same(a: &[File], b: &[File], what: &str) {
    let names = |files: &[File]| -> Vec<String> { files.iter().map(|f| f.name.clone()).collect() };
    assert_eq!(names(a), names(b), "{what}");
    for (x, y) in a.iter().zip(b) {
        assert!(x.bytes == y.bytes, "{} differs: {what}", x.name);
    }
}

#[test]
fn reports_are_the_same_bytes_again_on_any_number_of_threads_and_with_any_window() {
    for (name, sets) in SCENARIOS {
        let scenario = load(name, sets);
        let first = files(&scenario, 2, 1);
        assert!(first.len() >= 10, "{name} has {} files", first.len());
        assert_same(&first, &files(&scenario, 2, 1), &format!("{name} again"));
        assert_same(&first, &files(&scenario, 1, 1), &format!("{name} on one thread"));
        assert_same(&first, &files(&scenario, 2, 2), &format!("{name} with half the window"));
    }
}

#[test]
fn curves_are_the_same_on_any_number_of_threads() {
    let scenario = load("phase-lock", &[("duration", "1 min"), ("modes", "[provisioned, on_demand]")]);
    let summary = |threads: usize| {
        let plan = {
            let mut plan = scenario.plan(7).expect("prices of its Region");
            plan.curves = Some(true);
            plan
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        report::summary(&pool.install(|| experiment::run(&plan, &|_, _| ())).expect("an outcome"))
    };
    assert_eq!(summary(1), summary(2));
}

/// Text files of a report, without what ships with kinesim (scripts and fonts inside the page).
fn own_text(file: &File) -> Option<String> {
    let written = [".json", ".csv", ".svg"].iter().any(|end| file.name.ends_with(end));
    written.then(|| String::from_utf8(file.bytes.clone()).expect("text"))
}

#[test]
fn no_file_tells_where_or_when_it_was_made() {
    let scenario = load("phase-lock", &[("duration", "1 min")]);
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let host = host.trim();
    let home = env!("CARGO_MANIFEST_DIR");
    for file in files(&scenario, 1, 1) {
        let raw = String::from_utf8_lossy(&file.bytes).into_owned();
        assert!(!raw.contains(home), "{} names a folder of this machine", file.name);
        assert!(host.len() < 6 || !raw.contains(host), "{} names this machine", file.name);
        if let Some(text) = own_text(&file) {
            for path in ["/home/", "/Users/", "/tmp/", "C:\\"] {
                assert!(!text.contains(path), "{} holds {path}", file.name);
            }
        }
    }
}

#[test]
fn another_seed_gives_other_draws() {
    let scenario = load("phase-lock", &[("duration", "1 min")]);
    let of = |seed: u64| {
        let plan = scenario.plan(seed).expect("prices of its Region");
        experiment::run(&plan, &|_, _| ()).expect("an outcome").modes[0].run.digests.results.clone()
    };
    assert_ne!(of(1), of(2));
    assert_eq!(of(1), of(1));
}

#[test]
fn the_committed_sample_is_what_a_run_gives() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/phase-lock/summary.json");
    let text = std::fs::read_to_string(path).expect("the sample report is there");
    let kept: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let scenario = load("phase-lock", &[]);
    let mut plan = scenario.plan(scenario.seed).expect("prices of its Region");
    (plan.replications, plan.curves) = (Some(1), Some(false));
    let fresh = experiment::run(&plan, &|_, _| ()).expect("an outcome");
    assert_eq!(kept["provenance"]["scenario_digest"], fresh.provenance.scenario_digest.as_str());
    for (mode, kept) in fresh.modes.iter().zip(kept["modes"].as_array().expect("modes")) {
        let fresh = serde_json::to_value(&mode.run.digests).expect("plain data");
        assert_eq!(kept["run"]["digests"], fresh, "reports/README.md says how to make it again");
    }
}
