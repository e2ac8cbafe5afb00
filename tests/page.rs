//! The page in a real browser: its scripts run, it fetches nothing, hostile names stay names.
//!
//! Needs Chromium (Debian's `chromium`); without a browser the browser tests say so and pass.

mod support;

use kinesim::experiment::outcome::Outcome;
use kinesim::measure::result::IntakeResult;
use kinesim::report::{RenderOptions, render};
use std::path::{Path, PathBuf};
use std::process::Command;

const HOSTILE: &str = "</script><script>document.documentElement.dataset.owned='yes'</script>\
                       <img src=x onerror=\"document.documentElement.dataset.owned='yes'\">'\"&amp;--><!--";

fn page(name: &str) -> String {
    page_of(&support::named(name, name))
}

fn page_of(outcome: &Outcome) -> String {
    let options = RenderOptions { png: false, ..RenderOptions::default() };
    let files = render(outcome, &options);
    let page = files.into_iter().find(|f| f.name == "index.html");
    String::from_utf8(page.expect("a page").bytes).expect("text")
}

fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success());
    let found = names.into_iter().find(runs);
    if found.is_none() {
        eprintln!("skipped: no browser found ({})", names.join(", "));
    }
    found
}

/// The page as it is after its scripts ran; `None` without a browser.
fn opened(folder: &str, html: &str) -> Option<String> {
    let browser = browser()?;
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("index.html");
    std::fs::write(&path, html).expect("written");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .expect("the browser runs");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The opening tag of the document, where the script leaves its marks.
fn root(dom: &str) -> &str {
    let from = dom.find("<html").expect("a document");
    let to = dom[from..].find('>').expect("a whole tag");
    &dom[from..from + to]
}

#[test]
fn scripts_run_and_draw_every_chart() {
    let html = page("launch-day");
    let Some(dom) = opened("page-plain", &html) else {
        return;
    };
    let root = root(&dom);
    assert!(root.contains("data-ready=\"yes\""), "{root}");
    assert!(!root.contains("data-error"), "{root}");
    // 3 modes × (writes, throttled, shards, two consumers, age, backlog) + 3 curves × 3 + buffering, put + 2 consumers × 3 hops.
    assert!(root.contains("data-charts=\"38\""), "{root}");
    assert_eq!(dom.matches("<canvas").count(), 38);
}

#[test]
fn hostile_names_are_inert() {
    let html = page(HOSTILE);
    let Some(dom) = opened("page-hostile", &html) else {
        return;
    };
    let root = root(&dom);
    assert!(root.contains("data-ready=\"yes\""), "{root}");
    assert!(!root.contains("data-owned") && !root.contains("data-error"), "{root}");
    assert!(root.contains("data-charts=\"38\""), "{root}");
    assert!(!dom.contains("<img"), "the name became an element");
}

#[test]
fn names_are_escaped_in_text_attributes_json_and_pictures() {
    let html = page(HOSTILE);
    assert!(!html.contains("<img"));
    assert!(!html.contains("<script>document"));
    // The data block, uPlot and the page's own script: three elements, opened and closed.
    assert_eq!(html.matches("<script").count(), 3);
    assert_eq!(html.matches("</script>").count(), 3);
    assert!(html.contains("\\u003c/script>"));
}

#[test]
fn nothing_is_fetched() {
    let html = page("launch-day");
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
    assert!(html.contains(policy));
    for reference in [" src=", "href=", "url(", "@import", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!html.contains(reference), "{reference} in the page");
    }
    // The only addresses are names: the SVG namespace and uPlot's home in its licence line.
    for address in html.split("http").skip(1).filter(|a| a.starts_with("://") || a.starts_with("s://")) {
        let known = ["://www.w3.org/2000/svg", "s://github.com/leeoniya/uPlot"];
        let start: String = address.chars().take(60).collect();
        assert!(known.iter().any(|k| address.starts_with(k)), "http{start}");
    }
}

#[test]
fn the_page_says_its_numbers_without_scripts() {
    let html = page("launch-day");
    for part in [
        "28,138,950",
        "= stored at least once",
        "+ lost to retention",
        "price.shard_hour",
        "shard 7 was above 0.5 MiB/s",
        "shard.write.admission",
        "5f1d0c6a1b2c3d4e",
        "cloudwatch.csv",
        "<noscript>",
    ] {
        assert!(html.contains(part), "{part} is not on the page");
    }
}

#[test]
fn refusals_of_direct_puts_stand_beside_those_of_the_stream() {
    let mut outcome = support::launch_day();
    for mode in &mut outcome.modes {
        let intake =
            IntakeResult { name: "<b>logs".into(), throttled_by_bytes: 77_123, ..Default::default() };
        mode.run.intakes.push(intake);
    }
    let html = page_of(&outcome);
    for part in ["&lt;b&gt;logs, Firehose, records refused: bytes quota", "77,123"] {
        assert!(html.contains(part), "{part} is not on the page");
    }
    assert!(!page("launch-day").contains("Firehose,"));
}

#[test]
fn an_ordinary_page_stays_small() {
    // 38 charts, each as data for the script and as a picture for those who run none.
    let size = page("launch-day").len();
    assert!(size < 620_000, "{size} bytes");
}
