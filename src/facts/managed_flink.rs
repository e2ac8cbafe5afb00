//! Amazon Managed Service for Apache Flink: sizes, limits, automatic scaling, billing.

use super::Value;
use super::Value::{Bytes as Size, Count, Dur as Span, Percent as Share, Word};
use super::fact::facts;
use crate::units::{Bytes, Dur, Percent};

facts! {
    PARALLELISM: "managed_flink.parallelism", Count(1, "slots"), MSFSCALE, Documented,
        "Parallelism of an application: subtasks of each operator, sources included.";
    PARALLELISM_MAX: "managed_flink.parallelism_max", Count(256, "slots"), MSFSCALE, Documented,
        "Largest Parallelism, unless a higher one is granted.";
    PER_KPU: "managed_flink.parallelism_per_kpu", Count(1, "slots"), MSFSCALE, Documented,
        "ParallelismPerKPU: slots of one KPU (1 vCPU, 4 GB). KPUs = Parallelism / ParallelismPerKPU, rounded up.";
    PER_KPU_MAX: "managed_flink.parallelism_per_kpu_max", Count(8, "slots"), MSFSCALE, Documented,
        "Largest ParallelismPerKPU.";
    KPUS: "managed_flink.kpus_max", Count(64, "KPUs"), MSFSCALE, Documented,
        "KPUs of one application by default (32 in older texts).";
    KPUS_MAX: "managed_flink.kpus_max_raised", Count(250, "KPUs"), MSFSCALE, Documented,
        "KPUs of one application that can be granted on request.";
    AUTOSCALING: "managed_flink.autoscaling", Word("true"), MSFAUTO, Documented,
        "Automatic scaling of an application: on.";
    UP_CPU: "managed_flink.scale_up_cpu", Share(Percent(750_000_000)), MSFAUTO, Documented,
        "An application scales up when the fullest container's CPU is at least this in 15 minutes in a row.";
    UP_MINUTES: "managed_flink.scale_up_minutes", Count(15, "minutes"), MSFAUTO, Documented,
        "Minutes in a row before it scales up: the parallelism is doubled.";
    DOWN_CPU: "managed_flink.scale_down_cpu", Share(Percent(100_000_000)), MSFAUTO, Documented,
        "An application scales down when the fullest container's CPU is below this for six hours.";
    DOWN_MINUTES: "managed_flink.scale_down_minutes", Count(360, "minutes"), MSFAUTO, Documented,
        "Minutes in a row before it scales down: the parallelism is halved, rounded up, never below the Parallelism that is set.";
    CPU_PER_SLOT: "managed_flink.cpu_per_slot", Share(Percent(1_000_000_000)), MODEL, Assumed,
        "What the slots of a KPU use of its vCPU when all of them are busy: all of it.";
    DOWNTIME: "managed_flink.downtime", Value::Uniform(Dur::from_s(10), Dur::from_s(30)), MSFAUTO, Documented,
        "How long a job is away when it is restarted, rescaled or updated.";
    ORCHESTRATION: "managed_flink.orchestration_kpus", Count(1, "KPUs"), MSFPRICE, Documented,
        "KPUs billed beside those of an application.";
    ORCHESTRATION_STUDIO: "managed_flink.orchestration_kpus_studio", Count(2, "KPUs"), MSFPRICE, Documented,
        "KPUs billed beside those of an interactive (Studio) application.";
    RUNNING_STORAGE: "managed_flink.running_storage", Size(Bytes(50 << 30)), MSFPRICE, Documented,
        "Running storage billed with each KPU of the application itself. (One reference calls it free; AWS's examples charge it.)";
    BILLED_MIN: "managed_flink.billed_min", Span(Dur::from_min(10)), MSFPRICE, Documented,
        "Each start of an application is billed for at least so long, then by the second.";
}
