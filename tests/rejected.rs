//! Figures that others print and that are wrong: our tables and bills must not agree with them.

use kinesim::cost::bill_run;
use kinesim::cost::steady::{PerRecord, Steady};
use kinesim::facts::on_demand;
use kinesim::facts::prices::{self, ItemId};
use kinesim::stream::config::{AdvantageConfig, Mode};
use kinesim::units::{ByteRate, Bytes, Dur, RecordRate, parse};

const TERMS: AdvantageConfig = AdvantageConfig {
    warm: None,
    warm_delay: on_demand::WARM_DELAY.dur(),
    other_in: ByteRate(0),
    other_out: ByteRate(0),
    commitment: on_demand::COMMITMENT.byte_rate(),
};

fn stream(mode: Mode, retention_h: u64) -> Steady {
    Steady {
        mode,
        rate: RecordRate::per_s(1_000),
        shards: 5,
        retention: Dur::from_h(retention_h),
        polling_readers: 1,
        fan_out_readers: 1,
    }
}

#[test]
fn wrong_prices_are_in_no_table() {
    let claims = [
        (ItemId::DataIn, "0.075 USD", "on-demand ingest per GB"),
        (ItemId::StreamHour, "0.045 USD", "a stream-hour"),
        (ItemId::DataIn, "0.04 USD", "on-demand ingest per GB"),
        (ItemId::DataIn, "0.008 USD", "on-demand ingest per GB"),
        (ItemId::FanOutData, "0.015 USD", "fan-out per GB, provisioned"),
        (ItemId::OnDemandFanOut, "0.015 USD", "fan-out per GB, on-demand"),
        (ItemId::AdvantageFanOut, "0.015 USD", "fan-out per GB, Advantage"),
        (ItemId::LongTermRetention, "0.10 USD", "long-term retention per GB-month"),
    ];
    for region in prices::regions() {
        let table = prices::region(region).unwrap();
        for (item, wrong, what) in claims {
            let wrong = parse::money(wrong).unwrap();
            let ours = table.rows().into_iter().find(|r| r.item == item);
            assert!(ours.is_none_or(|r| r.price != wrong), "{region}: {what} at a price known to be wrong");
            assert!(region != "us-east-1" || ours.is_some(), "{what} has no price to compare");
        }
    }
}

#[test]
fn on_demand_never_pays_per_put() {
    let month = Dur::from_h(730);
    let usage = stream(Mode::OnDemand, 24).usage(&PerRecord::of_size(Bytes(500)), month);
    let bill = bill_run(&usage, &prices::region("us-east-1").unwrap(), month, &TERMS).unwrap();
    let units: Vec<&str> = bill.lines.iter().map(|l| l.unit).collect();
    assert_eq!(units, ["stream-hour", "GB", "GB", "GB"]);
}

#[test]
fn a_week_on_five_shards_adds_73_dollars_and_not_130() {
    let month = Dur::from_h(730);
    let table = prices::region("us-east-1").unwrap();
    let bill = |hours| {
        let usage = stream(Mode::Provisioned, hours).usage(&PerRecord::of_size(Bytes(500)), month);
        bill_run(&usage, &table, month, &TERMS).unwrap().total
    };
    let week = bill(168).0 - bill(24).0;
    assert_eq!(week, parse::money("73 USD").unwrap().0);
    assert_eq!(bill(48), bill(168), "two days cost what seven do");
}
