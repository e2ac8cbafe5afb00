//! Kafka on MSK and queues on SQS: what a closed-form sanity row needs.

use super::Value;
use super::Value::{Bytes as Size, Count};
use super::fact::facts;
use crate::units::{ByteRate, Bytes};

facts! {
    BROKERS_MIN: "msk.brokers_min", Count(3, "brokers"), MODEL, Assumed,
        "Brokers of an MSK cluster at least: one in each of three Availability Zones.";
    COPIES: "msk.copies", Count(3, "copies"), MODEL, Assumed,
        "Copies of each byte that MSK Standard stores and bills: Kafka's replication factor of three.";
    EXPRESS_IN: "msk.express_in_per_broker", Value::ByteRate(ByteRate(15_600_000)), MSKQ, Documented,
        "Sustained ingress of one express.m7g.large broker.";
    EXPRESS_OUT: "msk.express_out_per_broker", Value::ByteRate(ByteRate(31_200_000)), MSKQ, Documented,
        "Sustained egress of one express.m7g.large broker.";
    STANDARD_SHARE: "msk.express_times_standard", Count(3, "times"), MODEL, Assumed,
        "AWS says that an Express broker carries up to three times what a Standard one does; taken at its word for kafka.m7g.large.";
    SERVERLESS_IN: "msk.serverless_in_per_partition", Value::ByteRate(ByteRate(5_000_000)), MSKQ, Documented,
        "Ingress of one partition of MSK Serverless.";
    SERVERLESS_OUT: "msk.serverless_out_per_partition", Value::ByteRate(ByteRate(10_000_000)), MSKQ, Documented,
        "Egress of one partition of MSK Serverless.";
    SQS_CHUNK: "sqs.request_chunk", Size(Bytes::from_kib(64)), INFRACOST, Measured,
        "Payload of one billed SQS request; 128 KB are two.";
    SQS_BATCH: "sqs.batch", Count(10, "messages"), SQSQ, Documented,
        "Messages of one batch at most.";
    SQS_BATCH_BYTES: "sqs.batch_bytes", Size(Bytes::from_mib(1)), SQSQ, Documented,
        "Bytes of one batch at most.";
    SQS_CALLS: "sqs.calls_per_batch", Count(2, "calls"), MODEL, Assumed,
        "Calls billed by payload for each batch and queue: SendMessageBatch and ReceiveMessage; DeleteMessageBatch is one more request.";
    SQS_TIER_1: "sqs.tier_1", Count(100_000_000_000, "requests"), SQST, Measured,
        "Requests of a month at SQS's first price.";
    SQS_TIER_2: "sqs.tier_2", Count(200_000_000_000, "requests"), SQST, Measured,
        "Requests of a month up to the end of SQS's second price.";
}
