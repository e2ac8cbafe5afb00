//! What Firehose does to records on the way, as written: opening, Lambda, partitions, conversion, back-up.

use super::destination::ToSpec;
use crate::facts::{firehose as facts, lambda};
use crate::firehose::config::{
    BackupConfig, Columnar, Conversion, OpeningConfig, PartitionLaw, PartitionsConfig, TransformConfig,
};
use crate::scenario::context::Cx;
use crate::scenario::diag::Span;
use crate::scenario::grammar::{OPTIONAL, REQUIRED, choice, default, fact, section};
use crate::scenario::law::Law;
use crate::scenario::scalars::Milli;
use crate::units::{Bytes, Dur, Percent};

section! {
    /// Decompression of what CloudWatch Logs sends.
    DecompressSpec {
        /// Bytes after it for each byte before.
        grows_to: Percent = fact(&facts::DECOMPRESSED).positive().max("100000 %"),
        /// Share of records that cannot be decompressed: they go to `decompression-failed/` as they are.
        failed: Percent = default("0 %").max("100 %"),
    }
}

section! {
    /// A Lambda function between the source and the buffers.
    TransformSpec {
        /// It is called when this much is gathered; the destination's default when it is not written.
        size: Option<Bytes> = OPTIONAL.min_fact(&facts::LAMBDA_SIZE_MIN).max_fact(&facts::LAMBDA_SIZE_MAX),
        /// It is called when what is gathered is so old; the destination's default when it is not written.
        interval: Option<Dur> = OPTIONAL.max_fact(&facts::INTERVAL_MAX),
        /// One call.
        duration: Law = fact(&facts::LAMBDA_DURATION),
        /// A longer call fails.
        timeout: Dur = fact(&facts::LAMBDA_TIMEOUT).positive().max_fact(&facts::LAMBDA_TIMEOUT),
        /// Share of calls that fail: throttled, out of memory, an exception.
        failing: Percent = default("0 %").max("100 %"),
        /// Further attempts after a failed call; then all its records go to `processing-failed/`.
        retries: u32 = fact(&facts::LAMBDA_RETRIES).max("100"),
        /// Wait between attempts.
        retry_wait: Dur = fact(&facts::LAMBDA_RETRY_WAIT),
        /// Calls under way for one shard; the destination's limit when it is not written.
        outstanding: Option<u32> = OPTIONAL.positive().max("1000"),
        /// Share of records answered `Dropped`.
        dropped: Percent = default("0 %").max("100 %"),
        /// Share of records answered `ProcessingFailed`: they go to `processing-failed/`.
        failed: Percent = default("0 %").max("100 %"),
        /// Bytes that come back for each byte sent.
        output: Percent = default("100 %").max("10000 %"),
        /// The function's memory.
        memory: Bytes = fact(&lambda::MEMORY).min_fact(&lambda::MEMORY).max_fact(&lambda::MEMORY_MAX),
        /// Runs on Arm, not x86.
        arm: bool = fact(&lambda::ARM),
        /// A month's free amounts of Lambda are left for this function.
        free_tier: bool = fact(&lambda::FREE_TIER),
    }
    check shares_fit(dropped, failed);
}

fn shares_fit(dropped: &Percent, failed: &Percent, place: Span, cx: &mut Cx) {
    if dropped.0 + failed.0 <= Percent::WHOLE {
        return;
    }
    let message = format!("`{}`: more records are `dropped` and `failed` than there are", cx.here());
    cx.say("no-solution", place, message, "dropped + failed must be at most 100 %");
}

impl TransformSpec {
    /// The function's settings before a destination.
    pub fn resolve(&self, to: &ToSpec, cx: &mut Cx) -> Option<TransformConfig> {
        let (size, interval, calls) = match to {
            ToSpec::Splunk(_) => {
                (&facts::LAMBDA_SIZE_SMALL, &facts::LAMBDA_INTERVAL, &facts::LAMBDA_OUTSTANDING_SPLUNK)
            }
            ToSpec::Snowflake(_) => {
                (&facts::LAMBDA_SIZE_SMALL, &facts::LAMBDA_INTERVAL_SNOWFLAKE, &facts::LAMBDA_OUTSTANDING)
            }
            _ => (&facts::LAMBDA_SIZE, &facts::LAMBDA_INTERVAL, &facts::LAMBDA_OUTSTANDING),
        };
        Some(TransformConfig {
            size: self.size.unwrap_or(size.bytes()),
            interval: self.interval.unwrap_or(interval.dur()),
            duration: self.duration.resolve(cx)?,
            timeout: self.timeout,
            failing: self.failing,
            retries: self.retries,
            retry_wait: self.retry_wait,
            outstanding: self.outstanding.unwrap_or(calls.count_u32()),
            dropped: self.dropped,
            failed: self.failed,
            output: self.output,
            memory: self.memory,
            arm: self.arm,
            free_tier: self.free_tier,
        })
    }
}

