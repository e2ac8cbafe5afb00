//! `kinesim explain`: what a key means.

use super::{Exit, Flags, talk};
use crate::facts::{self, Row, prices};
use crate::scenario::help::{self, KeyHelp};
use serde::Serialize;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A scenario key, fact or price, as the report prints it.
    key: String,
}

/// Everything known under a key.
#[derive(Serialize)]
struct Known<'a> {
    facts: Vec<&'a Row>,
    keys: Vec<KeyHelp>,
    metrics: Vec<(String, &'static str, &'static str)>,
}

impl Explain {
    /// Prints the meaning, or the nearest keys.
    pub fn go(&self, flags: &Flags) -> Exit {
        let rows: Vec<Row> = facts::table().into_iter().chain(prices::table()).collect();
        let known = Known {
            facts: rows.iter().filter(|r| r.key == self.key).collect(),
            keys: help::explain(&self.key),
            metrics: help::explain_metric(&self.key),
        };
        if known.facts.is_empty() && known.keys.is_empty() && known.metrics.is_empty() {
            let keys = help::keys();
            let scenario = keys.iter().map(|k| k.key.as_str());
            return self.unknown(rows.iter().map(|r| r.key.as_str()).chain(scenario));
        }
        if flags.json {
            let mut text = serde_json::to_string_pretty(&known).unwrap_or_default();
            text.push('\n');
            return talk::data(text.as_bytes());
        }
        let mut parts: Vec<String> = facts::explain(&self.key).into_iter().collect();
        parts.extend(known.keys.iter().map(key_text));
        let metric = |(path, unit, doc): &(String, &str, &str)| format!("{path} (metric, {unit})\n  {doc}\n");
        parts.extend(known.metrics.iter().map(metric));
        talk::data(parts.join("\n").as_bytes())
    }

    fn unknown<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Exit {
        let exit = talk::wrong(format_args!("there is no key '{}'", self.key));
        let near = nearest(&self.key, keys);
        match near.as_slice() {
            [] => talk::hint(
                "kinesim facts and kinesim prices list all facts; kinesim schema all scenario keys",
            ),
            keys => talk::hint(format_args!("did you mean {}?", keys.join(" or "))),
        }
        exit
    }
}

fn key_text(k: &KeyHelp) -> String {
    let mut text = format!("{} (scenario key)\n  {}\n  holds     {}\n", k.key, k.meaning, k.form);
    text.push_str(&format!("  default   {}\n", k.default));
    if let Some(range) = &k.range {
        text.push_str(&format!("  range     {range}\n"));
    }
    if let Some(fact) = k.fact {
        text.push_str(&format!("  fact      {fact}\n"));
    }
    for (word, meaning) in &k.words {
        text.push_str(&format!("  {word}: {meaning}\n"));
    }
    text
}

/// At most three keys that look like the one asked for: those that contain it, then those spelt alike.
fn nearest<'a>(key: &str, keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = keys
        .map(|k| match k.contains(key) {
            true => (2.0, k),
            false => (strsim::jaro_winkler(key, k), k),
        })
        .filter(|(score, _)| *score > 0.85)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, k)| k).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn nearest_keys_contain_the_word_or_are_spelt_alike() {
        let keys = ["shard.write.bytes_per_s", "shard.read.calls_per_s", "latency.put"];
        assert_eq!(nearest("latency.pit", keys.into_iter()), ["latency.put"]);
        assert_eq!(nearest("calls", keys.into_iter()), ["shard.read.calls_per_s"]);
        assert!(nearest("zzz", keys.into_iter()).is_empty());
    }
}
