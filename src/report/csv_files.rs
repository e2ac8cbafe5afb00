//! Tables for machines: one row per fact, exact integers, the unit in the column's name, an empty cell for the unknown.

use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::latency::LatencySummary;
use crate::measure::lost::Lost;
use csv::Writer;

/// A CSV file in memory. Writing to a `Vec` cannot fail, so no error leaves this type.
pub(super) struct Table(Writer<Vec<u8>>);

impl Table {
    /// An empty table with its header.
    pub(super) fn new<I: IntoIterator<Item = S>, S: AsRef<[u8]>>(header: I) -> Table {
        let mut table = Table(csv::WriterBuilder::new().flexible(true).from_writer(Vec::new()));
        table.row(header);
        table
    }

    /// One row.
    pub(super) fn row<I: IntoIterator<Item = S>, S: AsRef<[u8]>>(&mut self, cells: I) {
        let _ = self.0.write_record(cells);
    }

    /// The file.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_default()
    }
}

/// An empty cell for the unknown.
pub(super) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}

fn at(values: &[u64], i: usize) -> String {
    cell(values.get(i))
}

fn known(values: &[Option<u64>], i: usize) -> String {
    cell(values.get(i).copied().flatten())
}

/// Buckets × modes; columns of producer or consumer `NAME` are called `NAME.records`, ….
pub fn timeseries(outcome: &Outcome) -> Vec<u8> {
    let mut header: Vec<String> = [
        "mode",
        "start_ns",
        "bucket_ns",
        "born_records",
        "born_bytes",
        "attempts",
        "stored_records",
        "stored_kinesis_records",
        "stored_bytes",
        "throttled_attempts",
        "lost_records",
        "put_calls",
        "put_calls_ok",
        "put_latency_ns_sum",
        "open_shards",
    ]
    .map(String::from)
    .to_vec();
    if let Some(first) = outcome.modes.first() {
        for producer in &first.run.producers {
            header.extend(PRODUCER_COLUMNS.map(|c| format!("{}.{c}", producer.name)));
        }
        for consumer in &first.run.consumers {
            header.extend(CONSUMER_COLUMNS.map(|c| format!("{}.{c}", consumer.name)));
        }
        for stream in first.run.firehoses() {
            header.extend(FIREHOSE_COLUMNS.map(|c| format!("firehose.{}.{c}", stream.name)));
        }
    }
    let mut table = Table::new(&header);
    for mode in &outcome.modes {
        for i in 0..mode.run.series.born.len() {
            table.row(bucket(mode, i));
        }
    }
    table.finish()
}

const PRODUCER_COLUMNS: [&str; 2] = ["buffered_records", "buffered_bytes"];

const CONSUMER_COLUMNS: [&str; 10] = [
    "records",
    "kinesis_records",
    "bytes",
    "calls",
    "throttled_calls",
    "iterator_age_ns",
    "backlog_records",
    "end_to_end_p50_ns",
    "end_to_end_p99_ns",
    "end_to_end_max_ns",
];

const FIREHOSE_COLUMNS: [&str; 8] = [
    "in_records",
    "objects",
    "delivered_records",
    "delivered_bytes",
    "failed_records",
    "freshness_p50_ns",
    "freshness_p99_ns",
    "freshness_max_ns",
];

fn bucket(mode: &ModeOutcome, i: usize) -> Vec<String> {
    let s = &mode.run.series;
    let mut row =
        vec![mode.mode.to_owned(), (s.bucket_ns as u128 * i as u128).to_string(), s.bucket_ns.to_string()];
    let columns = [
        &s.born,
        &s.born_bytes,
        &s.attempts,
        &s.stored,
        &s.kinesis_records,
        &s.stored_bytes,
        &s.throttled,
        &s.lost,
        &s.put_calls,
        &s.put_calls_ok,
        &s.put_latency_ns_sum,
    ];
    row.extend(columns.map(|c| at(c, i)));
    row.push(cell(s.open_shards.get(i)));
    for p in &s.producers {
        row.extend([&p.buffered_records, &p.buffered_bytes].map(|v| at(v, i)));
    }
    for c in &s.consumers {
        row.extend([&c.records, &c.kinesis_records, &c.bytes, &c.calls, &c.throttled].map(|v| at(v, i)));
        row.push(known(&c.iterator_age_ns, i));
        row.push(at(&c.backlog, i));
        row.extend([&c.p50_ns, &c.p99_ns, &c.max_ns].map(|v| known(v, i)));
    }
    for f in mode.run.firehoses() {
        let b = f.series.get(i).copied().unwrap_or_default();
        let counts = [b.in_records, b.objects, b.records, b.bytes, b.failed_records];
        row.extend(counts.map(|n| n.to_string()));
        row.extend([b.p50_ns, b.p99_ns, b.freshness_ns].map(cell));
    }
    row
}

