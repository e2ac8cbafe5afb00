//! Many streams of one account: each by itself, and what they share.
//!
//! At AWS: the Advantage commitment is the account's and its Region's, met by all on-demand streams together; so are
//! the quotas on shards and on on-demand streams.
//! We model: every stream runs alone; its bill is without the commitment, whose shortfall is charged once, on the sum
//! of what all streams moved.
//! We leave out: control-plane calls that streams share (their quotas are per account and second).

use super::outcome::{Finding, ModeOutcome, Outcome};
use super::plan::Plan;
use super::replay::{self, Replay};
use super::{Trouble, bills};
use crate::cost::bill::Bill;
use crate::cost::shortfall;
use crate::facts::{data_streams, on_demand};
use crate::measure::result::Usage;
use crate::stream::config::Mode;
use crate::units::{ByteRate, Money};
use serde::Serialize;

/// The account.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// The scenario's name.
    pub name: String,
    /// Its question.
    pub question: String,
    /// One column per mode.
    pub modes: Vec<AccountMode>,
    /// What the account as a whole runs into.
    pub findings: Vec<Finding>,
    /// A quota is missed.
    pub over_quota: bool,
    /// Histories of its streams together, where several were replayed.
    pub replay: Option<Replay>,
    /// The streams, in order of the scenario.
    pub streams: Vec<Outcome>,
}

/// All streams, each in this mode where it may be in it.
#[derive(Clone, Debug, Serialize)]
pub struct AccountMode {
    /// `provisioned`, …
    pub mode: &'static str,
    /// As AWS prints it.
    pub title: &'static str,
    /// Most shards of each stream, added up.
    pub shards_max: u64,
    /// Streams that are on-demand.
    pub on_demand_streams: u64,
    /// The streams' months, without the commitment.
    pub streams_usd: Money,
    /// What the commitment costs beyond them.
    pub commitment: Bill,
    /// The account's month.
    pub month_usd: Money,
}

/// Quotas of an account in its Region; `None` = not known.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Shards.
    pub shards: Option<u64>,
    /// On-demand streams.
    pub on_demand_streams: u64,
}

/// The quotas in force.
pub fn quotas(region: &str, own_shards: Option<u32>) -> Quotas {
    Quotas {
        shards: own_shards.map(u64::from).or_else(|| data_streams::shard_quota(region)),
        on_demand_streams: on_demand::STREAMS.count(),
    }
}

/// A stream of an account is billed without the commitment; what the account's other traffic is stays.
pub fn share_commitment(plan: &mut Plan) {
    plan.world.stream.advantage.commitment = ByteRate(0);
}

impl Account {
    /// A stream in a column's mode, or in the only ones it may be in.
    pub fn in_mode<'a>(&self, stream: &'a Outcome, mode: &str) -> Option<&'a ModeOutcome> {
        in_mode(stream, mode)
    }
}

fn in_mode<'a>(stream: &'a Outcome, mode: &str) -> Option<&'a ModeOutcome> {
    stream.modes.iter().find(|m| m.mode == mode).or(stream.modes.first())
}

