//! AWS's examples of Managed Service for Apache Flink, from its pricing page, and one it prints wrong.
//!
//! Its months are of 30 days, and each line is rounded up to the cent.

use kinesim::cost::bill::Bill;
use kinesim::cost::clients::flink::of_usage;
use kinesim::cost::{Rounding, Stretch, with_clients};
use kinesim::facts::managed_flink as facts;
use kinesim::facts::prices;
use kinesim::measure::clients::FlinkUsage;
use kinesim::units::{Dur, Money};

const MONTH: Dur = Dur::from_h(720);

/// So many KPUs, with so many for orchestration, for this long.
fn kpus(application: u64, orchestration: u64, billed: Dur) -> FlinkUsage {
    FlinkUsage {
        kpu_ns: u128::from(application * billed.0),
        orchestration_kpu_ns: u128::from(orchestration * billed.0),
        ..FlinkUsage::default()
    }
}

fn and(a: FlinkUsage, b: FlinkUsage) -> FlinkUsage {
    FlinkUsage {
        kpu_ns: a.kpu_ns + b.kpu_ns,
        orchestration_kpu_ns: a.orchestration_kpu_ns + b.orchestration_kpu_ns,
        ..a
    }
}

fn bill(usage: &FlinkUsage) -> Bill {
    let table = prices::region("us-east-1").unwrap();
    let used = of_usage("job", usage, MONTH);
    with_clients(Bill::default(), &used, &table, Stretch::Run).unwrap()
}

/// Lines and total, rounded up to the cent.
fn usd(usage: &FlinkUsage) -> (Vec<String>, String) {
    let bill = bill(usage).rounded(Rounding::InvoiceUp);
    let text = |m: Money| m.to_string().strip_suffix("0000").expect("whole cents").to_owned();
    (bill.lines.iter().map(|l| text(l.amount)).collect(), text(bill.total))
}

const ONE: u64 = facts::ORCHESTRATION.count();
const TWO: u64 = facts::ORCHESTRATION_STUDIO.count();

#[test]
fn a_batch_of_450_minutes() {
    let (lines, total) = usd(&kpus(2, ONE, Dur::from_min(450)));
    assert_eq!((lines, total.as_str()), (vec!["2.48".to_owned(), "0.11".to_owned()], "2.59"));
}

#[test]
fn three_starts_of_which_two_are_billed_for_ten_minutes() {
    let starts = [30, 5, 2].map(|min| kpus(4, ONE, Dur::from_min(min).max(facts::BILLED_MIN.dur())));
    let all = starts.into_iter().reduce(and).unwrap();
    assert_eq!(bill(&all).lines[0].quantity, "4.166666667");
    let (lines, total) = usd(&all);
    assert_eq!((lines, total.as_str()), (vec!["0.46".to_owned(), "0.03".to_owned()], "0.49"));
}

#[test]
fn an_interactive_application_for_a_month() {
    let (lines, total) = usd(&kpus(4, TWO, MONTH));
    assert_eq!((lines, total.as_str()), (vec!["475.20".to_owned(), "20.00".to_owned()], "495.20"));
}

#[test]
fn developed_interactively_then_run_for_28_days() {
    let development = usd(&kpus(4, TWO, Dur::from_h(16)));
    assert_eq!(development.0, ["10.56", "0.45"], "0.44 and a bit, rounded up");
    let mut production = kpus(2, ONE, Dur::from_h(672));
    // 28 snapshots of 1 MB.
    (production.backup_bytes, production.backups_held_ns) = (28 << 20, MONTH.0);
    let production = usd(&production);
    assert_eq!(production.0, ["221.76", "9.34", "0.01"]);
    // AWS adds 10.56, 0.44, 221.76, 9.33 and a backup below a cent: two cents under what rounds each line up.
    let exact = bill(&kpus(4, TWO, Dur::from_h(16))).total.as_f64()
        + bill(&kpus(2, ONE, Dur::from_h(672))).total.as_f64();
    assert!((exact - 242.10).abs() < 0.005, "{exact}");
}

/// AWS prints 1,684.03 USD: it counts 14,400 KPU-hours, the application's alone, although its text adds the KPU for
/// orchestration, as all its other examples do.
#[test]
fn the_steady_example_is_printed_wrong() {
    let mut usage = kpus(20, ONE, MONTH);
    (usage.backup_bytes, usage.backups_held_ns) = (1 << 30, MONTH.0);
    let (lines, total) = usd(&usage);
    assert_eq!(lines, ["1663.20", "100.00", "0.03"]);
    assert_eq!(total, "1763.23");
    assert_ne!(total, "1684.03");
    let printed = usd(&FlinkUsage { orchestration_kpu_ns: 0, ..usage });
    assert_eq!(printed.1, "1684.03", "what AWS left out");
}

#[test]
fn machines_of_ones_own_cost_what_the_scenario_says() {
    let usage = FlinkUsage {
        machine_ns: 3 * u128::from(Dur::from_h(100).0),
        machine_price: Money(Money::USD / 8),
        ..FlinkUsage::default()
    };
    let (lines, total) = usd(&usage);
    assert_eq!((lines, total.as_str()), (vec!["37.50".to_owned()], "37.50"));
}
