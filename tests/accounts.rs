//! Accounts with many streams: what they share, and what is each one's own.

use kinesim::experiment;
use kinesim::experiment::account::{self, Account};
use kinesim::scenario::{self, AccountScenario};
use std::path::Path;
use std::process::{Command, Output};

fn load(text: &str) -> Result<AccountScenario, String> {
    let nothing = |_: &str| Err("no such file".to_owned());
    scenario::load_account(text, "account.yaml", &nothing, &[]).map_err(|d| scenario::render(&d, false))
}

fn committed() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/accounts/shared-commitment.yaml");
    std::fs::read_to_string(path).expect("the committed account")
}

fn run(scenario: &AccountScenario) -> Account {
    let one = |s: &scenario::Scenario| {
        let mut plan = s.plan(s.seed).expect("prices");
        (plan.replications, plan.curves) = (Some(1), Some(false));
        account::share_commitment(&mut plan);
        let outcome = experiment::run(&plan, &|_, _| ()).expect("it runs");
        (plan, outcome)
    };
    let done: Vec<_> = scenario.streams.iter().map(one).collect();
    let first = &scenario.streams[0];
    let quotas = account::quotas(&first.region, first.shard_quota);
    account::of(&scenario.name, &scenario.question, &done, quotas).expect("an account")
}

/// 25 MiB/s are committed each way; 10 MiB/s come in, 5 MiB/s are read. The rest of a month of 730 h is charged at
/// 0.032 and 0.016 USD a gigabyte, once (prices: `kinesim prices`; rule: developer guide, "Choose the right mode").
#[test]
fn the_commitment_is_met_by_all_streams_together() {
    let account = run(&load(&committed()).unwrap());
    let [provisioned, on_demand, advantage] = &account.modes[..] else { panic!() };
    assert_eq!((provisioned.commitment.total.0, on_demand.commitment.total.0), (0, 0));
    let month_gb = |mib_s: f64| mib_s * 3_600.0 * 730.0 / 1_024.0;
    let expected = month_gb(15.0) * 0.032 + month_gb(20.0) * 0.016;
    let got = advantage.commitment.total.as_f64();
    assert!((got / expected - 1.0).abs() < 2e-3, "{got} {expected}");
    let sum: i128 = account.streams.iter().map(|s| s.modes[2].bill_month.total.0).sum();
    assert_eq!(advantage.streams_usd.0, sum);
    assert_eq!(advantage.month_usd.0, sum + advantage.commitment.total.0);
    assert_eq!((provisioned.shards_max, advantage.on_demand_streams), (16, 2));
    for stream in &account.streams {
        let all: Vec<&str> = stream.modes.iter().flat_map(|m| &m.bill_month.lines).map(|l| l.item).collect();
        assert!(!all.iter().any(|l| l.contains("shortfall")), "{all:?}");
    }
}

#[test]
fn streams_meet_what_is_claimed_of_each() {
    let scenario = load(&committed()).unwrap();
    let account = run(&scenario);
    for (claimed, found) in scenario.streams.iter().zip(&account.streams) {
        assert_eq!(claimed.name, found.name);
        for e in &claimed.expect {
            for m in &found.modes {
                assert!(e.limit.holds(e.limit.measured.of(m)), "{} {}", found.name, e.limit.path);
            }
        }
    }
}

const TWO: &str = "version: 1\nduration: 10 s\nmodes: [provisioned]\naccount: { shard_quota: 5 }\nstreams:\n  \
    a: { producers: { p: { rate: 10 records/s, record_size: 1 KiB } }, stream: { shards: 3 } }\n  \
    b: { producers: { p: { rate: 10 records/s, record_size: 1 KiB } }, stream: { shards: 3 }, modes: [on_demand] }\n";

#[test]
fn quotas_are_the_accounts_and_a_stream_may_have_its_own_mode() {
    let account = run(&load(TWO).unwrap());
    assert_eq!(account.modes.len(), 2);
    assert!(account.over_quota);
    assert!(account.findings[0].text.contains("quota in this Region is 5"), "{:?}", account.findings);
    assert_eq!(account.streams[1].modes[0].mode, "on_demand");
    let within = run(&load(&TWO.replace("shard_quota: 5", "shard_quota: 50")).unwrap());
    assert!(!within.over_quota);
}

