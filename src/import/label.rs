//! What a metric's label says: which metric, of which stream, perhaps of which shard.
//!
//! A label is free text. The console and the CLI fill it with the metric's name, with the values of the dimensions
//! that differ, or with `Name:value` pairs; Kinesis names its streams with letters, digits, `_`, `.` and `-` only.

/// The metrics a history is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Records stored.
    Records,
    /// Bytes stored.
    Bytes,
    /// Attempts refused.
    Refused,
}

impl Metric {
    const ALL: [(Metric, &str, &str); 3] = [
        (Metric::Records, "IncomingRecords", "Count"),
        (Metric::Bytes, "IncomingBytes", "Bytes"),
        (Metric::Refused, "WriteProvisionedThroughputExceeded", "Count"),
    ];

    /// Amazon's name.
    pub fn name(self) -> &'static str {
        Metric::ALL[self as usize].1
    }

    /// Its unit in CloudWatch.
    pub fn unit(self) -> &'static str {
        Metric::ALL[self as usize].2
    }
}

/// Other metrics of Kinesis Data Streams: known, and not part of a demand.
const OTHERS: [&str; 7] = [
    "OutgoingRecords",
    "OutgoingBytes",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
    "PutRecord",
    "GetRecords",
    "SubscribeToShard",
];

/// What a metrics file must have.
pub const EXPECTED: &str = "expected IncomingRecords, and IncomingBytes and WriteProvisionedThroughputExceeded where known, in the labels";

/// What was made out of a label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The metric, if it is one we use.
    pub metric: Option<Metric>,
    /// It is some other metric of Kinesis Data Streams.
    pub other: bool,
    /// A namespace that is not `AWS/Kinesis`.
    pub foreign: Option<String>,
    /// The stream.
    pub stream: Option<String>,
    /// One shard of it.
    pub shard: Option<String>,
    /// The statistic, where the label ends in one and a period.
    pub statistic: Option<String>,
    /// The period in seconds, likewise.
    pub period_s: Option<u64>,
}

/// Reads a label; `full` = the console's full label, which ends in statistic and period.
pub fn read(text: &str, full: bool) -> Label {
    let mut label = Label::default();
    let apart = |c: char| c.is_whitespace() || ",;|()[]{}\"'".contains(c);
    let mut words: Vec<&str> = text.split(apart).filter(|w| !w.is_empty()).collect();
    if let [.., statistic, period] = words[..]
        && full
        && let Ok(period) = period.parse()
    {
        label.statistic = Some(statistic.to_owned());
        label.period_s = Some(period);
        words.truncate(words.len() - 2);
    }
    let mut rest = Vec::new();
    for word in words {
        label.word(word, &mut rest);
    }
    if label.stream.is_none() && !rest.is_empty() {
        label.stream = Some(rest.join(" "));
    }
    label
}

impl Label {
    fn word<'a>(&mut self, word: &'a str, rest: &mut Vec<&'a str>) {
        let value = |key: &str| word.strip_prefix(key).and_then(|w| w.strip_prefix([':', '=']));
        if let Some(at) = word.find("AWS/") {
            let namespace = &word[at..];
            if namespace != "AWS/Kinesis" {
                self.foreign = Some(namespace.to_owned());
            }
        } else if let Some(stream) = value("StreamName") {
            self.stream = Some(stream.to_owned());
        } else if let Some(shard) = value("ShardId").or(Some(word).filter(|w| w.starts_with("shardId-"))) {
            self.shard = Some(shard.to_owned());
        } else if !self.metric_in(word) {
            rest.push(word);
        }
    }

    /// Is this word a metric, perhaps with its stream before it (`clicks.IncomingRecords`)?
    fn metric_in(&mut self, word: &str) -> bool {
        let found =
            Metric::ALL.iter().find_map(|(metric, name, _)| Some((*metric, word.strip_suffix(name)?)));
        if let Some((metric, before)) = found {
            self.metric = Some(metric);
            let stream = before.trim_end_matches(['.', '-', '/', '_', ':']);
            if !stream.is_empty() {
                self.stream = Some(stream.to_owned());
            }
            return true;
        }
        let other = OTHERS.iter().any(|name| {
            let tail = word.strip_prefix(name);
            tail.is_some_and(|t| t.is_empty() || t.starts_with(['.', 's', 'E']))
        });
        self.other |= other;
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_every_kind_are_understood() {
        let seen = |text| {
            let l = read(text, false);
            (l.metric, l.stream.unwrap_or_default(), l.shard.is_some())
        };
        assert_eq!(seen("IncomingRecords"), (Some(Metric::Records), String::new(), false));
        assert_eq!(seen("clicks IncomingBytes"), (Some(Metric::Bytes), "clicks".into(), false));
        assert_eq!(seen("IncomingBytes (orders-1)"), (Some(Metric::Bytes), "orders-1".into(), false));
        assert_eq!(seen("clicks.IncomingRecords"), (Some(Metric::Records), "clicks".into(), false));
        assert_eq!(
            seen("StreamName:clicks ShardId:shardId-000000000007 WriteProvisionedThroughputExceeded"),
            (Some(Metric::Refused), "clicks".into(), true)
        );
        assert_eq!(seen("Requests").0, None);
    }

    #[test]
    fn a_full_label_ends_in_statistic_and_period() {
        let label = read("us-east-1:AWS/Kinesis StreamName:clicks IncomingRecords Sum 300", true);
        assert_eq!((label.metric, label.stream.as_deref()), (Some(Metric::Records), Some("clicks")));
        assert_eq!((label.statistic.as_deref(), label.period_s), (Some("Sum"), Some(300)));
        let lambda = read("us-east-1:AWS/Lambda FunctionName:f Invocations Sum 60", true);
        assert_eq!((lambda.metric, lambda.foreign.as_deref()), (None, Some("AWS/Lambda")));
    }

    #[test]
    fn other_metrics_of_kinesis_are_known() {
        for text in ["GetRecords.Bytes", "PutRecords.Success", "SubscribeToShardEvent.Bytes", "OutgoingBytes"]
        {
            assert!(read(text, false).other, "{text}");
        }
        assert!(!read("PutRecordings", false).other);
    }
}
