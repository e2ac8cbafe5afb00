//! What each consumer's client did: workers and their leases, a function's calls and lanes, a job's slots.

use super::markup::{Table, section};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::clients::{ClientResult, FlinkResult, KclResult, LambdaResult, WorkerResult};
use crate::report::human::{count, maybe_duration, share};

type Line<T> = (&'static str, fn(&T) -> String);

const KCL: [Line<KclResult>; 11] = [
    ("shards taken over from a worker that had ended", |k| count(k.failovers.count)),
    ("from its end to the next processor, mean", |k| mean(k.failovers.sum_ns, k.failovers.count)),
    ("from its end to the next processor, longest", |k| maybe_duration(k.failovers.max_ns)),
    ("shards nobody had taken over at the end", |k| count(k.orphans)),
    ("leases taken from a live worker", |k| count(k.moves.stolen)),
    ("leases handed over in good order", |k| count(k.moves.handed_over)),
    ("subscriptions that fell silent", |k| count(k.silences.count)),
    ("longest such silence", |k| maybe_duration(k.silences.max_ns)),
    ("batches that failed and were skipped", |k| count(k.failed_batches)),
    ("lease table: write units", |k| count(k.table.write_units())),
    ("of which checkpoints", |k| count(k.table.checkpoints)),
];

const LAMBDA: [Line<LambdaResult>; 18] = [
    ("invocations", |l| count(l.invocations)),
    ("of which failed", |l| count(l.failed)),
    ("of which ran into the timeout", |l| count(l.timed_out)),
    ("attempts that the concurrency limit refused", |l| count(l.throttled)),
    ("retries", |l| count(l.retries)),
    ("batches cut in two, or where a record failed", |l| count(l.bisects)),
    ("records in a batch, mean", |l| match l.batches {
        0 => maybe_duration(None),
        n => format!("{:.1}", l.sent as f64 / n.max(l.invocations) as f64),
    }),
    ("batches that held as many records as they may", |l| share(l.full_batches, l.batches)),
    ("lanes that sent anything", |l| format!("{} of {}", l.lanes_used, l.lanes)),
    ("invocations at one time, at most", |l| count(l.concurrency_max.into())),
    ("execution environments started", |l| count(l.cold_starts.into())),
    ("IteratorAge, largest", |l| maybe_duration(l.iterator_age_ns_max)),
    ("longest time on one batch after its first failure", |l| maybe_duration(Some(l.blocked_ns_max))),
    ("lanes in that state at the end", |l| count(l.blocked_at_end.into())),
    ("records given up: retries used up", |l| count(l.given_up_by_retries)),
    ("records given up: too old", |l| count(l.given_up_by_age)),
    ("records given up: too large", |l| count(l.too_large)),
    ("records that expired in its hands", |l| count(l.expired)),
];

const FLINK: [Line<FlinkResult>; 13] = [
    ("subtasks at the start", |f| count(f.parallelism_at_start.into())),
    ("subtasks at the end", |f| count(f.parallelism_at_end.into())),
    ("subtasks without a shard", |f| count(f.idle_subtasks.into())),
    ("all slots worked", |f| ppm(f.slots_busy_ppm)),
    ("the fullest slot worked", |f| ppm(f.busiest_slot_ppm)),
    ("fetchers waited for slots", |f| ppm(f.waiting_for_slot_ppm)),
    ("fetchers waited after refused calls", |f| ppm(f.waiting_for_limits_ppm)),
    ("watermark behind, median", |f| maybe_duration(f.watermark_delay.p50_ns)),
    ("watermark behind, at most", |f| maybe_duration(f.watermark_delay.max_ns)),
    ("checkpoints", |f| count(f.checkpoints)),
    ("restarts", |f| count(f.restarts)),
    ("records worked on that a restart undid", |f| count(f.rewound)),
    ("time it was away", |f| maybe_duration(Some(f.down_ns))),
];

fn mean(sum: u128, n: u64) -> String {
    maybe_duration((n > 0).then(|| (sum / u128::from(n.max(1))) as u64))
}

fn ppm(ppm: u64) -> String {
    format!("{:.1} %", ppm as f64 / 1e4)
}

/// A table for each consumer whose client keeps counts; nothing where none does.
pub fn tables(outcome: &Outcome) -> String {
    let Some(first) = outcome.modes.first() else { return String::new() };
    let mut content = String::new();
    for (i, c) in first.run.consumers.iter().enumerate() {
        content.push_str(&match &c.client {
            Some(ClientResult::Kcl(_)) => {
                table(outcome, &c.name, i, &KCL, kcl) + &workers(outcome, &c.name, i)
            }
            Some(ClientResult::Lambda(_)) => table(outcome, &c.name, i, &LAMBDA, lambda),
            Some(ClientResult::Flink(_)) => table(outcome, &c.name, i, &FLINK, flink),
            Some(ClientResult::Firehose(_)) | None => String::new(),
        });
    }
    if content.is_empty() { content } else { section("clients", "Consumers' clients", &content) }
}

fn kcl(c: &ClientResult) -> Option<&KclResult> {
    if let ClientResult::Kcl(k) = c { Some(k) } else { None }
}

fn lambda(c: &ClientResult) -> Option<&LambdaResult> {
    if let ClientResult::Lambda(l) = c { Some(l) } else { None }
}

fn flink(c: &ClientResult) -> Option<&FlinkResult> {
    if let ClientResult::Flink(f) = c { Some(f) } else { None }
}

fn client(mode: &ModeOutcome, i: usize) -> Option<&ClientResult> {
    mode.run.consumers.get(i)?.client.as_ref()
}

fn table<T>(
    outcome: &Outcome,
    name: &str,
    i: usize,
    lines: &[Line<T>],
    own: fn(&ClientResult) -> Option<&T>,
) -> String {
    let mut head = vec![""];
    head.extend(outcome.modes.iter().map(|m| m.title));
    let mut table = Table::new(name, &head, 1..head.len());
    for (label, of) in lines {
        let value = |m: &ModeOutcome| client(m, i).and_then(own).map_or_else(|| maybe_duration(None), of);
        let mut cells = vec![(*label).to_owned()];
        cells.extend(outcome.modes.iter().map(value));
        table.row(&cells);
    }
    table.finish()
}

/// Workers of a long table on the page; the summary file has all of them.
const WORKERS_MAX: usize = 60;

/// Each worker's life and load, mode after mode.
fn workers(outcome: &Outcome, name: &str, i: usize) -> String {
    let head = [
        "worker",
        "mode",
        "from",
        "until",
        "leases, most",
        "leases at the end",
        "records",
        "share of them",
        "cores worked",
    ];
    let mut table = Table::new(&format!("{name}: workers"), &head, 2..head.len());
    for mode in &outcome.modes {
        let Some(k) = client(mode, i).and_then(kcl) else { continue };
        let all: u64 = k.workers.iter().map(|w| w.records).sum();
        for (n, w) in k.workers.iter().enumerate().take(WORKERS_MAX) {
            table.row(&worker(mode, n, w, all));
        }
    }
    table.finish()
}

fn worker(mode: &ModeOutcome, n: usize, w: &WorkerResult, all: u64) -> [String; 9] {
    [
        (n + 1).to_string(),
        mode.title.to_owned(),
        maybe_duration(Some(w.from_ns)),
        w.until_ns.map_or_else(|| "the end".into(), |at| maybe_duration(Some(at))),
        count(w.leases_max),
        count(w.leases_at_end),
        count(w.records),
        share(w.records, all),
        maybe_duration(Some(w.busy_ns)),
    ]
}