#[test]
fn mistakes_of_an_account_are_placed() {
    let wrong = |text: &str| load(text).expect_err(text);
    let twice = wrong(&TWO.replace("streams:", "stream: { shards: 1 }\nstreams:"));
    assert!(twice.contains("stands at the top of a file with `streams`"), "{twice}");
    let unknown = wrong(&TWO.replace("modes: [on_demand]", "mode: x"));
    assert!(
        unknown.contains("unknown key `mode` in `streams.b`") && unknown.contains("account.yaml:7"),
        "{unknown}"
    );
    let rate = wrong(&TWO.replacen("10 records/s", "10", 1));
    assert!(rate.contains("account.yaml:6"), "{rate}");
    assert!(wrong("version: 1\nduration: 1 s\nstreams: {}\n").contains("0 streams"));
    let single = scenario::load(TWO, "a.yaml", &|_| Err(String::new()), &[]).expect_err("an account");
    assert_eq!(single[0].code, "several-streams");
}

fn kinesim(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinesim"))
        .env("NO_COLOR", "1")
        .args(args)
        .output()
        .expect("kinesim starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Commands about one stream refuse an account by name and say which streams there are; `--stream` picks one.
#[test]
fn one_stream_of_an_account_is_picked_by_name() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("account-one");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("two.yaml");
    std::fs::write(&file, TWO).expect("written");
    let file = file.display().to_string();
    let commands: [&[&str]; 7] = [
        &["cost", &file, "--no-report"],
        &["trace", &file],
        &["sweep", &file, "--over", "streams.b.stream.shards=1,2", "--no-report"],
        &["compare", &file, "--with", "streams.b.stream.shards=1"],
        &["export", &file, "--as", "cli"],
        &["plan", &file, "--no-report"],
        &["run", &file, "--no-report", "--no-curves"],
    ];
    for args in &commands[..6] {
        let said = kinesim(args);
        assert_eq!(said.status.code(), Some(2), "{args:?}");
        let said = text(&said.stderr);
        for part in ["this is an account with streams", "`--stream NAME` (a, b)", "two.yaml:5"] {
            assert!(said.contains(part), "{args:?}: {part}: {said}");
        }
        let wrong = text(&kinesim(&[args, &["--stream", "c"][..]].concat()).stderr);
        assert!(wrong.contains("the account has no stream `c`") && wrong.contains("one of a, b"), "{wrong}");
    }
    // A plan wants a goal, which this account has not: that is another refusal.
    for args in commands.iter().filter(|c| c[0] != "plan") {
        let done = kinesim(&[args, &["--stream", "b"][..]].concat());
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}", text(&done.stderr));
    }
    let single = folder.join("single.yaml");
    let one = "version: 1\nduration: 10 s\nproducers: { p: { rate: 10 records/s, record_size: 1 KiB } }\nstream: { shards: 3 }\n";
    std::fs::write(&single, one).expect("written");
    let said = kinesim(&["check", &single.display().to_string(), "--stream", "a"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("one stream and no names"), "{}", text(&said.stderr));
}

/// `check` takes an account whole: each stream's quotas and goals, and what all need together.
#[test]
fn check_takes_an_account_whole() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("account-check");
    std::fs::create_dir_all(&folder).expect("a folder");
    let check = |name: &str, text: String| {
        let file = folder.join(name);
        std::fs::write(&file, text).expect("written");
        kinesim(&["check", &file.display().to_string()])
    };
    // Both may be provisioned: six shards where the account has five.
    let both = TWO.replace(", modes: [on_demand]", "");
    let said = check("both.yaml", both.clone());
    assert_eq!(said.status.code(), Some(1), "{}", text(&said.stderr));
    assert!(text(&said.stdout).contains("quota: streams: 6 shards together"), "{}", text(&said.stdout));
    let within = check("within.yaml", both.replace("shard_quota: 5", "shard_quota: 6"));
    assert_eq!(within.status.code(), Some(0), "{}", text(&within.stdout));
    // A goal of the second stream, missed: 10 records/s are no 20.
    let goal = both.replace("shard_quota: 5", "shard_quota: 6").replacen(
        "stream: { shards: 3 } }\n  b",
        "stream: { shards: 3 }, goal: { monthly_cost: { at_most: 1 USD } } }\n  b",
        1,
    );
    let missed = check("goal.yaml", goal);
    assert_eq!(missed.status.code(), Some(1), "{}", text(&missed.stderr));
    assert!(text(&missed.stderr).contains("goal missed"), "{}", text(&missed.stderr));
}
