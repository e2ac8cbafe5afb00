//! `kinesim sweep`: one scenario along one or two axes, every mode at every point.
//!
//! Every point is read and checked before the first is simulated. A finished point is kept in the report's folder at
//! once, under the digest of its own scenario, seed and prices: the same command goes on where it was stopped, and a
//! changed scenario finds nothing of its own there.

use super::progress::Progress;
use super::{Exit, Flags, fs, input, talk};
use crate::experiment::plan::Plan;
use crate::experiment::sweep::{self, PointMode, SweepAxis, SweepPoint};
use crate::experiment::work;
use crate::facts::prices::Prices;
use crate::report::{self, RenderOptions};
use crate::scenario::axis::{self, Axis};
use crate::scenario::{Diag, Scenario, Source};
use crate::world;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

/// Points whose plans are held in memory at once.
const AT_ONCE: usize = 64;

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct Sweep {
    /// The scenario file.
    scenario: PathBuf,
    /// An axis: `KEY=1..64`, `KEY=1k..20k/s log 12`, `KEY=10..50 step 10`, `KEY=a,b,c`; at most two.
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    over: Vec<String>,
    /// Print the table only; write no report folder (and keep no finished points).
    #[arg(long)]
    no_report: bool,
    /// Write no PNG pictures.
    #[arg(long)]
    no_png: bool,
    /// Runs with different random numbers per mode and point, instead of the scenario's or the default number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replications: Option<u32>,
}

/// One point, checked.
struct Point {
    at: Vec<usize>,
    /// What it is kept under.
    key: String,
    records: u128,
}

/// A point as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    key: String,
    modes: Vec<PointMode>,
}

impl Sweep {
    /// Reads and checks all points, simulates those that are not kept, and delivers.
    pub fn go(&self, flags: &Flags) -> Exit {
        match self.done(flags) {
            Ok(exit) | Err(exit) => exit,
        }
    }

    fn done(&self, flags: &Flags) -> Result<Exit, Exit> {
        let axes = self.axes(flags)?;
        let text = input::text(&self.scenario)?;
        let name = self.scenario.display().to_string();
        let beside = fs::beside(&self.scenario);
        let source = Source::new(text, &name, &beside, &flags.set).of_stream(flags.stream.as_deref());
        let base = source.with(&[]).map_err(|d| input::refuse(&d, flags))?;
        let place = self.place(&base, flags);
        if let Some(folder) = &place {
            fs::can_write_report(folder).map_err(talk::wrong)?;
        }
        let grid = Grid { axes: &axes, source: &source, flags, prices: RefCell::default() };
        let mut points = grid.check()?;
        let records = points.iter().map(|p| p.records).sum();
        let replications = self.replications.or(base.replications);
        let replications = replications.unwrap_or_else(|| sweep::replications(records, base.modes.len()));
        for point in &mut points {
            point.key.push_str(&format!(" x{replications}"));
        }
        let journal = place.as_ref().map(|folder| fs::Journal::open(folder, report::POINTS));
        let (journal, kept) = match journal {
            None => (None, Vec::new()),
            Some(opened) => opened.map(|(j, lines)| (Some(j), lines)).map_err(talk::wrong)?,
        };
        let finished = say_kept(&points, &kept, flags);
        let finished = self.simulate(&grid, &points, finished, replications, journal.as_ref())?;
        let mut plan = grid.plan(&base)?;
        plan.replications = Some(replications);
        let whole = assembled(&plan, &axes, &points, &finished)?;
        Ok(self.deliver(&whole, place, &points, &finished, flags))
    }

    fn axes(&self, flags: &Flags) -> Result<Vec<Axis>, Exit> {
        let (mut axes, mut wrong): (Vec<Axis>, Vec<Diag>) = (Vec::new(), Vec::new());
        for text in &self.over {
            match axis::read(text) {
                Ok(axis) => axes.push(axis),
                Err(diags) => wrong.extend(diags),
            }
        }
        if !wrong.is_empty() {
            return Err(input::refuse(&wrong, flags));
        }
        if axes.len() > 2 {
            return Err(talk::wrong(format_args!("{} axes; a sweep has one or two", axes.len())));
        }
        if let [a, b] = axes.as_slice()
            && a.key == b.key
        {
            return Err(talk::wrong(format_args!("both axes are {}", a.key)));
        }
        let points: usize = axes.iter().map(|a| a.values.len()).product();
        if points > axis::POINTS_MAX {
            return Err(talk::wrong(format_args!(
                "{points} points; a sweep has at most {}",
                axis::POINTS_MAX
            )));
        }
        Ok(axes)
    }

