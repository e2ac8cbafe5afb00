//! Resources and their properties, in CloudFormation's words.

/// All that is deployed.
#[derive(Debug, Default)]
pub struct Template {
    /// Name of the stack.
    pub name: String,
    /// Region.
    pub region: String,
    /// What it is, and what is left out: comments at its head.
    pub about: Vec<String>,
    /// What the scenario does not know.
    pub given: Vec<Given>,
    /// The resources, each after those it names.
    pub resources: Vec<Resource>,
    /// Does the account have to be in on-demand Advantage?
    pub advantage: bool,
}

/// Something that whoever deploys has to fill in.
#[derive(Debug)]
pub struct Given {
    /// Its name, in words that begin with capitals and are written together.
    pub id: String,
    /// What it is.
    pub about: String,
}

impl Given {
    /// Should it be kept from logs?
    pub fn is_secret(&self) -> bool {
        ["Password", "Token", "PrivateKey"].iter().any(|end| self.id.ends_with(end))
    }
}

/// One resource.
#[derive(Debug)]
pub struct Resource {
    /// Its logical name, in words that begin with capitals and are written together.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Properties in order.
    pub properties: Properties,
    /// Why it is as it is.
    pub why: Option<String>,
}

/// Properties in order.
pub type Properties = Vec<(&'static str, Value)>;

/// Kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stream.
    Stream,
    /// A registered consumer with enhanced fan-out.
    StreamConsumer,
    /// Lambda's event source mapping.
    EventSourceMapping,
    /// A Firehose stream.
    DeliveryStream,
    /// An application of Managed Service for Apache Flink.
    FlinkApplication,
    /// A CloudWatch alarm.
    Alarm,
}

impl Kind {
    /// CloudFormation's word.
    pub fn cloudformation(self) -> &'static str {
        match self {
            Kind::Stream => "AWS::Kinesis::Stream",
            Kind::StreamConsumer => "AWS::Kinesis::StreamConsumer",
            Kind::EventSourceMapping => "AWS::Lambda::EventSourceMapping",
            Kind::DeliveryStream => "AWS::KinesisFirehose::DeliveryStream",
            Kind::FlinkApplication => "AWS::KinesisAnalyticsV2::Application",
            Kind::Alarm => "AWS::CloudWatch::Alarm",
        }
    }

    /// The attribute that holds the ARN.
    pub fn arn(self) -> &'static str {
        match self {
            Kind::StreamConsumer => "ConsumerARN",
            _ => "Arn",
        }
    }
}

/// A property's value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// Several.
    List(Vec<Value>),
    /// A structure.
    Map(Properties),
    /// What is given under this name.
    Given(String),
    /// The ARN of the resource of this name.
    Arn(String),
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// Does it refer to the resource of this name?
    pub fn names(&self, id: &str) -> bool {
        match self {
            Value::Arn(other) => other == id,
            Value::List(items) => items.iter().any(|i| i.names(id)),
            Value::Map(properties) => properties.iter().any(|(_, v)| v.names(id)),
            _ => false,
        }
    }
}

impl Template {
    /// Asks for something under a name, once, and gives its value.
    pub fn ask(&mut self, id: String, about: &str) -> Value {
        if !self.given.iter().any(|g| g.id == id) {
            self.given.push(Given { id: id.clone(), about: about.to_owned() });
        }
        Value::Given(id)
    }

    /// Adds a resource.
    pub fn add(&mut self, id: String, kind: Kind, properties: Properties, why: Option<String>) {
        self.resources.push(Resource { id, kind, properties, why });
    }

    /// The kind of the resource of a name.
    pub fn kind(&self, id: &str) -> Kind {
        self.resources.iter().find(|r| r.id == id).map_or(Kind::Stream, |r| r.kind)
    }
}

/// `click-stream` as `ClickStream`: a logical name may hold letters and digits only.
pub fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let capital = |w: &str| w[..1].to_ascii_uppercase() + &w[1..];
    let joined: String = words.map(capital).collect();
    match joined.as_bytes().first() {
        Some(b'0'..=b'9') | None => format!("S{joined}"),
        Some(_) => joined,
    }
}

/// `ClickStream` as `clickStream`, `RoleARN` as `roleArn`.
pub fn camel(name: &str) -> String {
    let joined = pascal(&snake(name).replace('_', " "));
    joined[..1].to_ascii_lowercase() + &joined[1..]
}

/// `ClickStream` as `click_stream`, `RoleARN` as `role_arn`.
pub fn snake(name: &str) -> String {
    split_words(name, '_')
}

/// `ClickStream` as `click-stream`.
pub fn kebab(name: &str) -> String {
    split_words(name, '-')
}

fn split_words(name: &str, between: char) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in letters.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| letters[b]);
        let after_small = before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let ends_a_run = before.is_some_and(|b| b.is_ascii_uppercase())
            && letters.get(i + 1).is_some_and(|a| a.is_ascii_lowercase());
        if c.is_ascii_uppercase() && (after_small || ends_a_run) {
            out.push(between);
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_three_styles() {
        assert_eq!(pascal("click-stream_2"), "ClickStream2");
        assert_eq!(pascal("2 fast"), "S2Fast");
        assert_eq!(pascal("ü"), "S");
        assert_eq!(camel("SizeInMBs"), "sizeInMBs");
        assert_eq!(camel("HECEndpointType"), "hecEndpointType");
        assert_eq!(snake("BucketARN"), "bucket_arn");
        assert_eq!(snake("MaximumBatchingWindowInSeconds"), "maximum_batching_window_in_seconds");
        assert_eq!(kebab("ExtendedS3DestinationConfiguration"), "extended-s3-destination-configuration");
        assert_eq!(kebab("WarmThroughputMiBps"), "warm-throughput-mi-bps");
        assert_eq!(kebab("MaxRecordSizeInKiB"), "max-record-size-in-ki-b");
    }
}