/// Hops of one mode: (whose, hop, summary), producers first, in the scenario's order.
pub(super) fn hops(mode: &ModeOutcome) -> Vec<(&'static str, &str, &'static str, &LatencySummary)> {
    let mut hops = Vec::new();
    for p in &mode.run.producers {
        hops.push(("producer", p.name.as_str(), "buffering", &p.buffering));
        hops.push(("producer", p.name.as_str(), "put", &p.put));
    }
    for c in &mode.run.consumers {
        hops.push(("consumer", c.name.as_str(), "propagation", &c.propagation));
        hops.push(("consumer", c.name.as_str(), "processing", &c.processing));
        hops.push(("consumer", c.name.as_str(), "end_to_end", &c.end_to_end));
    }
    hops
}

/// Percentiles (`kind` = `p50`, …, `mean`, `count`) and histogram buckets (`kind` = `bucket`) per mode, owner and hop.
pub fn latency(outcome: &Outcome) -> Vec<u8> {
    let mut table = Table::new(["mode", "side", "name", "hop", "kind", "lower_ns", "upper_ns", "value"]);
    for mode in &outcome.modes {
        for (side, name, hop, l) in hops(mode) {
            let mut row = |kind: &str, lower: String, upper: String, value: String| {
                table.row([mode.mode, side, name, hop, kind, &lower, &upper, &value]);
            };
            let none = String::new;
            row("count", none(), none(), l.count.to_string());
            row("sum_ns", none(), none(), l.sum_ns.to_string());
            for (kind, value) in [
                ("p50_ns", l.p50_ns),
                ("p90_ns", l.p90_ns),
                ("p99_ns", l.p99_ns),
                ("p99.9_ns", l.p999_ns),
                ("max_ns", l.max_ns),
            ] {
                row(kind, none(), none(), cell(value));
            }
            for (lower, upper, count) in &l.buckets {
                row("bucket", lower.to_string(), upper.to_string(), count.to_string());
            }
        }
    }
    table.finish()
}

/// Refusals by limit: writes at stream level and by shard, reads by consumer.
pub fn throttles(outcome: &Outcome) -> Vec<u8> {
    let mut table = Table::new(["mode", "scope", "name", "what", "count"]);
    for mode in &outcome.modes {
        let mut row = |scope: &str, name: &str, what: &str, n: u64| {
            table.row([mode.mode, scope, name, what, &n.to_string()]);
        };
        let s = &mode.run.stream;
        row("stream", "", "attempts_refused_by_records_limit", s.throttled_by_records);
        row("stream", "", "attempts_refused_by_bytes_limit", s.throttled_by_bytes);
        row("stream", "", "seconds_with_a_refused_write", s.throttled_seconds);
        for p in &mode.run.producers {
            row("producer", &p.name, "attempts", p.attempts);
            row("producer", &p.name, "attempts_refused", p.throttled);
            row("producer", &p.name, "records_sent", p.sent());
            row("producer", &p.name, "records_duplicated", p.duplicates);
            p.overtaken.inspect(|n| row("producer", &p.name, "records_overtaken", *n));
            row("producer", &p.name, "records_delayed", p.delayed);
            row("producer", &p.name, "records_truncated", p.truncated);
            row("producer", &p.name, "bytes_truncated", p.truncated_bytes);
            for cause in Lost::CAUSES {
                row("producer", &p.name, &format!("records_lost_{}", cause.word), (cause.of)(&p.lost));
            }
            row("producer", &p.name, "calls_failed", p.failed_calls);
            row("producer", &p.name, "records_in_failed_calls", p.unjudged);
        }
        for i in &mode.run.intakes {
            row("intake", &i.name, "records_accepted", i.accepted_records);
            row("intake", &i.name, "bytes_accepted", i.accepted_bytes);
            row("intake", &i.name, "calls_accepted", i.accepted_calls);
            row("intake", &i.name, "records_refused_by_records_quota", i.throttled_by_records);
            row("intake", &i.name, "records_refused_by_bytes_quota", i.throttled_by_bytes);
            row("intake", &i.name, "records_refused_by_requests_quota", i.throttled_by_requests);
            row("intake", &i.name, "seconds_with_a_refused_record", i.throttled_seconds);
        }
        for c in &mode.run.consumers {
            row("consumer", &c.name, "calls", c.calls);
            row("consumer", &c.name, "calls_refused_by_calls_limit", c.throttled_by_calls);
            row("consumer", &c.name, "calls_refused_by_bytes_limit", c.throttled_by_bytes);
            row("consumer", &c.name, "records_delivered_again", c.redeliveries);
            row("consumer", &c.name, "records_overtaken", c.overtaken);
        }
        for shard in &mode.run.shards {
            row("shard", &shard_name(shard.id), "attempts_refused", shard.throttled);
        }
    }
    table.finish()
}

