//! The send-rate limiter of the SDK's adaptive retry mode: one client process.
//!
//! At AWS: beside the standard mode's attempts, sleeps and quota, botocore's adaptive mode measures the rate of answers
//! and, from the first throttle on, lets a call go only for a token. A throttle cuts the rate to 0.7 of what was
//! measured; after it the rate grows along a cubic that is flat where the throttle came, but never above twice the
//! measured rate. A call without a token blocks its thread.
//! We model: that code, with its half-second measuring and its bucket, on the simulation's clock.
//! It hears of answers only: a throttle is an exception of PutRecord. PutRecords answers 200 when entries are refused,
//! so refused entries never switch it on, and a 5xx or a lost connection counts like a success.
//! We leave out: other clients of the same limiter, whose threads wake in an order of their own (here: first come).
//! Sources: botocore, retries/adaptive.py, throttling.py, bucket.py.

use crate::facts::{Fact, producers as facts};
use crate::units::NS_PER_S;

/// Measured rates are brought up to date once per so many nanoseconds.
const MEASURE: u64 = facts::ADAPTIVE_MEASURE.dur().0;

fn share(fact: &Fact) -> f64 {
    fact.percent().fraction()
}

/// The limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    /// Has a throttle been seen?
    enabled: bool,
    clocker: Clocker,
    cubic: Cubic,
    bucket: Bucket,
}

/// The rate of answers, smoothed.
#[derive(Clone, Debug)]
struct Clocker {
    /// Start of the present measuring, in multiples of `MEASURE`.
    since: u64,
    answers: u64,
    rate: f64,
}

/// The cubic that the rate follows after a throttle.
#[derive(Clone, Debug)]
struct Cubic {
    /// Rate at the last throttle, when it was, and how long the cubic takes to come back to it.
    peak: f64,
    throttled: u64,
    back_after: f64,
}

/// Tokens, refilled at the allowed rate.
#[derive(Clone, Debug)]
struct Bucket {
    rate: f64,
    most: f64,
    tokens: f64,
    filled: u64,
}

impl Limiter {
    /// The limiter of a process that starts at `now`.
    pub fn new(now: u64) -> Limiter {
        Limiter {
            enabled: false,
            // The code begins to measure at a whole second.
            clocker: Clocker { since: now / NS_PER_S * (NS_PER_S / MEASURE), answers: 0, rate: 0.0 },
            cubic: Cubic { peak: 0.0, throttled: now, back_after: 0.0 },
            bucket: Bucket { rate: 1.0, most: 1.0, tokens: 0.0, filled: now },
        }
    }

    /// May a call go at `now`? Takes its token if so.
    pub fn take(&mut self, now: u64) -> bool {
        if !self.enabled {
            return true;
        }
        self.bucket.refill(now);
        let enough = self.bucket.tokens >= 1.0;
        if enough {
            self.bucket.tokens -= 1.0;
        }
        enough
    }

    /// When there is a token, if nothing changes.
    pub fn ready_at(&self) -> u64 {
        let Bucket { rate, tokens, filled, .. } = self.bucket;
        if !self.enabled || tokens >= 1.0 {
            return filled;
        }
        // To the next nanosecond: rounding must not bring the same moment again.
        filled + ((1.0 - tokens) / rate * NS_PER_S as f64) as u64 + 1
    }

    /// A call ended at `now`.
    pub fn answered(&mut self, now: u64, throttled: bool) {
        let measured = self.clocker.answer(now);
        let rate = if throttled {
            let before = if self.enabled { measured.min(self.bucket.rate) } else { measured };
            self.enabled = true;
            self.cubic.cut(now, before)
        } else {
            self.cubic.grown(now)
        };
        let above = facts::ADAPTIVE_ABOVE_MEASURED.count() as f64;
        self.bucket.set_rate(now, rate.min(above * measured));
    }
}

impl Clocker {
    /// An answer came: the rate measured so far.
    fn answer(&mut self, now: u64) -> f64 {
        let here = now / MEASURE;
        self.answers += 1;
        if here > self.since {
            let newest = self.answers as f64 / seconds((here - self.since) * MEASURE);
            let weight = share(&facts::ADAPTIVE_SMOOTHING);
            self.rate = newest * weight + self.rate * (1.0 - weight);
            (self.since, self.answers) = (here, 0);
        }
        self.rate
    }
}

impl Cubic {
    /// A throttle at this rate: the rate from now on.
    fn cut(&mut self, now: u64, rate: f64) -> f64 {
        let (beta, scale) = (share(&facts::ADAPTIVE_CUT), share(&facts::ADAPTIVE_SCALE));
        (self.peak, self.throttled) = (rate, now);
        self.back_after = libm::cbrt(rate * (1.0 - beta) / scale);
        rate * beta
    }

    /// The rate as long as no throttle comes.
    fn grown(&self, now: u64) -> f64 {
        let past = seconds(now - self.throttled) - self.back_after;
        share(&facts::ADAPTIVE_SCALE) * (past * past * past) + self.peak
    }
}

impl Bucket {
    fn refill(&mut self, now: u64) {
        self.tokens = self.most.min(self.tokens + seconds(now - self.filled) * self.rate);
        self.filled = now;
    }

