//! Firehose streams as resources.

use super::design::STREAM;
use super::tree::{Kind, Properties, Template, Value, pascal};
use crate::firehose::config::{BackupConfig, Columnar, FirehoseConfig, Retry, Source};
use crate::units::{Bytes, Dur};

/// How a destination is written.
struct Destination {
    /// The property that holds its settings.
    property: &'static str,
    /// What only whoever deploys knows: property, suffix of the parameter, what it is.
    asks: &'static [(&'static str, &'static str, &'static str)],
    /// Back-up of failed data only, and of all.
    backup: (&'static str, &'static str),
}

const ENDPOINT: Destination = Destination {
    property: "HttpEndpointDestinationConfiguration",
    asks: &[],
    backup: ("FailedDataOnly", "AllData"),
};
const OPENSEARCH: Destination = Destination {
    property: "AmazonopensearchserviceDestinationConfiguration",
    asks: &[
        ("DomainARN", "DomainArn", "ARN of the OpenSearch domain"),
        ("IndexName", "IndexName", "Name of the index"),
    ],
    backup: ("FailedDocumentsOnly", "AllDocuments"),
};
const SPLUNK: Destination = Destination {
    property: "SplunkDestinationConfiguration",
    asks: &[
        ("HECEndpoint", "SplunkEndpoint", "Address of Splunk's HTTP event collector"),
        ("HECToken", "SplunkToken", "Token of Splunk's HTTP event collector"),
    ],
    backup: ("FailedEventsOnly", "AllEvents"),
};
const REDSHIFT: Destination = Destination {
    property: "RedshiftDestinationConfiguration",
    asks: &[
        ("ClusterJDBCURL", "ClusterJdbcUrl", "JDBC address of the Redshift cluster"),
        ("Username", "Username", "Redshift user"),
        ("Password", "Password", "Its password"),
    ],
    backup: ("Disabled", "Enabled"),
};
const SNOWFLAKE: Destination = Destination {
    property: "SnowflakeDestinationConfiguration",
    asks: &[
        ("AccountUrl", "AccountUrl", "Address of the Snowflake account"),
        ("User", "User", "Snowflake user"),
        ("PrivateKey", "PrivateKey", "Its private key"),
        ("Database", "Database", "Database"),
        ("Schema", "Schema", "Schema"),
        ("Table", "Table", "Table"),
    ],
    backup: ("FailedDataOnly", "AllData"),
};
const ICEBERG: Destination = Destination {
    property: "IcebergDestinationConfiguration",
    asks: &[],
    backup: ("FailedDataOnly", "AllData"),
};
const S3: Destination = Destination {
    property: "ExtendedS3DestinationConfiguration",
    asks: &[],
    backup: ("Disabled", "Enabled"),
};

fn destination(word: &str) -> &'static Destination {
    match word {
        "http" => &ENDPOINT,
        "opensearch" => &OPENSEARCH,
        "splunk" => &SPLUNK,
        "redshift" => &REDSHIFT,
        "snowflake" => &SNOWFLAKE,
        "iceberg" => &ICEBERG,
        _ => &S3,
    }
}

/// Adds a Firehose stream.
pub fn add(template: &mut Template, stream: &FirehoseConfig) {
    let id = pascal(&stream.name);
    let to = destination(stream.destination);
    let role = template.ask(
        format!("{id}RoleArn"),
        &format!("ARN of the role that Firehose stream {} takes on", stream.name),
    );
    let mut properties: Properties =
        vec![("DeliveryStreamName", Value::text(format!("{}-{}", template.name, stream.name)))];
    if matches!(stream.source, Source::Stream(_)) {
        properties.push(("DeliveryStreamType", Value::text("KinesisStreamAsSource")));
        let source = vec![("KinesisStreamARN", Value::Arn(STREAM.into())), ("RoleARN", role.clone())];
        properties.push(("KinesisStreamSourceConfiguration", Value::Map(source)));
    } else {
        properties.push(("DeliveryStreamType", Value::text("DirectPut")));
    }
    let settings = Writer { id: &id, stream, to, role }.settings(template);
    properties.push((to.property, Value::Map(settings)));
    template.add(format!("{id}DeliveryStream"), Kind::DeliveryStream, properties, None);
}

