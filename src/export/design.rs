//! The scenario's stream and readers as resources.

use super::tree::{Kind, Properties, Template, Value, pascal};
use super::{alarms, delivery};
use crate::api::Position;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig, ReadConfig};
use crate::consumer::flink::config::{FlinkConfig, ManagedConfig, Place};
use crate::consumer::lambda::LambdaConfig;
use crate::facts::data_streams;
use crate::scenario::Scenario;
use crate::stream::config::Mode;
use crate::units::{ByteRate, Dur, Percent};
use crate::world::sizing;

/// Logical name of the stream.
pub const STREAM: &str = "Stream";

/// The whole design in one mode.
pub fn of(scenario: &Scenario, mode: Mode) -> Template {
    let mut template = Template {
        name: stack_name(&scenario.name),
        region: scenario.region.clone(),
        about: vec![format!("{}: {}", scenario.name, scenario.question)],
        advantage: mode == Mode::OnDemandAdvantage,
        ..Template::default()
    };
    template.about.push(format!(
        "{} mode, as simulated by kinesim {}",
        mode.title(),
        env!("CARGO_PKG_VERSION")
    ));
    let shards = (mode == Mode::Provisioned)
        .then(|| sizing::provisioned_shards(&scenario.world(mode, scenario.seed, 0)));
    stream(&mut template, scenario, mode, shards);
    for consumer in &scenario.consumers {
        reader(&mut template, consumer);
    }
    for stream in &scenario.firehose {
        delivery::add(&mut template, stream);
    }
    alarms::add(&mut template, scenario, shards);
    template
}

/// Letters, digits and hyphens, a letter first.
fn stack_name(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(fits).take(100).collect();
    let name = name.trim_matches('-');
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => name.to_owned(),
        false => format!("stream-{name}"),
    }
}

fn stream(template: &mut Template, scenario: &Scenario, mode: Mode, shards: Option<u32>) {
    let config = &scenario.stream;
    let mut properties: Properties = vec![("Name", Value::text(&template.name))];
    let word = if mode == Mode::Provisioned { "PROVISIONED" } else { "ON_DEMAND" };
    properties.push(("StreamModeDetails", Value::Map(vec![("StreamMode", Value::text(word))])));
    if let Some(shards) = shards {
        properties.push(("ShardCount", Value::Number(shards.into())));
    }
    properties.push(("RetentionPeriodHours", Value::Number(hours(config.retention))));
    if config.max_record_size > data_streams::RECORD_SIZE_DEFAULT.bytes() {
        properties.push(("MaxRecordSizeInKiB", Value::Number(config.max_record_size.0.div_ceil(1 << 10))));
    }
    if let (Mode::OnDemandAdvantage, Some(warm)) = (mode, config.advantage.warm) {
        properties.push(("WarmThroughputMiBps", Value::Number(mebibytes(warm))));
    }
    let why = match (config.shards, shards) {
        (None, Some(n)) => Some(format!("{n} shards: AWS's sizing formula on the busiest minute")),
        _ => None,
    };
    template.add(STREAM.into(), Kind::Stream, properties, why);
}

fn hours(time: Dur) -> u64 {
    time.0.div_ceil(Dur::from_h(1).0)
}

fn mebibytes(rate: ByteRate) -> u64 {
    rate.0.div_ceil(1 << 20)
}

fn reader(template: &mut Template, consumer: &ConsumerConfig) {
    let id = pascal(&consumer.name);
    let registered = format!("{id}Consumer");
    // Firehose polls; an on-demand or provisioned stream needs nothing registered for it.
    if matches!(consumer.client, ApplicationConfig::Firehose) {
        return;
    }
    let fan_out = matches!(consumer.read, ReadConfig::FanOut(_));
    // The KCL and Flink register themselves.
    let registers = matches!(consumer.client, ApplicationConfig::Sdk | ApplicationConfig::Lambda(_));
    if fan_out && registers {
        let properties =
            vec![("ConsumerName", Value::text(&consumer.name)), ("StreamARN", Value::Arn(STREAM.into()))];
        template.add(registered.clone(), Kind::StreamConsumer, properties, None);
    }
    let left_out = match &consumer.client {
        ApplicationConfig::Lambda(lambda) => {
            let source = if fan_out { registered } else { STREAM.to_owned() };
            return mapping(template, &id, consumer, lambda, source);
        }
        ApplicationConfig::Kcl(_) => "a KCL application brings its own workers and creates its lease table",
        ApplicationConfig::Flink(flink) => match &flink.place {
            Place::Managed(managed) => return application(template, &id, consumer, flink, managed),
            Place::SelfManaged(_) => "a Flink job on machines of one's own is deployed with its code",
        },
        ApplicationConfig::Sdk => "a plain reader is deployed with its code",
        ApplicationConfig::Firehose => return,
    };
    let registration = match (fan_out, registers) {
        (false, _) => "",
        (true, true) => "; its fan-out registration is here",
        (true, false) => ", and registers itself for fan-out",
    };
    template.about.push(format!("Reader {}: {left_out}{registration}", consumer.name));
}

