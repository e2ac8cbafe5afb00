//! The only threads: independent jobs, results in the order of the jobs whatever thread did them.

use rayon::prelude::*;

/// Runs every job; the results come in the jobs' order, so that nothing depends on timing.
pub fn map<J: Sync, R: Send>(jobs: &[J], work: impl Fn(&J) -> R + Sync + Send) -> Vec<R> {
    jobs.par_iter().with_max_len(1).map(work).collect()
}
