//! Two resolutions of one scenario, side by side over several seeds.

use super::agreement::{Figure, Kind, Seeds, Tolerance};
use kinesim::coarse;
use kinesim::cost::bill::Bill;
use kinesim::cost::{Stretch, bill_run, used_in, with_clients};
use kinesim::experiment::plan::Plan;
use kinesim::measure::resolution::Resolution;
use kinesim::measure::result::RunResult;
use kinesim::scenario::{Scenario, load};
use kinesim::stream::config::Mode;
use std::path::{Path, PathBuf};

fn figures_of(plan: &Plan, run: &RunResult) -> Shown {
    let sum = |of: fn(&kinesim::measure::result::ProducerResult) -> u64| -> f64 {
        run.producers.iter().map(of).sum::<u64>() as f64
    };
    let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
    let bill = bill_run(&run.usage, &plan.prices, plan.world.duration, &plan.world.stream.advantage);
    let clients = with_clients(Bill::default(), &used_in(run), &plan.prices, Stretch::Run);
    let mut all = vec![
        ("bill of the clients".to_owned(), Kind::Amount, clients.ok().map(|b| b.total.as_f64())),
        ("born".to_owned(), Kind::Amount, Some(sum(|p| p.born))),
        ("stored".to_owned(), Kind::Amount, Some(run.stream.stored as f64)),
        ("stored bytes".to_owned(), Kind::Amount, Some(run.stream.stored_bytes as f64)),
        ("bill of the run".to_owned(), Kind::Amount, bill.ok().map(|b| b.total.as_f64())),
        ("throttled attempts".to_owned(), Kind::Share, share(sum(|p| p.throttled), sum(|p| p.attempts))),
        ("delayed records".to_owned(), Kind::Share, share(sum(|p| p.delayed), sum(|p| p.born))),
        ("lost records".to_owned(), Kind::Share, share(sum(|p| p.lost.all()), sum(|p| p.born))),
    ];
    for c in &run.consumers {
        let ns = |v: Option<u64>| v.map(|v| v as f64);
        all.push((
            format!("{}: delivered", c.name),
            Kind::Amount,
            Some((c.first_deliveries + c.redeliveries) as f64),
        ));
        all.push((format!("{}: propagation p50", c.name), Kind::Delay, ns(c.propagation.p50_ns)));
        all.push((format!("{}: propagation p99", c.name), Kind::Delay, ns(c.propagation.p99_ns)));
        all.push((format!("{}: end to end p50", c.name), Kind::Delay, ns(c.end_to_end.p50_ns)));
        all.push((format!("{}: end to end p99", c.name), Kind::Delay, ns(c.end_to_end.p99_ns)));
    }
    all
}

/// A scenario in one mode: every figure, or why the resolution does not carry it.
pub struct Compared {
    pub scenario: String,
    pub mode: &'static str,
    pub figures: Result<Vec<Figure>, String>,
}

/// Runs every mode of a scenario at record and at a coarse resolution, over as many seeds as it takes.
pub fn compare(
    scenario: &Scenario,
    (resolution, tolerance): (Resolution, Tolerance),
    seeds: Seeds,
) -> Vec<Compared> {
    let mut plan = scenario.plan(scenario.seed).expect("its Region has prices");
    plan.world.share_tables();
    let modes: Vec<Mode> = plan.modes.clone();
    modes
        .iter()
        .map(|&mode| Compared {
            scenario: scenario.name.clone(),
            mode: mode.word(),
            figures: compare_mode(&plan, mode, (resolution, tolerance), seeds),
        })
        .collect()
}

/// What a run shows, by figure.
type Shown = Vec<(String, Kind, Option<f64>)>;

fn compare_mode(
    plan: &Plan,
    mode: Mode,
    (resolution, tolerance): (Resolution, Tolerance),
    seeds: Seeds,
) -> Result<Vec<Figure>, String> {
    let world = |seed: u32, grain: Resolution| {
        let mut world = plan.world_of(mode, seed);
        world.resolution = grain;
        world
    };
    // Refused before anything is simulated.
    coarse::simulate(&world(0, resolution)).map_err(|why| why.0)?;
    let run = |from: u32, to: u32| -> Vec<Shown> {
        let jobs: Vec<(u32, Resolution)> =
            (from..to).flat_map(|s| [(s, Resolution::Record), (s, resolution)]).collect();
        kinesim::experiment::parallel::map(&jobs, |(seed, grain)| {
            figures_of(plan, &coarse::simulate(&world(*seed, *grain)).expect("it was carried"))
        })
    };
    let mut runs = run(0, seeds.first);
    let needed = seeds.needed(&pairs(&runs), tolerance);
    runs.extend(run(seeds.first, needed));
    Ok(pairs(&runs))
}

/// Record and coarse run of each seed, side by side. What both leave out is no figure of that seed; what one leaves out
/// is nothing.
fn pairs(runs: &[Shown]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for (k, (name, kind, _)) in runs[0].iter().enumerate() {
        let of_seed = runs.chunks_exact(2).map(|pair| (pair[0][k].2, pair[1][k].2));
        let shown = of_seed.filter(|pair| *pair != (None, None));
        let runs: Vec<(f64, f64)> = shown.map(|(a, b)| (a.unwrap_or(0.0), b.unwrap_or(0.0))).collect();
        if !runs.is_empty() {
            figures.push(Figure { name: name.clone(), kind: *kind, runs });
        }
    }
    figures
}

/// Every scenario that is committed.
pub fn committed() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder").map(|e| e.expect("an entry").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "yaml"));
    paths.sort();
    paths
}

/// Reads a committed scenario.
pub fn read(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).expect("readable");
    let folder = path.parent().expect("a folder").to_owned();
    let beside = move |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    load(&text, &path.display().to_string(), &beside, &[])
        .unwrap_or_else(|d| panic!("{}: {d:?}", path.display()))
}

/// Loads of generated scenarios, in percent of what four shards take.
pub const LOADS: [u64; 9] = [50, 80, 90, 95, 100, 105, 110, 120, 150];

/// Four shards at a load, by the default client or by lone records without limits.
pub fn generated(load_percent: u64, lone: bool) -> Scenario {
    let client = if lone {
        "client: { sdk: { call: put_record, in_flight: unlimited, buffer: unlimited, retry: legacy-py, put_latency: 10 ms } }"
    } else {
        "client: { sdk: { instances: 4 } }"
    };
    let name = format!("{}-at-{load_percent}", if lone { "lone" } else { "gathered" });
    let text = format!(
        "version: 1\nname: {name}\nduration: 5 min\nmodes: [provisioned]\ncurves: off\nproducers:\n  web:\n    {client}\n    \
         rate: {} records/s\n    record_size: {{ uniform: {{ min: 100 B, max: 700 B }} }}\n    keys: random\nstream: {{ shards: 4 }}\n\
         consumers:\n  polled: {{ read: polling }}\n  pushed: {{ read: enhanced_fan_out }}\n",
        40 * load_percent
    );
    written(&name, &text)
}

/// A scenario from its text.
pub fn written(name: &str, text: &str) -> Scenario {
    load(text, name, &|_| Err(String::new()), &[]).unwrap_or_else(|d| panic!("{name}: {d:?}"))
}