/// Puts streams together; each plan was run with `share_commitment`.
pub fn of(
    name: &str,
    question: &str,
    streams: &[(Plan, Outcome)],
    quotas: Quotas,
) -> Result<Account, Trouble> {
    let mut modes: Vec<Mode> = Vec::new();
    for (plan, _) in streams {
        modes.extend(plan.modes.iter().filter(|m| !modes.contains(m)).copied().collect::<Vec<_>>());
    }
    let columns = modes.iter().map(|m| column(*m, streams)).collect::<Result<Vec<_>, _>>()?;
    let mut findings = Vec::new();
    let mut over_quota = false;
    for c in &columns {
        for text in over(c, quotas) {
            over_quota = true;
            findings.push(Finding { kind: "account_quota", text: format!("{}: {text}", c.title) });
        }
        if c.commitment.total.0 > 0 {
            let text = format!(
                "{}: the streams together stay below the commitment: {:.2} USD of the month are shortfall, shared by all",
                c.title,
                c.commitment.total.as_f64()
            );
            findings.push(Finding { kind: "commitment", text });
        }
    }
    if let Some(best) = columns.iter().min_by_key(|c| c.month_usd).filter(|_| columns.len() > 1) {
        let text = format!(
            "cheapest for the account as a whole: {}, {:.2} USD a month",
            best.title,
            best.month_usd.as_f64()
        );
        findings.push(Finding { kind: "cost", text });
    }
    let cheapest: i128 =
        streams.iter().filter_map(|(_, o)| o.modes.iter().map(|m| m.bill_month.total.0).min()).sum();
    if columns.len() > 1 && streams.len() > 1 && modes.iter().all(|m| *m != Mode::OnDemandAdvantage) {
        let text =
            format!("each stream in its own cheapest mode: {:.2} USD a month", Money(cheapest).as_f64());
        findings.push(Finding { kind: "cost", text });
    }
    let histories: Vec<&Replay> = streams.iter().filter_map(|(_, o)| o.replay.as_ref()).collect();
    let shortfall =
        |mode: &str| columns.iter().find(|c| c.mode == mode).map_or(Money(0), |c| c.commitment.total);
    let replay = replay::total(&histories, &shortfall);
    findings.extend(replay.iter().flat_map(replay::verdict));
    Ok(Account {
        name: name.to_owned(),
        question: question.to_owned(),
        modes: columns,
        findings,
        replay,
        over_quota,
        streams: streams.iter().map(|s| s.1.clone()).collect(),
    })
}

fn column(mode: Mode, streams: &[(Plan, Outcome)]) -> Result<AccountMode, Trouble> {
    let mut all = Usage::default();
    let (mut shards, mut on_demand_streams, mut usd) = (0u64, 0, 0i128);
    for (plan, outcome) in streams {
        let Some(found) = in_mode(outcome, mode.word()) else { continue };
        let mut world = plan.world.clone();
        world.mode = plan.modes.iter().find(|m| m.word() == found.mode).copied().unwrap_or(mode);
        shards += u64::from(found.run.stream.shards_max);
        on_demand_streams += u64::from(world.mode != Mode::Provisioned);
        usd += found.bill_month.total.0;
        let used = bills::usage_of_month(plan, &world, &found.run);
        all.advantage_ns = all.advantage_ns.max(used.advantage_ns);
        all.advantage_in_bytes = all.advantage_in_bytes.saturating_add(used.advantage_in_bytes);
        all.advantage_out_bytes = all.advantage_out_bytes.saturating_add(used.advantage_out_bytes);
        all.advantage_fan_out_bytes =
            all.advantage_fan_out_bytes.saturating_add(used.advantage_fan_out_bytes);
    }
    let commitment = match streams.first() {
        Some((plan, _)) => {
            let mut terms = plan.world.stream.advantage;
            terms.commitment = plan.commitment;
            shortfall(&all, &plan.prices, &terms).map_err(Trouble::Bill)?.rounded(plan.rounding)
        }
        None => Bill::default(),
    };
    Ok(AccountMode {
        mode: mode.word(),
        title: mode.title(),
        shards_max: shards,
        on_demand_streams,
        streams_usd: Money(usd),
        month_usd: Money(usd + commitment.total.0),
        commitment,
    })
}

fn over(column: &AccountMode, quotas: Quotas) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(quota) = quotas.shards.filter(|q| column.shards_max > *q) {
        found.push(format!(
            "up to {} shards; the account's quota in this Region is {quota} (kinesim explain {})",
            column.shards_max,
            data_streams::SHARD_QUOTA_LARGE.key
        ));
    }
    if column.on_demand_streams > quotas.on_demand_streams {
        found.push(format!(
            "{} on-demand streams; an account has {} by default (kinesim explain {})",
            column.on_demand_streams,
            quotas.on_demand_streams,
            on_demand::STREAMS.key
        ));
    }
    found
}