    /// What was due at the old rate stays; the bucket holds a second's worth of the new one.
    fn set_rate(&mut self, now: u64, rate: f64) {
        self.refill(now);
        self.rate = rate.max(1.0 / seconds(facts::ADAPTIVE_SLOWEST.dur().0));
        self.most = rate.max(1.0);
        self.tokens = self.tokens.min(self.most);
    }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / NS_PER_S as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Do {
        Ok,
        Throttle,
        Send,
    }
    use Do::{Ok, Send, Throttle};

    const MS: u64 = 1_000_000;

    /// What botocore 1.43.11's classes make of it under a clock set by hand: (what happens, at which milliseconds,
    /// how many of the sends get a token; afterwards the allowed rate and the tokens).
    type Row = (Do, &'static [u64], usize, f64, f64);

    fn botocore() -> [Row; 11] {
        [
            (
                Ok,
                &[
                    35, 55, 115, 120, 125, 235, 240, 275, 385, 390, 500, 520, 525, 530, 590, 650, 655, 675,
                    680, 790,
                ],
                0,
                0.5,
                0.4125,
            ),
            (Throttle, &[850], 0, 12.32, 0.44249999999999995),
            (
                Ok,
                &[855, 965, 970, 990, 1100, 1105, 1215, 1325, 1385, 1390],
                0,
                15.175306228778803,
                7.790178921552762,
            ),
            (
                Send,
                &[1397, 1404, 1411, 1418, 1425, 1432, 1439, 1446, 1453, 1460, 1467, 1474],
                9,
                15.175306228778803,
                0.06490464477018199,
            ),
            (
                Ok,
                &[1494, 1499, 1609, 1629, 1664, 1724, 1744, 1854, 1859, 1969, 2004, 2114],
                0,
                17.068570070865757,
                10.485469527977848,
            ),
            (Throttle, &[2134], 0, 11.522559999999999, 10.826840929395164),
            (
                Send,
                &[
                    2141, 2148, 2155, 2162, 2169, 2176, 2183, 2190, 2197, 2204, 2211, 2218, 2225, 2232, 2239,
                    2246,
                ],
                12,
                11.522559999999999,
                0.11736764939516726,
            ),
            (Throttle, &[2251], 0, 8.065791999999998, 0.17498044939516602),
            (
                Ok,
                &[
                    2361, 2471, 2491, 2526, 2531, 2641, 2646, 2756, 2761, 2871, 2891, 2951, 3061, 3121, 3156,
                    3216, 3326, 3386, 3421, 3456, 3476, 3496, 3516, 3521, 3631, 3666, 3776, 3836, 3871, 3931,
                ],
                0,
                11.501948008192041,
                11.490283791778571,
            ),
            (
                Send,
                &[3938, 3945, 3952, 3959, 3966, 3973, 3980, 3987, 3994, 4001],
                10,
                11.501948008192041,
                2.2265707327081397,
            ),
            (
                Ok,
                &[
                    4036, 4146, 4151, 4156, 4266, 4326, 4346, 4381, 4401, 4461, 4521, 4526, 4531, 4641, 4751,
                    4786, 4821, 4856, 4966, 5026,
                ],
                0,
                11.67365600823687,
                11.63906876579753,
            ),
        ]
    }

    #[test]
    fn botocore_agrees() {
        let mut limiter = Limiter::new(0);
        for (what, moments, tokens, rate, left) in botocore() {
            let mut sent = 0;
            for ms in moments {
                match what {
                    Send => sent += usize::from(limiter.take(ms * MS)),
                    _ => limiter.answered(ms * MS, what == Throttle),
                }
            }
            let until = moments.last().unwrap();
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9 * b.max(1.0);
            assert_eq!(sent, tokens, "until {until} ms");
            assert!(close(limiter.bucket.rate, rate), "until {until} ms: rate {}", limiter.bucket.rate);
            assert!(close(limiter.bucket.tokens, left), "until {until} ms: tokens {}", limiter.bucket.tokens);
        }
    }

    #[test]
    fn nothing_is_limited_before_the_first_throttle() {
        let mut limiter = Limiter::new(0);
        for i in 0..10_000 {
            assert!(limiter.take(i * MS));
            limiter.answered(i * MS, false);
        }
        limiter.answered(10_000 * MS, true);
        // 1,000 a second, cut to 0.7 of it: that, and what the bucket of one second held.
        let sent = (10_001..15_001).filter(|i| limiter.take(i * MS)).count();
        assert!((3_500..=4_200).contains(&sent), "{sent} of 5,000");
    }

    #[test]
    fn a_call_that_waits_goes_when_it_was_told() {
        let mut limiter = Limiter::new(0);
        (0..50).for_each(|i| limiter.answered(i * 40 * MS, false));
        limiter.answered(2_000 * MS, true);
        let mut now = 2_000 * MS;
        for _ in 0..100 {
            while limiter.take(now) {}
            let ready = limiter.ready_at();
            assert!(ready > now && !limiter.clone().take(ready - 2));
            let late = (0..3).find(|ns| limiter.clone().take(ready + ns)).expect("a token");
            now = ready + late;
        }
        // The rate of 25 a second was cut to 0.7 of it: 100 more take 5.7 s.
        assert!((now - 2_000 * MS).abs_diff(100 * NS_PER_S * 10 / 175) < 200 * MS, "{now}");
    }
}
