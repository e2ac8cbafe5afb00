//! Offered rate over time as one piecewise-constant curve.
//!
//! Every rate shape compiles to steps of (start, rate). Ramps become at most 1,000 equal steps at their middle
//! rate, daily sines 60-second steps at their middle rate, so each integral over whole steps is that of the ramp
//! itself. Shapes that repeat keep one period. Rates are micro-records per second, times nanoseconds.

use super::config::{RateShape, Trace};
use crate::units::{Dur, NS_PER_S, RecordRate};

/// When a scenario starts, for daily and weekly shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// 0 = Monday.
    pub weekday: u32,
    /// Time of day.
    pub time_of_day: Dur,
}

const MINUTE: u64 = 60 * NS_PER_S;
const DAY: u64 = 24 * 60 * MINUTE;
const WEEK: u64 = 7 * DAY;
/// Steps of one ramp.
const RAMP_STEPS: u64 = 1000;
/// Minutes looked at by `highest_minute_before` when a shape repeats (almost two years).
const MINUTES_MAX: u64 = 1_000_000;

/// Steps of constant rate, perhaps repeating.
#[derive(Clone, Debug)]
pub struct RateCurve {
    /// Start of each step, the first at 0, rising.
    starts: Vec<u64>,
    /// Micro-records per second.
    rates: Vec<u64>,
    /// Integral up to each start: micro-records per second × ns.
    before: Vec<u128>,
    /// The steps repeat with this period.
    period: Option<u64>,
    /// Place in the first period where the scenario starts.
    phase: u64,
    /// End of the scenario.
    end: u64,
    spike: Option<(u64, RecordRate)>,
    /// Where a spike, step or ramp leaves what was usual before.
    change: Option<u64>,
}

impl RateCurve {
    /// Compiles a shape for a run of `end` ns.
    pub fn new(shape: &RateShape, calendar: Calendar, end: u64) -> RateCurve {
        let mut steps = Steps::default();
        let time_of_day = calendar.time_of_day.0 % DAY;
        let (mut period, mut phase, mut spike) = (None, 0, None);
        match shape {
            RateShape::Constant(rate) => steps.push(0, *rate),
            RateShape::Stages { start, stages } => stage_steps(&mut steps, *start, stages),
            RateShape::Ramp { from, to, at, over } => {
                steps.push(0, *from);
                steps.ramp(at.0, over.0, *from, *to);
            }
            RateShape::Step { from, to, at } => {
                steps.push(0, *from);
                steps.push(at.0, *to);
            }
            RateShape::Spike { base, peak, at, lasting } => {
                steps.push(0, *base);
                steps.push(at.0, *peak);
                steps.push(at.0.saturating_add(lasting.0), *base);
                spike = Some((at.0, *base));
            }
            RateShape::Diurnal { low, high, peak_at } => {
                sine_day(&mut steps, 0, *low, *high, peak_at.0, RecordShare::WHOLE);
                (period, phase) = (Some(DAY), time_of_day);
            }
            RateShape::Weekly { low, high, peak_at, weekend } => {
                for day in 0..7 {
                    let share = if day < 5 { RecordShare::WHOLE } else { RecordShare(weekend.0) };
                    sine_day(&mut steps, day * DAY, *low, *high, peak_at.0, share);
                }
                (period, phase) = (Some(WEEK), u64::from(calendar.weekday % 7) * DAY + time_of_day);
            }
            RateShape::OnOff { on, on_for, off, off_for } => {
                steps.push(0, *on);
                steps.push(on_for.0, *off);
                period = Some(on_for.0.saturating_add(off_for.0)).filter(|p| *p > 0);
            }
            RateShape::Trace(trace) => trace_steps(&mut steps, trace),
        }
        let mut curve = steps.finish(period, phase, end, spike);
        curve.change = one_off_change(shape).filter(|at| *at > 0);
        curve
    }

    /// End of the scenario.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The rate at `t` (micro-records per second) and until when it holds.
    pub fn at(&self, t: u64) -> (u64, u64) {
        let (turn, place) = self.place(t);
        let k = self.starts.partition_point(|s| *s <= place) - 1;
        let next = self.starts.get(k + 1).copied().or(self.period).unwrap_or(u64::MAX);
        let until = turn.saturating_add(next).checked_sub(self.phase);
        (self.rates[k], until.unwrap_or(u64::MAX).max(t.saturating_add(1)))
    }

