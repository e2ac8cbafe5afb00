//! The top of a scenario, and the rules between its parts.

use super::calendar::Moment;
use super::consumer::ConsumerSpec;
use super::context::Cx;
use super::events::{self, EventSpec};
use super::goal::{self, CentralSpec, ExpectSpec, GoalSpec};
use super::grammar::{At, OPTIONAL, REQUIRED, Read, Scalar, Shape, choice, default, fact, section};
use super::producer::ProducerSpec;
use super::scalars::{Named, Reserved};
use super::stream::{AccountSpec, StreamSpec};
use super::yaml::Node;
use super::{Bill, BillMonth, Curves, Rounding, Scenario};
use crate::facts::billing;
use crate::stream::config::Mode;
use crate::units::Dur;

section! {
    /// A scenario.
    TopSpec {
        /// Version of this grammar.
        version: u64 = default("1").min("1").max("1"),
        /// Name of the scenario; the file's name when it is not written.
        name: Option<String> = OPTIONAL,
        /// The question it answers.
        question: String = default("What happens to this workload?"),
        /// Date and time of the start (UTC), for daily shapes and calendar months; a Monday at midnight when it is not written.
        start: Option<Start> = OPTIONAL,
        /// Simulated time.
        duration: Dur = REQUIRED.positive().max("3650 d"),
        /// Root of all randomness; `--seed` replaces it.
        seed: u64 = default("1"),
        /// Capacity modes to run.
        modes: At<Vec<ModeSpec>> = default("[provisioned, on_demand]"),
        /// Region: decides prices and quotas.
        region: At<String> = default("us-east-1"),
        /// Runs with different draws; chosen from the estimated work when it is not written.
        replications: Option<u32> = OPTIONAL.positive().max("1000"),
        /// Whether curves against load, shards and readers are drawn.
        curves: CurvesSpec = default("auto"),
        /// How bills are made.
        bill: BillSpec = default("{}"),
        /// The account around the stream.
        account: AccountSpec = default("{}"),
        /// Who sends.
        producers: At<Named<ProducerSpec>> = REQUIRED,
        /// The stream.
        stream: StreamSpec = REQUIRED,
        /// Who reads.
        consumers: Named<ConsumerSpec> = default("{}"),
        /// What happens on the way.
        events: Vec<EventSpec> = default("[]"),
        /// What the user wishes.
        goal: Option<GoalSpec> = OPTIONAL,
        /// What the author claims, each with its source.
        expect: Vec<ExpectSpec> = default("[]"),
        /// The setting everything turns on, and a value that breaks it.
        central: Option<CentralSpec> = OPTIONAL,
        /// Several streams.
        streams: Option<Reserved> = OPTIONAL,
        /// Delivery by Firehose.
        firehose: Option<Reserved> = OPTIONAL,
    }
}

choice! {
    /// A capacity mode.
    ModeSpec {
        /// Shards are bought by the hour.
        provisioned: Provisioned,
        /// On-demand Standard.
        on_demand: OnDemand,
        /// On-demand Advantage.
        on_demand_advantage: OnDemandAdvantage,
    }
}

impl ModeSpec {
    /// The mode.
    pub fn mode(&self) -> Mode {
        match self {
            ModeSpec::Provisioned => Mode::Provisioned,
            ModeSpec::OnDemand => Mode::OnDemand,
            ModeSpec::OnDemandAdvantage => Mode::OnDemandAdvantage,
        }
    }
    /// The mode of a word.
    pub fn of_word(word: &str) -> Option<Mode> {
        [Mode::Provisioned, Mode::OnDemand, Mode::OnDemandAdvantage]
            .into_iter()
            .find(|m| m.word() == word)
    }
}

choice! {
    /// Whether curves are drawn.
    CurvesSpec {
        /// Where the estimated work is small.
        auto: Auto,
        /// Never.
        off: Off,
        /// Always.
        on: On,
    }
}

section! {
    /// How bills are made.
    BillSpec {
        /// What a month is made of.
        month: MonthSpec = default("base"),
        /// How amounts are rounded when printed.
        rounding: RoundingSpec = default("exact"),
        /// Hours of a month.
        month_hours: Dur = fact(&billing::MONTH).positive(),
    }
}

choice! {
    /// What a month is made of.
    MonthSpec {
        /// The rate without one-off spikes and events, plus the run's own excess once.
        base: Base,
        /// The run again and again.
        repeat: Repeat,
        /// The calendar month of `start`.
        calendar: Calendar,
    }
}

choice! {
    /// How amounts are rounded when printed.
    RoundingSpec {
        /// To the last digit.
        exact: Exact,
        /// As the AWS calculator rounds.
        calculator: Calculator,
        /// Up to whole cents.
        invoice_up: InvoiceUp,
    }
}