/// Managed Service for Apache Flink: the job's settings here, its code and source settings in its archive.
fn application(
    template: &mut Template,
    id: &str,
    consumer: &ConsumerConfig,
    flink: &FlinkConfig,
    managed: &ManagedConfig,
) {
    let mut ask = |suffix: &str, about: &str| {
        template.ask(format!("{id}{suffix}"), &format!("{about} (Flink application {})", consumer.name))
    };
    let runtime = ask("Runtime", "Runtime environment, for example FLINK-1_20");
    let role = ask("ServiceRoleArn", "ARN of the role that the application takes on");
    let bucket = ask("CodeBucketArn", "ARN of the bucket that holds the code");
    let file = ask("CodeFileKey", "Key of the code's archive in it");
    let at = Value::Map(vec![("BucketARN", bucket), ("FileKey", file)]);
    let code = vec![
        ("CodeContent", Value::Map(vec![("S3ContentLocation", at)])),
        ("CodeContentType", Value::text("ZIPFILE")),
    ];
    let own = || ("ConfigurationType", Value::text("CUSTOM"));
    let milliseconds = |d: Dur| Value::Number(d.0.div_ceil(Dur::from_ms(1).0));
    let checkpoints = vec![
        own(),
        ("CheckpointingEnabled", Value::Flag(true)),
        ("CheckpointInterval", milliseconds(flink.checkpoints.every)),
        ("MinPauseBetweenCheckpoints", milliseconds(flink.checkpoints.min_pause)),
    ];
    let parallelism = vec![
        own(),
        ("Parallelism", Value::Number(flink.parallelism.into())),
        ("ParallelismPerKPU", Value::Number(managed.parallelism_per_kpu.into())),
        ("AutoScalingEnabled", Value::Flag(managed.autoscaling)),
    ];
    let job = vec![
        ("CheckpointConfiguration", Value::Map(checkpoints)),
        ("ParallelismConfiguration", Value::Map(parallelism)),
    ];
    let settings = vec![
        ("ApplicationCodeConfiguration", Value::Map(code)),
        ("FlinkApplicationConfiguration", Value::Map(job)),
    ];
    let properties: Properties = vec![
        ("ApplicationName", Value::text(format!("{}-{}", template.name, consumer.name))),
        ("RuntimeEnvironment", runtime),
        ("ServiceExecutionRole", role),
        ("ApplicationConfiguration", Value::Map(settings)),
    ];
    let why = "its code names the stream and how it reads; it is started by hand once it is there".to_owned();
    template.add(format!("{id}Application"), Kind::FlinkApplication, properties, Some(why));
}

/// Lambda's event source mapping.
fn mapping(
    template: &mut Template,
    id: &str,
    consumer: &ConsumerConfig,
    lambda: &LambdaConfig,
    source: String,
) {
    let function = template.ask(
        format!("{id}FunctionName"),
        &format!("Name or ARN of the function that reads as {}", consumer.name),
    );
    let seconds = |d: Dur| Value::Number(d.0.div_ceil(Dur::from_s(1).0));
    let mut properties: Properties = vec![
        ("EventSourceArn", Value::Arn(source)),
        ("FunctionName", function),
        ("StartingPosition", Value::text(position(consumer.starts.from))),
        ("BatchSize", Value::Number(lambda.batch_size)),
        ("MaximumBatchingWindowInSeconds", seconds(lambda.batching_window)),
        ("ParallelizationFactor", Value::Number(lambda.parallelization_factor.into())),
        ("BisectBatchOnFunctionError", Value::Flag(lambda.bisect)),
    ];
    if let Some(attempts) = lambda.retry_attempts {
        properties.push(("MaximumRetryAttempts", Value::Number(attempts.into())));
    }
    if let Some(age) = lambda.record_age {
        properties.push(("MaximumRecordAgeInSeconds", seconds(age)));
    }
    if lambda.tumbling_window > Dur::ZERO {
        properties.push(("TumblingWindowInSeconds", seconds(lambda.tumbling_window)));
    }
    if lambda.report_batch_item_failures {
        let kinds = Value::List(vec![Value::text("ReportBatchItemFailures")]);
        properties.push(("FunctionResponseTypes", kinds));
    }
    if lambda.on_failure_destination {
        let about = format!("ARN of the queue, topic or bucket for batches that {} gives up", consumer.name);
        let destination = template.ask(format!("{id}FailureDestinationArn"), &about);
        let on_failure = Value::Map(vec![("Destination", destination)]);
        properties.push(("DestinationConfig", Value::Map(vec![("OnFailure", on_failure)])));
    }
    if lambda.filtered > Percent(0) {
        template.about.push(format!(
            "Reader {}: the scenario knows what share of records its filter keeps back, not the pattern: add FilterCriteria",
            consumer.name
        ));
    }
    let why = format!("reserved concurrency of the function in the scenario: {}", lambda.concurrency);
    template.add(format!("{id}Mapping"), Kind::EventSourceMapping, properties, Some(why));
}

fn position(from: Position) -> &'static str {
    match from {
        Position::Latest => "LATEST",
        // A moment or sequence number of the simulation means nothing in a new stream.
        _ => "TRIM_HORIZON",
    }
}
