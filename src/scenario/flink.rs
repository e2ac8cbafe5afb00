//! A Flink job that reads the stream, as written: settings by the names Flink and AWS give them.

use super::context::{Cx, cite};
use super::diag::Span;
use super::grammar::{At, OPTIONAL, REQUIRED, choice, default, fact, section};
use super::law::Law;
use crate::consumer::flink::config::{
    CheckpointConfig, FlinkConfig, ManagedConfig, OwnConfig, Place, SinkGuarantee, SourceConfig,
};
use crate::facts::{Fact, flink as facts, managed_flink as managed};
use crate::units::{Bytes, Dur, Money, Percent};

section! {
    /// Flink's Kinesis source and the job behind it. Of `read`, the answer's limits and latencies hold; the pace of
    /// calls is the source's own. `processing` is the whole work on a record in its slot; a Kinesis record is one
    /// record to the job, whatever a producer packed into it. A failed batch fails the job.
    FlinkSpec {
        /// Which source.
        source: SourceSpec = fact(&facts::SOURCE),
        /// Parallelism: subtasks of the source, one slot each. Shards are shared among them; a subtask without a
        /// shard idles.
        parallelism: At<u32> = fact(&managed::PARALLELISM).positive().max("32768"),
        /// What the job's sink promises.
        sink: SinkSpec = fact(&facts::SINK_GUARANTEE),
        /// Start of one checkpoint to the start of the next.
        checkpoint_interval: Dur = fact(&facts::CHECKPOINT).min("1 s"),
        /// End of one checkpoint to the start of the next, at least.
        min_pause_between_checkpoints: Dur = fact(&facts::MIN_PAUSE),
        /// Start of a checkpoint to its end.
        checkpoint_takes: Law = fact(&facts::CHECKPOINT_TAKES),
        /// How long the job is away when it is restarted, rescaled or updated.
        downtime: Law = fact(&managed::DOWNTIME),
        /// A shard or subtask without records for so long no longer holds the watermark (withIdleness); never when it
        /// is not written.
        idleness: Option<Dur> = OPTIONAL.min("1 s"),
        /// Between looks for new shards.
        discovery_interval: Dur = fact(&facts::DISCOVERY).min("1 s"),
        /// Where it runs.
        runs_on: RunsOnSpec = default("managed"),
    }
}

choice! {
    /// Which source.
    SourceSpec {
        /// KinesisStreamsSource: one fetcher in each subtask asks its shards in turn.
        new: New(NewSourceSpec),
        /// FlinkKinesisConsumer: a loop for each shard; it fails the job after three refused retries.
        legacy: Legacy(LegacySourceSpec),
    }
}

section! {
    /// KinesisStreamsSource.
    NewSourceSpec {
        /// Pause after an answer with records.
        get_records_interval: Dur = fact(&facts::GET_RECORDS_INTERVAL),
        /// Pause after an empty answer, whichever shard comes next.
        idle_source_interval: Dur = fact(&facts::IDLE_INTERVAL).min("1 ms"),
    }
}

section! {
    /// FlinkKinesisConsumer.
    LegacySourceSpec {
        /// Start to start of calls on one shard.
        get_records_interval: Dur = fact(&facts::LEGACY_INTERVAL).min("1 ms"),
        /// Asks for as many records as the shard can give in an interval, by their mean size.
        use_adaptive_reads: bool = fact(&facts::ADAPTIVE_READS),
    }
}

choice! {
    /// What a sink promises.
    SinkSpec {
        /// Written at once; what was written since the last checkpoint is written again after a restart.
        at_least_once: AtLeastOnce,
        /// Visible when a checkpoint completes, once.
        exactly_once: ExactlyOnce,
    }
}

choice! {
    /// Where a job runs.
    RunsOnSpec {
        /// Amazon Managed Service for Apache Flink.
        managed: Managed(ManagedSpec),
        /// Task managers on machines of one's own.
        self_managed: SelfManaged(SelfManagedSpec),
    }
}

section! {
    /// Amazon Managed Service for Apache Flink: 1 vCPU and 4 GB a KPU.
    ManagedSpec {
        /// ParallelismPerKPU: slots of a KPU. More than one suits work that waits.
        parallelism_per_kpu: u32 = fact(&managed::PER_KPU).positive().max_fact(&managed::PER_KPU_MAX),
        /// AutoScalingEnabled: doubled after 15 full minutes, halved after six idle hours.
        auto_scaling_enabled: bool = fact(&managed::AUTOSCALING),
        /// KPUs that the account's limit allows this application.
        max_kpus: u32 = fact(&managed::KPUS).positive().max_fact(&managed::KPUS_MAX),
        /// Share of a KPU's vCPU that its slots use when all of them are busy; less for work that waits.
        cpu: Percent = fact(&managed::CPU_PER_SLOT).positive().max("100 %"),
        /// An interactive (Studio) application, whose orchestration takes two KPUs instead of one.
        studio: bool = default("false"),
        /// Durable backups (snapshots) held.
        backups: Bytes = default("0 B"),
    }
}

