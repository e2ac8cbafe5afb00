//! Latency defaults. AWS publishes averages of propagation only; the rest is measured by others or chosen.

use super::Value;
use super::fact::facts;
use crate::units::Dur;

const PUT_QUANTILES: &[(u32, Dur)] = &[
    (0, Dur::from_ms(10)),
    (500_000, Dur::from_ms(35)),
    (950_000, Dur::from_ms(100)),
    (990_000, Dur::from_ms(200)),
    (1_000_000, Dur::from_ms(300)),
];

facts! {
    PUT: "latency.put", Value::Quantiles(PUT_QUANTILES), BRAN, Measured,
        "PutRecord and PutRecords, sending to answer: in-Region, reused connection, p50 35 ms, p95 about 100 ms, p99 about 200 ms, none over 300 ms. The 10 ms floor is assumed. From 2015, and one author.";
    GET_RECORDS: "latency.get_records", Value::Constant(Dur::from_ms(100)), EFOP, Assumed,
        "GetRecords, call to answer: AWS's average propagation of about 200 ms for one shared reader, less half of a 200 ms poll period.";
    PUSH: "latency.push", Value::Constant(Dur::from_ms(70)), EFOP, Documented,
        "Enhanced fan-out, readable to received: AWS's average, whatever the number of consumers. The shape (constant) is assumed.";
    SHARED_AVERAGE: "latency.shared_average", Value::Dur(Dur::from_ms(200)), EFOP, Documented,
        "AWS's average propagation with one shared consumer; up to about 1,000 ms with five. Printed for comparison, not used by the model.";
}