    /// Start of the present period and the place in it, both on the shifted clock.
    fn place(&self, t: u64) -> (u64, u64) {
        let shifted = t.saturating_add(self.phase);
        match self.period {
            Some(p) => (shifted - shifted % p, shifted % p),
            None => (0, shifted),
        }
    }

    /// Micro-records per second × ns from the first period's start.
    fn whole(&self, t: u64) -> u128 {
        let (turn, place) = self.place(t);
        let k = self.starts.partition_point(|s| *s <= place) - 1;
        let inside = self.before[k] + u128::from(self.rates[k]) * u128::from(place - self.starts[k]);
        match self.period {
            Some(p) => inside + self.per_period(p) * u128::from(turn / p),
            None => inside,
        }
    }

    fn per_period(&self, period: u64) -> u128 {
        let last = self.starts.len() - 1;
        self.before[last] + u128::from(self.rates[last]) * u128::from(period - self.starts[last])
    }

    /// Micro-records offered in `from..to`.
    pub fn integral(&self, from: u64, to: u64) -> u128 {
        self.exact(from, to) / u128::from(NS_PER_S)
    }

    fn exact(&self, from: u64, to: u64) -> u128 {
        if to <= from { 0 } else { self.whole(to) - self.whole(from) }
    }

    /// Mean rate over the scenario.
    pub fn mean(&self) -> RecordRate {
        self.mean_over(0, self.end)
    }

    /// Mean rate over `from..to`, rounded to the nearest micro-record per second.
    pub fn mean_over(&self, from: u64, to: u64) -> RecordRate {
        let length = u128::from(to.saturating_sub(from).max(1));
        RecordRate(((self.exact(from, to) + length / 2) / length) as u64)
    }

    /// Highest mean rate of one clock minute of the scenario.
    pub fn peak_minute(&self) -> RecordRate {
        self.highest_minute_before(self.end)
    }

    /// The same among the minutes that start before `t`; a last minute cut by `t` counts with the part it has.
    pub fn highest_minute_before(&self, t: u64) -> RecordRate {
        let (mut at, mut highest) = (0, RecordRate(0));
        for _ in 0..MINUTES_MAX {
            if at >= t {
                break;
            }
            let next = at.saturating_add(MINUTE).min(t);
            highest = highest.max(self.mean_over(at, next));
            // whole minutes inside one step are all alike
            let alike = self.at(at).1.min(t);
            at = next.max(alike - alike % MINUTE);
        }
        highest
    }

    /// When the one-off spike starts, if the shape has one.
    pub fn first_spike(&self) -> Option<u64> {
        self.spike.map(|s| s.0)
    }

    /// When a one-off change (a spike, a step, a ramp) begins: what the past could not know.
    pub fn first_change(&self) -> Option<u64> {
        self.change
    }

    /// The curve without its one-off spike: itself for every other shape.
    pub fn without_spike(&self) -> RateCurve {
        match self.spike {
            Some((_, base)) => RateCurve::new(&RateShape::Constant(base), Calendar::default(), self.end),
            None => self.clone(),
        }
    }

    /// Mean rate without the one-off spike.
    pub fn base_rate(&self) -> RecordRate {
        self.without_spike().mean()
    }
}

fn one_off_change(shape: &RateShape) -> Option<u64> {
    match shape {
        RateShape::Spike { at, .. } | RateShape::Step { at, .. } | RateShape::Ramp { at, .. } => Some(at.0),
        _ => None,
    }
}

/// Steps under construction.
#[derive(Default)]
struct Steps {
    starts: Vec<u64>,
    rates: Vec<u64>,
}

/// Parts per billion of a rate.
#[derive(Clone, Copy)]
struct RecordShare(u64);

impl RecordShare {
    const WHOLE: RecordShare = RecordShare(1_000_000_000);
}

impl Steps {
    /// From `at` on, `rate`. A step without length is replaced, an equal one joined.
    fn push(&mut self, at: u64, rate: RecordRate) {
        while self.starts.last().is_some_and(|s| *s >= at) {
            self.starts.pop();
            self.rates.pop();
        }
        if self.rates.last() != Some(&rate.0) {
            self.starts.push(at);
            self.rates.push(rate.0);
        }
    }