    fn place(&self, base: &Scenario, flags: &Flags) -> Option<PathBuf> {
        let usual = || fs::default_folder(&format!("{}-sweep", base.name));
        (!self.no_report).then(|| flags.out.clone().unwrap_or_else(usual))
    }

    /// Simulates what is not kept yet.
    fn simulate(
        &self,
        grid: &Grid<'_>,
        points: &[Point],
        finished: BTreeMap<String, Vec<PointMode>>,
        replications: u32,
        journal: Option<&fs::Journal>,
    ) -> Result<BTreeMap<String, Vec<PointMode>>, Exit> {
        let left: Vec<&Point> = points.iter().filter(|p| !finished.contains_key(&p.key)).collect();
        let modes = grid.source.with(&[]).map_or(1, |s| s.modes.len()) as u64;
        let work = |p: &&Point| (p.records as u64).saturating_mul(modes * u64::from(replications));
        let all = left.iter().map(work).fold(0, u64::saturating_add);
        let progress = Progress::new(grid.flags);
        let finished = Mutex::new(finished);
        let trouble: Mutex<Option<fs::Trouble>> = Mutex::new(None);
        for some in left.chunks(AT_ONCE) {
            let mut plans = Vec::new();
            for point in some {
                let mut plan = grid.plan(&grid.scenario(&point.at)?)?;
                plan.curves = Some(false);
                plan.replications = Some(replications);
                plans.push(plan);
            }
            let keep = |i: usize, text: &str| {
                let key = some[i].key.clone();
                let line = serde_json::json!({ "key": key }).to_string();
                let line = format!("{},\"modes\":{text}}}", line.trim_end_matches('}'));
                if let Some(Err(failed)) = journal.map(|j| j.line(&line)) {
                    *trouble.lock().unwrap_or_else(|e| e.into_inner()) = Some(failed);
                }
                if let Some(modes) = sweep::read_point(text) {
                    finished.lock().unwrap_or_else(|e| e.into_inner()).insert(key, modes);
                }
            };
            let done = sweep::simulate_points(&plans, &keep, &|done| progress.more(done, all));
            if let Err(why) = done {
                progress.end();
                return Err(talk::wrong(why));
            }
        }
        progress.end();
        if let Some(failed) = trouble.into_inner().unwrap_or_else(|e| e.into_inner()) {
            return Err(talk::wrong(failed));
        }
        Ok(finished.into_inner().unwrap_or_else(|e| e.into_inner()))
    }

    fn deliver(
        &self,
        whole: &sweep::Sweep,
        place: Option<PathBuf>,
        points: &[Point],
        finished: &BTreeMap<String, Vec<PointMode>>,
        flags: &Flags,
    ) -> Exit {
        if let Some(folder) = place {
            let line = |p: &Point| {
                let modes = finished.get(&p.key).cloned().unwrap_or_default();
                serde_json::to_string(&Kept { key: p.key.clone(), modes }).unwrap_or_default() + "\n"
            };
            let kept: String = points.iter().map(line).collect();
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
            let files = report::sweep::render(whole, &kept, &options);
            if let Err(trouble) = fs::write_report(&folder, &files) {
                return talk::wrong(trouble);
            }
            talk::note(flags, format_args!("report: {}", folder.join("index.html").display()));
        }
        match flags.json {
            true => talk::data(&report::sweep::json(whole)),
            false => talk::data(report::sweep::terminal(whole).as_bytes()),
        }
    }
}

/// The points of the axes as scenarios.
struct Grid<'a> {
    axes: &'a [Axis],
    source: &'a Source<'a>,
    flags: &'a Flags,
    /// Of each Region, read once.
    prices: RefCell<Vec<Prices>>,
}

