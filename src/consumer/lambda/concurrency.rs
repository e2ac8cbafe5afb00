//! Execution environments of a function: how many run at once, and which have to be started first.
//!
//! At AWS: an invocation that finds no idle environment starts one (a cold start) until the function's reserved
//! concurrency, or the account's, is used up; then it is throttled.
//! We model: one limit for all shards. An environment that was started stays until the end of the run (AWS does not
//! publish when it takes an idle one away).
//! We leave out: how fast concurrency may grow (1,000 environments every ten seconds); other functions of the account.

/// The environments of one function.
#[derive(Clone, Debug)]
pub struct Environments {
    limit: u32,
    busy: u32,
    started: u32,
    busy_max: u32,
    /// Environment × ns up to `since`.
    busy_ns: u128,
    since: u64,
}

/// An environment for an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// It was idle.
    Warm,
    /// It is a new one.
    Cold,
}

impl Environments {
    /// None started yet.
    pub fn new(limit: u32) -> Environments {
        Environments { limit, busy: 0, started: 0, busy_max: 0, busy_ns: 0, since: 0 }
    }

    /// Takes one; `None`: throttled.
    pub fn take(&mut self, now: u64) -> Option<Environment> {
        if self.busy >= self.limit {
            return None;
        }
        self.account(now);
        self.busy += 1;
        self.busy_max = self.busy_max.max(self.busy);
        if self.busy <= self.started {
            return Some(Environment::Warm);
        }
        self.started += 1;
        Some(Environment::Cold)
    }

    /// Gives one back.
    pub fn give_back(&mut self, now: u64) {
        self.account(now);
        self.busy -= 1;
    }

    fn account(&mut self, now: u64) {
        self.busy_ns += u128::from(self.busy) * u128::from(now - self.since);
        self.since = now;
    }

    /// Environments started.
    pub fn started(&self) -> u32 {
        self.started
    }

    /// Most at once.
    pub fn busy_max(&self) -> u32 {
        self.busy_max
    }

    /// Environment × ns of work up to `end`.
    pub fn busy_ns(&self, end: u64) -> u128 {
        self.busy_ns + u128::from(self.busy) * u128::from(end.saturating_sub(self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_started_once_and_counted_in_time() {
        let mut e = Environments::new(2);
        assert_eq!(e.take(10), Some(Environment::Cold));
        assert_eq!(e.take(20), Some(Environment::Cold));
        assert_eq!(e.take(20), None);
        e.give_back(30);
        assert_eq!(e.take(40), Some(Environment::Warm));
        assert_eq!((e.started(), e.busy_max()), (2, 2));
        assert_eq!(e.busy_ns(50), 10 + 20 + 10 + 20);
    }
}
