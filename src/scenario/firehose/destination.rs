//! Where Firehose delivers, as written: each destination with its own defaults and ranges.

use crate::facts::{Fact, firehose as facts};
use crate::firehose::config::{DeliveryConfig, Rejected, Retry};
use crate::random::LatencyLaw;
use crate::scenario::context::Cx;
use crate::scenario::grammar::{choice, default, fact, section};
use crate::scenario::law::Law;
use crate::units::{Bytes, Dur, Percent};

choice! {
    /// Where records go.
    ToSpec {
        /// Amazon S3.
        s3: S3(S3Spec),
        /// Amazon Redshift: S3, then COPY.
        redshift: Redshift(RedshiftSpec),
        /// Amazon OpenSearch Service or Serverless.
        opensearch: OpenSearch(OpenSearchSpec),
        /// Splunk.
        splunk: Splunk(SplunkSpec),
        /// An HTTP endpoint.
        http: Http(HttpSpec),
        /// Snowflake.
        snowflake: Snowflake(SnowflakeSpec),
        /// Apache Iceberg tables.
        iceberg: Iceberg(IcebergSpec),
    }
}

section! {
    /// Amazon S3.
    S3Spec {
        /// One request, sending to answer.
        request: Law = fact(&facts::S3_REQUEST),
        /// Bytes of a part, where objects are put in parts: with a buffer interval below 60 s.
        part: Bytes = fact(&facts::MULTIPART_PART).min_fact(&facts::MULTIPART_PART),
        /// Share of requests that fail; they are made again.
        failing: Percent = default("0 %").max("100 %"),
        /// First wait after a failed request; it doubles.
        backoff: Dur = fact(&facts::BACKOFF).min("100 ms"),
        /// Longest wait.
        backoff_max: Dur = fact(&facts::BACKOFF_MAX).min("1 s"),
        /// Drawn around each wait, either way.
        backoff_jitter: Percent = fact(&facts::BACKOFF_JITTER).max("100 %"),
    }
}

