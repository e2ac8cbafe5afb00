//! How a call ended, and what follows: stock is taken, a retry sleeps, or its records are given up; and what a crash
//! leaves of calls and memory.

use super::Sdk;
use crate::producer::config::PartialFailure;
use crate::producer::retry::Attempt;

impl Sdk {
    pub(super) fn answered(&mut self, slot: u32) {
        let call = &self.calls[slot as usize];
        if let Some(limiter) = &mut self.limiter {
            let throttled = self.alone && !call.failed && call.kept.iter().any(|e| e.refused);
            limiter.answered(self.now, throttled);
        }
        if !call.failed && !call.kept.iter().any(|e| e.refused) {
            self.report.put.add_many(call.judged - call.first_sent, u64::from(call.fresh));
            if let Some(quota) = &mut self.quota {
                quota.success(call.paid);
            }
            return self.finish(slot);
        }
        self.take_stock(slot);
        self.retry_or_give_up(slot);
    }

    /// A call that some entries are not stored by, or nobody knows of: which are.
    pub(super) fn take_stock(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        let newly_stored = call.kept.iter().filter(|e| !e.refused && !e.stored).count();
        self.report.put.add_many(call.judged - call.first_sent, newly_stored as u64);
        for entry in &mut call.kept {
            if entry.refused {
                self.report.delayed += u64::from(!entry.refused_before);
                entry.refused_before = true;
            } else {
                entry.stored = true;
            }
        }
    }

    pub(super) fn retry_or_give_up(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        let attempt = Attempt { retries: call.retries, failed: call.failed, alone: self.alone };
        match self.config.retry.follow(attempt, self.policy, self.quota.as_mut(), &mut self.sleeps) {
            Ok(retry) => {
                call.paid = retry.paid;
                self.wake(self.now + retry.sleep, true, slot);
            }
            Err(loss) => {
                *loss(&mut self.report.lost) += call.kept.iter().filter(|e| !e.stored).count() as u64;
                self.finish(slot);
            }
        }
    }

    pub(super) fn resend(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        if self.policy != PartialFailure::RetryAll && !call.failed {
            call.kept.retain(|e| e.refused);
        }
        call.retries += 1;
        call.fresh = call.kept.iter().filter(|e| !e.stored).count() as u32;
        if self.must_wait() { self.pace(slot) } else { self.launch(slot) }
    }

    pub(super) fn finish(&mut self, slot: u32) {
        self.release(slot);
        self.free = self.free.saturating_add(1);
    }

    pub(super) fn release(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        (call.entries, call.orphan) = (0, false);
        call.kept.clear();
        self.idle_slots.push(slot);
    }

    /// Forgets the records in memory; what a full memory blocks is outside.
    pub(super) fn lose_memory(&mut self) {
        let limit = self.config.buffer.map_or(u64::MAX, |b| b.0);
        let (mut lost, mut bytes) = (0, 0);
        for &size in &self.waiting.sizes()[..self.taken] {
            bytes += u64::from(size);
            if bytes > limit {
                break;
            }
            lost += 1;
        }
        self.waiting.drop_front(lost);
        self.report.lost.restart += lost as u64;
        (self.taken, self.waiting_bytes) = (0, 0);
    }

    /// Closes the books of a judged call whose process died.
    pub(super) fn bury(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        if call.kept.is_empty() {
            self.report.put.add_many(call.judged - call.first_sent, u64::from(call.fresh));
        } else {
            self.take_stock(slot);
            let missing = self.calls[slot as usize].kept.iter().filter(|e| !e.stored).count();
            self.report.lost.restart += missing as u64;
        }
        self.release(slot);
    }
}
