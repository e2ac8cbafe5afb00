//! What `run` found, over all modes, replications and curves: everything the page and `--json` show.

use super::replay::Replay;
use crate::cost::bill::Bill;
use crate::measure::result::RunResult;
use crate::units::Money;
use serde::Serialize;

/// The whole outcome of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Scenario name (file stem).
    pub name: String,
    /// The question it asks.
    pub question: String,
    /// One per capacity mode, in the scenario's order.
    pub modes: Vec<ModeOutcome>,
    /// Curves against load, shards, readers (empty when not drawn, with the reason in `notes`).
    pub curves: Vec<Curve>,
    /// What buffering hints give, one per Firehose stream (empty when not drawn, with the reason in `notes`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fronts: Vec<Front>,
    /// Findings in words, most important first.
    pub findings: Vec<Finding>,
    /// What was left out or cut, and why.
    pub notes: Vec<String>,
    /// What a real history went through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// Where all this comes from.
    pub provenance: Provenance,
}

/// One capacity mode.
#[derive(Clone, Debug, Serialize)]
pub struct ModeOutcome {
    /// `provisioned`, …
    pub mode: &'static str,
    /// As AWS prints it.
    pub title: &'static str,
    /// The first replication, whole.
    pub run: RunResult,
    /// Headline figures over replications.
    pub headline: Vec<Headline>,
    /// The run's own bill.
    pub bill_run: Bill,
    /// A month.
    pub bill_month: Bill,
}

/// One figure over the replications.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Headline {
    /// `throttled_attempts`, `delayed_records`, `lost_records`, `propagation_p99/NAME`, `end_to_end_p99/NAME`, …
    pub key: String,
    /// In words.
    pub label: String,
    /// `share`, `ns`, `usd`, `count`.
    pub unit: &'static str,
    /// One per replication; `None` = not measured in it.
    pub values: Vec<Option<f64>>,
    /// Mean of the measured ones.
    pub mean: Option<f64>,
    /// Half width of the 95 % interval (Student t); `None` with fewer than two.
    pub half_width: Option<f64>,
}

/// A curve against one axis, all modes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// `load`, `shards`, `readers`.
    pub id: &'static str,
    /// Title.
    pub title: String,
    /// Axis label with unit.
    pub x_label: String,
    /// The x of the scenario itself, marked on the chart.
    pub x_here: Option<f64>,
    /// What stretch of the scenario each point simulates, in words.
    pub stretch: String,
    /// One line per mode.
    pub lines: Vec<CurveLine>,
}

/// One mode along a curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurveLine {
    /// `provisioned`, …
    pub mode: &'static str,
    /// As AWS prints it.
    pub title: &'static str,
    /// Its points, x ascending.
    pub points: Vec<CurvePoint>,
}

/// One simulated point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Position on the axis.
    pub x: f64,
    /// Shards at the start and at most.
    pub shards: u32,
    /// Refused / attempts.
    pub throttled_share: f64,
    /// Given up / born.
    pub lost_share: f64,
    /// Median end-to-end latency of the slowest consumer, ns.
    pub p50_ns: Option<u64>,
    /// 99th percentile of it.
    pub p99_ns: Option<u64>,
    /// Largest.
    pub max_ns: Option<u64>,
    /// Bill of a month at this point.
    pub month_usd: Money,
}

/// Freshness, object size and cost of a Firehose stream by its buffering hints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Front {
    /// Name of the stream.
    pub firehose: String,
    /// What each point simulates, in words.
    pub stretch: String,
    /// The scenario's own size, bytes.
    pub size_here: u64,
    /// And interval; zero is zero buffering.
    pub interval_here_ns: u64,
    /// Its points, by size, then interval.
    pub points: Vec<FrontPoint>,
}

/// One simulated pair of hints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrontPoint {
    /// Size hint, bytes.
    pub size: u64,
    /// Interval hint; zero is zero buffering.
    pub interval_ns: u64,
    /// Arrived to delivered: median.
    pub p50_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
    /// Age of the oldest record inside, at its highest.
    pub oldest_ns: Option<u64>,
    /// Mean bytes of an object, as gathered.
    pub object_bytes: u64,
    /// Share of objects made because the buffer held its size.
    pub by_size: f64,
    /// Objects in a day.
    pub objects_per_day: f64,
    /// What the stream costs in a month.
    pub month_usd: Money,
    /// No other point is as fresh, as large and as cheap, and better in one of these.
    pub best: bool,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `binding_limit`, `hot_shard`, `on_demand_short`, `catch_up`, `retention`, `next_wall`, `cost`, …
    pub kind: &'static str,
    /// In words, with numbers and units.
    pub text: String,
}

/// Where the numbers come from. No clock, host name or path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// kinesim's version.
    pub version: &'static str,
    /// SHA-like digest of the scenario's text.
    pub scenario_digest: String,
    /// `--seed`.
    pub seed: u64,
    /// Replications per mode.
    pub replications: u32,
    /// Price table's Region and date.
    pub prices: String,
    /// Defaults that decide loss: (key, value, where it comes from).
    pub defaults: Vec<(String, String, String)>,
    /// Assumptions touched (keys of facts with standing `assumed`).
    pub assumptions: Vec<String>,
}
