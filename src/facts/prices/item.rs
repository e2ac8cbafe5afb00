//! The closed list of priced items, each with the unit its price is quoted for.

use crate::units::billed::{
    Billed, BrokerHours, ClusterHours, ConsumerShardHours, ExtendedShardHours, GbSeconds, GigabyteMonths,
    Gigabytes, JqHours, KpuHours, MetricMonths, Objects, PartitionHours, PutPayloadUnits, ReadRequestUnits,
    Requests, ShardHours, StreamHours, WriteRequestUnits, ZoneHours,
};
use std::marker::PhantomData;

/// A priced item with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<Q> {
    /// Which.
    pub id: ItemId,
    unit: PhantomData<Q>,
}

macro_rules! items {
    ($($variant:ident, $constant:ident: $unit:ty, $key:literal, $title:literal, $meaning:literal;)*) => {
        /// Which priced item.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ItemId { $(#[doc = $title] $variant,)* }

        impl ItemId {
            /// Every item.
            pub const ALL: &[ItemId] = &[$(ItemId::$variant),*];
            /// Its word in keys and price files.
            pub const fn key(self) -> &'static str {
                match self { $(ItemId::$variant => $key,)* }
            }
            /// In words, as a bill's line.
            pub const fn title(self) -> &'static str {
                match self { $(ItemId::$variant => $title,)* }
            }
            /// What is charged.
            pub const fn meaning(self) -> &'static str {
                match self { $(ItemId::$variant => $meaning,)* }
            }
            /// Unit the price is quoted for.
            pub const fn unit(self) -> &'static str {
                match self { $(ItemId::$variant => <$unit as Billed>::UNIT,)* }
            }
            /// An item by its word.
            pub fn from_key(key: &str) -> Option<ItemId> {
                ItemId::ALL.iter().copied().find(|i| i.key() == key)
            }
        }

        $(
            impl Item<$unit> {
                #[doc = $title]
                pub const $constant: Item<$unit> = Item { id: ItemId::$variant, unit: PhantomData };
            }
        )*
    };
}

