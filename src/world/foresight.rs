//! May a window's entries wait before their shards judge them?
//!
//! Clients that wait for answers cut time into short windows, with a few entries for each shard. All that flows back
//! inside them is refusals: where every shard surely takes every entry, clients are told so at once, and shards settle
//! the entries of many windows at one go.

use super::gather::Gathered;
use super::lane::Lane;
use crate::stream::ahead::Ahead;

/// Windows after one that was not sure in which nobody looks again: near a limit looking is for nothing.
const PAUSE: u32 = 16;

/// A bound on what shards have taken by the windows that wait.
#[derive(Default)]
pub struct Foresight {
    /// By lane; empty when all windows are settled.
    ahead: Vec<Ahead>,
    pause: u32,
}

impl Foresight {
    /// Does every shard surely take all entries of the last window, `from..until`?
    pub fn is_sure(&mut self, lanes: &[Lane], gathered: &Gathered, (from, until): (u64, u64)) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        if self.ahead.is_empty() && !self.begin(lanes) {
            return false;
        }
        for (lane, size) in gathered.window_sizes() {
            self.ahead[lane as usize].add(size);
        }
        let calls = gathered.window_calls().len() as u64;
        let is_sure = self.ahead.iter_mut().all(|ahead| ahead.surely_takes(calls, from, until));
        if !is_sure {
            self.pause = PAUSE;
        }
        is_sure
    }

    /// From what shards have taken now; `false` where there is no bound, or where retries come in between.
    fn begin(&mut self, lanes: &[Lane]) -> bool {
        for lane in lanes {
            match lane.admission.ahead().filter(|_| !lane.plays) {
                Some(ahead) => self.ahead.push(ahead),
                None => {
                    self.ahead.clear();
                    return false;
                }
            }
        }
        true
    }

    /// All windows are settled.
    pub fn settled(&mut self) {
        self.ahead.clear();
    }
}
