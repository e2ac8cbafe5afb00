//! The demand side as a caller sees it: rates, cuts, laws, and the digest.

#![allow(clippy::disallowed_methods, reason = "a test may use the platform's maths")]

use kinesim::producer::config::{Burstiness, DemandConfig, KeyLaw, RateShape, SizeLaw};
use kinesim::producer::curve::{Calendar, RateCurve};
use kinesim::producer::demand::{Columns, Demand, HotKeyWindow};
use kinesim::producer::keys::{KeyTable, key_text, position_of};
use kinesim::random::Seed;
use kinesim::units::{Bytes, Dur, NS_PER_S, Percent, RecordRate};

const SEED: Seed = Seed { user: 42, replication: 0 };

fn config(rate: RateShape, burstiness: Burstiness) -> DemandConfig {
    DemandConfig {
        rate,
        burstiness,
        record_size: SizeLaw::Uniform { min: Bytes(256), max: Bytes(1536) },
        keys: KeyLaw::Uniform { distinct: 100_000 },
        key_bytes: Bytes(11),
    }
}

fn constant(per_s: u64) -> RateShape {
    RateShape::Constant(RecordRate::per_s(per_s))
}

fn demand(config: &DemandConfig, seconds: u64) -> Demand {
    Demand::new(config, "web", Calendar::default(), SEED, seconds * NS_PER_S, false, &[])
}

fn all(config: &DemandConfig, seconds: u64) -> Columns {
    let mut out = Columns::default();
    demand(config, seconds).take_until(u64::MAX, &mut out);
    assert!(out.born.is_sorted() && out.born.iter().all(|b| *b < seconds * NS_PER_S));
    out
}

#[test]
fn even_births_are_exact() {
    let out = all(&config(constant(1000), Burstiness::Even), 60);
    assert_eq!(out.len(), 60_000);
    for (k, b) in out.born.iter().enumerate() {
        assert_eq!(*b, k as u64 * 1_000_000);
    }
}

#[test]
fn every_burstiness_keeps_the_mean() {
    let (rate, seconds) = (5000u64, 400u64);
    let expected = (rate * seconds) as f64;
    let mmpp = Burstiness::Mmpp { factor: 4, share: Percent(100_000_000), spell: Dur::from_ms(200) };
    // variance of the count over its mean: 1, 50 × 1, and for mmpp 1 + 2 × excess² × … (bounded below)
    for (law, dispersion) in
        [(Burstiness::Poisson, 1.0), (Burstiness::Batches { size: 50 }, 50.0), (mmpp, 1000.0)]
    {
        let n = all(&config(constant(rate), law.clone()), seconds).len() as f64;
        let sd = (expected * dispersion).sqrt();
        assert!((n - expected).abs() < 4.0 * sd, "{law:?}: {n} for {expected}");
    }
}

#[test]
fn poisson_counts_have_the_variance_of_their_mean_while_the_rate_changes() {
    // a ramp crosses 1,000 steps; counts of 100 ms, each against its own integral
    let shape = RateShape::Ramp {
        from: RecordRate(0),
        to: RecordRate::per_s(2000),
        at: Dur::from_s(5),
        over: Dur::from_s(490),
    };
    let curve = RateCurve::new(&shape, Calendar::default(), 500 * NS_PER_S);
    let out = all(&config(shape, Burstiness::Poisson), 500);
    let slot = NS_PER_S / 10;
    let (mut square, mut cells) = (0.0, 0);
    for k in 500..5000 {
        let (from, to) = (k * slot, (k + 1) * slot);
        let n = out.born.partition_point(|b| *b < to) - out.born.partition_point(|b| *b < from);
        let mean = curve.integral(from, to) as f64 / 1e6;
        square += (n as f64 - mean).powi(2) / mean;
        cells += 1;
    }
    let n = f64::from(cells);
    assert!((square - n).abs() < 4.0 * (2.1 * n).sqrt(), "{square} over {n} cells");
    assert_eq!(out.born.partition_point(|b| *b < 5 * NS_PER_S), 0);
}

#[test]
fn cuts_do_not_matter() {
    let mut c = config(constant(800), Burstiness::Poisson);
    for keys in [
        KeyLaw::Random,
        KeyLaw::Uniform { distinct: 1000 },
        KeyLaw::Zipf { distinct: 1000, exponent_milli: 1000 },
    ] {
        c.keys = keys;
        let whole = all(&c, 100);
        let mut reference = demand(&c, 100);
        reference.take_until(u64::MAX, &mut Columns::default());
        for step in [1_000_000, 7_777_777, 333_000_000, 9_000_000_001] {
            let (mut d, mut out, mut t) = (demand(&c, 100), Columns::default(), 0);
            while d.next_birth() != u64::MAX {
                let head = d.next_birth();
                assert!(head >= t);
                t += step;
                d.take_until(t, &mut out);
            }
            assert_eq!(out, whole);
            assert_eq!(d.digest(), reference.digest());
            assert_eq!(d.born(), (whole.len() as u64, whole.size.iter().map(|s| u64::from(*s)).sum()));
        }
    }
}

#[test]
fn the_digest_sees_order_and_values() {
    let c = config(constant(800), Burstiness::Poisson);
    let digest = |c: &DemandConfig, seed: u64| {
        let seed = Seed { user: seed, replication: 0 };
        let mut d = Demand::new(c, "web", Calendar::default(), seed, NS_PER_S, false, &[]);
        d.take_until(u64::MAX, &mut Columns::default());
        d.digest()
    };
    let mut other = c.clone();
    other.keys = KeyLaw::Uniform { distinct: 99_999 };
    assert_ne!(digest(&c, 1), digest(&c, 2));
    assert_ne!(digest(&c, 1), digest(&other, 1));
    assert_eq!(digest(&c, 1), digest(&c, 1));
}

