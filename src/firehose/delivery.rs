//! Requests to a destination: how long one takes, whether it fails, and the wait before another.
//!
//! At AWS: S3 is tried again for up to 24 hours (direct puts) or until the stream's retention has passed; other
//! destinations for a retry duration of 0 to 7,200 s, then the data goes to the S3 error prefix. HTTP endpoints are tried
//! after 1 s, doubled, ±15 %, at most two minutes; Redshift and OpenSearch every five minutes. An answer that comes too
//! late counts as none, and a later attempt makes duplicates (not at S3, Iceberg and Snowflake).
//! We model: the HTTP endpoint's waits where AWS publishes none (assumed); a request that begins while the destination
//! is away fails when it would have been answered; the last attempt begins no later than the retry duration ends.
//! Sources: Firehose developer guide, data delivery failure handling; HTTP endpoint specifications.

use super::config::{DeliveryConfig, Rejected, Retry};
use super::load::{Group, Load};
use super::shares::Share;
use crate::random::{LatencySampler, Seed, Stream};
use crate::units::Percent;

/// A destination as one Firehose stream meets it.
pub struct Delivery {
    config: DeliveryConfig,
    request: LatencySampler,
    random: Stream,
    failing: Share,
    timed_out: Share,
    rejected_requests: Share,
    rejected_records: Share,
}

/// What an object on its way waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An answer.
    Request {
        /// When it comes.
        ends: u64,
        /// What it says.
        answer: Answer,
    },
    /// The next attempt.
    Wait {
        /// When it begins.
        until: u64,
    },
}

/// What a destination says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The data arrived.
    Ok,
    /// They did not.
    Failed,
    /// Nothing in time; the data may have arrived.
    Late,
    /// No, and never.
    Rejected,
}

/// The attempts of one object so far.
#[derive(Clone, Copy, Debug)]
pub struct Attempts {
    /// When the first began.
    pub began: u64,
    /// Failed ones.
    pub failed: u32,
    /// Time spent on waits between them.
    pub waited: u64,
}

impl Attempts {
    /// The first begins at `now`.
    pub fn first(now: u64) -> Attempts {
        Attempts { began: now, failed: 0, waited: 0 }
    }
}

impl Step {
    /// When it is over.
    pub fn at(self) -> u64 {
        match self {
            Step::Request { ends, .. } => ends,
            Step::Wait { until } => until,
        }
    }
}

impl Delivery {
    /// With draws of its own.
    pub fn new(config: &DeliveryConfig, path: &str, seed: Seed) -> Delivery {
        let (records, requests) = match config.rejected {
            Rejected::Records(share) => (share, Percent(0)),
            Rejected::Requests(share) => (Percent(0), share),
        };
        let share = |share, purpose| Share::new(share, seed.stream(path, purpose));
        Delivery {
            request: config.request.sampler(),
            random: seed.stream(path, "delivery"),
            failing: share(config.failing, "delivery_failures"),
            timed_out: share(config.timed_out, "delivery_timeouts"),
            rejected_requests: share(requests, "rejected_requests"),
            rejected_records: share(records, "rejected_records"),
            config: config.clone(),
        }
    }

    /// Where failed records lie, if anywhere.
    pub fn prefix(&self) -> Option<&'static str> {
        self.config.prefix
    }

    /// Does a late answer leave a copy?
    pub fn duplicates(&self) -> bool {
        self.config.duplicates
    }

    /// When records are too old, if ever.
    pub fn too_old(&self, now: u64) -> Option<u64> {
        self.config.give_up.and_then(|age| now.checked_sub(age.0))
    }

    /// Requests that so many records take.
    pub fn requests(&self, records: u64) -> u64 {
        self.config.request_records.map_or(1, |most| records.div_ceil(most).max(1))
    }

    /// A request at `now`.
    pub fn request(&mut self, now: u64) -> Step {
        let takes = self.request.draw(&mut self.random);
        let away = self.config.outages.iter().any(|o| o.0 <= now && now < o.1);
        let patience = self.config.timeout.map_or(u64::MAX, |t| t.0);
        let answer = if away || self.failing.next() {
            Answer::Failed
        } else if self.timed_out.next() || takes > patience {
            return Step::Request { ends: now.saturating_add(patience), answer: Answer::Late };
        } else if self.rejected_requests.next() {
            Answer::Rejected
        } else {
            Answer::Ok
        };
        Step::Request { ends: now + takes.min(patience), answer }
    }

    /// The wait after a failed attempt; `None`: given up.
    pub fn wait(&mut self, now: u64, attempts: &mut Attempts) -> Option<Step> {
        let left = match self.config.retry {
            None => u64::MAX,
            Some(Retry::SinceFirst(most)) => most.0.saturating_sub(now - attempts.began),
            Some(Retry::Waits(most)) => most.0.saturating_sub(attempts.waited),
        };
        if left == 0 {
            return None;
        }
        let wait = self.backoff(attempts.failed).min(left);
        attempts.failed += 1;
        attempts.waited += wait;
        Some(Step::Wait { until: now + wait })
    }

    fn backoff(&mut self, failures: u32) -> u64 {
        let (first, most) = (self.config.backoff.0, self.config.backoff_max.0);
        let wait = first.saturating_mul(1u64.checked_shl(failures).unwrap_or(u64::MAX)).min(most);
        let jitter = u128::from(self.config.backoff_jitter.0);
        let swing = (u128::from(wait) * jitter / u128::from(Percent::WHOLE)) as u64;
        (wait - swing + self.random.below(2 * swing + 1)).max(1)
    }

    /// Takes out the records that the destination refuses for good.
    pub fn reject(&mut self, load: &mut Load) -> Load {
        take_share(load, &mut self.rejected_records)
    }
}

/// Takes the records of a load that fall in a share out of it.
pub fn take_share(load: &mut Load, share: &mut Share) -> Load {
    let mut taken = Load::default();
    if share.is_none() {
        return taken;
    }
    let mut kept = Load::default();
    let split = |mut group: Group| {
        let n = share.of(group.records);
        if n > 0 {
            taken.push(group.take(n));
        }
        if group.records > 0 {
            kept.push(group);
        }
    };
    load.drain().for_each(split);
    *load = kept;
    taken
}
