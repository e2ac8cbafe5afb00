//! What a Flink job costs: KPUs of the managed service, or the user's own machines.
//!
//! At AWS: each KPU-hour of an application, and one more KPU for its orchestration (two for an interactive one); 50 GB
//! of running storage with each of the application's own KPUs; durable backups by the gigabyte. Machines of one's own
//! cost what the scenario says.

use super::{Grows, Used};
use crate::facts::billing::MONTH;
use crate::facts::managed_flink::RUNNING_STORAGE;
use crate::facts::prices::Item;
use crate::measure::clients::{FlinkResult, FlinkUsage};
use crate::units::Dur;
use crate::units::billed::{GigabyteMonths, KpuHours, MachineHours};

/// Its priced quantities.
pub fn used(whose: &str, result: &FlinkResult) -> Vec<Used> {
    of_usage(whose, &result.usage, MONTH.dur())
}

/// The same of a usage, with months of this length.
pub fn of_usage(whose: &str, usage: &FlinkUsage, month: Dur) -> Vec<Used> {
    let storage = usage.kpu_ns * u128::from(RUNNING_STORAGE.bytes().0);
    let backups = u128::from(usage.backup_bytes) * u128::from(usage.backups_held_ns);
    let held = |byte_ns| GigabyteMonths { byte_ns, month };
    let kpus = KpuHours(usage.kpu_ns + usage.orchestration_kpu_ns);
    let mut used = vec![
        Used::new(whose, Item::KPU_HOUR, kpus, Grows::WithTime),
        Used::new(whose, Item::KPU_STORAGE, held(storage), Grows::WithTime),
        Used::new(whose, Item::KPU_BACKUPS, held(backups), Grows::WithTime),
    ];
    if usage.machine_ns > 0 {
        let hours = MachineHours(usage.machine_ns);
        used.push(Used::own(whose, "Task managers", hours, usage.machine_price, Grows::WithTime));
    }
    used
}
