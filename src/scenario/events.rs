//! What happens on the way.

use super::context::Cx;
use super::diag::Span;
use super::grammar::{At, OPTIONAL, REQUIRED, Read, Shape, choice, default, section};
use super::node::Node;
use super::shapes::{ConsumerName, FirehoseName, ProducerName};
use super::top::ModeSpec;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig, Happening, ReadConfig};
use crate::facts::{data_streams as facts, on_demand};
use crate::units::{ByteRate, Dur, Percent};
use crate::world::config::{Action, TimedEvent};

section! {
    /// A scheduled event.
    EventSpec {
        /// When.
        at: At<Dur> = REQUIRED,
        /// What.
        r#do: DoSpec = REQUIRED,
    }
}

choice! {
    /// What a scenario can make happen.
    DoSpec {
        /// A consumer stops reading for a while.
        outage: Outage(OutageSpec),
        /// A consumer works several times slower for a while.
        slowdown: Slowdown(SlowdownSpec),
        /// A record that a consumer's code can never process: the first one stored in a shard from then on.
        poison_record: PoisonRecord(PoisonSpec),
        /// A KCL application's subscriptions stay open, and nothing comes any more, until its health check makes
        /// them again.
        silent_subscriptions: Silence(SilenceSpec),
        /// UpdateShardCount.
        reshard: Reshard(ReshardTo),
        /// SplitShard: one open shard in the middle.
        split: Split(OneShard),
        /// MergeShards: an open shard with its right neighbour.
        merge: Merge(OneShard),
        /// The capacity mode changes.
        mode_switch: ModeSwitch(SwitchSpec),
        /// Warm throughput is set (Advantage).
        warm_throughput: Warm(WarmSpec),
        /// Retention changes.
        retention: Retention(RetentionSpec),
        /// A share of one producer's records takes one key for a while.
        hot_key: HotKey(HotKeySpec),
        /// A producer cannot reach the service for a while: all its calls fail.
        producer_outage: ProducerOutage(ProducerOutageSpec),
        /// Processes of a producer die and come back after a while; what they held in memory is lost.
        process_restart: ProcessRestart(ProcessRestartSpec),
        /// A share of a producer's put calls fails as a whole for a while.
        put_error_rate: PutErrorRate(PutErrorRateSpec),
        /// A producer's put calls take several times longer for a while.
        slow_network: SlowNetwork(SlowNetworkSpec),
        /// Workers of a KCL application die without a word.
        worker_crash: WorkerCrash(WorkerCrashSpec),
        /// Workers join a KCL application.
        worker_add: WorkerAdd(WorkersSpec),
        /// Workers of a KCL application stop in good order.
        worker_remove: WorkerRemove(WorkersSpec),
        /// A new version of a KCL application: each worker stops in good order, and a new one takes its place.
        deploy: Deploy(DeploySpec),
        /// The destination of a Firehose stream is away for a while.
        destination_outage: DestinationOutage(DestinationOutageSpec),
    }
}

