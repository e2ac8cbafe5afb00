//! What a KCL application costs besides the stream: requests to its lease table, and the metrics it sends.
//!
//! At AWS: the lease table is billed on demand by read and write request units (2.4 and later; before, provisioned
//! units); every metric a worker sends is a CloudWatch custom metric, billed by the month, and sending costs by the
//! call. Left out: the table's storage, and the workers' own machines.

use super::{Grows, Used};
use crate::facts::billing::{METRICS_TIER, MONTH};
use crate::facts::kcl::{METRICS_APPLICATION, METRICS_SHARD, METRICS_WORKER};
use crate::facts::prices::Item;
use crate::measure::clients::KclResult;
use crate::units::billed::{MetricMonths, ReadRequestUnits, Requests, WriteRequestUnits};

/// Its priced quantities.
pub fn used(whose: &str, result: &KclResult) -> Vec<Used> {
    let table = &result.table;
    vec![
        Used::new(whose, Item::TABLE_WRITE, WriteRequestUnits(table.write_units().into()), Grows::WithTime),
        Used::new(whose, Item::TABLE_READ, ReadRequestUnits(table.read_half_units.into()), Grows::WithTime),
        metrics_used(whose, result.metric_ns),
        Used::new(whose, Item::PUT_METRICS, Requests(result.metric_calls.into()), Grows::WithTime),
    ]
}

/// Metrics of an application whose workers hold all leases and stay.
pub fn metrics(leases: u64, workers: u64) -> u64 {
    METRICS_SHARD.count() * leases + METRICS_WORKER.count() * workers + METRICS_APPLICATION.count()
}

/// The custom metrics of a month.
pub fn metrics_used(whose: &str, metric_ns: u128) -> Used {
    let month = MONTH.dur();
    let metrics = |metric_ns| MetricMonths { metric_ns, month };
    let tier = metrics(u128::from(METRICS_TIER.count()) * u128::from(month.0));
    Used::new(whose, Item::METRIC, metrics(metric_ns), Grows::WithTime).then(tier, Item::METRIC_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::bill::Bill;
    use crate::cost::clients::{Stretch, with_clients};
    use crate::facts::prices::region;
    use crate::measure::clients::TableRequests;
    use crate::units::Dur;

    /// 0.302 writes a second are 0.4966 dollars in a month of 730 h (0.49 in one of 30 days); 11 + 18 + 20 metrics are
    /// 14.70 dollars.
    #[test]
    fn an_idle_lease_costs_half_a_dollar_and_its_metrics_thirty_times_that() {
        let hour = Dur::from_h(1);
        let table = TableRequests { renewals: 1_088, ..TableRequests::default() };
        let metric_ns = 49 * u128::from(hour.0);
        let result = KclResult { table, metric_ns, ..KclResult::default() };
        let prices = region("us-east-1").unwrap();
        let month = |month| {
            let stretch = Stretch::Repeated { run: hour, month };
            let bill = with_clients(Bill::default(), &used("app", &result), &prices, stretch).unwrap();
            bill.lines.iter().map(|l| l.amount.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(month(Dur::from_h(730)), ["0.496400", "14.700000"]);
        assert_eq!(month(Dur::from_h(720))[0], "0.489600");
    }

    #[test]
    fn metrics_above_ten_thousand_cost_less() {
        let month = u128::from(MONTH.dur().0);
        let result = KclResult { metric_ns: 12_000 * month, ..KclResult::default() };
        let prices = region("us-east-1").unwrap();
        let bill = with_clients(Bill::default(), &used("app", &result), &prices, Stretch::Run).unwrap();
        let amounts: Vec<String> = bill.lines.iter().map(|l| l.amount.to_string()).collect();
        assert_eq!(amounts, ["3000.000000", "200.000000"]);
    }
}