#[test]
fn extreme_rates_keep_their_mean() {
    for (micro, seconds) in
        [(1u64, 3_000_000_000u64), (20, 100_000_000), (250_000, 10_000), (270_000, 10_000)]
    {
        let n = all(&config(RateShape::Constant(RecordRate(micro)), Burstiness::Even), seconds).len() as u64;
        assert_eq!(n, (micro * seconds).div_ceil(1_000_000), "{micro} micro-records/s");
    }
    let mut c = config(constant(1_000_000_000), Burstiness::Even);
    c.keys = KeyLaw::Random;
    let end = NS_PER_S / 100;
    let mut d = Demand::new(&c, "fast", Calendar::default(), SEED, end, false, &[]);
    let mut out = Columns::default();
    d.take_until(u64::MAX, &mut out);
    assert_eq!(out.len(), 10_000_000);
    assert_eq!(out.born[9_999_999], 9_999_999);
}

#[test]
fn key_bytes_and_hot_windows_change_nothing_else() {
    let c = config(constant(2000), Burstiness::Poisson);
    let plain = all(&c, 60);
    let window =
        HotKeyWindow { from_ns: 20 * NS_PER_S, until_ns: 40 * NS_PER_S, share: Percent(300_000_000) };
    let mut d = Demand::new(&c, "web", Calendar::default(), SEED, 60 * NS_PER_S, true, &[window]);
    let mut out = Columns::default();
    d.take_until(u64::MAX, &mut out);
    assert_eq!(out.born, plain.born);
    assert!(out.size.iter().zip(&plain.size).all(|(a, b)| *a == b + 11));
    let hot = (position_of("hot-key") >> 64) as u64;
    let (mut inside, mut taken) = (0u32, 0u32);
    for k in 0..out.len() {
        let within = (window.from_ns..window.until_ns).contains(&out.born[k]);
        inside += u32::from(within);
        if out.position[k] == hot {
            assert!(within);
            taken += 1;
        } else {
            assert_eq!(out.position[k], plain.position[k]);
        }
    }
    let (n, p) = (f64::from(inside), 0.3);
    assert!((f64::from(taken) - n * p).abs() < 4.0 * (n * p * (1.0 - p)).sqrt());
}

#[test]
fn a_hot_key_has_its_share_and_its_part_of_the_rest() {
    let mut c = config(constant(10_000), Burstiness::Even);
    c.keys = KeyLaw::Hot { distinct: 10, share: Percent(400_000_000) };
    let table = KeyTable::of(&c.keys).expect("a finite set of keys");
    assert_eq!(table.positions()[3], (position_of(&key_text(3)) >> 64) as u64);
    let out = all(&c, 20);
    for (k, position) in table.positions().iter().enumerate() {
        let share = out.position.iter().filter(|p| *p == position).count() as f64 / out.len() as f64;
        let expected = if k == 0 { 0.46 } else { 0.06 };
        assert!((share - expected).abs() < 0.005, "key {k}: {share}");
    }
}

#[test]
fn two_producers_differ_and_one_law_more_does_not_move_the_others() {
    let c = config(constant(500), Burstiness::Poisson);
    let (mut a, mut b) = (Columns::default(), Columns::default());
    Demand::new(&c, "a", Calendar::default(), SEED, NS_PER_S, false, &[]).take_until(u64::MAX, &mut a);
    Demand::new(&c, "b", Calendar::default(), SEED, NS_PER_S, false, &[]).take_until(u64::MAX, &mut b);
    assert_ne!(a.born[..10], b.born[..10]);
    let mut sized = c.clone();
    sized.record_size = SizeLaw::LogNormal { mean: Bytes(1000), p95: Bytes(2500) };
    let mut s = Columns::default();
    Demand::new(&sized, "a", Calendar::default(), SEED, NS_PER_S, false, &[]).take_until(u64::MAX, &mut s);
    assert_eq!((s.born, s.position), (a.born, a.position));
    assert_ne!(s.size, a.size);
}

/// A change here changes every result of every scenario: it belongs into the changelog.
#[test]
fn golden_digests() {
    let poisson = config(constant(1000), Burstiness::Poisson);
    let mut zipf = config(constant(1000), Burstiness::Batches { size: 7 });
    zipf.keys = KeyLaw::Zipf { distinct: 5000, exponent_milli: 1100 };
    zipf.record_size = SizeLaw::LogNormal { mean: Bytes(1000), p95: Bytes(2500) };
    let mut mmpp = config(
        RateShape::Diurnal {
            low: RecordRate::per_s(100),
            high: RecordRate::per_s(900),
            peak_at: Dur::from_h(12),
        },
        Burstiness::Mmpp { factor: 3, share: Percent(200_000_000), spell: Dur::from_s(1) },
    );
    mmpp.keys = KeyLaw::Random;
    let found = [poisson, zipf, mmpp].map(|c| {
        let mut d = demand(&c, 300);
        d.take_until(u64::MAX, &mut Columns::default());
        format!("{:016x} {}", d.digest(), d.born().0)
    });
    let golden = ["74eefb6a4aa19fd0 298991", "199262f66eca1147 300314", "8473bac04dcc856b 33014"];
    assert_eq!(found, golden);
}
