//! Alarms at the design's limits.

use super::tree::{Kind, Properties, Template, Value, pascal};
use crate::consumer::config::{ApplicationConfig, ConsumerConfig, ReadConfig};
use crate::facts::alarms as facts;
use crate::firehose::config::Source;
use crate::scenario::Scenario;
use crate::scenario::metric::Subject;
use crate::units::{Dur, NS_PER_S};

/// What an alarm watches.
struct Watch<'a> {
    id: String,
    namespace: &'static str,
    metric: &'a str,
    dimensions: Vec<(&'static str, Value)>,
    statistic: &'static str,
    above: u64,
    why: String,
}

/// All alarms of a design; `shards` where it is provisioned.
pub fn add(template: &mut Template, scenario: &Scenario, shards: Option<u32>) {
    let topic = template.ask("AlarmTopicArn".into(), "ARN of the SNS topic that alarms go to");
    let mut watches = writes(template, scenario, shards);
    for (i, consumer) in scenario.consumers.iter().enumerate() {
        watches.extend(reader(template, scenario, i, consumer));
    }
    if scenario.consumers.iter().any(|c| matches!(c.read, ReadConfig::Polling(_))) {
        let why = "readers that poll share the limits of a shard: some call was refused";
        watches.push(of_stream(
            template,
            "ReadThrottled",
            "ReadProvisionedThroughputExceeded",
            "Sum",
            0,
            why,
        ));
    }
    watches.extend(deliveries(template, scenario));
    watches.into_iter().for_each(|watch| alarm(template, watch, &topic));
}

fn of_stream(
    template: &Template,
    id: &str,
    metric: &'static str,
    statistic: &'static str,
    above: u64,
    why: &str,
) -> Watch<'static> {
    Watch {
        id: id.to_owned(),
        namespace: "AWS/Kinesis",
        metric,
        dimensions: vec![("StreamName", Value::text(&template.name))],
        statistic,
        above,
        why: why.to_owned(),
    }
}

/// Refused writes, and the shards' capacity.
fn writes(template: &Template, scenario: &Scenario, shards: Option<u32>) -> Vec<Watch<'static>> {
    let mut all = vec![of_stream(
        template,
        "WriteThrottled",
        "WriteProvisionedThroughputExceeded",
        "Sum",
        0,
        "some shard refused a write",
    )];
    let Some(shards) = shards else { return all };
    let limits = scenario.stream.admission;
    let share = facts::CAPACITY_SHARE.percent();
    let a_minute = |per_s: u64| {
        let whole = per_s as f64 * f64::from(shards) * (facts::PERIOD.dur().0 / NS_PER_S) as f64;
        (whole * share.fraction()) as u64
    };
    let records = format!("{share} of what {shards} shards take in a minute, by records");
    all.push(of_stream(
        template,
        "RecordsNearLimit",
        "IncomingRecords",
        "Sum",
        a_minute(limits.records_per_s),
        &records,
    ));
    let bytes = format!("{share} of what {shards} shards take in a minute, by bytes");
    all.push(of_stream(
        template,
        "BytesNearLimit",
        "IncomingBytes",
        "Sum",
        a_minute(limits.bytes_per_s),
        &bytes,
    ));
    all
}

/// How far a reader is behind.
fn reader(
    template: &Template,
    scenario: &Scenario,
    index: usize,
    consumer: &ConsumerConfig,
) -> Option<Watch<'static>> {
    let (above, why) = behind(scenario, index);
    let id = format!("{}Behind", pascal(&consumer.name));
    let mut watch = of_stream(template, &id, "GetRecords.IteratorAgeMilliseconds", "Maximum", above, &why);
    match (&consumer.client, &consumer.read) {
        (ApplicationConfig::Lambda(_), _) => {
            watch.namespace = "AWS/Lambda";
            watch.metric = "IteratorAge";
            let function = Value::Given(format!("{}FunctionName", pascal(&consumer.name)));
            watch.dimensions = vec![("FunctionName", function)];
        }
        (_, ReadConfig::FanOut(_)) => {
            watch.metric = "SubscribeToShardEvent.MillisBehindLatest";
            watch.dimensions.push(("ConsumerName", Value::text(&consumer.name)));
        }
        // CloudWatch does not tell polling readers apart: one alarm for all, of the first.
        _ if scenario.consumers[..index].iter().any(polls_itself) => return None,
        _ => {}
    }
    Some(watch)
}

