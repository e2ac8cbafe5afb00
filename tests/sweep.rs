//! `kinesim sweep` and `kinesim compare` as a user meets them: the same bytes for any number of threads and after an interruption, limits where
//! division says they are, mistakes named before anything runs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const SMALL: &str = "version: 1
question: How many shards?
duration: 20 s
producers:
  web: { client: sdk, rate: { spike: { base: 3000 records/s, peak: 1.5x, at: 10 s, for: 5 s } }, record_size: 1 KiB }
stream: { shards: 4 }
consumers:
  a: { client: sdk, read: polling, processing: 40 us/record }
";

fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(place.join("s.yaml"), SMALL).expect("written");
    place
}

fn sweep(place: &Path, out: &str, threads: &str, more: &[&str]) -> Output {
    let (scenario, out) = (place.join("s.yaml"), place.join(out));
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
    command.env("NO_COLOR", "1").env("RAYON_NUM_THREADS", threads);
    command.args(["sweep", &scenario.display().to_string(), "--out", &out.display().to_string()]);
    command.args(more).output().expect("kinesim starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a report");
    let mut all: Vec<(String, Vec<u8>)> = entries
        .map(|e| e.expect("entry").path())
        .map(|p| {
            (p.file_name().expect("name").to_string_lossy().into_owned(), std::fs::read(&p).expect("file"))
        })
        .collect();
    all.sort();
    all
}

const SHARDS: [&str; 2] = ["--over", "stream.shards=2..8 linear 4"];

#[test]
fn any_number_of_threads_and_an_interruption_give_the_same_bytes() {
    let place = place("sweep-bytes");
    let one = sweep(&place, "one", "1", &SHARDS);
    assert_eq!(one.status.code(), Some(0), "{}", text(&one.stderr));
    let two = sweep(&place, "two", "2", &SHARDS);
    assert_eq!(text(&one.stdout), text(&two.stdout));
    let whole = files(&place.join("one"));
    assert!(whole == files(&place.join("two")), "one thread and two differ");
    for name in ["sweep.json", "sweep.csv", "points.jsonl", "sweep.svg", "sweep.png", "index.html"] {
        assert!(whole.iter().any(|f| f.0 == name), "{name} is missing");
    }
    // As if killed while the third point was being written: two whole lines and a torn one.
    let kept = text(&whole.iter().find(|f| f.0 == "points.jsonl").expect("points").1);
    let lines: Vec<&str> = kept.lines().collect();
    assert_eq!(lines.len(), 4);
    let torn = format!("{}\n{}\n{}", lines[2], lines[0], &lines[1][..lines[1].len() / 2]);
    std::fs::create_dir(place.join("torn")).expect("a folder");
    std::fs::write(place.join("torn/.kinesim-report"), "").expect("marked");
    std::fs::write(place.join("torn/points.jsonl"), torn).expect("written");
    let resumed = sweep(&place, "torn", "2", &SHARDS);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(text(&resumed.stderr).contains("2 of 4 points were kept"), "{}", text(&resumed.stderr));
    assert!(files(&place.join("torn")) == whole, "a resumed sweep differs from one in a go");
}

/// Begins a sweep into `out`, waits for two finished points, and hands it over to be ended.
fn cut_short(place: &Path, out: &Path, over: &[&str], end: impl Fn(&mut Child)) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
    command.env("RAYON_NUM_THREADS", "1").env("NO_COLOR", "1");
    command.args(["sweep", &place.join("s.yaml").display().to_string(), "--out", &out.display().to_string()]);
    let piped = command.args(over).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("kinesim starts");
    let points = out.join("points.jsonl");
    let some = || std::fs::read_to_string(&points).is_ok_and(|t| t.lines().count() >= 2);
    while !some() && child.try_wait().expect("a child").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    end(&mut child);
    child.wait_with_output().expect("ended")
}

const EIGHT: [&str; 5] = ["--over", "stream.shards=2..9", "--no-png", "--replications", "2"];

#[test]
fn a_sweep_killed_in_the_middle_goes_on_and_ends_the_same() {
    let place = place("sweep-kill");
    let whole = sweep(&place, "whole", "1", &EIGHT);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    let out = place.join("killed");
    cut_short(&place, &out, &EIGHT, |child| _ = child.kill());
    let resumed = sweep(&place, "killed", "2", &EIGHT);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(text(&resumed.stderr).contains("of 8 points were kept"), "{}", text(&resumed.stderr));
    assert!(files(&out) == files(&place.join("whole")), "what was resumed differs");
    // Another seed finds nothing of its own, and says so.
    let other = sweep(&place, "killed", "2", &["--over", "stream.shards=2..3", "--no-png", "--seed", "9"]);
    assert!(text(&other.stderr).contains("starting anew"), "{}", text(&other.stderr));
}

