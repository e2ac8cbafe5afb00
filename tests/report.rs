//! The report of a made-up outcome: which files, which rows, which texts.

mod support;

use kinesim::report::{self, File, RenderOptions};
use std::path::Path;

fn files() -> Vec<File> {
    report::render(&support::launch_day(), &RenderOptions::default())
}

#[test]
fn draws() {
    let at = std::time::Instant::now();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("folder");
    let fast = report::render(
        &support::launch_day(),
        &RenderOptions {
            png: false,
            ..RenderOptions::default()
        },
    );
    eprintln!("no png {:?} {}", at.elapsed(), fast.len());
    let at = std::time::Instant::now();
    for f in files() {
        eprintln!("{} {}", f.name, f.bytes.len());
        std::fs::write(folder.join(&f.name), &f.bytes).expect("write");
    }
    eprintln!("all {:?}", at.elapsed());
    print!("{}", report::text(&support::launch_day()));
}