/// Date and time of the start.
#[derive(Clone, Copy, Debug)]
pub struct Start(pub Moment);

impl Read for Start {
    fn shape() -> Shape {
        Shape::Scalar(START)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let text = cx.text(node, &START)?.to_owned();
        let moment = Moment::parse(&text);
        if moment.is_none() {
            let message = format!(
                "`{}` is not a date: {}",
                cx.here(),
                super::diag::quote(&text)
            );
            cx.say(
                "not-a-date",
                node.span,
                message,
                "expected for example `2026-03-01T09:00:00Z`",
            );
        }
        moment.map(Start)
    }
}

const START: Scalar = Scalar {
    what: "a date and time (UTC)",
    example: "`2026-03-01T09:00:00Z`",
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
};

impl TopSpec {
    /// The scenario; every rule between its parts is checked.
    pub fn resolve(self, name: &str, digest: String, cx: &mut Cx) -> Option<Scenario> {
        let modes = self.modes(cx);
        let stream = self.stream.resolve(&self.region.value, &self.account);
        let max_record = Some(stream.max_record_size);
        let mut producers = Vec::new();
        for (name, spec) in &self.producers.value.0 {
            cx.enter("producers");
            cx.enter(&name.value);
            producers.push(spec.resolve(name, max_record, cx));
            cx.leave();
            cx.leave();
        }
        if self.producers.value.0.is_empty() {
            cx.say(
                "no-producer",
                self.producers.at,
                "there is no producer".into(),
                "expected at least one name with a `rate`",
            );
        }
        let mut consumers = Vec::new();
        for (name, spec) in &self.consumers.0 {
            consumers.push(cx.under(name.at, |cx| spec.resolve(&name.value, cx)));
        }
        let events = events::resolve(&self.events, self.duration, cx);
        let expect = goal::expectations(&self.expect, cx);
        let start = self.start.map(|s| s.0);
        if matches!(self.bill.month, MonthSpec::Calendar) && start.is_none() {
            cx.say(
                "missing-key",
                self.bill.place,
                "a calendar month needs a date".into(),
                "write `start: 2026-03-01`",
            );
        }
        let producers: Option<Vec<_>> = producers.into_iter().collect();
        let consumers: Option<Vec<Vec<_>>> = consumers.into_iter().collect();
        Some(Scenario {
            name: self.name.unwrap_or_else(|| name.to_owned()),
            question: self.question,
            text_digest: digest,
            modes: modes?,
            duration: self.duration,
            seed: self.seed,
            start,
            region: self.region.value,
            replications: self.replications,
            curves: match self.curves {
                CurvesSpec::Auto => Curves::Auto,
                CurvesSpec::Off => Curves::Off,
                CurvesSpec::On => Curves::On,
            },
            bill: bill(&self.bill),
            shard_quota: self.account.shard_quota.map(|q| q.value),
            producers: producers?,
            stream,
            consumers: consumers?.into_iter().flatten().collect(),
            events,
            goal: self.goal.map(|g| g.0),
            expect: expect?,
            central: self.central.map(|c| goal::Central {
                key: c.key.value,
                broken: c.broken.0,
            }),
            intervals: std::mem::take(&mut cx.intervals),
            defaults: std::mem::take(&mut cx.defaults),
        })
    }

    fn modes(&self, cx: &mut Cx) -> Option<Vec<Mode>> {
        let modes: Vec<Mode> = self.modes.value.iter().map(ModeSpec::mode).collect();
        let twice = modes
            .iter()
            .enumerate()
            .any(|(i, m)| modes[..i].contains(m));
        if modes.is_empty() || twice {
            let what = if twice {
                "a mode is named twice"
            } else {
                "no mode is named"
            };
            cx.say(
                "modes",
                self.modes.at,
                what.to_owned(),
                "expected each of `provisioned`, `on_demand`, `on_demand_advantage` at most once",
            );
            return None;
        }
        Some(modes)
    }
}

fn bill(spec: &BillSpec) -> Bill {
    Bill {
        month: match spec.month {
            MonthSpec::Base => BillMonth::Base,
            MonthSpec::Repeat => BillMonth::Repeat,
            MonthSpec::Calendar => BillMonth::Calendar,
        },
        rounding: match spec.rounding {
            RoundingSpec::Exact => Rounding::Exact,
            RoundingSpec::Calculator => Rounding::Calculator,
            RoundingSpec::InvoiceUp => Rounding::InvoiceUp,
        },
        month_hours: spec.month_hours,
    }
}
