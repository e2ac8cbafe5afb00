//! AWS CLI lines for a shell.

use super::quote::{comment, json, shell};
use super::tree::{Kind, Properties, Resource, Template, Value, kebab, snake};
use std::fmt::Write;

/// Puts the account into on-demand Advantage.
pub const ADVANTAGE: &str =
    "aws kinesis update-account-settings --minimum-throughput-billing-commitment Status=ENABLED";

/// The lines.
pub fn write(template: &Template) -> String {
    let mut out = String::from("#!/bin/sh\n");
    out.extend(template.about.iter().map(|line| comment("#", line)));
    let _ = writeln!(
        out,
        "set -eu\nexport AWS_REGION={region} AWS_DEFAULT_REGION={region}\n",
        region = shell(&template.region)
    );
    for given in &template.given {
        let name = variable(&given.id);
        let _ = writeln!(out, ": \"${{{name}:?set it to: {}}}\"", plain(&given.about));
    }
    if template.advantage {
        let _ = writeln!(out, "{ADVANTAGE}");
    }
    for resource in &template.resources {
        out.push('\n');
        if let Some(why) = &resource.why {
            out += &comment("#", why);
        }
        lines(resource, &mut out);
    }
    out
}

/// Nothing a shell would read as more than words.
fn plain(text: &str) -> String {
    text.chars().map(|c| if "\"\\`${}".contains(c) || c.is_control() { ' ' } else { c }).collect()
}

fn lines(resource: &Resource, out: &mut String) {
    let all: Vec<(&str, &Value)> = resource.properties.iter().map(|(n, v)| (*n, v)).collect();
    match resource.kind {
        Kind::Stream => stream(&all, out),
        Kind::StreamConsumer => {
            // Whoever reads through it needs the ARN it is given.
            let _ = write!(out, "{}=$(", arn_variable(&resource.id));
            command("kinesis register-stream-consumer", &all, out);
            out.truncate(out.trim_end().len());
            *out += " \\\n  --query Consumer.ConsumerARN --output text)\n";
        }
        Kind::EventSourceMapping => command("lambda create-event-source-mapping", &all, out),
        Kind::DeliveryStream => command("firehose create-delivery-stream", &all, out),
        Kind::FlinkApplication => command("kinesisanalyticsv2 create-application", &all, out),
        Kind::Alarm => command("cloudwatch put-metric-alarm", &all, out),
    }
}

/// A stream is made, waited for, and then given its retention: CreateStream has no word for it.
fn stream(all: &[(&str, &Value)], out: &mut String) {
    let of = |name: &str| all.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let name = match of("Name") {
        Some(Value::Text(name)) => shell(name),
        _ => String::new(),
    };
    let create: Vec<(&str, &Value)> =
        all.iter().filter(|(n, _)| *n != "RetentionPeriodHours").copied().collect();
    let create: Vec<(&str, &Value)> =
        create.into_iter().map(|(n, v)| (if n == "Name" { "StreamName" } else { n }, v)).collect();
    command("kinesis create-stream", &create, out);
    let _ = writeln!(out, "aws kinesis wait stream-exists --stream-name {name}");
    if let Some(Value::Number(hours)) = of("RetentionPeriodHours").filter(|v| more_than_a_day(v)) {
        let _ = writeln!(
            out,
            "aws kinesis increase-stream-retention-period --stream-name {name} --retention-period-hours {hours}"
        );
    }
    let _ = writeln!(
        out,
        "{}=$(aws kinesis describe-stream-summary --stream-name {name} --query StreamDescriptionSummary.StreamARN --output text)",
        arn_variable(super::design::STREAM)
    );
}

/// A new stream keeps its records for the shortest time already.
fn more_than_a_day(hours: &Value) -> bool {
    let shortest = crate::facts::data_streams::RETENTION_DEFAULT.dur().0 / crate::units::Dur::from_h(1).0;
    matches!(hours, Value::Number(h) if *h > shortest)
}

fn command(name: &str, properties: &[(&str, &Value)], out: &mut String) {
    let _ = write!(out, "aws {name}");
    for (property, value) in properties {
        let flag = kebab(property);
        match value {
            Value::Flag(true) => {
                let _ = write!(out, " \\\n  --{flag}");
            }
            Value::Flag(false) => {
                let _ = write!(out, " \\\n  --no-{flag}");
            }
            value => {
                let _ = write!(out, " \\\n  --{flag} {}", argument(value));
            }
        }
    }
    out.push('\n');
}

/// One word of a command line.
fn argument(value: &Value) -> String {
    match value {
        Value::Text(text) => shell(text),
        Value::Number(n) => n.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Given(id) => format!("\"${}\"", variable(id)),
        Value::Arn(id) => format!("\"${}\"", arn_variable(id)),
        Value::List(_) | Value::Map(_) => {
            // Variables stand between the quotes of the JSON's string: 'text'"$NAME"'text'.
            let text = document(value);
            let parts = text.split(MARK).enumerate();
            let part = |(i, p): (usize, &str)| {
                if i % 2 == 1 { format!("'\"${p}\"'") } else { p.replace('\'', r"'\''") }
            };
            format!("'{}'", parts.map(part).collect::<String>())
        }
    }
}

/// Stands around a variable's name in a document; no text of a scenario holds it, since names are one line.
const MARK: char = '\u{1}';

fn document(value: &Value) -> String {
    match value {
        Value::Text(text) => json(text),
        Value::Number(n) => n.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Given(id) => format!("\"{MARK}{}{MARK}\"", variable(id)),
        Value::Arn(id) => format!("\"{MARK}{}{MARK}\"", arn_variable(id)),
        Value::List(items) => format!("[{}]", items.iter().map(document).collect::<Vec<_>>().join(",")),
        Value::Map(properties) => format!("{{{}}}", members(properties)),
    }
}

fn members(properties: &Properties) -> String {
    // The API and CloudFormation part ways in this one word.
    let word = |name: &str| if name == "CatalogArn" { "CatalogARN".to_owned() } else { name.to_owned() };
    let member = |(name, value): &(&str, Value)| format!("{}:{}", json(&word(name)), document(value));
    properties.iter().map(member).collect::<Vec<_>>().join(",")
}

fn variable(id: &str) -> String {
    snake(id).to_ascii_uppercase()
}

fn arn_variable(id: &str) -> String {
    format!("{}_ARN", variable(id))
}
