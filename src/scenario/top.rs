//! The top of a scenario, and the rules between its parts.

use super::Moment;
use super::account::Streams;
use super::consumer::Consumers;
use super::context::{Cx, cite};
use super::diag::Span;
use super::events::Event;
use super::expect::Expectation;
use super::firehose::{Firehose, as_consumer, sources_fit};
use super::goal::{Central, CentralSpec, GoalSpec};
use super::grammar::{At, OPTIONAL, REQUIRED, Read, Scalar, Shape, choice, default, fact, section};
use super::node::Node;
use super::planning::{PlanSpec, goal_fits};
use super::producer::Producer;
use super::resolution::ResolutionSpec;
use super::shapes::Named;
use super::stream::{AccountSpec, StreamSpec};
use super::{Bill, BillMonth, Curves, Rounding, Scenario};
use crate::consumer::config::ConsumerConfig;
use crate::facts::{billing, fan_out};
use crate::stream::config::Mode;
use crate::units::Dur;
use md5::Digest;

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
        modes: Modes = default("[provisioned, on_demand]"),
        /// Region: decides prices and quotas.
        region: Region = default("us-east-1"),
        /// At what grain it is simulated: every record, cohorts of them, or rates.
        resolution: ResolutionSpec = default("record"),
        /// Runs with different draws; chosen from the estimated work when it is not written.
        replications: Option<u32> = OPTIONAL.positive().max("1000"),
        /// Whether curves against load, shards and readers are drawn.
        curves: CurvesSpec = default("auto"),
        /// How bills are made.
        bill: BillSpec = default("{}"),
        /// The account around the stream.
        account: AccountSpec = default("{}"),
        /// Who sends.
        producers: Producers = REQUIRED,
        /// The stream.
        stream: StreamSpec = REQUIRED,
        /// Who reads.
        consumers: At<Named<Consumers>> = default("{}"),
        /// What happens on the way.
        events: Vec<Event> = default("[]"),
        /// What the user wishes. A limit on how late a consumer is asks too that it keeps up: one that falls behind ever
        /// further, or ends the run further behind than the limit allows, misses it.
        goal: Option<GoalSpec> = OPTIONAL,
        /// What `kinesim plan` may choose from.
        plan: PlanSpec = default("{}"),
        /// What the author claims, each with its source.
        expect: Vec<Expectation> = default("[]"),
        /// The setting everything turns on, and a value that breaks it.
        central: Option<CentralSpec> = OPTIONAL,
        /// Several streams of one account, each with its own producers, stream and consumers, instead of those here.
        streams: Option<Streams> = OPTIONAL,
        /// Delivery by Firehose.
        firehose: Named<Firehose> = default("{}"),
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
        [Mode::Provisioned, Mode::OnDemand, Mode::OnDemandAdvantage].into_iter().find(|m| m.word() == word)
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
            let message = format!("`{}` is not a date: {}", cx.here(), super::diag::quote(&text));
            cx.say("not-a-date", node.span, message, "expected for example `2026-03-01T09:00:00Z`");
        }
        moment.map(Start)
    }
}

const START: Scalar = Scalar {
    what: "a date and time (UTC)",
    example: "`2026-03-01T09:00:00Z`",
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
};

/// Modes, each at most once.
#[derive(Clone, Debug)]
pub struct Modes(pub Vec<Mode>);

impl Read for Modes {
    fn shape() -> Shape {
        <Vec<ModeSpec>>::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let modes: Vec<Mode> = <Vec<ModeSpec>>::read(node, cx)?.iter().map(ModeSpec::mode).collect();
        let twice = modes.iter().enumerate().any(|(i, m)| modes[..i].contains(m));
        if modes.is_empty() || twice {
            let what = if twice { "a mode is named twice" } else { "no mode is named" };
            let expected = "expected each of `provisioned`, `on_demand`, `on_demand_advantage` at most once";
            cx.say("modes", node.span, what.to_owned(), expected);
            return None;
        }
        Some(Modes(modes))
    }
}

/// A Region. Any may be written, since its prices can come from a file; it must look like one.
#[derive(Clone, Debug)]
pub struct Region(pub String);

