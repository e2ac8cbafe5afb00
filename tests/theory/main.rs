//! Analytic cases as simulations: each point of `vectors/analytic.json` that is a process, run through the public API
//! and held against the formula's value.
//!
//! Two seeds fixed beforehand, 32 independent batches each, every batch counted after its own warm-up. A figure may
//! differ from theory by four standard errors or by the case's own share, whichever is more; the failure prints
//! both numbers. `cargo test --test theory -- --nocapture` prints every figure.
//!
//! Probabilities below 1e-3 are computed only (A06.1, A06.3's share, A14.5); so are cases that are no process.

mod delivering;
mod demand;
mod gathering;
mod lambda;
mod limits;
mod on_demand;
mod pacing;
mod queues;
mod reading;
mod retries;
#[path = "../support/runs.rs"]
mod runs;
mod statistics;
mod workers;
mod working;

use kinesim::world::config::WorldConfig;

/// One producer and a stream without any delay of its own: what is born is judged at once, and never sent again.
fn world(duration: &str, producer: &str, stream: &str, consumers: &str) -> WorldConfig {
    let client = "{ sdk: { instances: 1, call: put_record, in_flight: unlimited, buffer: unlimited, \
                  retry: { custom: { attempts: 1, base: 1 s, factor: 1, cap: 1 s, jitter: full } }, put_latency: 0 s } }";
    runs::world(&format!(
        "duration: {duration}\n\
         modes: [provisioned]\n\
         producers: {{ p: {{ client: {client}, {producer} }} }}\n\
         stream: {{ visibility: 0 s, byte_rounding: none, count_key_bytes: false, {stream} }}\n\
         consumers: {{ {consumers} }}\n"
    ))
}

/// A reader that gets every record at once and works on them one after another.
fn worker(per_record: &str) -> String {
    format!(
        "w: {{ read: {{ enhanced_fan_out: {{ push_latency: 0 s, bytes_per_s: 100 GiB/s, renew_every: 24 h }} }}, \
         processing: {{ per_call: 0 s, per_record: {per_record} }} }}"
    )
}