/// Ctrl-C: it says that what is finished is kept, leaves no folder that is half written, and goes on from there.
#[cfg(unix)]
#[test]
fn a_sweep_stopped_by_ctrl_c_keeps_its_points_and_ends_the_same() {
    let place = place("sweep-ctrl-c");
    // Long enough that the signal comes before the end.
    let more = ["--set", "duration=60 s"];
    let over: Vec<&str> = EIGHT.iter().chain(&more).copied().collect();
    let out = place.join("stopped");
    let interrupt = |child: &mut Child| {
        let sent =
            Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success(), "the signal did not arrive");
    };
    let stopped = cut_short(&place, &out, &over, interrupt);
    assert_eq!(stopped.status.code(), Some(130), "{}", text(&stopped.stderr));
    assert!(text(&stopped.stderr).contains("finished points are kept"), "{}", text(&stopped.stderr));
    let left: Vec<String> = files(&out).into_iter().map(|f| f.0).collect();
    assert_eq!(left, [".kinesim-report", "points.jsonl"], "only the points are there");
    let beside = |p: std::io::Result<std::fs::DirEntry>| {
        p.expect("an entry").file_name().into_string().expect("a name")
    };
    let odd = std::fs::read_dir(&place).expect("a folder").map(beside).find(|n| n.starts_with(".stopped"));
    assert_eq!(odd, None, "something half written is left");
    let resumed = sweep(&place, "stopped", "2", &over);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(text(&resumed.stderr).contains("of 8 points were kept"), "{}", text(&resumed.stderr));
    let whole = sweep(&place, "whole", "2", &over);
    assert_eq!(text(&resumed.stdout), text(&whole.stdout));
    assert!(files(&out) == files(&place.join("whole")), "what was resumed differs");
}

#[test]
fn limits_are_where_division_says() {
    let place = place("sweep-limit");
    let over = ["--over", "stream.shards=1..16 log 5", "--no-report", "--json"];
    let out = sweep(&place, "unused", "2", &over);
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let marks = json["marks"].as_array().expect("marks");
    let limit = |what: &str| {
        let of =
            marks.iter().find(|m| m["kind"] == "limit" && m["mode"] == "provisioned" && m["what"] == what);
        of.and_then(|m| m["x"].as_f64())
    };
    // The busiest minute is the whole run: 15 s of 3,000 and 5 s of 4,500 records/s, 3,375 a second in the mean, on
    // 1,000 records/s a shard.
    let records = limit("records").expect("a records limit");
    assert!((records - 3.375).abs() < 0.01, "{records}");
    let points = json["points"].as_array().expect("points");
    assert_eq!(points.len(), 5);
    let throttled = |i: usize| {
        let figures = points[i]["modes"][0]["figures"].as_array().expect("figures");
        figures.iter().find(|f| f["key"] == "throttled_attempts").expect("a share")["mean"]
            .as_f64()
            .expect("known")
    };
    assert!(throttled(0) > 0.5 && throttled(4) == 0.0, "{} {}", throttled(0), throttled(4));
    assert!(!place.join("unused").exists(), "--no-report writes nothing");
}

#[test]
fn two_axes_make_maps_and_the_first_runs_slowest() {
    let place = place("sweep-map");
    let over = ["--over", "stream.shards=2,4", "--over", "producers.web.rate.base=1k..4k/s linear 3"];
    let out = sweep(&place, "map", "2", &over);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let csv = std::fs::read(place.join("map/sweep.csv")).expect("a table");
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a row")).collect();
    let at: Vec<(&str, &str)> = rows.iter().step_by(2).map(|r| (&r[0], &r[1])).collect();
    let rates = ["1000 records/s", "2500 records/s", "4000 records/s"];
    let want: Vec<(&str, &str)> = ["2", "4"].iter().flat_map(|s| rates.map(|r| (*s, r))).collect();
    assert_eq!(at, want);
    for name in ["map-throttled", "map-latency", "map-cost"] {
        assert!(
            place.join(format!("map/{name}.svg")).is_file()
                && place.join(format!("map/{name}.png")).is_file()
        );
    }
}