/// Settings of one destination.
struct Writer<'a> {
    id: &'a str,
    stream: &'a FirehoseConfig,
    to: &'static Destination,
    role: Value,
}

impl Writer<'_> {
    fn settings(&self, template: &mut Template) -> Properties {
        let stream = self.stream;
        let mut all: Properties = self.asks(template);
        if self.to.property != SPLUNK.property {
            all.push(("RoleARN", self.role.clone()));
        }
        let hints = hints(stream.buffer.size, stream.buffer.interval);
        match stream.destination {
            "s3" => {
                all.push(("BucketARN", self.bucket(template)));
                all.push(("BufferingHints", hints));
            }
            // Redshift loads what was gathered in S3.
            "redshift" => all.push(("S3Configuration", self.s3(template, Some(hints)))),
            _ => {
                all.push(("BufferingHints", hints));
                all.push(("S3Configuration", self.s3(template, None)));
            }
        }
        let retry = stream.copy.as_ref().unwrap_or(&stream.delivery).retry;
        if let Some(Retry::SinceFirst(time) | Retry::Waits(time)) = retry {
            let duration = vec![("DurationInSeconds", Value::Number(seconds(time)))];
            all.push(("RetryOptions", Value::Map(duration)));
        }
        self.processing(template, &mut all);
        self.conversion(template, &mut all);
        self.backup(template, &mut all);
        all
    }

    fn ask(&self, template: &mut Template, suffix: &str, about: &str) -> Value {
        template
            .ask(format!("{}{suffix}", self.id), &format!("{about} (Firehose stream {})", self.stream.name))
    }

    /// What only whoever deploys knows.
    fn asks(&self, template: &mut Template) -> Properties {
        let mut all: Properties = Vec::new();
        for (property, suffix, about) in self.to.asks {
            all.push((property, self.ask(template, suffix, about)));
        }
        match self.stream.destination {
            "http" => {
                let url = self.ask(template, "EndpointUrl", "Address of the HTTP endpoint");
                let endpoint = vec![("Url", url), ("Name", Value::text(&self.stream.name))];
                all.push(("EndpointConfiguration", Value::Map(endpoint)));
            }
            "splunk" => all.push(("HECEndpointType", Value::text("Event"))),
            "redshift" => {
                let table = self.ask(template, "TableName", "Redshift table");
                all.push(("CopyCommand", Value::Map(vec![("DataTableName", table)])));
            }
            "iceberg" => {
                let catalog = self.ask(template, "CatalogArn", "ARN of the Glue catalog");
                all.push(("CatalogConfiguration", Value::Map(vec![("CatalogArn", catalog)])));
                let database = self.ask(template, "DatabaseName", "Database of the table");
                let table = self.ask(template, "TableName", "Iceberg table");
                let one = vec![("DestinationDatabaseName", database), ("DestinationTableName", table)];
                all.push(("DestinationTableConfigurationList", Value::List(vec![Value::Map(one)])));
            }
            _ => {}
        }
        all
    }

    fn bucket(&self, template: &mut Template) -> Value {
        self.ask(template, "BucketArn", "ARN of the bucket")
    }

    fn s3(&self, template: &mut Template, hints: Option<Value>) -> Value {
        let mut all = vec![("BucketARN", self.bucket(template)), ("RoleARN", self.role.clone())];
        all.extend(hints.map(|h| ("BufferingHints", h)));
        Value::Map(all)
    }

    /// A transform and the query of dynamic partitioning.
    fn processing(&self, template: &mut Template, all: &mut Properties) {
        let mut processors = Vec::new();
        if let Some(transform) = &self.stream.transform {
            let function = self.ask(template, "TransformArn", "ARN of the function that transforms records");
            processors.push(processor(
                "Lambda",
                vec![
                    ("LambdaArn", function),
                    ("NumberOfRetries", Value::text(transform.retries.to_string())),
                    ("BufferSizeInMBs", Value::text(tenths_of_mebibytes(transform.size))),
                    ("BufferIntervalInSeconds", Value::text(seconds(transform.interval).to_string())),
                ],
            ));
        }
        if self.stream.partitions.is_some() {
            let query = self.ask(
                template,
                "PartitionQuery",
                "JQ expression that finds a record's partition, for example {key: .customer}",
            );
            processors.push(processor(
                "MetadataExtraction",
                vec![("MetadataExtractionQuery", query), ("JsonParsingEngine", Value::text("JQ-1.6"))],
            ));
            all.push(("Prefix", Value::text("data/!{partitionKeyFromQuery:key}/")));
            all.push(("ErrorOutputPrefix", Value::text("errors/!{firehose:error-output-type}/")));
            let enabled = vec![("Enabled", Value::Flag(true))];
            all.push(("DynamicPartitioningConfiguration", Value::Map(enabled)));
        }
        if !processors.is_empty() {
            let both = vec![("Enabled", Value::Flag(true)), ("Processors", Value::List(processors))];
            all.push(("ProcessingConfiguration", Value::Map(both)));
        }
    }

    fn conversion(&self, template: &mut Template, all: &mut Properties) {
        let Some(conversion) = self.stream.writing.convert else { return };
        let database = self.ask(template, "SchemaDatabase", "Glue database that holds the schema");
        let table = self.ask(template, "SchemaTable", "Glue table that holds the schema");
        let empty = |name| Value::Map(vec![(name, Value::Map(Vec::new()))]);
        let input = Value::Map(vec![("Deserializer", empty("OpenXJsonSerDe"))]);
        let serializer = match conversion.to {
            Columnar::Parquet => "ParquetSerDe",
            Columnar::Orc => "OrcSerDe",
        };
        let output = Value::Map(vec![("Serializer", empty(serializer))]);
        let schema = vec![("DatabaseName", database), ("TableName", table), ("RoleARN", self.role.clone())];
        let conversion = vec![
            ("Enabled", Value::Flag(true)),
            ("InputFormatConfiguration", input),
            ("OutputFormatConfiguration", output),
            ("SchemaConfiguration", Value::Map(schema)),
        ];
        all.push(("DataFormatConversionConfiguration", Value::Map(conversion)));
    }

    fn backup(&self, template: &mut Template, all: &mut Properties) {
        let (failed, everything) = self.to.backup;
        let Some(BackupConfig { size, interval }) = self.stream.backup else {
            all.push(("S3BackupMode", Value::text(failed)));
            return;
        };
        all.push(("S3BackupMode", Value::text(everything)));
        if matches!(self.stream.destination, "s3" | "redshift") {
            let copy = self.s3(template, Some(hints(size, interval)));
            all.push(("S3BackupConfiguration", copy));
        }
    }
}

fn processor(kind: &str, parameters: Vec<(&str, Value)>) -> Value {
    let one =
        |(name, value)| Value::Map(vec![("ParameterName", Value::text(name)), ("ParameterValue", value)]);
    let parameters = parameters.into_iter().map(one).collect();
    Value::Map(vec![("Type", Value::text(kind)), ("Parameters", Value::List(parameters))])
}

fn hints(size: Bytes, interval: Dur) -> Value {
    Value::Map(vec![
        ("SizeInMBs", Value::Number(size.0.div_ceil(1 << 20).max(1))),
        ("IntervalInSeconds", Value::Number(seconds(interval))),
    ])
}

fn seconds(time: Dur) -> u64 {
    time.0.div_ceil(Dur::from_s(1).0)
}

/// `0.2`, as Firehose takes a transform's buffer size.
fn tenths_of_mebibytes(size: Bytes) -> String {
    let tenths = (size.0 * 10).div_ceil(1 << 20);
    format!("{}.{}", tenths / 10, tenths % 10)
}
