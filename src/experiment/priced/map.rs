//! The break-even map: one shard's traffic in each mode, over record size, utilisation and readers.

use crate::cost::BillError;
use crate::cost::closed::{PerShardHour, per_shard_hour};
use crate::facts::data_streams::shard_limits;
use crate::facts::prices::Prices;
use crate::units::Bytes;
use serde::Serialize;

/// Record sizes of the map, bytes.
pub const RECORDS: [u64; 12] =
    [100, 256, 512, 1_024, 2_048, 5_120, 10_240, 25_600, 51_200, 102_400, 262_144, 1_048_576];
/// Utilisations of a shard, thousandths.
pub const UTILISATIONS: [u32; 10] = [10, 20, 30, 50, 100, 200, 300, 500, 750, 1_000];
/// (polling, fan-out) readers.
pub const READERS: [(u32, u32); 7] = [(0, 0), (1, 0), (2, 0), (5, 0), (0, 1), (0, 2), (1, 2)];

/// One point of the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapRow {
    /// Bytes of a record.
    pub record_bytes: u64,
    /// Applications that poll.
    pub polling_readers: u32,
    /// Applications that read by fan-out.
    pub fan_out_readers: u32,
    /// Share of the shard's write limit.
    pub utilisation: f64,
    /// The shard for an hour, USD, and the same traffic in the other modes (stream-hour and commitment left out).
    pub usd_per_hour: PerShardHour,
    /// Can the shard serve its polling readers at all? They share twice its write rate.
    pub provisioned_can_be_read: bool,
    /// The cheapest of the three.
    pub cheapest: &'static str,
    /// Where provisioned becomes cheaper than on-demand Standard; `None`: nowhere.
    pub break_even_standard: Option<f64>,
    /// And than Advantage.
    pub break_even_advantage: Option<f64>,
}

/// Every point, sizes fastest.
pub(super) fn rows(prices: &Prices) -> Result<Vec<MapRow>, BillError> {
    let mut rows = Vec::new();
    // A Region whose table lacks a mode has no map.
    if per_shard_hour(Bytes(1_024), 1.0, (1, 1), prices, shard_limits()).is_err() {
        return Ok(rows);
    }
    for (polling, fan_out) in READERS {
        for thousandths in UTILISATIONS {
            for bytes in RECORDS {
                let u = f64::from(thousandths) / 1_000.0;
                let at = |u: f64| per_shard_hour(Bytes(bytes), u, (polling, fan_out), prices, shard_limits());
                let (here, full, idle) = (at(u)?, at(1.0)?, at(0.0)?);
                let even = |other: fn(&PerShardHour) -> f64| {
                    let slope = other(&full) - (full.provisioned - idle.provisioned);
                    (slope > 0.0).then(|| idle.provisioned / slope).filter(|u| *u <= 1.0)
                };
                let limits = shard_limits();
                let written = here.records_per_s * bytes as f64;
                rows.push(MapRow {
                    record_bytes: bytes,
                    polling_readers: polling,
                    fan_out_readers: fan_out,
                    utilisation: u,
                    usd_per_hour: here,
                    provisioned_can_be_read: written * f64::from(polling) <= limits.read_bytes_per_s as f64,
                    cheapest: cheapest(&here),
                    break_even_standard: even(|p| p.on_demand),
                    break_even_advantage: even(|p| p.on_demand_advantage),
                });
            }
        }
    }
    Ok(rows)
}

fn cheapest(at: &PerShardHour) -> &'static str {
    let all = [
        ("provisioned", at.provisioned),
        ("on_demand", at.on_demand),
        ("on_demand_advantage", at.on_demand_advantage),
    ];
    all.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or("", |m| m.0)
}
