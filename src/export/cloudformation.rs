//! A CloudFormation template in YAML.

use super::quote::{comment, json};
use super::tree::{Properties, Template, Value};
use std::fmt::Write;

/// The template.
pub fn write(template: &Template) -> String {
    let mut out: String = template.about.iter().map(|line| comment("#", line)).collect();
    if template.advantage {
        out += &comment(
            "#",
            "On-demand Advantage is a setting of the account, not of the stream: once, by hand,",
        );
        out += &comment("#", super::cli_lines::ADVANTAGE);
    }
    out += "AWSTemplateFormatVersion: \"2010-09-09\"\n";
    let _ = writeln!(out, "Description: {}", json(template.about.first().map_or("", |a| a)));
    if !template.given.is_empty() {
        out += "Parameters:\n";
        for given in &template.given {
            // A secret's value stays where it is kept: the template resolves its name.
            let kept = if given.is_secret() { "Name of the secret in Secrets Manager: " } else { "" };
            let about = json(&format!("{kept}{}", given.about));
            let _ = writeln!(out, "  {}:\n    Type: String\n    Description: {about}", given.id);
        }
    }
    out += "Resources:\n";
    for resource in &template.resources {
        if let Some(why) = &resource.why {
            out += &comment("  #", why);
        }
        let _ = writeln!(
            out,
            "  {}:\n    Type: {}\n    Properties:",
            resource.id,
            resource.kind.cloudformation()
        );
        map(template, "", &resource.properties, 6, &mut out);
    }
    out
}

fn map(template: &Template, parent: &str, properties: &Properties, indent: usize, out: &mut String) {
    for (name, value) in properties {
        // The one property of this resource type that begins with a small letter.
        let odd = (parent, *name) == ("IcebergDestinationConfiguration", "S3BackupMode");
        let written = if odd { "s3BackupMode" } else { name };
        let _ = write!(out, "{:indent$}{written}:", "");
        after_key(template, name, value, indent, out);
    }
}

/// What follows a key and its colon.
fn after_key(template: &Template, key: &str, value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Map(inner) if !inner.is_empty() => {
            out.push('\n');
            map(template, key, inner, indent + 2, out);
        }
        Value::List(items) => {
            out.push('\n');
            items.iter().for_each(|item| list_item(template, item, indent + 2, out));
        }
        plain => {
            let _ = writeln!(out, " {}", scalar(template, plain));
        }
    }
}

fn list_item(template: &Template, item: &Value, indent: usize, out: &mut String) {
    let Value::Map(inner) = item else {
        let _ = writeln!(out, "{:indent$}- {}", "", scalar(template, item));
        return;
    };
    let mut text = String::new();
    map(template, "", inner, indent + 2, &mut text);
    // The first key stands behind the dash.
    let _ = write!(out, "{:indent$}- {}", "", text.trim_start());
}

fn scalar(template: &Template, value: &Value) -> String {
    match value {
        Value::Text(text) => json(text),
        Value::Number(n) => n.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Given(id) if template.given.iter().any(|g| g.id == *id && g.is_secret()) => {
            format!("!Sub \"{{{{resolve:secretsmanager:${{{id}}}}}}}\"")
        }
        Value::Given(id) => format!("!Ref {id}"),
        Value::Arn(id) => format!("!GetAtt {id}.{}", template.kind(id).arn()),
        Value::Map(_) => "{}".into(),
        Value::List(_) => "[]".into(),
    }
}