    fn ramp(&mut self, at: u64, over: u64, from: RecordRate, to: RecordRate) {
        let n = RAMP_STEPS.min(over);
        for k in 0..n {
            let start = at.saturating_add((u128::from(over) * u128::from(k) / u128::from(n)) as u64);
            let part = |rate: RecordRate, weight: u64| u128::from(rate.0) * u128::from(weight);
            let middle = (part(from, 2 * n - 2 * k - 1) + part(to, 2 * k + 1)) / u128::from(2 * n);
            self.push(start, RecordRate(middle as u64));
        }
        self.push(at.saturating_add(over), to);
    }

    fn finish(
        mut self,
        period: Option<u64>,
        phase: u64,
        end: u64,
        spike: Option<(u64, RecordRate)>,
    ) -> RateCurve {
        if self.starts.first() != Some(&0) {
            self.starts.insert(0, 0);
            self.rates.insert(0, 0);
        }
        if let Some(p) = period {
            let inside = self.starts.partition_point(|s| *s < p);
            self.starts.truncate(inside);
            self.rates.truncate(inside);
        }
        let mut before = vec![0u128];
        for k in 1..self.starts.len() {
            let step = u128::from(self.rates[k - 1]) * u128::from(self.starts[k] - self.starts[k - 1]);
            before.push(before[k - 1] + step);
        }
        RateCurve { starts: self.starts, rates: self.rates, before, period, phase, end, spike, change: None }
    }
}

fn stage_steps(steps: &mut Steps, start: RecordRate, stages: &[(Dur, RecordRate)]) {
    steps.push(0, start);
    let (mut at, mut from) = (0u64, start);
    for (over, to) in stages {
        steps.ramp(at, over.0, from, *to);
        (at, from) = (at.saturating_add(over.0), *to);
    }
}

/// One day of the sine in steps of a minute, `high` in the minute around `peak_at`.
fn sine_day(
    steps: &mut Steps,
    from: u64,
    low: RecordRate,
    high: RecordRate,
    peak_at: u64,
    share: RecordShare,
) {
    let (low, high) = (low.0 as f64, high.0 as f64);
    let factor = share.0 as f64 / RecordShare::WHOLE.0 as f64;
    for minute in 0..DAY / MINUTE {
        let middle = (minute * MINUTE + MINUTE / 2) as f64 - (peak_at % DAY) as f64;
        let angle = 2.0 * std::f64::consts::PI * middle / DAY as f64;
        let rate = (low + (high - low) * (1.0 + libm::cos(angle)) / 2.0) * factor;
        steps.push(from + minute * MINUTE, RecordRate((rate + 0.5) as u64));
    }
}