/// As AWS writes it: `shardId-000000000007`.
pub(super) fn shard_name(id: u32) -> String {
    format!("shardId-{id:012}")
}

/// Bill lines: unit, quantity, price, fact key, amount; a `total` line closes each bill.
pub fn cost(outcome: &Outcome) -> Vec<u8> {
    let mut table = Table::new([
        "mode",
        "bill",
        "period",
        "item",
        "quantity",
        "unit",
        "price_usd",
        "price_key",
        "amount_usd",
        "how",
    ]);
    for mode in &outcome.modes {
        for (which, bill) in [("run", &mode.bill_run), ("month", &mode.bill_month)] {
            for l in &bill.lines {
                let amount = l.amount.to_string();
                table.row([
                    mode.mode,
                    which,
                    &bill.period,
                    l.item,
                    &l.quantity,
                    l.unit,
                    &l.price,
                    &l.price_key,
                    &amount,
                    &l.how,
                ]);
            }
            let total = bill.total.to_string();
            table.row([
                mode.mode,
                which,
                &bill.period,
                "total",
                "",
                "",
                "",
                "",
                &total,
                "sum of the lines above",
            ]);
        }
    }
    table.finish()
}

/// Every simulated pair of buffering hints.
pub fn fronts(outcome: &Outcome) -> Vec<u8> {
    let mut table = Table::new([
        "firehose",
        "size_bytes",
        "interval_ns",
        "is_the_scenario",
        "on_the_front",
        "freshness_p50_ns",
        "freshness_p99_ns",
        "freshness_max_ns",
        "object_mean_bytes",
        "flushed_by_size_share",
        "objects_per_day",
        "month_usd",
    ]);
    for front in &outcome.fronts {
        for p in &front.points {
            let here = (p.size, p.interval_ns) == (front.size_here, front.interval_here_ns);
            table.row([
                front.firehose.clone(),
                p.size.to_string(),
                p.interval_ns.to_string(),
                here.to_string(),
                p.best.to_string(),
                cell(p.p50_ns),
                cell(p.p99_ns),
                cell(p.oldest_ns),
                p.object_bytes.to_string(),
                p.by_size.to_string(),
                p.objects_per_day.to_string(),
                p.month_usd.to_string(),
            ]);
        }
    }
    table.finish()
}

/// Every simulated point of every curve.
pub fn curves(outcome: &Outcome) -> Vec<u8> {
    let mut table = Table::new([
        "curve",
        "x_label",
        "mode",
        "x",
        "is_the_scenario",
        "shards",
        "throttled_share",
        "lost_share",
        "end_to_end_p50_ns",
        "end_to_end_p99_ns",
        "end_to_end_max_ns",
        "month_usd",
    ]);
    for curve in &outcome.curves {
        for line in &curve.lines {
            for p in &line.points {
                table.row([
                    curve.id.to_owned(),
                    curve.x_label.clone(),
                    line.mode.to_owned(),
                    p.x.to_string(),
                    (Some(p.x) == curve.x_here).to_string(),
                    p.shards.to_string(),
                    p.throttled_share.to_string(),
                    p.lost_share.to_string(),
                    cell(p.p50_ns),
                    cell(p.p99_ns),
                    cell(p.max_ns),
                    p.month_usd.to_string(),
                ]);
            }
        }
    }
    table.finish()
}
