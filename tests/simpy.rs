//! The reference work here and in SimPy: two programs by different means, one distribution.

#[path = "support/simpy.rs"]
mod simpy;
#[path = "support/w2.rs"]
mod work;

/// Five seeds fixed beforehand; every mean within three standard deviations of the other.
#[test]
fn both_agree() {
    if !simpy::is_there() {
        return println!("skipped: python3 has no simpy");
    }
    // Over its limit after half the time: throttles, drops, and polls that starve one another.
    let (seconds, shards, rate) = (30, 3, 3300);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for seed in 1..=5 {
        let result = kinesim::world::simulate(&work::w2(true, false, shards, rate, seconds, seed)).unwrap();
        ours.push(simpy::counts_of(&result));
        theirs.push(simpy::run(seconds, shards, rate, 0.03, seed).expect("simpy runs").0);
    }
    for line in simpy::compare(&ours, &theirs) {
        println!("{}", line.text);
        assert!(line.agrees, "{}", line.text);
    }
    assert!(ours.iter().all(|c| c[1] > 1000.0 && c[2] > 0.0), "nothing was throttled or dropped: {ours:?}");
}