fn trace_steps(steps: &mut Steps, trace: &Trace) {
    for (at, rate) in trace.at.iter().zip(&trace.rate) {
        steps.push(at.0, *rate);
    }
    steps.push(trace.end.0, RecordRate(0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Percent;

    const HOUR: u64 = 60 * MINUTE;

    fn curve(shape: RateShape, end: u64) -> RateCurve {
        RateCurve::new(&shape, Calendar::default(), end)
    }

    fn per_s(n: u64) -> RecordRate {
        RecordRate::per_s(n)
    }

    #[test]
    fn ramps_have_the_area_of_their_trapezoid() {
        let ramp = RateShape::Ramp { from: per_s(100), to: per_s(500), at: Dur(MINUTE), over: Dur(HOUR) };
        let c = curve(ramp, 2 * HOUR);
        assert_eq!(c.integral(MINUTE, MINUTE + HOUR), 300 * 3600 * 1_000_000);
        assert_eq!((c.at(0).0, c.at(2 * HOUR).0), (per_s(100).0, per_s(500).0));
        let stages = vec![(Dur(HOUR), per_s(200)), (Dur(HOUR), per_s(200)), (Dur(HOUR), per_s(0))];
        let c = curve(RateShape::Stages { start: per_s(0), stages }, 4 * HOUR);
        assert_eq!(c.integral(0, 4 * HOUR), (100 + 200 + 100) * 3600 * 1_000_000);
        assert_eq!(c.mean(), per_s(100));
    }

    #[test]
    fn a_day_has_its_mean_its_peak_and_its_phase() {
        let shape = RateShape::Diurnal { low: per_s(100), high: per_s(300), peak_at: Dur(14 * HOUR) };
        let c = curve(shape.clone(), 30 * DAY);
        let mean = c.mean().as_f64();
        assert!((mean - 200.0).abs() < 1e-5, "{mean}");
        assert!((c.peak_minute().as_f64() - 300.0).abs() < 0.01);
        assert!((c.at(2 * HOUR).0 as f64 / 1e6 - 100.0).abs() < 0.01);
        assert_eq!(c.at(3 * HOUR), (c.at(27 * HOUR).0, 3 * HOUR + MINUTE));
        let afternoon = Calendar { weekday: 0, time_of_day: Dur(14 * HOUR + 30 * NS_PER_S) };
        let shifted = RateCurve::new(&shape, afternoon, DAY);
        assert_eq!(shifted.at(0).0, c.at(14 * HOUR).0);
        assert_eq!(
            shifted.integral(0, HOUR),
            c.integral(14 * HOUR + 30 * NS_PER_S, 15 * HOUR + 30 * NS_PER_S)
        );
        assert!(c.highest_minute_before(6 * HOUR) < c.peak_minute());
    }

    #[test]
    fn weekends_are_slower() {
        let (low, high) = (per_s(100), per_s(100));
        let shape = RateShape::Weekly { low, high, peak_at: Dur(0), weekend: Percent(400_000_000) };
        let friday_evening = Calendar { weekday: 4, time_of_day: Dur(18 * HOUR) };
        let c = RateCurve::new(&shape, friday_evening, WEEK);
        assert_eq!((c.at(0), c.at(6 * HOUR)), ((per_s(100).0, 6 * HOUR), (per_s(40).0, 54 * HOUR)));
        assert_eq!(c.at(54 * HOUR).0, per_s(100).0);
        assert_eq!(c.integral(0, WEEK), (5 * 100 + 2 * 40) * 86_400 * 1_000_000);
    }

    #[test]
    fn repeating_shapes_repeat_and_add_up() {
        let shape = RateShape::OnOff {
            on: per_s(900),
            on_for: Dur(7 * NS_PER_S),
            off: per_s(0),
            off_for: Dur(4 * NS_PER_S),
        };
        let c = curve(shape, DAY);
        let mut sum = 0;
        let mut at = 0;
        while at < HOUR {
            let (rate, until) = c.at(at);
            sum += u128::from(rate) * u128::from(until.min(HOUR) - at);
            at = until;
        }
        assert_eq!(c.integral(0, HOUR), sum / u128::from(NS_PER_S));
        assert_eq!(c.at(12 * NS_PER_S), (per_s(900).0, 18 * NS_PER_S));
    }

    #[test]
    fn a_spike_is_apart_from_its_base() {
        let shape = RateShape::Spike {
            base: per_s(2000),
            peak: per_s(10_000),
            at: Dur(90 * NS_PER_S),
            lasting: Dur(MINUTE),
        };
        let c = curve(shape, HOUR);
        assert_eq!((c.first_spike(), c.base_rate()), (Some(90 * NS_PER_S), per_s(2000)));
        assert_eq!(c.peak_minute(), per_s(6000));
        assert_eq!(c.highest_minute_before(90 * NS_PER_S), per_s(2000));
        assert_eq!(curve(RateShape::Constant(per_s(5)), HOUR).first_spike(), None);
    }

    #[test]
    fn steps_and_ramps_are_changes_the_past_did_not_know() {
        let (from, to, at) = (per_s(2), per_s(9), Dur(MINUTE));
        let change = |shape| curve(shape, HOUR).first_change();
        assert_eq!(change(RateShape::Step { from, to, at }), Some(MINUTE));
        assert_eq!(change(RateShape::Ramp { from, to, at, over: Dur(MINUTE) }), Some(MINUTE));
        assert_eq!(change(RateShape::Step { from, to, at: Dur(0) }), None);
        assert_eq!(change(RateShape::Constant(to)), None);
    }

    #[test]
    fn the_far_ends_do_no_harm() {
        let c = curve(RateShape::Constant(RecordRate(1_000_000_000_000_000)), u64::MAX);
        assert_eq!(c.peak_minute(), per_s(1_000_000_000));
        assert_eq!(c.at(u64::MAX - 1), (1_000_000_000_000_000, u64::MAX));
        let step = RateShape::Step { from: per_s(1), to: per_s(2), at: Dur(u64::MAX) };
        assert_eq!(curve(step, HOUR).mean(), per_s(1));
        let nothing = RateShape::OnOff { on: per_s(1), on_for: Dur(0), off: per_s(3), off_for: Dur(0) };
        assert_eq!(curve(nothing, HOUR).mean(), per_s(3));
    }
}
