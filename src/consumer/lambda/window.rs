//! Two kinds of windows: how long a batch is gathered, and which stretch of time a state belongs to.
//!
//! At AWS: MaximumBatchingWindowInSeconds begins when the previous invocation has completed. A tumbling window bounds
//! the records of one state by the time they were stored; when it is over, the function is called once more for the
//! final result.
//! We model: a batching window in which nothing came is followed by the next at once. The final call of a tumbling
//! window that held records comes alone, without records (assumed), before anything of a later window. A shard that
//! ends closes its window early.
//! We leave out: the size of the state (1 MB ends a window early).

/// When a batch has been gathered long enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gathering {
    /// The first window began.
    since: u64,
    /// End of the window of the records that wait.
    ends: Option<u64>,
}

impl Gathering {
    /// An invocation completed: the next window begins.
    pub fn begin(&mut self, now: u64) {
        *self = Gathering { since: now, ends: None };
    }

    /// Records wait: until when they are gathered. Asked first when the first of them came.
    pub fn until(&mut self, now: u64, length: u64) -> u64 {
        if length == 0 {
            return now;
        }
        let since = self.since;
        *self.ends.get_or_insert_with(|| since + ((now - since) / length + 1) * length)
    }
}

/// Tumbling windows of one lane.
#[derive(Clone, Copy, Debug)]
pub struct Tumbling {
    length: u64,
    open: Option<u64>,
}

impl Tumbling {
    /// Windows of `length` ns; 0: none.
    pub fn new(length: u64) -> Tumbling {
        Tumbling { length, open: None }
    }

    /// Are there any?
    pub fn is_used(&self) -> bool {
        self.length > 0
    }

    /// A record stored at `stored` goes to the function.
    pub fn record(&mut self, stored: u64) {
        self.open = stored.checked_div(self.length);
    }

    /// End of the window that a record stored at `stored` belongs to.
    pub fn end_of(&self, stored: u64) -> u64 {
        (stored / self.length + 1) * self.length
    }

    /// End of the window that holds a state.
    pub fn open_until(&self) -> Option<u64> {
        self.open.map(|number| (number + 1) * self.length)
    }

    /// Its final call was made.
    pub fn close(&mut self) {
        self.open = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_at_the_last_completion_and_again_when_nothing_came() {
        let mut g = Gathering::default();
        g.begin(100);
        assert_eq!(g.until(100, 50), 150);
        assert_eq!(g.until(140, 50), 150);
        g.begin(100);
        assert_eq!(g.until(260, 50), 300);
        assert_eq!(g.until(7, 0), 7);
    }

    #[test]
    fn a_tumbling_window_is_open_while_it_holds_a_state() {
        let mut t = Tumbling::new(60);
        assert_eq!(t.open_until(), None);
        t.record(61);
        assert_eq!((t.open_until(), t.end_of(59)), (Some(120), 60));
        t.close();
        assert_eq!(t.open_until(), None);
    }
}