items! {
    ShardHour, SHARD_HOUR: ShardHours, "shard_hour", "Shard hours", "each open shard, provisioned";
    PutPayloadUnit, PUT_PAYLOAD_UNIT: PutPayloadUnits, "put_payload_unit", "PUT payload units", "each 25 KB, or part of it, of every stored record, provisioned (listed per million)";
    FanOutConsumerShardHour, FAN_OUT_CONSUMER_SHARD_HOUR: ConsumerShardHours, "fan_out_consumer_shard_hour", "Fan-out consumer-shard hours", "each registered fan-out consumer on each shard, provisioned";
    FanOutData, FAN_OUT_DATA: Gigabytes, "fan_out_gb", "Fan-out data retrieval", "bytes pushed to fan-out consumers, provisioned";
    ExtendedRetentionShardHour, EXTENDED_RETENTION_SHARD_HOUR: ExtendedShardHours, "extended_retention_shard_hour", "Extended retention shard hours", "every shard of a stream with retention above 24 h, provisioned; 2 days cost what 7 do";
    StreamHour, STREAM_HOUR: StreamHours, "stream_hour", "Stream hours", "each on-demand Standard stream";
    DataIn, DATA_IN: Gigabytes, "data_in_gb", "Data in", "bytes written, each record rounded up to 1 KB, on-demand Standard";
    DataOut, DATA_OUT: Gigabytes, "data_out_gb", "Data out", "bytes read by GetRecords, on-demand Standard";
    OnDemandFanOut, ON_DEMAND_FAN_OUT: Gigabytes, "on_demand_fan_out_gb", "Fan-out data out", "bytes pushed to fan-out consumers, on-demand Standard";
    OnDemandExtendedRetention, ON_DEMAND_EXTENDED_RETENTION: GigabyteMonths, "on_demand_extended_gb_month", "Extended retention", "bytes held from 24 h to 7 days, on-demand Standard";
    AdvantageIn, ADVANTAGE_IN: Gigabytes, "advantage_in_gb", "Data in (Advantage)", "bytes written, each record rounded up to 1 KB, and the ingest shortfall, Advantage";
    AdvantageOut, ADVANTAGE_OUT: Gigabytes, "advantage_out_gb", "Data out (Advantage)", "bytes read by GetRecords, and the retrieval shortfall, Advantage";
    AdvantageFanOut, ADVANTAGE_FAN_OUT: Gigabytes, "advantage_fan_out_gb", "Fan-out data out (Advantage)", "bytes pushed to fan-out consumers, Advantage";
    AdvantageRetention, ADVANTAGE_RETENTION: GigabyteMonths, "advantage_retention_gb_month", "Retention (Advantage)", "bytes held beyond 24 h, Advantage";
    LongTermRetention, LONG_TERM_RETENTION: GigabyteMonths, "long_term_gb_month", "Long-term retention", "bytes held beyond 7 days";
    FirehoseIn, FIREHOSE_IN: Gigabytes, "firehose_in_gb", "Firehose ingestion", "bytes that came in, each record rounded up to 5 KB, first 500 TB a month";
    FirehoseIn2, FIREHOSE_IN_2: Gigabytes, "firehose_in_gb_2", "Firehose ingestion, next 1.5 PB", "bytes that came in above 500 TB a month";
    FirehoseIn3, FIREHOSE_IN_3: Gigabytes, "firehose_in_gb_3", "Firehose ingestion, above 2 PB", "bytes that came in above 2,000 TB a month; AWS quotes nothing above 5 PB";
    FirehosePartitionData, FIREHOSE_PARTITION_DATA: Gigabytes, "firehose_partition_gb", "Dynamic partitioning, delivered", "bytes delivered to S3 by a stream with dynamic partitioning";
    FirehosePartitionObject, FIREHOSE_PARTITION_OBJECT: Objects, "firehose_partition_object", "Dynamic partitioning, objects", "each object of a stream with dynamic partitioning (listed per thousand)";
    FirehoseJqHour, FIREHOSE_JQ_HOUR: JqHours, "firehose_jq_hour", "JQ processing", "time that keys are taken out of records by JQ";
    FirehoseIcebergIn, FIREHOSE_ICEBERG_IN: Gigabytes, "firehose_iceberg_gb", "Firehose ingestion to Iceberg tables", "bytes that came in for a delivery to Iceberg tables";
    FirehoseSnowflakeIn, FIREHOSE_SNOWFLAKE_IN: Gigabytes, "firehose_snowflake_gb", "Firehose ingestion to Snowflake", "bytes that came in for a delivery to Snowflake";
    FirehoseDecompressed, FIREHOSE_DECOMPRESSED: Gigabytes, "firehose_decompressed_gb", "Firehose decompression", "bytes after decompression";
    FirehoseConversion, FIREHOSE_CONVERSION: Gigabytes, "firehose_conversion_gb", "Format conversion", "bytes that came in, each record rounded up to 5 KB, of a stream that converts to Parquet or ORC";
    FirehoseVpcData, FIREHOSE_VPC_DATA: Gigabytes, "firehose_vpc_gb", "VPC delivery, data", "bytes delivered into a VPC";
    FirehoseVpcHour, FIREHOSE_VPC_HOUR: ZoneHours, "firehose_vpc_zone_hour", "VPC delivery, hours", "each Availability Zone of a delivery into a VPC, a part of an hour as a whole one";
    S3Put, S3_PUT: Requests, "s3_put", "S3 PUT requests", "each object put (listed per thousand)";
    KpuHour, KPU_HOUR: KpuHours, "kpu_hour", "KPU hours", "each KPU of a managed Flink application and of its orchestration";
    KpuStorage, KPU_STORAGE: GigabyteMonths, "kpu_storage_gb_month", "KPU running storage", "50 GB with each KPU of a managed Flink application itself";
    KpuBackups, KPU_BACKUPS: GigabyteMonths, "kpu_backups_gb_month", "KPU durable backups", "snapshots held of a managed Flink application";
    TableWrite, TABLE_WRITE: WriteRequestUnits, "dynamodb_write_unit", "DynamoDB writes", "each write of up to 1 KB to an on-demand table (listed per million)";
    TableRead, TABLE_READ: ReadRequestUnits, "dynamodb_read_unit", "DynamoDB reads", "each 4 KB read from an on-demand table, half where eventually consistent (listed per million)";
    Metric, METRIC: MetricMonths, "cloudwatch_metric_month", "CloudWatch custom metrics", "each custom metric, the first 10,000";
    Metric2, METRIC_2: MetricMonths, "cloudwatch_metric_month_2", "CloudWatch custom metrics above 10,000", "each custom metric above 10,000";
    PutMetrics, PUT_METRICS: Requests, "cloudwatch_put_metric_data", "CloudWatch PutMetricData", "each call that sends metrics (listed per thousand)";
    LongTermRetrieval, LONG_TERM_RETRIEVAL: Gigabytes, "long_term_retrieval_gb", "Long-term retrieval", "bytes older than 7 days read by GetRecords";
    LambdaRequest, LAMBDA_REQUEST: Requests, "lambda_request", "Lambda requests", "each invocation of a function (listed per million)";
    LambdaDuration, LAMBDA_DURATION: GbSeconds, "lambda_gb_s", "Lambda duration, x86", "memory times duration in whole milliseconds, up to the end of a month's first tier";
    LambdaDuration2, LAMBDA_DURATION_2: GbSeconds, "lambda_gb_s_2", "Lambda duration, x86, second tier", "the same in the second tier";
    LambdaDuration3, LAMBDA_DURATION_3: GbSeconds, "lambda_gb_s_3", "Lambda duration, x86, third tier", "the same above the second tier";
    LambdaArmDuration, LAMBDA_ARM_DURATION: GbSeconds, "lambda_arm_gb_s", "Lambda duration, Arm", "memory times duration in whole milliseconds, up to the end of a month's first tier";
    LambdaArmDuration2, LAMBDA_ARM_DURATION_2: GbSeconds, "lambda_arm_gb_s_2", "Lambda duration, Arm, second tier", "the same in the second tier";
    LambdaArmDuration3, LAMBDA_ARM_DURATION_3: GbSeconds, "lambda_arm_gb_s_3", "Lambda duration, Arm, third tier", "the same above the second tier";
    MskT3Small, MSK_T3_SMALL: BrokerHours, "msk_kafka_t3_small", "MSK Standard brokers, kafka.t3.small", "each broker of an MSK Standard cluster";
    MskM5Large, MSK_M5_LARGE: BrokerHours, "msk_kafka_m5_large", "MSK Standard brokers, kafka.m5.large", "each broker of an MSK Standard cluster";
    MskM7gLarge, MSK_M7G_LARGE: BrokerHours, "msk_kafka_m7g_large", "MSK Standard brokers, kafka.m7g.large", "each broker of an MSK Standard cluster";
    MskM524xlarge, MSK_M5_24XLARGE: BrokerHours, "msk_kafka_m5_24xlarge", "MSK Standard brokers, kafka.m5.24xlarge", "each broker of an MSK Standard cluster";
    MskStorage, MSK_STORAGE: GigabyteMonths, "msk_storage_gb_month", "MSK Standard storage", "bytes on the brokers' volumes, every copy";
    MskExpress, MSK_EXPRESS: BrokerHours, "msk_express_m7g_large", "MSK Express brokers, express.m7g.large", "each broker of an MSK Express cluster";
    MskExpressIn, MSK_EXPRESS_IN: Gigabytes, "msk_express_in_gb", "MSK Express data in", "bytes written to an MSK Express cluster";
    MskExpressStorage, MSK_EXPRESS_STORAGE: GigabyteMonths, "msk_express_storage_gb_month", "MSK Express storage", "bytes an MSK Express cluster holds, once";
    MskServerless, MSK_SERVERLESS: ClusterHours, "msk_serverless_cluster_hour", "MSK Serverless cluster", "each serverless cluster";
    MskPartition, MSK_PARTITION: PartitionHours, "msk_serverless_partition_hour", "MSK Serverless partitions", "each partition of a serverless cluster";
    MskServerlessStorage, MSK_SERVERLESS_STORAGE: GigabyteMonths, "msk_serverless_storage_gb_month", "MSK Serverless storage", "bytes a serverless cluster holds, once";
    MskServerlessIn, MSK_SERVERLESS_IN: Gigabytes, "msk_serverless_in_gb", "MSK Serverless data in", "bytes written to a serverless cluster";
    MskServerlessOut, MSK_SERVERLESS_OUT: Gigabytes, "msk_serverless_out_gb", "MSK Serverless data out", "bytes read from a serverless cluster";
    SqsRequest, SQS_REQUEST: Requests, "sqs_request", "SQS requests", "each 64 KB, or part of it, of a call, standard queues (listed per million)";
    SqsRequest2, SQS_REQUEST_2: Requests, "sqs_request_2", "SQS requests, second tier", "the same above 100 thousand million a month";
    SqsRequest3, SQS_REQUEST_3: Requests, "sqs_request_3", "SQS requests, third tier", "the same above 200 thousand million a month";
    SqsFifo, SQS_FIFO: Requests, "sqs_fifo_request", "SQS FIFO requests", "each 64 KB, or part of it, of a call, FIFO queues (listed per million)";
    SqsFifo2, SQS_FIFO_2: Requests, "sqs_fifo_request_2", "SQS FIFO requests, second tier", "the same above 100 thousand million a month";
    SqsFifo3, SQS_FIFO_3: Requests, "sqs_fifo_request_3", "SQS FIFO requests, third tier", "the same above 200 thousand million a month";
}
