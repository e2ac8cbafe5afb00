//! Two resolutions of one scenario, side by side over several seeds: what the committed table and its test are made of.

use kinesim::coarse;
use kinesim::cost::bill::Bill;
use kinesim::cost::{Stretch, bill_run, used_in, with_clients};
use kinesim::experiment::plan::Plan;
use kinesim::measure::resolution::Resolution;
use kinesim::measure::result::RunResult;
use kinesim::scenario::{Scenario, load};
use kinesim::stream::config::Mode;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// How a figure is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Counts and money: part of itself.
    Amount,
    /// Shares: 0.2 percentage points or a twentieth of itself.
    Share,
    /// Percentiles of delays: part of itself.
    Delay,
}

/// What may differ.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Counts and money.
    pub amount: f64,
    /// Median and 99th percentile of delays.
    pub delay: f64,
}

/// Means of cohort runs against those of record runs.
pub const COHORT: Tolerance = Tolerance { amount: 0.005, delay: 0.02 };
/// Means of rate runs.
pub const RATE: Tolerance = Tolerance { amount: 0.01, delay: 0.1 };

/// One figure of a scenario in one mode, over the seeds.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: String,
    pub kind: Kind,
    /// Record runs, coarse runs.
    pub runs: [Vec<f64>; 2],
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|v| (v - middle) * (v - middle)).sum();
    (squares / (values.len().max(2) - 1) as f64).sqrt()
}

impl Figure {
    /// Means of the record and the coarse runs.
    pub fn means(&self) -> (f64, f64) {
        (mean(&self.runs[0]), mean(&self.runs[1]))
    }

    /// Coarse against record: part of itself, or for shares percentage points.
    pub fn difference(&self) -> f64 {
        let (fine, coarse) = self.means();
        match self.kind {
            Kind::Share => coarse - fine,
            _ if fine == 0.0 && coarse == 0.0 => 0.0,
            _ => coarse / fine - 1.0,
        }
    }

    /// Does it agree?
    pub fn agrees(&self, tolerance: Tolerance) -> bool {
        let (fine, _) = self.means();
        let off = self.difference().abs();
        match self.kind {
            Kind::Amount => off <= tolerance.amount,
            Kind::Delay => off <= tolerance.delay,
            Kind::Share => off <= 0.002 || off <= 0.05 * fine,
        }
    }

    /// Farthest single coarse run from the record runs' mean, in their standard deviations (`None`: they have none).
    pub fn farthest(&self) -> Option<f64> {
        let (middle, spread) = (mean(&self.runs[0]), deviation(&self.runs[0]));
        (spread > 0.0).then(|| self.runs[1].iter().map(|v| (v - middle).abs() / spread).fold(0.0, f64::max))
    }
}