impl Read for Region {
    fn shape() -> Shape {
        String::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let text = String::read(node, cx)?;
        let parts: Vec<&str> = text.split('-').collect();
        let word = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase());
        let fine = match parts.as_slice() {
            [words @ .., number] => {
                words.len() >= 2 && words.iter().all(word) && matches!(number.as_bytes(), [b'1'..=b'9'])
            }
            [] => false,
        };
        if !fine {
            let message = format!("{} is not a Region", super::diag::quote(&text));
            cx.say("unknown-word", node.span, message, "expected for example `us-east-1`");
            return None;
        }
        Some(Region(text))
    }
}

/// At least one producer.
#[derive(Clone, Debug)]
pub struct Producers(pub Named<Producer>);

impl Read for Producers {
    fn shape() -> Shape {
        <Named<Producer>>::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let read = <Named<Producer>>::read(node, cx)?;
        if read.0.is_empty() {
            cx.say(
                "no-producer",
                node.span,
                "there is no producer".into(),
                "expected at least one name with a `rate`",
            );
            return None;
        }
        Some(Producers(read))
    }
}

impl TopSpec {
    /// The scenario. Parts have been resolved while they were read; only assembly is left.
    pub fn resolve(self, name: &str, cx: &mut Cx) -> Scenario {
        let mut consumers: Vec<_> = self.consumers.value.0.into_iter().flat_map(|(_, c)| c.0).collect();
        let streams: Vec<Firehose> = self.firehose.0.into_iter().map(|(_, f)| f).collect();
        let mut producers: Vec<_> = self.producers.0.0.into_iter().map(|(_, p)| p.0).collect();
        sources_fit(&streams, &producers, cx);
        let firehose: Vec<_> = streams.into_iter().map(|f| f.0).collect();
        consumers.extend(firehose.iter().filter_map(as_consumer));
        fan_out_fits(&consumers, self.consumers.at, cx);
        let goal = self.goal.map(|g| g.0);
        let planning = self.plan.into();
        goal_fits(goal.as_ref(), &self.modes.0, &planning, cx);
        let start = self.start.map(|s| s.0);
        if matches!(self.bill.month, MonthSpec::Calendar) && start.is_none() {
            cx.say(
                "missing-key",
                self.bill.place,
                "a calendar month needs a date".into(),
                "write `start: 2026-03-01`",
            );
        }
        self.events.iter().for_each(|e| e.fits(&consumers, cx));
        let mut events: Vec<_> = self.events.into_iter().map(|e| e.0).collect();
        events.sort_by_key(|e| e.at);
        producers.iter_mut().for_each(|p| super::direct::fill_quotas(p, &self.region.0));
        Scenario {
            name: self.name.unwrap_or_else(|| name.to_owned()),
            question: self.question,
            text_digest: hex(cx),
            modes: self.modes.0,
            duration: self.duration,
            seed: self.seed,
            start,
            resolution: self.resolution.resolve(),
            replications: self.replications,
            curves: match self.curves {
                CurvesSpec::Auto => Curves::Auto,
                CurvesSpec::Off => Curves::Off,
                CurvesSpec::On => Curves::On,
            },
            bill: bill(&self.bill),
            producers,
            stream: self.stream.resolve(&self.region.0, &self.account),
            region: self.region.0,
            shard_quota: self.account.shard_quota.map(|q| q.value),
            consumers,
            firehose,
            events,
            goal,
            planning,
            expect: self.expect,
            central: self.central.map(|c| Central { key: c.key.value, broken: c.broken.0 }),
            intervals: std::mem::take(&mut cx.intervals),
            defaults: std::mem::take(&mut cx.defaults),
        }
    }
}

/// More fan-out consumers than any mode allows cannot be simulated; more than 20 is a finding.
fn fan_out_fits(consumers: &[ConsumerConfig], at: Span, cx: &mut Cx) {
    let most = fan_out::CONSUMERS_ADVANTAGE;
    let count = super::findings::fan_out_consumers(consumers);
    if count > most.count() {
        let message = format!("{count} enhanced fan-out consumers on one stream");
        let expected = format!(
            "at most {} in provisioned and on-demand, {} in on-demand Advantage",
            fan_out::CONSUMERS.count(),
            most.count()
        );
        cx.say_with("out-of-range", at, message, &expected, Some(format!("source: {}", cite(&most))));
    }
}

fn hex(cx: &Cx) -> String {
    let bytes = cx.digest.clone().finalize();
    bytes.iter().map(|b| format!("{b:02x}")).collect()
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