#[test]
fn wrong_axes_are_named_before_anything_runs() {
    let place = place("sweep-wrong");
    let wrong = |over: &[&str], what: &[&str]| {
        let out = sweep(&place, "none", "1", over);
        assert_eq!(out.status.code(), Some(2), "{over:?}");
        let said = text(&out.stderr);
        for part in what {
            assert!(said.contains(part), "{over:?}: {part}: {said}");
        }
        assert!(!place.join("none").exists(), "{over:?} left something behind");
    };
    wrong(&["--over", "stream.shrads=1..4"], &["--over", "unknown key `shrads`", "did you mean `shards`?"]);
    wrong(&["--over", "producers.wbe.rate=1k records/s,2k records/s"], &["did you mean `web`?"]);
    wrong(&["--over", "stream.shards=4..1"], &["begins at 4 and ends at 1", "expected a list"]);
    wrong(&["--over", "stream.shards=0..4"], &["--over"]);
    wrong(&["--over", "stream.shards=1..1000 step 1", "--over", "seed=1..100 step 1"], &["at most 4096"]);
    wrong(&["--over", "seed=1,2", "--over", "seed=3,4"], &["both axes are seed"]);
    wrong(
        &["--over", "duration=1 d", "--over", "producers.web.rate.base=1000000k records/s"],
        &["duration=1 d"],
    );
}

fn compare(place: &Path, threads: &str, more: &[&str]) -> Output {
    let scenario = place.join("s.yaml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
    command.env("NO_COLOR", "1").env("RAYON_NUM_THREADS", threads);
    command.args(["compare", &scenario.display().to_string()]).args(more).output().expect("kinesim starts")
}

#[test]
fn two_designs_are_compared_on_the_same_demand() {
    let place = place("compare");
    let with = ["--with", "stream.shards=3", "--modes", "provisioned", "--replications", "3", "--json"];
    let out = compare(&place, "1", &with);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(text(&out.stdout), text(&compare(&place, "2", &with).stdout), "threads change nothing");
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let one = &json["comparisons"][0];
    assert_eq!((&one["same_demand"], &one["b"]["name"]), (&true.into(), &"s with stream.shards=3".into()));
    let row = |key: &str| {
        let rows = one["rows"].as_array().expect("rows");
        rows.iter().find(|r| r["key"] == key).cloned().expect(key)
    };
    // Three shards for 3,000 and then 4,500 records/s: refused in every pair. A shard less is 730 h of 0.015 USD less,
    // what the retries cost more is far below that.
    let throttled = row("throttled_attempts");
    assert_eq!(throttled["verdict"], "worse");
    let (delta, half) = (throttled["delta"].as_f64(), throttled["half_width"].as_f64());
    assert!(delta > half, "{delta:?} {half:?}");
    let month = row("month_cost");
    assert_eq!(month["verdict"], "better");
    assert!((month["delta"].as_f64().expect("known") + 10.95).abs() < 0.1, "{month}");
    let same = compare(&place, "2", &["--with", "stream.shards=4", "--modes", "provisioned", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&same.stdout).expect("JSON");
    let rows = json["comparisons"][0]["rows"].as_array().expect("rows").clone();
    assert!(rows.iter().all(|r| r["verdict"] == "same"), "a design differs from itself: {rows:?}");
}

#[test]
fn two_modes_of_one_scenario_and_two_scenarios() {
    let place = place("compare-modes");
    let out = compare(&place, "2", &["--replications", "2"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    for part in
        ["A: s (Provisioned)", "B: s (On-demand)", "same demand, record for record", "B less A", "worse"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let other = place.join("other.yaml");
    std::fs::write(&other, SMALL.replace("base: 3000", "base: 2000")).expect("written");
    let out = compare(&place, "2", &[&other.display().to_string(), "--modes", "on_demand,provisioned"]);
    let said = text(&out.stdout);
    assert!(said.contains("B: other (Provisioned)") && said.contains("is not that of A"), "{said}");
    for (more, what) in [
        (vec!["--modes", "provisioned"], "name a second scenario"),
        (vec!["--modes", "sideways"], "expected provisioned, on_demand"),
        (vec!["--with", "stream.shrads=2"], "did you mean `shards`?"),
    ] {
        let out = compare(&place, "1", &more);
        assert_eq!(out.status.code(), Some(2), "{more:?}");
        assert!(text(&out.stderr).contains(what), "{more:?}: {}", text(&out.stderr));
    }
}
