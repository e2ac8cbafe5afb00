//! HCL for the Terraform AWS provider.
//!
//! The provider's words are CloudFormation's in small letters, but for those in `RENAMED`; some of CloudFormation's
//! structures are flat there (`FLAT`).

use super::quote::{comment, hcl};
use super::tree::{Kind, Properties, Resource, Template, Value, snake};
use std::fmt::Write;

const RENAMED: &[(&str, &str)] = &[
    ("RetentionPeriodHours", "retention_period"),
    ("MaxRecordSizeInKiB", "max_record_size_in_kib"),
    ("ConsumerName", "name"),
    ("ApplicationName", "name"),
    ("Destination", "destination_arn"),
    ("DeliveryStreamName", "name"),
    ("KinesisStreamSourceConfiguration", "kinesis_source_configuration"),
    ("SizeInMBs", "buffering_size"),
    ("IntervalInSeconds", "buffering_interval"),
    ("DurationInSeconds", "retry_duration"),
    ("ExtendedS3DestinationConfiguration", "extended_s3_configuration"),
    ("HttpEndpointDestinationConfiguration", "http_endpoint_configuration"),
    ("SplunkDestinationConfiguration", "splunk_configuration"),
    ("AmazonopensearchserviceDestinationConfiguration", "opensearch_configuration"),
    ("RedshiftDestinationConfiguration", "redshift_configuration"),
    ("SnowflakeDestinationConfiguration", "snowflake_configuration"),
    ("IcebergDestinationConfiguration", "iceberg_configuration"),
    ("DestinationTableConfigurationList", "destination_table_configuration"),
    ("DestinationDatabaseName", "database_name"),
    ("DestinationTableName", "table_name"),
];

const FLAT: &[&str] =
    &["BufferingHints", "RetryOptions", "EndpointConfiguration", "CopyCommand", "CatalogConfiguration"];

/// The configuration.
pub fn write(template: &Template) -> String {
    let mut out: String = template.about.iter().map(|line| comment("#", line)).collect();
    if template.advantage {
        out += &comment(
            "#",
            "On-demand Advantage is a setting of the account, not of the stream: once, by hand,",
        );
        out += &comment("#", super::cli_lines::ADVANTAGE);
    }
    let region = hcl(&template.region);
    out += "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n\n";
    let _ = writeln!(out, "provider \"aws\" {{\n  region = {region}\n}}");
    for given in &template.given {
        let secret = if given.is_secret() { "\n  sensitive   = true" } else { "" };
        let _ = writeln!(
            out,
            "\nvariable \"{}\" {{\n  description = {}\n  type        = string{secret}\n}}",
            snake(&given.id),
            hcl(&given.about)
        );
    }
    template.resources.iter().for_each(|r| resource(template, r, &mut out));
    out
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Stream => "aws_kinesis_stream",
        Kind::StreamConsumer => "aws_kinesis_stream_consumer",
        Kind::EventSourceMapping => "aws_lambda_event_source_mapping",
        Kind::DeliveryStream => "aws_kinesis_firehose_delivery_stream",
        Kind::FlinkApplication => "aws_kinesisanalyticsv2_application",
        Kind::Alarm => "aws_cloudwatch_metric_alarm",
    }
}

fn resource(template: &Template, resource: &Resource, out: &mut String) {
    out.push('\n');
    out.extend(resource.why.iter().map(|why| comment("#", why)));
    let _ = writeln!(out, "resource \"{}\" \"{}\" {{", word(resource.kind), snake(&resource.id));
    for (name, value) in &resource.properties {
        match (resource.kind, *name, value) {
            (Kind::Stream, "WarmThroughputMiBps", Value::Number(n)) => {
                let text = format!(
                    "warm throughput: aws kinesis update-stream-warm-throughput --stream-name NAME --warm-throughput-mi-bps {n}"
                );
                *out += &comment("  #", &text);
            }
            // What is in it follows from its blocks.
            (Kind::DeliveryStream, "DeliveryStreamType", _) => {}
            (Kind::Alarm, "Dimensions", Value::List(items)) => dimensions(template, items, out),
            _ => property(template, name, value, 2, out),
        }
        if let Some(word) = name.strip_suffix("DestinationConfiguration") {
            let word = if word == "Amazonopensearchservice" { "opensearch".into() } else { snake(word) };
            let _ = writeln!(out, "  destination = \"{word}\"");
        }
    }
    *out += "}\n";
}

/// An alarm's dimensions are a map.
fn dimensions(template: &Template, items: &[Value], out: &mut String) {
    *out += "  dimensions = {\n";
    for item in items {
        if let Value::Map(pair) = item
            && let [(_, Value::Text(name)), (_, value)] = pair.as_slice()
        {
            let _ = writeln!(out, "    {name} = {}", scalar(template, value));
        }
    }
    *out += "  }\n";
}

fn property(template: &Template, name: &str, value: &Value, indent: usize, out: &mut String) {
    let word = RENAMED.iter().find(|r| r.0 == name).map_or_else(|| snake(name), |r| r.1.to_owned());
    match value {
        Value::Map(inner) if FLAT.contains(&name) => properties(template, inner, indent, out),
        Value::Map(inner) => block(template, &word, inner, indent, out),
        Value::List(items) if items.iter().all(|i| matches!(i, Value::Map(_))) => {
            for item in items {
                if let Value::Map(inner) = item {
                    block(template, &word, inner, indent, out);
                }
            }
        }
        plain => {
            let _ = writeln!(out, "{:indent$}{word} = {}", "", scalar(template, plain));
        }
    }
}

fn properties(template: &Template, all: &Properties, indent: usize, out: &mut String) {
    all.iter().for_each(|(name, value)| property(template, name, value, indent, out));
}

fn block(template: &Template, word: &str, inner: &Properties, indent: usize, out: &mut String) {
    let _ = writeln!(out, "{:indent$}{word} {{", "");
    properties(template, inner, indent + 2, out);
    let _ = writeln!(out, "{:indent$}}}", "");
}

fn scalar(template: &Template, value: &Value) -> String {
    match value {
        Value::Text(text) => hcl(text),
        Value::Number(n) => n.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Given(id) => format!("var.{}", snake(id)),
        Value::Arn(id) => format!("{}.{}.arn", word(template.kind(id)), snake(id)),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|i| scalar(template, i)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(_) => "{}".into(),
    }
}
