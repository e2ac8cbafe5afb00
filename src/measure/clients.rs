//! What consumer clients count beyond what every consumer does: one part for each kind of client.

use serde::Serialize;

/// What one application counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientResult {
    /// Kinesis Client Library.
    Kcl(KclResult),
    /// Lambda's event source mapping.
    Lambda(LambdaResult),
    /// Flink's Kinesis source.
    Flink(FlinkResult),
}

/// A KCL application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KclResult {}

/// A Lambda function behind an event source mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LambdaResult {}

/// A Flink job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlinkResult {}
