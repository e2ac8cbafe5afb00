//! Finds a moment among many that are in order.

/// Looked at first, on both sides of the guess.
const NEAR: usize = 16;

/// How many of `moments`, in order, lie before `time`.
///
/// What happens often happens much as evenly as time passes: the place is guessed from that and sought around the
/// guess, in memory that is read anyway. How the guess is rounded changes nothing.
pub fn first_since(moments: &[u64], time: u64) -> usize {
    let (Some(&first), Some(&last)) = (moments.first(), moments.last()) else { return 0 };
    if time <= first || last < time {
        return if time <= first { 0 } else { moments.len() };
    }
    let share = (time - first) as f64 / (last - first) as f64;
    let guess = (share * (moments.len() - 1) as f64) as usize;
    let mut reach = NEAR;
    loop {
        let (low, high) = (guess.saturating_sub(reach), (guess + reach).min(moments.len()));
        let begins = low == 0 || moments[low - 1] < time;
        if begins && moments.get(high).is_none_or(|t| *t >= time) {
            return low + moments[low..high].partition_point(|t| *t < time);
        }
        reach *= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::first_since;

    #[test]
    fn a_guess_finds_what_halving_finds() {
        let even: Vec<u64> = (0..1000).map(|i| 50 + 7 * i).collect();
        let bent: Vec<u64> = (0..1000).map(|i| i * i * i).collect();
        let alike = [vec![3; 400], vec![u64::MAX - 1; 400]].concat();
        for moments in [&even, &bent, &alike, &vec![5], &vec![]] {
            let near = moments.iter().flat_map(|t| [t.saturating_sub(1), *t, t + 1]);
            for time in near.chain([0, 1, u64::MAX]) {
                assert_eq!(first_since(moments, time), moments.partition_point(|t| *t < time), "{time}");
            }
        }
    }
}