fn polls_itself(consumer: &ConsumerConfig) -> bool {
    matches!(consumer.read, ReadConfig::Polling(_)) && consumer.client.lambda().is_none()
}

/// Milliseconds, and why: the goal where there is one, else a share of the retention.
fn behind(scenario: &Scenario, index: usize) -> (u64, String) {
    let limits = scenario.goal.iter().flat_map(|g| &g.limits);
    let mut own = limits.filter(|l| {
        l.measured.metric.name == "iterator_age_max" && l.measured.subject == Subject::Consumer(index)
    });
    if let Some((limit, most)) = own.find_map(|l| Some((l, l.at_most?))) {
        return ((most.value / 1e6) as u64, format!("the goal: {} {}", limit.path, limit.text));
    }
    let share = facts::ITERATOR_AGE_SHARE.percent();
    let ms = scenario.stream.retention.0 as f64 * share.fraction() / 1e6;
    (ms as u64, format!("{share} of the retention, before records are lost unread"))
}

/// Firehose streams: freshness, and refused direct puts.
fn deliveries(template: &Template, scenario: &Scenario) -> Vec<Watch<'static>> {
    let mut all = Vec::new();
    for stream in &scenario.firehose {
        let id = pascal(&stream.name);
        let dimension = Value::text(format!("{}-{}", template.name, stream.name));
        let longest = facts::FRESHNESS.dur().max(Dur(stream.buffer.interval.0));
        all.push(Watch {
            id: format!("{id}Stale"),
            namespace: "AWS/Firehose",
            metric: freshness(stream.destination),
            dimensions: vec![("DeliveryStreamName", dimension.clone())],
            statistic: "Maximum",
            above: longest.0 / NS_PER_S,
            why: format!("older than the longest buffer interval: {longest}"),
        });
        if matches!(stream.source, Source::Producer(_)) {
            all.push(Watch {
                id: format!("{id}Throttled"),
                namespace: "AWS/Firehose",
                metric: "ThrottledRecords",
                dimensions: vec![("DeliveryStreamName", dimension)],
                statistic: "Sum",
                above: 0,
                why: "direct puts were refused".into(),
            });
        }
    }
    all
}

fn freshness(destination: &str) -> &'static str {
    match destination {
        "http" => "DeliveryToHttpEndpoint.DataFreshness",
        "opensearch" => "DeliveryToAmazonOpenSearchService.DataFreshness",
        "splunk" => "DeliveryToSplunk.DataFreshness",
        "redshift" => "DeliveryToRedshift.DataFreshness",
        "snowflake" => "DeliveryToSnowflake.DataFreshness",
        "iceberg" => "DeliveryToIceberg.DataFreshness",
        _ => "DeliveryToS3.DataFreshness",
    }
}

fn alarm(template: &mut Template, watch: Watch, topic: &Value) {
    let pair = |(name, value): (&str, Value)| Value::Map(vec![("Name", Value::text(name)), ("Value", value)]);
    let periods = Value::Number(facts::PERIODS.count());
    let properties: Properties = vec![
        ("AlarmName", Value::text(format!("{}-{}", template.name, super::tree::kebab(&watch.id)))),
        ("AlarmDescription", Value::text(&watch.why)),
        ("Namespace", Value::text(watch.namespace)),
        ("MetricName", Value::text(watch.metric)),
        ("Dimensions", Value::List(watch.dimensions.into_iter().map(pair).collect())),
        ("Statistic", Value::text(watch.statistic)),
        ("Period", Value::Number(facts::PERIOD.dur().0 / NS_PER_S)),
        ("EvaluationPeriods", periods.clone()),
        ("DatapointsToAlarm", periods),
        ("Threshold", Value::Number(watch.above)),
        ("ComparisonOperator", Value::text("GreaterThanThreshold")),
        // A stream without traffic has no data points.
        ("TreatMissingData", Value::text("notBreaching")),
        ("AlarmActions", Value::List(vec![topic.clone()])),
    ];
    template.add(format!("{}Alarm", watch.id), Kind::Alarm, properties, None);
}
