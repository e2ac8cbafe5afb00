//! A month of minute data through three modes, on one thread: CPU and wall time, with the reading of the file.
#![allow(clippy::disallowed_types, reason = "a bench reads the clock")]

mod support;

use kinesim::experiment::replay;
use kinesim::import::{File, read};
use kinesim::scenario::replay::{of_history, plain};
use support::cpu;

const MINUTES: u64 = 30 * 24 * 60;

/// A daily wave between 240 and 960 records/s of 1,024 B, with a tenth of scatter from a fixed sequence.
fn month() -> String {
    let mut text = "timestamp,records_per_second,mean_record_bytes\n".to_owned();
    let mut state = 12_345u64;
    for minute in 0..MINUTES {
        state = (1_103_515_245 * state + 12_345) % (1 << 31);
        let scatter = 0.9 + 0.2 * state as f64 / (1u64 << 31) as f64;
        // A parabola up and one down for day and night: no maths of the platform in a bench of this project.
        let x = (minute % 720) as f64 / 360.0 - 1.0;
        let wave = if minute % 1_440 < 720 { 1.0 - x * x } else { x * x - 1.0 };
        let (day, hour) = (minute / 1_440 + 1, minute / 60 % 24);
        let rate = 600.0 * (1.0 + 0.6 * wave) * scatter;
        text += &format!("2026-04-{day:02}T{hour:02}:{:02}:00Z,{rate:.3},1024\n", minute % 60);
    }
    text
}

fn main() {
    let text = month();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    // CPU time is read on the one thread of the pool.
    pool.install(|| {
        let (t, c) = (std::time::Instant::now(), cpu());
        let read = read(&[File { name: "month.csv", text: &text }], None).expect("rates");
        let one =
            of_history(plain(&[]).expect("the plain scenario"), &read.streams[0], &text).expect("a demand");
        let plan = one.scenario.plan(1).expect("prices");
        let outcome = replay::run(&plan, &one.past, &[], None, &|_, _| ()).expect("it runs");
        let (wall, used) = (t.elapsed().as_secs_f64(), cpu() - c);
        let found = outcome.replay.expect("a replay");
        let months: Vec<String> =
            found.designs.iter().map(|d| format!("{} {:.2} USD", d.title, d.month_usd.as_f64())).collect();
        println!(
            "replay: {} minutes, {:.0} records: {} | {wall:.2} s wall, {used:.2} s cpu (wanted: below 5 s)",
            found.steps,
            found.offered[1],
            months.join(", ")
        );
    });
}
