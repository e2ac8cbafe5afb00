//! Price files: the user's own, and AWS's price list as its API and its bulk files give it.
//!
//! Own: `{ "region": "eu-west-1", "prices": { "shard_hour": 0.017, "put_payload_unit": "0.0000000157" } }`, keys as
//! `kinesim prices` lists them, USD for one unit. AWS: an offer file (`products` and `terms`) or the answer of
//! `aws pricing get-products` (`PriceList`, whose entries are JSON in text). Rows of other Regions are passed over; of
//! the Region's rows those are taken whose usage type (and operation) is known.
//! Left out: reserved terms, other currencies, tiers above the first, Advantage (its usage types are not published; the
//! table's own prices hold). The usage types are those of infracost's and AWS's own texts, see `facts/prices`.

use super::diag::nearest;
use crate::facts::prices::ItemId;
use crate::units::Money;
use serde_json::Value;
use std::collections::BTreeMap;

/// Prices of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceFile {
    /// The Region the file says it is for; `None`: it does not say.
    pub region: Option<String>,
    /// Its prices, in the items' order.
    pub prices: Vec<(ItemId, Money)>,
}

/// (usage type without its Region's prefix, operation where two rows share one, item).
const USAGE: [(&str, &str, ItemId); 17] = [
    ("Storage-ShardHour", "", ItemId::ShardHour),
    ("PutRequestPayloadUnits", "", ItemId::PutPayloadUnit),
    ("Extended-ShardHour", "", ItemId::ExtendedRetentionShardHour),
    ("EnhancedFanoutHour", "", ItemId::FanOutConsumerShardHour),
    ("ReadBytes", "EnhancedFanoutDataRetrieval", ItemId::FanOutData),
    ("LongTermRetention-ByteHrs", "", ItemId::LongTermRetention),
    ("LongTermRetention-ReadBytes", "", ItemId::LongTermRetrieval),
    ("OnDemand-StreamHour", "", ItemId::StreamHour),
    ("OnDemand-BilledIncomingBytes", "", ItemId::DataIn),
    ("OnDemand-BilledOutgoingBytes", "", ItemId::DataOut),
    ("OnDemand-BilledOutgoingEFOBytes", "", ItemId::OnDemandFanOut),
    ("OnDemand-ExtendedRetention-ByteHrs", "", ItemId::OnDemandExtendedRetention),
    ("BilledBytes", "", ItemId::FirehoseIn),
    ("StreamsSourceBilledBytes", "", ItemId::FirehoseIn),
    ("DPBytesDelivered", "", ItemId::FirehosePartitionData),
    ("S3DeliveryObjectCount", "", ItemId::FirehosePartitionObject),
    ("MetadataProcessingDuration", "", ItemId::FirehoseJqHour),
];

/// The item of a usage type; what stands before a known one is the Region's prefix (`APN1-`).
fn item_of(usage: &str, operation: &str) -> Option<ItemId> {
    let fits = |known: &str| {
        usage == known
            || usage.strip_suffix(known).is_some_and(|prefix| {
                let region = prefix.strip_suffix('-').unwrap_or("-");
                !region.is_empty() && region.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            })
    };
    let found = USAGE.iter().find(|(known, op, _)| fits(known) && (op.is_empty() || *op == operation));
    found.map(|u| u.2)
}

/// Reads a price file for a Region. All mistakes at once, in words.
pub fn read(text: &str, region: &str) -> Result<PriceFile, Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let json: Value = serde_json::from_str(text).map_err(|e| {
        let at = format!("line {}, column {}", e.line(), e.column());
        vec![format!("it is not whole JSON ({at}): {}", plain(&e))]
    })?;
    if let Some(list) = json.get("PriceList").and_then(Value::as_array) {
        let mut list = list.iter().map(entry);
        let entries: Vec<Value> = list
            .by_ref()
            .collect::<Option<_>>()
            .ok_or_else(|| vec!["PriceList holds an entry that is not JSON of its own".to_owned()])?;
        return of_list(entries.iter().map(|e| (&e["product"], &e["terms"]["OnDemand"])), region);
    }
    if let (Some(products), terms) =
        (json.get("products").and_then(Value::as_object), &json["terms"]["OnDemand"])
    {
        let terms = products.iter().map(|(sku, product)| (product, &terms[sku]));
        return of_list(terms, region);
    }
    own(&json)
}