impl Grid<'_> {
    /// Places of all points, the first axis slowest.
    fn places(&self) -> Vec<Vec<usize>> {
        let mut places = vec![Vec::new()];
        for axis in self.axes {
            let longer = |p: &Vec<usize>| -> Vec<Vec<usize>> {
                (0..axis.values.len()).map(|i| [p.as_slice(), &[i]].concat()).collect()
            };
            places = places.iter().flat_map(longer).collect();
        }
        places
    }

    fn scenario(&self, at: &[usize]) -> Result<Scenario, Exit> {
        let value = |(axis, i): (&Axis, &usize)| (axis.key.clone(), axis.values[*i].text.clone());
        let sets: Vec<(String, String)> = self.axes.iter().zip(at).map(value).collect();
        self.source.with(&sets).map_err(|mut diags| {
            // An overlay of an axis was written there and not as a `--set`.
            let ours = |d: &Diag| {
                sets.iter().any(|(key, value)| d.source.as_deref() == Some(&format!("{key}={value}")))
            };
            for diag in diags.iter_mut().filter(|d| d.file == "--set" && ours(d)) {
                diag.file = "--over".into();
            }
            input::refuse(&diags, self.flags)
        })
    }

    fn plan(&self, scenario: &Scenario) -> Result<Plan, Exit> {
        let known = self.prices.borrow().iter().find(|p| p.region == scenario.region).cloned();
        let prices = match known {
            Some(prices) => prices,
            None => {
                let read = input::prices(&scenario.region, self.flags)?;
                self.prices.borrow_mut().push(read.clone());
                read
            }
        };
        Ok(scenario.plan_with(input::seed(scenario, self.flags), prices))
    }

    /// Every point read and looked at, so that a mistake at the last one is not found after an hour.
    fn check(&self) -> Result<Vec<Point>, Exit> {
        let one = |at: Vec<usize>| {
            let scenario = self.scenario(&at)?;
            if let Some(why) = scenario.too_large() {
                return Err(talk::wrong(format_args!("{}: {why}", self.named(&at))));
            }
            let plan = self.plan(&scenario)?;
            for mode in &plan.modes {
                world::fit(&plan.world_of(*mode, 0))
                    .map_err(|why| talk::wrong(format_args!("{}: {}", self.named(&at), why.0)))?;
            }
            let key = format!(
                "{} seed {} prices {} kinesim {}",
                plan.digest,
                plan.world.seed.user,
                plan.prices.fingerprint(),
                env!("CARGO_PKG_VERSION")
            );
            Ok(Point { at, key, records: work::records(&plan.world) })
        };
        self.places().into_iter().map(one).collect()
    }

    /// `stream.shards=4, …`.
    fn named(&self, at: &[usize]) -> String {
        let one = |(axis, i): (&Axis, &usize)| format!("{}={}", axis.key, axis.values[*i].text);
        self.axes.iter().zip(at).map(one).collect::<Vec<_>>().join(", ")
    }
}

/// The kept points that belong to this sweep, and a word on them.
fn say_kept(points: &[Point], lines: &[String], flags: &Flags) -> BTreeMap<String, Vec<PointMode>> {
    let mut kept: BTreeMap<String, Vec<PointMode>> = BTreeMap::new();
    for line in lines {
        if let Ok(point) = serde_json::from_str::<Kept>(line) {
            kept.insert(point.key, point.modes);
        }
    }
    let before = kept.len();
    kept.retain(|key, _| points.iter().any(|p| p.key == *key));
    if !kept.is_empty() {
        talk::note(
            flags,
            format_args!("{} of {} points were kept and are not run again", kept.len(), points.len()),
        );
    } else if before > 0 {
        talk::note(
            flags,
            "the folder's points are of another scenario, seed, price table, version or number of replications: \
             starting anew",
        );
    }
    kept
}

fn assembled(
    plan: &Plan,
    axes: &[Axis],
    points: &[Point],
    finished: &BTreeMap<String, Vec<PointMode>>,
) -> Result<sweep::Sweep, Exit> {
    let axis = |a: &Axis| SweepAxis {
        key: a.key.clone(),
        unit: a.unit.into(),
        log: a.log,
        values: a.values.iter().map(|v| v.text.clone()).collect(),
        numbers: a.values.iter().map(|v| v.number).collect(),
    };
    let point = |p: &Point| {
        let modes = finished.get(&p.key).cloned();
        let modes = modes.ok_or_else(|| talk::wrong("a finished point could not be read back"))?;
        Ok(SweepPoint { at: p.at.clone(), modes })
    };
    let points: Result<Vec<SweepPoint>, Exit> = points.iter().map(point).collect();
    let mut notes = plan.notes.clone();
    if plan.replications == Some(1) {
        notes.push(
            "one replication: near saturation one seed can mislead; --replications 3 gives intervals".into(),
        );
    }
    Ok(sweep::assemble(plan, axes.iter().map(axis).collect(), points?, notes))
}
