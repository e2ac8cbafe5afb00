//! `kinesim explain`: what a key means.

use super::{Exit, Flags, talk};
use crate::facts::{self, Row, prices};
use crate::scenario::help;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A scenario key, fact or price, as the report prints it.
    key: String,
}

impl Explain {
    /// Prints the meaning, or the nearest keys.
    pub fn go(&self, flags: &Flags) -> Exit {
        let rows: Vec<Row> = facts::table().into_iter().chain(prices::table()).collect();
        let row = rows.iter().find(|r| r.key == self.key);
        let keys = help::explain(&self.key);
        let metrics = help::explain_metric(&self.key);
        if row.is_none() && keys.is_empty() && metrics.is_empty() {
            let scenario = help::keys();
            let all = rows.iter().map(|r| r.key.as_str()).chain(scenario.iter().map(|k| k.key.as_str()));
            return self.unknown(all);
        }
        if flags.json {
            let found = serde_json::json!({ "fact": row, "keys": keys, "metrics": metrics });
            let mut text = serde_json::to_string_pretty(&found).unwrap_or_default();
            text.push('\n');
            return talk::data(text.as_bytes());
        }
        let mut text = facts::explain(&self.key).unwrap_or_default();
        for key in &keys {
            text.push_str(&format!("{key}\n"));
            if let Some(fact) = key.fact.and_then(facts::explain) {
                text.push_str(&format!("\nits default is the fact {fact}"));
            }
        }
        for (name, unit, meaning) in &metrics {
            text.push_str(&format!("{name} (a metric of goal: and expect:, in {unit})\n  {meaning}\n"));
        }
        talk::data(text.as_bytes())
    }

    fn unknown<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Exit {
        let exit = talk::wrong(format_args!("there is no key '{}'", self.key));
        let near = nearest(&self.key, keys);
        match near.as_slice() {
            [] => talk::hint("kinesim facts and kinesim prices list all keys"),
            keys => talk::hint(format_args!("did you mean {}?", keys.join(" or "))),
        }
        exit
    }
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