section! {
    /// Task managers on machines of one's own; the job keeps its parallelism.
    SelfManagedSpec {
        /// Task managers.
        task_managers: u32 = fact(&facts::TASK_MANAGERS).positive().max("10000"),
        /// taskmanager.numberOfTaskSlots.
        slots: u32 = fact(&facts::TASK_MANAGER_SLOTS).positive().max("1000"),
        /// What the machine of one task manager costs an hour, with its share of the job manager.
        price_per_hour: Money = REQUIRED,
    }
}

impl FlinkSpec {
    /// Keys of `read: { polling: … }` that a plain loop has, and what this client has instead.
    pub const NOT_ITS_OWN: &'static [(&'static str, &'static str)] = &[
        ("interval", "`client.flink.source` has the source's own pauses"),
        ("pace", "the source calls at its own pace"),
        ("jitter", "the source has none"),
        ("phase", "the source begins with the job"),
        ("throttled_poll", "the source retries by its own rules"),
    ];

    /// The settings, resolved.
    pub fn resolve(&self, cx: &mut Cx) -> Option<FlinkConfig> {
        cx.enter("flink");
        let config = self.config(cx);
        cx.leave();
        config
    }

    fn config(&self, cx: &mut Cx) -> Option<FlinkConfig> {
        let place = self.place(cx);
        Some(FlinkConfig {
            source: self.source.config(),
            parallelism: self.parallelism.value,
            sink: match self.sink {
                SinkSpec::AtLeastOnce => SinkGuarantee::AtLeastOnce,
                SinkSpec::ExactlyOnce => SinkGuarantee::ExactlyOnce,
            },
            checkpoints: CheckpointConfig {
                every: self.checkpoint_interval,
                min_pause: self.min_pause_between_checkpoints,
                takes: self.checkpoint_takes.resolve(cx)?,
            },
            downtime: self.downtime.resolve(cx)?,
            idleness: self.idleness,
            discovery: self.discovery_interval,
            place: place?,
        })
    }

    fn place(&self, cx: &mut Cx) -> Option<Place> {
        let At { value: parallelism, at } = self.parallelism;
        match &self.runs_on {
            RunsOnSpec::Managed(s) => {
                let place = s.config();
                within_kpus(parallelism, &place, at, cx)?;
                Some(Place::Managed(place))
            }
            RunsOnSpec::SelfManaged(s) => {
                let slots = u64::from(s.task_managers) * u64::from(s.slots);
                if u64::from(parallelism) > slots {
                    let message = format!(
                        "`{}.parallelism` is {parallelism}, but {} task managers of {} slots hold {slots}",
                        cx.here(),
                        s.task_managers,
                        s.slots
                    );
                    let help = format!("source: {}", cite(&facts::TASK_MANAGER_SLOTS));
                    cx.say_with("not-together", at, message, "every subtask needs a slot", Some(help));
                    return None;
                }
                let (task_managers, slots) = (s.task_managers, s.slots);
                Some(Place::SelfManaged(OwnConfig { task_managers, slots, price_per_hour: s.price_per_hour }))
            }
        }
    }
}

/// KPUs and slots within what the service allows.
fn within_kpus(parallelism: u32, place: &ManagedConfig, at: Span, cx: &mut Cx) -> Option<()> {
    let kpus = place.kpus(parallelism);
    if kpus > place.max_kpus {
        let message = format!(
            "`{}.parallelism` {parallelism} takes {kpus} KPUs of {} slots; the limit is {}",
            cx.here(),
            place.parallelism_per_kpu,
            place.max_kpus
        );
        let most = u64::from(place.max_kpus) * u64::from(place.parallelism_per_kpu);
        return over(
            at,
            message,
            &format!("must be at most {most}, or `max_kpus` higher"),
            &managed::KPUS,
            cx,
        );
    }
    let most = managed::PARALLELISM_MAX.count();
    if u64::from(parallelism) > most && u64::from(place.max_kpus) <= managed::KPUS.count() {
        let message = format!("`{}.parallelism` is {parallelism}; the service ends at {most}", cx.here());
        let expected = format!("must be at most {most}, or `max_kpus` higher: a limit that was granted");
        return over(at, message, &expected, &managed::PARALLELISM_MAX, cx);
    }
    Some(())
}

fn over(at: Span, message: String, expected: &str, fact: &Fact, cx: &mut Cx) -> Option<()> {
    cx.say_with("out-of-range", at, message, expected, Some(format!("source: {}", cite(fact))));
    None
}

impl SourceSpec {
    fn config(&self) -> SourceConfig {
        match self {
            SourceSpec::New(s) => {
                SourceConfig::New { interval: s.get_records_interval, idle_interval: s.idle_source_interval }
            }
            SourceSpec::Legacy(s) => SourceConfig::Legacy {
                interval: s.get_records_interval,
                adaptive_reads: s.use_adaptive_reads,
            },
        }
    }
}

impl ManagedSpec {
    fn config(&self) -> ManagedConfig {
        let orchestration = if self.studio { managed::ORCHESTRATION_STUDIO } else { managed::ORCHESTRATION };
        ManagedConfig {
            parallelism_per_kpu: self.parallelism_per_kpu,
            autoscaling: self.auto_scaling_enabled,
            max_kpus: self.max_kpus,
            cpu: self.cpu,
            orchestration_kpus: orchestration.count_u32(),
            backups: self.backups,
        }
    }
}