fn figures_of(plan: &Plan, run: &RunResult) -> Vec<(String, Kind, Option<f64>)> {
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

/// Runs every mode of a scenario at record and at `resolution`, over `seeds` seeds.
pub fn compare(scenario: &Scenario, resolution: Resolution, seeds: u32) -> Vec<Compared> {
    let mut plan = scenario.plan(scenario.seed).expect("its Region has prices");
    plan.world.share_tables();
    let modes: Vec<Mode> = plan.modes.clone();
    modes
        .iter()
        .map(|&mode| Compared {
            scenario: scenario.name.clone(),
            mode: mode.word(),
            figures: compare_mode(&plan, mode, resolution, seeds),
        })
        .collect()
}

fn compare_mode(plan: &Plan, mode: Mode, resolution: Resolution, seeds: u32) -> Result<Vec<Figure>, String> {
    let world = |seed: u32, grain: Resolution| {
        let mut world = plan.world_of(mode, seed);
        world.resolution = grain;
        world
    };
    // Refused before anything is simulated.
    let jobs: Vec<(u32, Resolution)> =
        (0..seeds).flat_map(|s| [(s, resolution), (s, Resolution::Record)]).collect();
    coarse::simulate(&world(0, resolution)).map_err(|why| why.0)?;
    let runs = kinesim::experiment::parallel::map(&jobs, |(seed, grain)| {
        let run = coarse::simulate(&world(*seed, *grain)).expect("it was carried");
        figures_of(plan, &run)
    });
    let mut figures: Vec<Figure> = Vec::new();
    for (k, (name, kind, _)) in runs[0].iter().enumerate() {
        let of = |grain: usize| -> Vec<f64> {
            runs.iter().skip(1 - grain).step_by(2).filter_map(|run| run[k].2).collect()
        };
        let (fine, coarse) = (of(0), of(1));
        if !fine.is_empty() || !coarse.is_empty() {
            figures.push(Figure { name: name.clone(), kind: *kind, runs: [fine, coarse] });
        }
    }
    Ok(figures)
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

fn shown(kind: Kind, value: f64) -> String {
    match kind {
        Kind::Share => format!("{:.3} %", value * 100.0),
        Kind::Delay if value >= 1e9 => format!("{:.3} s", value / 1e9),
        Kind::Delay => format!("{:.2} ms", value / 1e6),
        Kind::Amount if value >= 1000.0 => format!("{value:.0}"),
        Kind::Amount => format!("{value:.4}"),
    }
}

fn off(figure: &Figure) -> String {
    match figure.kind {
        Kind::Share => format!("{:+.3} pp", figure.difference() * 100.0),
        _ => format!("{:+.2} %", figure.difference() * 100.0),
    }
}

/// The report's lines on one resolution.
pub fn table(all: &[Compared], tolerance: Tolerance) -> String {
    let mut out = String::new();
    let carried: Vec<&Compared> = all.iter().filter(|c| c.figures.is_ok()).collect();
    let meets = |c: &Compared| c.figures.as_ref().is_ok_and(|f| f.iter().all(|f| f.agrees(tolerance)));
    let met = carried.iter().filter(|c| meets(c)).count();
    let _ = writeln!(
        out,
        "{met} of {} carried runs (a scenario in one mode) agree in every figure.\n",
        carried.len()
    );
    let _ = writeln!(
        out,
        "| scenario | mode | counts and money, at worst | throttled attempts | p50, p99 at worst | farthest single seed | agrees |"
    );
    let _ = writeln!(out, "| --- | --- | ---: | ---: | ---: | ---: | --- |");
    for c in &carried {
        let figures = c.figures.as_ref().expect("carried");
        let worst = |kind: Kind| {
            let of = figures.iter().filter(|f| f.kind == kind);
            of.max_by(|a, b| a.difference().abs().total_cmp(&b.difference().abs()))
        };
        let text = |f: Option<&Figure>| f.map_or("-".into(), |f| format!("{} ({})", off(f), f.name));
        let throttled = figures.iter().find(|f| f.name == "throttled attempts");
        let farthest = figures.iter().filter_map(Figure::farthest).fold(0.0, f64::max);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {farthest:.1} sd | {} |",
            c.scenario,
            c.mode,
            text(worst(Kind::Amount)),
            throttled.map_or("-".into(), |f| format!("{} of {}", off(f), shown(Kind::Share, f.means().0))),
            text(worst(Kind::Delay)),
            if meets(c) { "yes" } else { "**no**" }
        );
    }
    let _ = writeln!(out, "\nFigures that do not agree:\n");
    for c in carried.iter().filter(|c| !meets(c)) {
        for f in c.figures.as_ref().expect("carried").iter().filter(|f| !f.agrees(tolerance)) {
            let (fine, coarse) = f.means();
            let _ = writeln!(
                out,
                "- {}, {}: {}: record {}, here {} ({})",
                c.scenario,
                c.mode,
                f.name,
                shown(f.kind, fine),
                shown(f.kind, coarse),
                off(f)
            );
        }
    }
    let _ = writeln!(out, "\nNot carried:\n");
    let mut last = "";
    for c in all {
        if let Err(why) = &c.figures
            && c.scenario != last
        {
            last = &c.scenario;
            let _ = writeln!(out, "- {}: {why}", c.scenario);
        }
    }
    out
}
