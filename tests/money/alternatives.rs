//! The examples `alt-*`: MSK and SQS bills of a third party, built from AWS's price list, to the cent.

use kinesim::cost::Rounding;
use kinesim::cost::alternatives::{bill, brokers, requests};
use kinesim::facts::prices::{self, Item, ItemId};
use kinesim::units::billed::{BrokerHours, GigabyteMonths};
use kinesim::units::{Bytes, Dur, parse};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../vectors/pricing.json")).unwrap();
    all.into_iter().filter(|c| c["id"].as_str().unwrap().starts_with("alt-")).collect()
}

fn cents(value: &Value) -> kinesim::units::Money {
    parse::money(&format!("{value} USD")).unwrap()
}

#[test]
fn msk_and_sqs_to_the_cent() {
    let table = prices::region("us-east-1").unwrap();
    let all = cases();
    assert_eq!(all.len(), 4);
    for case in &all {
        let (id, inputs, want) = (case["id"].as_str().unwrap(), &case["inputs"], &case["expected"]);
        let int = |key: &str| inputs[key].as_u64().unwrap();
        if id.starts_with("alt-msk") {
            let item: (Item<BrokerHours>, ItemId) = match inputs["type"].as_str().unwrap() {
                "kafka.t3.small" => (Item::MSK_T3_SMALL, ItemId::MskT3Small),
                _ => (Item::MSK_M5_24XLARGE, ItemId::MskM524xlarge),
            };
            assert_eq!(table.money(item.1).unwrap(), cents(&inputs["prices"]["broker_hour"]), "{id}");
            let month = Dur::from_h(int("hours"));
            let bytes = u128::from(int("brokers") * int("storage_gb_per_broker")) << 30;
            let stored = GigabyteMonths { byte_ns: bytes * u128::from(month.0), month };
            let used = brokers(item.0, int("brokers"), month, stored);
            let bill = bill(&used, &table).unwrap().rounded(Rounding::Calculator);
            let amounts: Vec<_> = bill.lines.iter().map(|l| l.amount).collect();
            assert_eq!(amounts, [cents(&want["brokers_usd"]), cents(&want["storage_usd"])], "{id}");
            assert_eq!(bill.total, cents(&want["total_usd"]), "{id}");
        } else {
            let fifo = id.contains("fifo");
            let used = requests(fifo, int("requests").into(), Bytes::from_kib(int("request_kb")));
            let bill = bill(&used, &table).unwrap().rounded(Rounding::Calculator);
            assert_eq!(bill.lines[0].quantity, want["billed_requests"].to_string(), "{id}");
            assert_eq!(bill.total, cents(&want["usd"]), "{id}");
        }
    }
}