fn plain(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends in the middle",
        _ => "it cannot be read from there on",
    }
}

/// An entry of `PriceList`: JSON in text, or already opened by another tool.
fn entry(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(_) => Some(value.clone()),
        _ => None,
    }
}

fn own(json: &Value) -> Result<PriceFile, Vec<String>> {
    let Some(prices) = json.get("prices").and_then(Value::as_object) else {
        return Err(vec![
            "it has neither `prices` (a file of your own) nor `products` or `PriceList` (AWS's price list)"
                .into(),
        ]);
    };
    let region = json.get("region").and_then(Value::as_str).map(str::to_owned);
    let (mut found, mut wrong) = (BTreeMap::new(), Vec::new());
    for key in json.as_object().into_iter().flat_map(|o| o.keys()) {
        if key != "prices" && key != "region" {
            wrong.push(format!("unknown key `{key}`: expected region and prices"));
        }
    }
    for (key, price) in prices {
        let Some(item) = ItemId::from_key(key) else {
            let near = nearest(key, ItemId::ALL.iter().map(|i| i.key()));
            let near = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            wrong.push(format!("unknown price `{key}`{near} (kinesim prices lists them)"));
            continue;
        };
        match money(price) {
            Some(price) => {
                found.insert(item, price);
            }
            None => wrong.push(format!("`{key}`: {price} is no price in USD, for instance 0.015")),
        }
    }
    if wrong.is_empty() { Ok(PriceFile { region, prices: found.into_iter().collect() }) } else { Err(wrong) }
}

fn of_list<'a>(
    rows: impl Iterator<Item = (&'a Value, &'a Value)>,
    region: &str,
) -> Result<PriceFile, Vec<String>> {
    let (mut found, mut regions, mut wrong) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (product, terms) in rows {
        let attribute = |name: &str| product["attributes"][name].as_str().unwrap_or("");
        let code = attribute("regionCode");
        if !code.is_empty() && !regions.contains(&code.to_owned()) {
            regions.push(code.to_owned());
        }
        let Some(item) = item_of(attribute("usagetype"), attribute("operation")) else { continue };
        if code != region {
            continue;
        }
        match first_tier(terms) {
            Some(price) => {
                found.insert(item, price);
            }
            None => wrong.push(format!("{} has no price in USD", attribute("usagetype"))),
        }
    }
    if found.is_empty() && wrong.is_empty() {
        regions.sort();
        let has = match regions.as_slice() {
            [] => "it names no Region at all".to_owned(),
            some => format!("it has {}", some.join(", ")),
        };
        wrong.push(format!("no known price for {region} in it: {has}"));
    }
    match wrong.is_empty() {
        true => Ok(PriceFile { region: Some(region.into()), prices: found.into_iter().collect() }),
        false => Err(wrong),
    }
}

/// The price of the tier that begins at 0.
fn first_tier(terms: &Value) -> Option<Money> {
    let offers = terms.as_object()?.values();
    let tiers = offers.flat_map(|o| o["priceDimensions"].as_object().into_iter().flat_map(|d| d.values()));
    let tiers: Vec<&Value> = tiers.collect();
    let begins = |t: &&&Value| matches!(t["beginRange"].as_str(), None | Some("0"));
    let tier = tiers.iter().find(begins)?;
    money(&tier["pricePerUnit"]["USD"])
}

