//! The two equations that hold in every run, and what a broken one says.

use super::clients::{ClientResult, FirehoseResult};
use super::result::{ConsumerResult, ProducerResult, RunResult};
use crate::random::Seed;

impl ProducerResult {
    /// Records sent, each as often as it was sent, whatever became of the call.
    pub fn sent(&self) -> u64 {
        self.carried + self.unjudged
    }

    /// born − (stored at least once + given up + held): zero.
    pub fn imbalance(&self) -> i128 {
        i128::from(self.born) - i128::from(self.stored + self.lost.all() + self.held)
    }
}

impl ConsumerResult {
    /// Is it a Firehose stream? What it has read and not delivered waits in its buffers: that is no backlog.
    pub fn gathers(&self) -> bool {
        matches!(self.client, Some(ClientResult::Firehose(_)))
    }

    /// Stored copies that are accounted for.
    pub fn accounted(&self) -> u64 {
        self.first_deliveries
            + self.skipped
            + self.filtered
            + self.to_failure_destination
            + self.discarded
            + self.before_start
            + self.lost_to_retention
            + self.unread
    }
}

impl RunResult {
    /// Records stored after a later-born one of the same process, over all producers; `None`: not looked at.
    pub fn overtaken(&self) -> Option<u64> {
        self.producers.iter().map(|p| p.overtaken).sum()
    }

    /// Every Firehose stream, in order of names.
    pub fn firehoses(&self) -> Vec<&FirehoseResult> {
        let readers = self.consumers.iter().filter_map(|c| match &c.client {
            Some(ClientResult::Firehose(f)) => Some(f.as_ref()),
            _ => None,
        });
        let mut all: Vec<_> =
            readers.chain(self.intakes.iter().filter_map(|i| i.firehose.as_ref())).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Panics when a law is broken: that is a bug in the simulator, never in the scenario.
    pub fn assert_laws(&self, seed: Seed, reached: u64) {
        let context = || {
            format!(
                "kinesim {} bug: seed {}, replication {}, mode {}, at {reached} ns",
                env!("CARGO_PKG_VERSION"),
                seed.user,
                seed.replication,
                self.mode
            )
        };
        for p in &self.producers {
            assert_eq!(
                p.imbalance(),
                0,
                "{}: the ledger of producer {} does not close: {p:?}",
                context(),
                p.name
            );
        }
        let s = &self.stream;
        assert_eq!(s.stored, s.first_copies + s.duplicates, "{}: stored copies of the stream", context());
        let to_stream = self.producers.iter().filter(|p| !p.to_firehose);
        let first: u64 = to_stream.map(|p| p.stored).sum();
        assert_eq!(s.first_copies, first, "{}: first copies of producers and stream differ", context());
        let direct = self.producers.iter().filter(|p| p.to_firehose);
        for (p, intake) in direct.zip(&self.intakes) {
            let copies = p.stored + p.duplicates;
            assert_eq!(intake.accepted_records, copies, "{}: accepted copies of {}", context(), p.name);
        }
        for f in self.firehoses() {
            assert_eq!(
                f.imbalance(),
                0,
                "{}: the ledger of Firehose stream {} does not close: {f:?}",
                context(),
                f.name
            );
        }
        for c in &self.consumers {
            assert_eq!(
                c.accounted(),
                s.stored,
                "{}: the ledger of consumer {} does not close",
                context(),
                c.name
            );
        }
    }
}
