//! kinesim: a deterministic discrete-event simulator for Amazon Kinesis Data Streams and Data Firehose.
//!
//! A scenario (YAML) goes in; latency, throttling and cost of the stream in provisioned, on-demand and on-demand
//! Advantage mode come out, over time and against load and shards. Same input, same bytes.
//!
//! # The map
//!
//! Rooms are listed from the ground up below. A room knows only rooms above it in that list (a test holds it); what
//! each does *not* know is what keeps it readable:
//!
//! - `units`, `mechanism`, `random`, `theory` know nothing of Kinesis. `theory` computes what the simulator is checked
//!   against and never takes part in a run.
//! - [`facts`] holds every number AWS publishes (or should have), with source, date and standing. No other room has
//!   a limit, a default or a price as a bare number.
//! - [`engine`] knows time and order, and not what a shard is.
//! - [`api`] is all that consumer applications and Firehose see of the stream: what its API would answer.
//! - `producer`, `stream`, `consumer` and `firehose` are leaf machines: they take `now` and return a decision; they never
//!   schedule, and never name one another.
//! - [`world`] owns them, carries what they say to each other, and decides nothing. It never sees YAML.
//! - [`coarse`] carries the same laws in cohorts and rates, for weeks and months.
//! - [`experiment`] runs many worlds (and holds the only threads); [`cost`] multiplies typed quantities by typed prices.
//! - [`import`] and [`scenario`] read, [`report`] draws, [`export`] writes what can be deployed, [`cli`] opens files and
//!   talks: the outside is allowed in there only.
//!
//! # Follow one record
//!
//! born `producer/arrivals` → keyed `producer/keys` → gathered and sent `producer/sdk` (or `kpl`, `agent`,
//! `flink_sink`) → on its way `producer/line` → dealt to its shard `world/gather`, `stream/routing` → admitted or
//! throttled `stream/shard` → retried `producer/sdk`, `producer/retry` → readable `stream/log` → read `world/polling`,
//! `world/pushing` → worked on `world/delivery` (or `consumer/kcl`, `lambda`, `flink`, or gathered `firehose/buffer`) →
//! counted `measure/sink` → billed `cost/` → drawn `report/`. `kinesim trace scenarios/one-record.yaml --record 1` prints it with times.
//!
//! # What holds
//!
//! - Time, bytes and counts are integers; money is exact.
//! - Every draw comes from a stream named after its entity and purpose: one more draw elsewhere moves nothing.
//! - Demand knows no shard: two designs see the same records.
//! - Records never enter a calendar. A lane (one shard and all that touches only it) settles them in tight loops
//!   between the few moments that matter; lanes are cut into windows only where something feeds back.
//! - The ledger equations are asserted at the end of every run ([`measure`]).
//!
//! # Words
//!
//! *record*: what a user sends. *call*: one API request. *entry*: one record in one put call; judging it is one
//! *attempt*. *Kinesis record*: what a shard stores; a client may pack several records into one. *throttle*: a refusal
//! that may be retried. *lane*: a shard with its log, readers and in-lane retries. *window*: a stretch of time that needs no feedback from inside it. *replication*: the same scenario
//! with other random numbers. *standing* of a fact: documented, source_code, measured or assumed.
#![deny(unsafe_code)]
#![warn(missing_docs)]
// Tests may compare with the platform's own maths.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_types))]

// Ground: true of any simulator.
pub mod mechanism;
pub mod random;
pub mod theory;
pub mod units;
// Facts: what Amazon says, and where.
pub mod facts;
// Engine: time and order, nothing else.
pub mod engine;
// Findings' shapes: counters, results, ledger.
pub mod measure;
// World: the journey of a record, folder by folder.
pub mod api;
pub mod consumer;
pub mod firehose;
pub mod producer;
pub mod record;
pub mod stream;
pub mod world;
// The same laws at coarser grain.
pub mod coarse;
// Money, and runs of many worlds.
pub mod cost;
pub mod experiment;
// Edges: where the outside is allowed in.
pub mod cli;
pub mod export;
pub mod import;
pub mod report;
pub mod scenario;