/// `0.015`, `"0.0150000000"`, `1.4e-8`; not negative, to the atto-dollar.
fn money(value: &Value) -> Option<Money> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits.to_owned(), exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
    let all = format!("{whole}{part}");
    if all.is_empty() || all.len() > 30 || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mantissa: i128 = all.parse().ok()?;
    // Atto-dollars: 10^18 to the dollar.
    let shift = 18 + exponent - i32::try_from(part.len()).ok()?;
    let scaled = match shift {
        0..=38 => mantissa.checked_mul(10i128.checked_pow(shift.unsigned_abs())?)?,
        -38..0 => mantissa / 10i128.checked_pow(shift.unsigned_abs())?,
        _ => return None,
    };
    Some(Money(scaled))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = r#"{"formatVersion":"v1.0","offerCode":"AmazonKinesis","products":{
        "A":{"sku":"A","attributes":{"regionCode":"eu-west-1","usagetype":"EU-Storage-ShardHour","operation":"shardHourStorage"}},
        "B":{"sku":"B","attributes":{"regionCode":"eu-west-1","usagetype":"EU-ReadBytes","operation":"EnhancedFanoutDataRetrieval"}},
        "C":{"sku":"C","attributes":{"regionCode":"eu-west-1","usagetype":"EU-Somewhere-ShardHour","operation":"x"}},
        "D":{"sku":"D","attributes":{"regionCode":"ap-northeast-1","usagetype":"APN1-PutRequestPayloadUnits","operation":"PutRequest"}}},
      "terms":{"OnDemand":{
        "A":{"A.1":{"priceDimensions":{"A.1.1":{"unit":"ShardHour","beginRange":"0","endRange":"Inf","pricePerUnit":{"USD":"0.0170000000"}}}}},
        "B":{"B.1":{"priceDimensions":{"B.1.1":{"beginRange":"0","pricePerUnit":{"USD":"0.0150000000"}}}}},
        "D":{"D.1":{"priceDimensions":{"D.1.1":{"beginRange":"0","pricePerUnit":{"USD":"0.0000000215"}}}}}}}}"#;

    #[test]
    fn an_offer_file_gives_the_regions_rows() {
        let file = read(OFFER, "eu-west-1").unwrap();
        let milli = Money::USD / 1_000;
        let want = [(ItemId::ShardHour, Money(17 * milli)), (ItemId::FanOutData, Money(15 * milli))];
        assert_eq!(file.prices, want);
        let tokyo = read(OFFER, "ap-northeast-1").unwrap();
        assert_eq!(tokyo.prices, [(ItemId::PutPayloadUnit, Money(21_500_000_000))]);
        let none = read(OFFER, "sa-east-1").unwrap_err();
        assert!(none[0].contains("sa-east-1") && none[0].contains("ap-northeast-1, eu-west-1"), "{none:?}");
        let list: Value = serde_json::from_str(OFFER).unwrap();
        let entry = serde_json::json!({ "product": list["products"]["A"], "terms": { "OnDemand": list["terms"]["OnDemand"]["A"] } });
        let answer = serde_json::json!({ "PriceList": [entry.to_string()] }).to_string();
        assert_eq!(read(&answer, "eu-west-1").unwrap().prices, [want[0]]);
    }

    #[test]
    fn own_prices_are_read_exactly_and_all_mistakes_are_named() {
        let file =
            read(r#"{"region":"eu-west-1","prices":{"shard_hour":0.017,"put_payload_unit":1.4e-8}}"#, "x")
                .unwrap();
        assert_eq!(file.region.as_deref(), Some("eu-west-1"));
        assert_eq!(file.prices[1], (ItemId::PutPayloadUnit, Money(14_000_000_000)));
        let wrong = read(r#"{"prices":{"shrad_hour":1,"stream_hour":-1,"data_in_gb":"free"},"more":1}"#, "x")
            .unwrap_err();
        assert_eq!(wrong.len(), 4, "{wrong:?}");
        assert!(wrong.iter().any(|w| w.contains("did you mean `shard_hour`?")), "{wrong:?}");
        assert!(read("{\"prices\":", "x").unwrap_err()[0].contains("ends in the middle"));
        assert!(read("[]", "x").unwrap_err()[0].contains("neither"));
    }
}