section! {
    /// A consumer stops reading.
    OutageSpec {
        /// Which; all of them when it is not written.
        consumer: Option<ConsumerName> = OPTIONAL,
        /// How long.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// A consumer works slower.
    SlowdownSpec {
        /// Which.
        consumer: ConsumerName = REQUIRED,
        /// How many times slower.
        factor: u32 = REQUIRED.positive().max("1000000"),
        /// How long.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// Workers die: what they work on is lost, their leases must expire.
    WorkerCrashSpec {
        /// Whose.
        consumer: ConsumerName = REQUIRED,
        /// How many; they are drawn.
        workers: u32 = default("1").positive().max("1000"),
        /// New ones, under new ids, take their place after this; never when it is not written.
        r#for: Option<Dur> = OPTIONAL,
    }
}

section! {
    /// Workers join or stop.
    WorkersSpec {
        /// Whose.
        consumer: ConsumerName = REQUIRED,
        /// How many.
        workers: u32 = default("1").positive().max("1000"),
    }
}

section! {
    /// A deploy.
    DeploySpec {
        /// Whose.
        consumer: ConsumerName = REQUIRED,
        /// From one worker to the next; all at once when it is not written.
        every: Option<Dur> = OPTIONAL,
        /// From a worker's stop to the start of the new one, under a new id.
        pause: Dur = default("30 s"),
    }
}

section! {
    /// A record that can never be processed.
    PoisonSpec {
        /// By whom.
        consumer: ConsumerName = REQUIRED,
        /// Position of its shard among the open shards in order of hash keys, from 0.
        shard: u32 = default("0"),
    }
}

section! {
    /// Subscriptions that say nothing any more.
    SilenceSpec {
        /// Whose: all it has.
        consumer: ConsumerName = REQUIRED,
    }
}

section! {
    /// UpdateShardCount.
    ReshardTo {
        /// Target number of shards.
        to: u32 = REQUIRED.positive().max_fact(&facts::UPDATE_SHARD_COUNT_MAX),
    }
}

section! {
    /// One open shard.
    OneShard {
        /// Its position among the open shards in order of hash keys, from 0.
        shard: u32 = REQUIRED,
    }
}

section! {
    /// A switch of the capacity mode.
    SwitchSpec {
        /// The new mode.
        to: ModeSpec = REQUIRED,
    }
}

section! {
    /// Warm throughput.
    WarmSpec {
        /// The write throughput asked for.
        to: ByteRate = REQUIRED.max_fact(&on_demand::WARM_MAX),
    }
}

section! {
    /// Retention.
    RetentionSpec {
        /// The new retention.
        to: Dur = REQUIRED.min_fact(&facts::RETENTION_DEFAULT).max_fact(&facts::RETENTION_MAX),
    }
}

section! {
    /// A hot key.
    HotKeySpec {
        /// Whose records.
        producer: ProducerName = REQUIRED,
        /// Which share of them.
        share: Percent = REQUIRED.positive().max("100 %"),
        /// How long.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// A producer cannot reach the service.
    ProducerOutageSpec {
        /// Which.
        producer: ProducerName = REQUIRED,
        /// How long.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// Processes of a producer die and come back.
    ProcessRestartSpec {
        /// Which.
        producer: ProducerName = REQUIRED,
        /// How many of its processes; all of them when it is not written.
        instances: Option<u32> = OPTIONAL.positive().max("10000"),
        /// How long they are down; records born meanwhile wait at their source.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// A share of a producer's put calls fails as a whole: a 5xx, a broken connection, no answer.
    PutErrorRateSpec {
        /// Whose calls.
        producer: ProducerName = REQUIRED,
        /// Which share of them.
        share: Percent = REQUIRED.positive().max("100 %"),
        /// Of the calls that fail, the share whose records are stored although the client gets no answer: its
        /// retries store them again.
        stored: Percent = default("0 %").max("100 %"),
        /// How long.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// A producer's put calls take longer.
    SlowNetworkSpec {
        /// Whose calls.
        producer: ProducerName = REQUIRED,
        /// How many times longer.
        factor: u32 = REQUIRED.positive().max("1000000"),
        /// How long.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// The destination of a Firehose stream is away: requests to it fail.
    DestinationOutageSpec {
        /// Which stream.
        firehose: FirehoseName = REQUIRED,
        /// Is the bucket for failed records away as well?
        error_bucket: bool = default("false"),
        /// How long.
        r#for: Dur = REQUIRED.positive(),
    }
}

fn on(consumer: &ConsumerName, what: Happening) -> Action {
    Action::Consumer { consumer: Some(consumer.0), what }
}

impl EventSpec {
    fn action(&self) -> Action {
        match &self.r#do {
            DoSpec::Outage(s) => {
                let consumer = s.consumer.as_ref().map(|c| c.0);
                Action::Consumer { consumer, what: Happening::Outage { lasting: s.r#for } }
            }
            DoSpec::Slowdown(s) => {
                let what = Happening::Slowdown { factor: s.factor, lasting: s.r#for };
                Action::Consumer { consumer: Some(s.consumer.0), what }
            }
            DoSpec::WorkerCrash(s) => {
                on(&s.consumer, Happening::WorkerCrash { workers: s.workers, lasting: s.r#for })
            }
            DoSpec::WorkerAdd(s) => on(&s.consumer, Happening::WorkersAdded { workers: s.workers }),
            DoSpec::WorkerRemove(s) => on(&s.consumer, Happening::WorkersRemoved { workers: s.workers }),
            DoSpec::Deploy(s) => on(&s.consumer, Happening::Deploy { every: s.every, pause: s.pause }),
            DoSpec::PoisonRecord(s) => {
                let what = Happening::PoisonRecord { open_index: s.shard };
                Action::Consumer { consumer: Some(s.consumer.0), what }
            }
            DoSpec::Silence(s) => on(&s.consumer, Happening::SilentSubscriptions),
            DoSpec::Reshard(s) => Action::UpdateShardCount { target: s.to },
            DoSpec::Split(s) => Action::SplitShard { open_index: s.shard },
            DoSpec::Merge(s) => Action::MergeShards { open_index: s.shard },
            DoSpec::ModeSwitch(s) => Action::SwitchMode(s.to.mode()),
            DoSpec::Warm(s) => Action::WarmThroughput(s.to),
            DoSpec::Retention(s) => Action::Retention(s.to),
            DoSpec::HotKey(s) => Action::HotKey { producer: s.producer.0, share: s.share, lasting: s.r#for },
            DoSpec::ProducerOutage(s) => Action::ProducerOutage { producer: s.producer.0, lasting: s.r#for },
            DoSpec::ProcessRestart(s) => {
                Action::ProcessRestart { producer: s.producer.0, instances: s.instances, lasting: s.r#for }
            }
            DoSpec::PutErrorRate(s) => Action::PutErrors {
                producer: s.producer.0,
                share: s.share,
                stored: s.stored,
                lasting: s.r#for,
            },
            DoSpec::DestinationOutage(s) => Action::DestinationOutage {
                firehose: s.firehose.0.clone(),
                error_bucket: s.error_bucket,
                lasting: s.r#for,
            },
            DoSpec::SlowNetwork(s) => {
                Action::SlowNetwork { producer: s.producer.0, factor: s.factor, lasting: s.r#for }
            }
        }
    }
}

/// An event, resolved while it is read, and where it is written.
#[derive(Clone, Debug)]
pub struct Event(pub TimedEvent, Span);

impl Event {
    /// What happens to workers of a consumer can only happen to a KCL application; only one that is pushed to has
    /// subscriptions whose silence it notices.
    pub fn fits(&self, consumers: &[ConsumerConfig], cx: &mut Cx) {
        let Action::Consumer { consumer: Some(i), what } = self.0.action else { return };
        let of_workers = matches!(
            what,
            Happening::WorkerCrash { .. }
                | Happening::WorkersAdded { .. }
                | Happening::WorkersRemoved { .. }
                | Happening::Deploy { .. }
        );
        let Some(consumer) = consumers.get(i) else { return };
        let is_kcl = matches!(consumer.client, ApplicationConfig::Kcl(_));
        let is_pushed_to = matches!(consumer.read, ReadConfig::FanOut(_));
        if what == Happening::SilentSubscriptions && !(is_kcl && is_pushed_to) {
            let message = format!("`{}` has no subscriptions that it watches", consumer.name);
            let help = "give it `client: kcl, read: enhanced_fan_out`".to_owned();
            let expected = "must be a KCL application that reads with enhanced fan-out";
            cx.say_with("not-together", self.1, message, expected, Some(help));
        }
        if of_workers && !is_kcl {
            let message = format!("`{}` has no workers", consumer.name);
            let help = "give it `client: { kcl: { workers: 2 } }`".to_owned();
            cx.say_with("not-together", self.1, message, "must be a KCL application", Some(help));
        }
    }
}

impl Read for Event {
    fn shape() -> Shape {
        EventSpec::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let spec = EventSpec::read(node, cx)?;
        let at = spec.at.value;
        if let Some(duration) = cx.duration.filter(|d| at >= *d) {
            let message = format!("the event at {at} comes after the end");
            cx.say("out-of-range", spec.at.at, message, &format!("the scenario lasts {duration}"));
        }
        Some(Event(TimedEvent { at, action: spec.action() }, node.span))
    }
}
