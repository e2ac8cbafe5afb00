//! Records that wait to be sent: taken over as they are born, within the memory there is, until a call is full.

use super::Sdk;
use crate::producer::config::OnFull;
use crate::record::Columns;

/// Columns with a moving front.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) columns: Columns,
    pub(super) front: usize,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.columns.born.len() - self.front
    }

    pub(super) fn born(&self, i: usize) -> u64 {
        self.columns.born[self.front + i]
    }

    pub(super) fn births(&self) -> &[u64] {
        &self.columns.born[self.front..]
    }

    pub(super) fn sizes(&self) -> &[u32] {
        &self.columns.size[self.front..]
    }

    pub(super) fn drop_front(&mut self, n: usize) {
        self.front += n;
        if self.front >= 4096 && self.front * 2 >= self.columns.born.len() {
            self.columns.drop_front(self.front);
            self.front = 0;
        }
    }
}

impl Sdk {
    /// Moves births before `until` into the buffer.
    pub(super) fn take_over(&mut self, until: u64) {
        let born = if self.straight { &self.waiting.births()[self.taken..] } else { self.arriving.births() };
        let n = if born.last().is_none_or(|b| *b < until) {
            born.len()
        } else {
            born.partition_point(|b| *b < until)
        };
        if n == 0 {
            return;
        }
        let limit = self.config.buffer.map_or(u64::MAX, |b| b.0);
        if self.straight {
            // Blocked records wait outside in the same order: only the memory differs.
            let coming = &self.waiting.sizes()[self.taken..self.taken + n];
            self.waiting_bytes += coming.iter().map(|s| u64::from(*s)).sum::<u64>();
            self.taken += n;
        } else {
            self.take_over_or_drop(n, limit);
        }
        self.report.buffered_bytes_max = self.report.buffered_bytes_max.max(self.waiting_bytes.min(limit));
        self.report.buffered_records_max = self.report.buffered_records_max.max(self.taken as u64);
    }

    /// A call goes out at `send` with what is born by then. When that is more than the memory holds, the call goes
    /// out first: a record that finds the memory full is dropped only while no place is free.
    pub(super) fn take_over_for_send(&mut self, send: u64) {
        if let (Some(limit), OnFull::Drop) = (self.config.buffer, self.config.on_full) {
            self.take_over(send);
            let births = self.arriving.births().iter().zip(self.arriving.sizes());
            let coming: u64 = births.take_while(|b| *b.0 <= send).map(|b| u64::from(*b.1)).sum();
            if self.waiting.len() > 0 && self.waiting_bytes + coming > limit.0 {
                return;
            }
        }
        self.take_over(send + 1);
    }

    pub(super) fn take_over_or_drop(&mut self, n: usize, limit: u64) {
        let from = self.arriving.front;
        for i in from..from + n {
            let size = u64::from(self.arriving.columns.size[i]);
            if self.waiting_bytes + size > limit {
                self.report.lost.full += 1;
            } else {
                self.waiting.columns.push_of(&self.arriving.columns, i);
                self.waiting_bytes += size;
                self.taken += 1;
            }
        }
        self.arriving.drop_front(n);
    }

    /// Birth of the i-th record that waits or arrives (`None`: none known yet).
    pub(super) fn birth(&self, i: usize) -> Option<u64> {
        let waiting = self.waiting.len();
        if i < waiting {
            Some(self.waiting.born(i))
        } else {
            (i - waiting < self.arriving.len()).then(|| self.arriving.born(i - waiting))
        }
    }

    /// When the next call goes out, given a free place: full by count, by bytes, by the client's memory, or lingered
    /// long enough.
    pub(super) fn next_send(&self) -> u64 {
        let Some(first) = self.birth(0) else { return u64::MAX };
        let full = self.birth(self.max_records - 1).unwrap_or(u64::MAX);
        let lingered = first.max(self.up_from).saturating_add(self.linger);
        full.min(lingered).min(self.full_by_bytes()).max(self.now)
    }

    /// Birth of the record that fills a call by bytes, or does not fit the memory, before it is full by count.
    pub(super) fn full_by_bytes(&self) -> u64 {
        let memory = self.config.buffer.map_or(u64::MAX, |b| b.0);
        let most = self.largest.saturating_mul(self.max_records as u64);
        if most < self.max_bytes && most <= memory {
            return u64::MAX;
        }
        let waiting = self.waiting.sizes().iter().zip(self.waiting.births());
        let arriving = self.arriving.sizes().iter().zip(self.arriving.births());
        let mut bytes = 0;
        for (&size, &born) in waiting.chain(arriving).take(self.max_records) {
            bytes += u64::from(size);
            if bytes >= self.max_bytes || bytes > memory {
                return born;
            }
        }
        u64::MAX
    }
}
