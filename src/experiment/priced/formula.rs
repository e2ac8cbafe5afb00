//! How a quantity of the bill comes about, in words.

use crate::cost::bill::BillLine;
use crate::cost::steady::{PerRecord, Steady};
use crate::facts::data_streams::{RETENTION_DEFAULT, RETENTION_EXTENDED_END};
use crate::facts::prices::ItemId;
use crate::units::Dur;

/// What the words need.
pub(super) struct Context<'a> {
    pub(super) steady: &'a Steady,
    pub(super) per: PerRecord,
    pub(super) month: Dur,
}

impl Context<'_> {
    /// The formula of one line; empty for what the line says itself.
    pub(super) fn of(&self, line: &BillLine) -> String {
        let Some(item) = ItemId::ALL.iter().copied().find(|i| i.title() == line.item) else {
            return String::new();
        };
        if line.how.starts_with("this run's excess") {
            return "what the run asks for above its base rate".into();
        }
        let s = self.steady;
        let hours = format!("{} h", self.month.0 / Dur::from_h(1).0);
        let each = |sum: u64| {
            let mean = sum as f64 / self.per.records.max(1) as f64;
            plain(mean)
        };
        let records = format!("{} × {} s", s.rate, self.month.0 / 1_000_000_000);
        let held =
            |from: Dur, to: Dur| format!("{} × {} B, held from {from} to {to}", s.rate, each(self.per.bytes));
        let (day, week) = (RETENTION_DEFAULT.dur(), RETENTION_EXTENDED_END.dur());
        match item {
            ItemId::ShardHour | ItemId::ExtendedRetentionShardHour => {
                format!("{} shards × {hours}", s.shards)
            }
            ItemId::PutPayloadUnit => format!("{records} × {} units a record", each(self.per.put_units)),
            ItemId::FanOutConsumerShardHour => {
                format!("{} consumers × {} shards × {hours}", s.fan_out_readers, s.shards)
            }
            ItemId::FanOutData | ItemId::OnDemandFanOut | ItemId::AdvantageFanOut => {
                format!("{records} × {} B × {} consumers", each(self.per.bytes), s.fan_out_readers)
            }
            ItemId::StreamHour => format!("a stream × {hours}"),
            ItemId::DataIn | ItemId::AdvantageIn => {
                format!("{records} × {} B, each record rounded up", each(self.per.billed_in))
            }
            ItemId::DataOut | ItemId::AdvantageOut => {
                format!("{records} × {} B × {} readers", each(self.per.bytes), s.polling_readers)
            }
            ItemId::OnDemandExtendedRetention | ItemId::AdvantageRetention => {
                held(day, s.retention.min(week))
            }
            ItemId::LongTermRetention => held(week, s.retention),
            _ => String::new(),
        }
    }
}

/// At most four digits after the point.
fn plain(v: f64) -> String {
    let text = format!("{v:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