/// Declares a destination that is tried again for a time, with its own defaults.
macro_rules! endpoint {
    (
        $(#[doc = $doc:literal])+
        $Name:ident { request: $request:ident, retry_for: $retry:ident, timeout: $timeout:expr, wait: $wait:ident / $most:ident / $jitter:ident }
        $( $(#[doc = $more_doc:literal])+ $more:ident : $More:ty = $more_rule:expr ; )?
    ) => {
        section! {
            $(#[doc = $doc])+
            $Name {
                /// One request, sending to answer.
                request: Law = fact(&facts::$request),
                $( $(#[doc = $more_doc])+ $more: $More = $more_rule, )?
                /// An answer that takes longer counts as none, though the data may have arrived.
                timeout: Dur = $timeout,
                /// Share of requests that fail; they are made again for as long as `retry_for` says.
                failing: Percent = default("0 %").max("100 %"),
                /// Share of requests whose data arrive but whose answer does not: made again, they leave duplicates.
                timed_out: Percent = default("0 %").max("100 %"),
                /// Share of records refused for good: they go to the error prefix at once. At an HTTP endpoint, the share
                /// of requests answered 413, whose records are kept nowhere.
                rejected: Percent = default("0 %").max("100 %"),
                /// Retry duration; then the records go to the error prefix. Zero: no retry.
                retry_for: Dur = fact(&facts::$retry).max_fact(&facts::RETRY_MAX),
                /// First wait after a failed request; it doubles.
                backoff: Dur = fact(&facts::$wait).min("100 ms"),
                /// Longest wait.
                backoff_max: Dur = fact(&facts::$most).min("1 s"),
                /// Drawn around each wait, either way.
                backoff_jitter: Percent = fact(&facts::$jitter).max("100 %"),
            }
        }

        impl $Name {
            fn delivery(&self, kind: Kind, cx: &mut Cx) -> Option<DeliveryConfig> {
                Some(DeliveryConfig {
                    prefix: Some(kind.prefix),
                    request: self.request.resolve(cx)?,
                    timeout: Some(self.timeout),
                    request_records: kind.request_records,
                    duplicates: kind.duplicates,
                    failing: self.failing,
                    timed_out: self.timed_out,
                    rejected: (kind.rejected)(self.rejected),
                    backoff: self.backoff,
                    backoff_max: self.backoff_max,
                    backoff_jitter: self.backoff_jitter,
                    retry: Some((kind.retry)(self.retry_for)),
                    give_up: None,
                    outages: Vec::new(),
                })
            }
        }
    };
}

/// What tells destinations apart besides their numbers.
struct Kind {
    prefix: &'static str,
    retry: fn(Dur) -> Retry,
    rejected: fn(Percent) -> Rejected,
    duplicates: bool,
    request_records: Option<u64>,
}

impl Kind {
    const fn new(prefix: &'static str) -> Kind {
        let (retry, rejected) =
            (Retry::SinceFirst as fn(Dur) -> Retry, Rejected::Records as fn(Percent) -> Rejected);
        Kind { prefix, retry, rejected, duplicates: true, request_records: None }
    }
}

endpoint! {
    /// Amazon Redshift: objects are put into S3 and loaded by COPY, one at a time.
    RedshiftSpec {
        request: REDSHIFT_REQUEST, retry_for: REDSHIFT_RETRY, timeout: fact(&facts::RETRY_MAX).positive(),
        wait: RETRY_EVERY / RETRY_EVERY / NO_JITTER
    }
    /// One request to S3, sending to answer.
    s3_request: Law = fact(&facts::S3_REQUEST);
}
endpoint! {
    /// Amazon OpenSearch Service or Serverless.
    OpenSearchSpec {
        request: OPENSEARCH_REQUEST, retry_for: OPENSEARCH_RETRY, timeout: fact(&facts::NO_TIMEOUT).positive(),
        wait: RETRY_EVERY / RETRY_EVERY / NO_JITTER
    }
    /// Availability Zones of the VPC that the domain is in; 0: it is public.
    vpc_zones: u32 = fact(&facts::VPC_ZONES).max("100");
}
endpoint! {
    /// Splunk: the retry duration does not hold the time spent on acknowledgements.
    SplunkSpec {
        request: SPLUNK_REQUEST, retry_for: SPLUNK_RETRY,
        timeout: fact(&facts::ACK_TIMEOUT).min_fact(&facts::ACK_TIMEOUT).max_fact(&facts::ACK_TIMEOUT_MAX),
        wait: BACKOFF / BACKOFF_MAX / BACKOFF_JITTER
    }
}
endpoint! {
    /// An HTTP endpoint: the retry duration does not hold the time spent on answers.
    HttpSpec {
        request: HTTP_REQUEST, retry_for: HTTP_RETRY,
        timeout: fact(&facts::HTTP_TIMEOUT).positive().max_fact(&facts::HTTP_TIMEOUT),
        wait: BACKOFF / BACKOFF_MAX / BACKOFF_JITTER
    }
}
endpoint! {
    /// Snowflake.
    SnowflakeSpec {
        request: SNOWFLAKE_REQUEST, retry_for: SNOWFLAKE_RETRY, timeout: fact(&facts::NO_TIMEOUT).positive(),
        wait: BACKOFF / BACKOFF_MAX / BACKOFF_JITTER
    }
}
endpoint! {
    /// Apache Iceberg tables.
    IcebergSpec {
        request: ICEBERG_REQUEST, retry_for: ICEBERG_RETRY, timeout: fact(&facts::NO_TIMEOUT).positive(),
        wait: BACKOFF / BACKOFF_MAX / BACKOFF_JITTER
    }
}

impl S3Spec {
    fn delivery(&self, cx: &mut Cx) -> Option<DeliveryConfig> {
        let waits = (self.backoff, self.backoff_max, self.backoff_jitter);
        Some(s3(self.request.resolve(cx)?, self.failing, waits))
    }
}

/// Requests to S3.
fn s3(request: LatencyLaw, failing: Percent, waits: (Dur, Dur, Percent)) -> DeliveryConfig {
    DeliveryConfig {
        prefix: None,
        request,
        timeout: None,
        request_records: None,
        duplicates: false,
        failing,
        timed_out: Percent(0),
        rejected: Rejected::Records(Percent(0)),
        backoff: waits.0,
        backoff_max: waits.1,
        backoff_jitter: waits.2,
        retry: None,
        give_up: None,
        outages: Vec::new(),
    }
}

/// Default and ranges of a destination's buffers.
pub struct Hints {
    /// Size.
    pub size: &'static Fact,
    /// Largest size.
    pub size_max: &'static Fact,
    /// Interval.
    pub interval: &'static Fact,
    /// Longest interval.
    pub interval_max: &'static Fact,
}

impl ToSpec {
    /// Is it S3 alone?
    pub fn is_s3(&self) -> bool {
        matches!(self, ToSpec::S3(_))
    }

    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            ToSpec::S3(_) => "s3",
            ToSpec::Redshift(_) => "redshift",
            ToSpec::OpenSearch(_) => "opensearch",
            ToSpec::Splunk(_) => "splunk",
            ToSpec::Http(_) => "http",
            ToSpec::Snowflake(_) => "snowflake",
            ToSpec::Iceberg(_) => "iceberg",
        }
    }

    /// Parts that objects are put into S3 in, with a buffer interval so short that there are any.
    pub fn part(&self) -> Option<Bytes> {
        match self {
            ToSpec::S3(s) => Some(s.part),
            ToSpec::Redshift(_) => Some(facts::MULTIPART_PART.bytes()),
            _ => None,
        }
    }

    /// Availability Zones of the VPC that it is in.
    pub fn vpc_zones(&self) -> u32 {
        match self {
            ToSpec::OpenSearch(s) => s.vpc_zones,
            _ => 0,
        }
    }

    /// Default and ranges of its buffers.
    pub fn hints(&self) -> Hints {
        let hints = |size, size_max, interval, interval_max| Hints { size, size_max, interval, interval_max };
        let (interval, most) = (&facts::S3_INTERVAL, &facts::INTERVAL_MAX);
        match self {
            ToSpec::S3(_) | ToSpec::Redshift(_) | ToSpec::Iceberg(_) => {
                hints(&facts::S3_SIZE, &facts::S3_SIZE_MAX, interval, most)
            }
            ToSpec::OpenSearch(_) => {
                hints(&facts::OPENSEARCH_SIZE, &facts::OPENSEARCH_SIZE_MAX, interval, most)
            }
            ToSpec::Splunk(_) => hints(
                &facts::SPLUNK_SIZE,
                &facts::SPLUNK_SIZE_MAX,
                &facts::SPLUNK_INTERVAL,
                &facts::SPLUNK_INTERVAL_MAX,
            ),
            ToSpec::Http(_) => hints(&facts::HTTP_SIZE, &facts::HTTP_SIZE_MAX, &facts::HTTP_INTERVAL, most),
            ToSpec::Snowflake(_) => {
                hints(&facts::SNOWFLAKE_SIZE, &facts::S3_SIZE_MAX, &facts::SNOWFLAKE_INTERVAL, most)
            }
        }
    }

    /// Its requests, and the COPY after them.
    pub fn delivery(&self, cx: &mut Cx) -> Option<(DeliveryConfig, Option<DeliveryConfig>)> {
        let one = |delivery: Option<DeliveryConfig>| delivery.map(|d| (d, None));
        match self {
            ToSpec::S3(s) => one(s.delivery(cx)),
            ToSpec::Redshift(s) => {
                let waits = (facts::BACKOFF.dur(), facts::BACKOFF_MAX.dur(), facts::BACKOFF_JITTER.percent());
                let staged = s3(s.s3_request.resolve(cx)?, Percent(0), waits);
                Some((staged, Some(s.delivery(Kind::new("errors/"), cx)?)))
            }
            ToSpec::OpenSearch(s) => one(s.delivery(Kind::new("AmazonOpenSearchService_failed/"), cx)),
            ToSpec::Splunk(s) => {
                one(s.delivery(Kind { retry: Retry::Waits, ..Kind::new("splunk-failed/") }, cx))
            }
            ToSpec::Http(s) => {
                let request_records = Some(facts::HTTP_RECORDS.count());
                let (retry, rejected) = (Retry::Waits, Rejected::Requests);
                one(s.delivery(
                    Kind { retry, rejected, request_records, ..Kind::new("http-endpoint-failed/") },
                    cx,
                ))
            }
            ToSpec::Snowflake(s) => {
                one(s.delivery(Kind { duplicates: false, ..Kind::new("snowflake-failed/") }, cx))
            }
            ToSpec::Iceberg(s) => {
                one(s.delivery(Kind { duplicates: false, ..Kind::new("iceberg-failed/") }, cx))
            }
        }
    }
}
