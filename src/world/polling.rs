//! GetRecords: one call of one consumer on one shard, and the loop of a plain reader.

use super::delivery::bytes_of;
use super::lane::{Lane, Outside};
use super::settings::Reading;
use crate::api::{Batch, Most};
use crate::consumer::config::ThrottledPoll;
use crate::facts::consumers::POLL_BACKOFF;
use crate::facts::data_streams::RETENTION_EXTENDED_END;
use crate::measure::sink::Sink;
use crate::stream::log::Log;
use crate::stream::polling::ReadRefusal;

impl Lane {
    /// One GetRecords call.
    pub fn poll(&mut self, c: usize, now: u64, out: &mut Outside) {
        let settings = &out.settings.consumers[c];
        let Reading::Polling { config, interval: law, latency } = &settings.read else { return };
        let interval = config.interval.0.max(1);
        let reader = &mut self.readers[c];
        if let Some(end) = settings.outage_end(now) {
            // The loop comes back on its own grid, so that shards do not fall into step.
            reader.place.held_up(end);
            reader.next_at = now + (end - now).div_ceil(interval) * interval;
            return;
        }
        let turn = now + law.draw(&mut reader.jitter).max(1) + reader.jitter.below(config.jitter.0.max(1));
        let admitted = self.admit_read(c, now, out.sink);
        let reader = &mut self.readers[c];
        if !admitted {
            reader.next_at = match config.throttled {
                ThrottledPoll::NextPeriod => turn,
                ThrottledPoll::Wait => self.gate.next_fit(now).max(now + 1),
                ThrottledPoll::SdkBackoff => {
                    let most = (POLL_BACKOFF_NS << reader.refusals_in_a_row.min(8)).min(turn - now);
                    reader.refusals_in_a_row += 1;
                    now + 1 + reader.jitter.below(most)
                }
            };
            return;
        }
        reader.refusals_in_a_row = 0;
        let received = now + latency.draw(&mut reader.latency);
        reader.place.horizon = now.saturating_sub(out.settings.retention);
        out.sink.consumers[c].lost += reader.place.trim(&self.log);
        let (from, most) =
            (reader.place.cursor, Most { rows: config.limit.into(), bytes: config.max_bytes.0 });
        let read = self.fetch(c, now, from, most, out);
        let done = if read.to == from {
            received
        } else {
            self.deliver(c, from, read.to, read.bytes, received, out)
        };
        let reader = &mut self.readers[c];
        reader.next_at = turn.max(done);
        if self.closed_at.is_some() && reader.place.cursor == self.log.end() {
            // Its children's turn comes when its last records are worked on: order by key survives a reshard.
            reader.place.done_at = Some(done);
            reader.next_at = u64::MAX;
        }
    }

    /// A GetRecords call meets the read limits that all polling readers of the shard share.
    pub fn admit_read(&mut self, c: usize, now: u64, sink: &mut Sink) -> bool {
        self.fold_refusals(now);
        self.digest.fold(now ^ (c as u64) << 56);
        let counts = &mut sink.consumers[c];
        counts.calls += 1;
        counts.now.calls += 1;
        let Err(why) = self.gate.admit(now) else { return true };
        counts.now.throttled += 1;
        self.counts.minute.read_throttled += 1;
        match why {
            ReadRefusal::Calls => counts.throttled_calls += 1,
            ReadRefusal::Bytes => counts.throttled_bytes += 1,
        }
        false
    }

    /// What an admitted call returns.
    pub fn fetch(&mut self, c: usize, now: u64, from: u64, most: Most, out: &mut Outside) -> Batch {
        // What is stored at this very moment is there to be read.
        let since = (now + 1).saturating_sub(out.settings.visibility);
        let visible = self.log.first_stored_since(from, since);
        let most_rows = visible.min(from + most.rows).min(self.log.reach(from));
        let (to, bytes) = fit(&self.log, from, most_rows, most.bytes);
        self.gate.returned(now, bytes);
        self.digest.fold(to);
        let counts = &mut out.sink.consumers[c];
        if to == from {
            counts.empty += 1;
        } else if self.log.stored_at(from) + LONG_TERM_NS < now {
            counts.long_term_bytes += bytes;
        }
        let behind = if to < visible { now - self.log.stored_at(to - 1) } else { 0 };
        self.note_age(c, behind, out.sink);
        self.count_read(c, to - from, bytes, out.sink);
        let ends = self.closed_at.is_some() && to == self.log.end();
        // At the end of a closed shard its children may hold more.
        if to == visible && !ends {
            self.readers[c].place.caught_up(now);
        }
        Batch { from, to, bytes, behind, ends }
    }
}

/// Seven days: reads of older records are billed as long-term retrieval.
const LONG_TERM_NS: u64 = RETENTION_EXTENDED_END.dur().0;
/// First sleep and cap of a reader that backs off (the SDK's legacy throttle sleeps are per call, capped here at
/// its next turn anyway).
const POLL_BACKOFF_NS: u64 = POLL_BACKOFF.dur().0;

/// The longest batch from `from` that stays within `max_bytes` (one record always fits).
fn fit(log: &Log, from: u64, most: u64, max_bytes: u64) -> (u64, u64) {
    let sizes = log.sizes(from, most);
    let all = bytes_of(sizes);
    if all <= max_bytes {
        return (most, all);
    }
    let mut bytes = 0;
    for (i, &size) in sizes.iter().enumerate() {
        if i > 0 && bytes + u64::from(size) > max_bytes {
            return (from + i as u64, bytes);
        }
        bytes += u64::from(size);
    }
    (most, bytes)
}
