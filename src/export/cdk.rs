//! A CDK app, in TypeScript and in Python: the constructs that CloudFormation's resources have one by one.

use super::quote::{comment, json};
use super::tree::{Kind, Properties, Resource, Template, Value, camel, pascal, snake};
use std::fmt::Write;

/// Module and construct of a kind.
fn construct(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Stream => ("kinesis", "CfnStream"),
        Kind::StreamConsumer => ("kinesis", "CfnStreamConsumer"),
        Kind::EventSourceMapping => ("lambda", "CfnEventSourceMapping"),
        Kind::DeliveryStream => ("kinesisfirehose", "CfnDeliveryStream"),
        Kind::FlinkApplication => ("kinesisanalyticsv2", "CfnApplication"),
        Kind::Alarm => ("cloudwatch", "CfnAlarm"),
    }
}

/// Modules in use, in the order of first use.
fn modules(template: &Template) -> Vec<&'static str> {
    let mut used: Vec<&str> = Vec::new();
    for resource in &template.resources {
        let (module, _) = construct(resource.kind);
        if !used.contains(&module) {
            used.push(module);
        }
    }
    used
}

/// Comments at the head.
fn head(template: &Template, mark: &str) -> String {
    let mut out: String = template.about.iter().map(|line| comment(mark, line)).collect();
    if template.advantage {
        out += &comment(
            mark,
            "On-demand Advantage is a setting of the account, not of the stream: once, by hand,",
        );
        out += &comment(mark, super::cli_lines::ADVANTAGE);
    }
    out
}

/// A language's way of writing values.
struct Tongue {
    /// Name of something given or made.
    name: fn(&str) -> String,
    /// Value of a parameter.
    given: &'static str,
    /// ARN of a resource by its kind.
    arn: fn(Kind) -> String,
    /// Yes and no.
    flags: (&'static str, &'static str),
    /// Key in a structure.
    key: fn(&str) -> String,
}

const TYPESCRIPT: Tongue = Tongue {
    name: camel,
    given: ".valueAsString",
    arn: |kind| format!(".attr{}", pascal(&snake(kind.arn()).replace('_', " "))),
    flags: ("true", "false"),
    key: |name| format!("{}: ", camel(name)),
};

const PYTHON: Tongue = Tongue {
    name: snake,
    given: ".value_as_string",
    arn: |kind| format!(".attr_{}", snake(kind.arn())),
    flags: ("True", "False"),
    // Inside a construct's arguments structures are plain dictionaries in CloudFormation's order.
    key: |name| format!("{}: ", json(&camel(name))),
};

impl Tongue {
    fn value(&self, template: &Template, value: &Value, indent: usize) -> String {
        let inner = indent + 4;
        match value {
            Value::Text(text) => json(text),
            Value::Number(n) => n.to_string(),
            Value::Flag(flag) => if *flag { self.flags.0 } else { self.flags.1 }.to_owned(),
            Value::Given(id) => format!("{}{}", (self.name)(id), self.given),
            Value::Arn(id) => format!("{}{}", (self.name)(id), (self.arn)(template.kind(id))),
            Value::List(items) => {
                let item = |i: &Value| format!("{:inner$}{},\n", "", self.value(template, i, inner));
                format!("[\n{}{:indent$}]", items.iter().map(item).collect::<String>(), "")
            }
            Value::Map(properties) => self.map(template, properties, indent),
        }
    }

    fn map(&self, template: &Template, properties: &Properties, indent: usize) -> String {
        if properties.is_empty() {
            return "{}".into();
        }
        let inner = indent + 4;
        let member = |(name, value): &(&str, Value)| {
            format!("{:inner$}{}{},\n", "", (self.key)(name), self.value(template, value, inner))
        };
        format!("{{\n{}{:indent$}}}", properties.iter().map(member).collect::<String>(), "")
    }
}

/// TypeScript.
pub fn typescript(template: &Template) -> String {
    let mut out = head(template, "//");
    out += "import * as cdk from \"aws-cdk-lib\";\n";
    for module in modules(template) {
        let _ = writeln!(out, "import * as {module} from \"aws-cdk-lib/aws-{module}\";");
    }
    let stack = pascal(&template.name);
    let _ = writeln!(
        out,
        "\nclass {stack}Stack extends cdk.Stack {{\n    constructor(scope: cdk.App, id: string, props?: cdk.StackProps) {{\n        super(scope, id, props);\n"
    );
    for given in &template.given {
        let secret = if given.is_secret() { ", noEcho: true" } else { "" };
        let _ = writeln!(
            out,
            "        const {} = new cdk.CfnParameter(this, {}, {{ type: \"String\"{secret}, description: {} }});",
            camel(&given.id),
            json(&given.id),
            json(&given.about)
        );
    }
    for resource in &template.resources {
        let (module, class) = construct(resource.kind);
        out.push('\n');
        out.extend(resource.why.iter().map(|why| comment("        //", why)));
        let _ = writeln!(
            out,
            "        {}new {module}.{class}(this, {}, {});",
            named(template, resource, |id| format!("const {} = ", camel(id))),
            json(&resource.id),
            TYPESCRIPT.map(template, &resource.properties, 8)
        );
    }
    let region = json(&template.region);
    let _ = writeln!(
        out,
        "    }}\n}}\n\nconst app = new cdk.App();\nnew {stack}Stack(app, {}, {{ env: {{ region: {region} }} }});\napp.synth();",
        json(&template.name)
    );
    out
}

/// Python.
pub fn python(template: &Template) -> String {
    let mut out = head(template, "#");
    out += "import aws_cdk as cdk\n";
    for module in modules(template) {
        // `lambda` is a word of the language.
        let _ = writeln!(out, "from aws_cdk import aws_{module}");
    }
    let stack = pascal(&template.name);
    let _ = writeln!(
        out,
        "\n\nclass {stack}Stack(cdk.Stack):\n    def __init__(self, scope, construct_id, **kwargs):\n        super().__init__(scope, construct_id, **kwargs)\n"
    );
    for given in &template.given {
        let secret = if given.is_secret() { ", no_echo=True" } else { "" };
        let _ = writeln!(
            out,
            "        {} = cdk.CfnParameter(self, {}, type=\"String\"{secret}, description={})",
            snake(&given.id),
            json(&given.id),
            json(&given.about)
        );
    }
    for resource in &template.resources {
        let (module, class) = construct(resource.kind);
        out.push('\n');
        out.extend(resource.why.iter().map(|why| comment("        #", why)));
        let name = named(template, resource, |id| format!("{} = ", snake(id)));
        let _ =
            writeln!(out, "        {name}aws_{module}.{class}(\n            self, {},", json(&resource.id));
        for (property, value) in &resource.properties {
            let value = PYTHON.value(template, value, 12);
            let _ = writeln!(out, "            {}={value},", python_word(property));
        }
        out += "        )\n";
    }
    let _ = writeln!(
        out,
        "\n\napp = cdk.App()\n{stack}Stack(app, {}, env=cdk.Environment(region={}))\napp.synth()",
        json(&template.name),
        json(&template.region)
    );
    out
}

/// An argument's name in Python.
fn python_word(property: &str) -> String {
    match property {
        // The one that the bindings do not cut before the B.
        "MaxRecordSizeInKiB" => "max_record_size_in_kib".into(),
        _ => snake(property),
    }
}

/// A name where another resource refers to this one.
fn named(template: &Template, resource: &Resource, name: impl Fn(&str) -> String) -> String {
    let refers = template.resources.iter().any(|r| r.properties.iter().any(|(_, v)| v.names(&resource.id)));
    if refers { name(&resource.id) } else { String::new() }
}
