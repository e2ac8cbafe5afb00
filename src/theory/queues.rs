//! Queues with Poisson arrivals, first come first served.
//!
//! Sources: Kleinrock, *Queueing Systems* I (1975), chapters 3 and 5 (M/M/1, M/M/c, Pollaczek–Khinchine);
//! Franx, "A simple solution for the M/D/c waiting time distribution", Operations Research Letters 29 (2001)
//! (M/D/1 waits by positive terms, where the classical alternating sum loses all digits); Little (1961).

use super::poisson;

/// One server, exponential service. All need `arrivals` < `services` (both per second).
#[derive(Clone, Copy, Debug)]
pub struct Mm1 {
    /// Arrivals per second.
    pub arrivals: f64,
    /// Services per second.
    pub services: f64,
}

impl Mm1 {
    /// Utilisation.
    pub fn rho(&self) -> f64 {
        self.arrivals / self.services
    }
    /// Mean wait before service, rho / (mu - lambda).
    pub fn mean_wait_s(&self) -> f64 {
        self.rho() / (self.services - self.arrivals)
    }
    /// Mean time in the system, 1 / (mu - lambda).
    pub fn mean_sojourn_s(&self) -> f64 {
        1.0 / (self.services - self.arrivals)
    }
    /// The time in the system is exponential.
    pub fn sojourn_quantile_s(&self, q: f64) -> f64 {
        -libm::log1p(-q) * self.mean_sojourn_s()
    }
    /// Mean number in the system, rho / (1 - rho).
    pub fn mean_in_system(&self) -> f64 {
        self.rho() / (1.0 - self.rho())
    }
}

/// Mean wait of M/G/1 by Pollaczek and Khinchine: rho E\[S\] (1 + cv²) / (2 (1 - rho)).
pub fn mg1_mean_wait_s(arrivals: f64, mean_service_s: f64, service_cv: f64) -> f64 {
    let rho = arrivals * mean_service_s;
    rho * mean_service_s * (1.0 + service_cv * service_cv) / (2.0 * (1.0 - rho))
}

/// L = lambda W.
pub fn little(rate_per_s: f64, mean_time_s: f64) -> f64 {
    rate_per_s * mean_time_s
}

/// One server, constant service.
#[derive(Clone, Copy, Debug)]
pub struct Md1 {
    /// Arrivals per second.
    pub arrivals: f64,
    /// Length of each service.
    pub service_s: f64,
}

impl Md1 {
    /// Utilisation.
    pub fn rho(&self) -> f64 {
        self.arrivals * self.service_s
    }
    /// rho D / (2 (1 - rho)).
    pub fn mean_wait_s(&self) -> f64 {
        mg1_mean_wait_s(self.arrivals, self.service_s, 0.0)
    }
    /// rho + rho² / (2 (1 - rho)).
    pub fn mean_in_system(&self) -> f64 {
        self.rho() + self.arrivals * self.mean_wait_s()
    }
    /// P(wait <= t).
    pub fn wait_below(&self, t_s: f64) -> f64 {
        let k = libm::floor(t_s / self.service_s) as usize + 1;
        self.wait_below_given(t_s, &self.in_system(k))
    }

    /// Franx: with (k - 1) D <= t < k D and x = lambda (k D - t), the sum over j < k of
    /// P(N <= k - j) e^-x x^j / j!, N the number in the system.
    fn wait_below_given(&self, t_s: f64, in_system: &[f64]) -> f64 {
        let k = libm::floor(t_s / self.service_s) as usize + 1;
        let x = self.arrivals * (k as f64 * self.service_s - t_s);
        let mut term = libm::exp(-x);
        let mut sum = 0.0;
        for j in 0..k {
            sum += in_system[k - j] * term;
            term *= x / (j + 1) as f64;
        }
        sum
    }

    /// P(N <= n) for n = 0..=`most`, from the chain at departures.
    fn in_system(&self, most: usize) -> Vec<f64> {
        let mut sum = 0.0;
        let weights = departures(self.rho(), most + 1);
        let cumulate = |w: f64| {
            sum += w * (1.0 - self.rho());
            sum
        };
        weights.into_iter().map(cumulate).collect()
    }

    /// The wait not exceeded with probability `q`, by bisection.
    pub fn wait_quantile_s(&self, q: f64) -> f64 {
        if q <= 1.0 - self.rho() {
            return 0.0;
        }
        let mut high = self.service_s;
        while self.wait_below(high) < q {
            high *= 2.0;
        }
        let in_system = self.in_system(libm::floor(high / self.service_s) as usize + 2);
        let mut low = 0.0;
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if self.wait_below_given(middle, &in_system) < q {
                low = middle;
            } else {
                high = middle;
            }
        }
        (low + high) / 2.0
    }
}

/// Weights (the first is 1) of 0, 1, … customers left behind by a departure, M/D/1: flow up over a level equals
/// flow down over it, w(j+1) P(A = 0) = w(0) P(A > j) + sum over i in 1..=j of w(i) P(A > j - i + 1), with A the
/// arrivals during one service.
pub(super) fn departures(rho: f64, count: usize) -> Vec<f64> {
    let tails = poisson::tails(rho, count + 1);
    let none = libm::exp(-rho);
    let mut weights = vec![1.0];
    for j in 0..count.saturating_sub(1) {
        let up: f64 = (1..=j).map(|i| weights[i] * tails[j - i + 1]).sum();
        weights.push((tails[j] + up) / none);
    }
    weights
}

/// `servers` servers, exponential service (Erlang C).
#[derive(Clone, Copy, Debug)]
pub struct Mmc {
    /// Arrivals per second.
    pub arrivals: f64,
    /// Services per second and server.
    pub services: f64,
    /// Servers.
    pub servers: u32,
}

impl Mmc {
    /// Utilisation of each server.
    pub fn rho(&self) -> f64 {
        self.arrivals / (self.services * f64::from(self.servers))
    }
    /// P(wait > 0), from Erlang B by its recursion.
    pub fn wait_probability(&self) -> f64 {
        let load = self.arrivals / self.services;
        let blocked = (1..=self.servers).fold(1.0, |b, k| load * b / (f64::from(k) + load * b));
        blocked / (1.0 - self.rho() * (1.0 - blocked))
    }
    /// Mean wait.
    pub fn mean_wait_s(&self) -> f64 {
        self.wait_probability() / (f64::from(self.servers) * self.services - self.arrivals)
    }
    /// The wait not exceeded with probability `q`.
    pub fn wait_quantile_s(&self, q: f64) -> f64 {
        let waits = self.wait_probability();
        if waits <= 1.0 - q {
            return 0.0;
        }
        libm::log(waits / (1.0 - q)) / (f64::from(self.servers) * self.services - self.arrivals)
    }
}