section! {
    /// Dynamic partitioning: a buffer and an object for each value of the partition keys.
    PartitionsSpec {
        /// How records fall into partitions: there is no partitioning without keys.
        by: PartitionLawSpec = REQUIRED,
        /// Partitions that may hold undelivered records at once; records of further ones go to the error prefix.
        active: u64 = fact(&facts::PARTITIONS_ACTIVE).positive().max_fact(&facts::PARTITIONS_ACTIVE_MAX),
        /// Share of the interval that records wait before they are told apart.
        first_stage: Percent = fact(&facts::PARTITIONS_FIRST_STAGE).max("100 %"),
        /// Time of JSON queries for one record; zero where Lambda finds the keys.
        query: Dur = fact(&facts::JQ_TIME),
    }
}

choice! {
    /// How records fall into partitions.
    PartitionLawSpec {
        /// All alike.
        uniform: Uniform(UniformSpec),
        /// By Zipf's law.
        zipf: Zipf(ZipfSpec),
        /// So many new ones a second, as where the key holds the time.
        new_per_second: New(u32),
    }
}

section! {
    /// Partitions alike.
    UniformSpec {
        /// How many.
        distinct: u64 = REQUIRED.positive().max("4000000"),
    }
}

section! {
    /// Zipf's law: the k-th partition has a weight of k^-exponent.
    ZipfSpec {
        /// How many.
        distinct: u64 = REQUIRED.positive().max("4000000"),
        /// The exponent.
        exponent: Milli = default("1").max("10"),
    }
}

impl PartitionsSpec {
    /// The settings.
    pub fn resolve(&self) -> PartitionsConfig {
        PartitionsConfig {
            law: match &self.by {
                PartitionLawSpec::Uniform(s) => PartitionLaw::Uniform { distinct: s.distinct },
                PartitionLawSpec::Zipf(s) => {
                    PartitionLaw::Zipf { distinct: s.distinct, exponent_milli: s.exponent.0 }
                }
                PartitionLawSpec::New(per_s) => PartitionLaw::New { per_s: u64::from(*per_s) },
            },
            active: self.active,
            first_stage: self.first_stage,
            query: self.query,
        }
    }
}

choice! {
    /// The format that records are converted to.
    ConvertSpec {
        /// Apache Parquet.
        parquet: Parquet(FormatSpec),
        /// Apache ORC.
        orc: Orc(FormatSpec),
    }
}

section! {
    /// Conversion.
    FormatSpec {
        /// Bytes written for each byte gathered.
        shrinks_to: Percent = fact(&facts::CONVERTED).positive().max("1000 %"),
        /// Share of records that cannot be converted: they go to `format-conversion-failed/`.
        failed: Percent = default("0 %").max("100 %"),
    }
}

impl ConvertSpec {
    /// Its settings.
    pub fn format(&self) -> &FormatSpec {
        match self {
            ConvertSpec::Parquet(format) | ConvertSpec::Orc(format) => format,
        }
    }

    /// What is written, and what of it fails.
    pub fn resolve(&self) -> Conversion {
        let to = match self {
            ConvertSpec::Parquet(_) => Columnar::Parquet,
            ConvertSpec::Orc(_) => Columnar::Orc,
        };
        Conversion { to, failed: self.format().failed }
    }
}

section! {
    /// Buffers of the back-up.
    BackupSpec {
        /// Bytes.
        size: Bytes = fact(&facts::BACKUP_SIZE).min_fact(&facts::S3_SIZE_MIN).max_fact(&facts::S3_SIZE_MAX),
        /// Age; there is no zero buffering here.
        interval: Dur = fact(&facts::BACKUP_INTERVAL).min_fact(&facts::BACKUP_INTERVAL_MIN).max_fact(&facts::INTERVAL_MAX),
    }
}

impl BackupSpec {
    /// The settings.
    pub fn resolve(&self) -> BackupConfig {
        BackupConfig { size: self.size, interval: self.interval }
    }
}

/// Opening of records: nothing where neither is written.
pub fn opening(decompress: Option<&DecompressSpec>, parts: Option<u64>) -> Option<OpeningConfig> {
    if decompress.is_none() && parts.is_none() {
        return None;
    }
    Some(OpeningConfig {
        grows_to: decompress.map_or(Percent(Percent::WHOLE), |d| d.grows_to),
        broken: decompress.map_or(Percent(0), |d| d.failed),
        parts: parts.unwrap_or(1),
        decompresses: decompress.is_some(),
    })
}
