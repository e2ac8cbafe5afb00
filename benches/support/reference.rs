//! A fixed piece of work like a record's, to compare machines and minutes by: nothing of it is kinesim's, so it stays
//! what it is when kinesim becomes faster.
//!
//! For each of its records: two words of ChaCha8, an exponential gap from a table, a size, a key's place from a table
//! of 800 KB, two integer token buckets, a row of a log, and two latencies counted in a histogram. One record after
//! another, compiled for any processor of the architecture.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const RECORDS: u64 = 400_000;
const KEYS: u64 = 100_000;
const NS_PER_S: u64 = 1_000_000_000;
/// Rows of the log before the oldest is overwritten.
const LOG: usize = 4096;

/// CPU ns per record by the clock given.
pub fn ns_per_record(cpu: fn() -> f64) -> f64 {
    let mut work = Work::new();
    // Once to bring code and tables near.
    work.run(RECORDS / 20);
    let from = cpu();
    let sum = std::hint::black_box(&mut work).run(RECORDS);
    let used = cpu() - from;
    std::hint::black_box(sum);
    used * 1e9 / RECORDS as f64
}

struct Work {
    random: ChaCha8Rng,
    /// -ln of m in [1/2, 1), 1,024 cells, in 2^-32.
    logs: Vec<u64>,
    keys: Vec<u64>,
    log: Vec<(u64, u32)>,
    histogram: Vec<u32>,
    now: u64,
    /// What is taken from the records' bucket and from the bytes', × ns.
    records: u64,
    bytes: u64,
}

impl Work {
    fn new() -> Work {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let log_of = |i: u32| (-libm::log(0.5 + f64::from(i) / 2048.0) * 4_294_967_296.0) as u64;
        Work {
            logs: (0..=1024).map(log_of).collect(),
            keys: (0..KEYS).map(|_| random.next_u64()).collect(),
            log: vec![(0, 0); LOG],
            histogram: vec![0; 1 << 16],
            random,
            now: 0,
            records: 0,
            bytes: 0,
        }
    }

    /// The work; a sum of it, so that none can be left out.
    fn run(&mut self, records: u64) -> u64 {
        let mut sum = 0u64;
        for i in 0..records {
            let (gap, size, place) = self.draw();
            self.now += gap;
            let (records, bytes) =
                (self.level(self.records, gap, 1000), self.level(self.bytes, gap, 1 << 20));
            (self.records, self.bytes) = (records + NS_PER_S, bytes + u64::from(size) * NS_PER_S);
            let full = self.records > 2000 * NS_PER_S || self.bytes > (2 << 20) * NS_PER_S;
            self.log[i as usize % LOG] = (self.now, size);
            // Two readers, each a whole log behind the other.
            let (first, second) = (self.log[(i as usize + LOG / 2) % LOG], self.log[(i as usize + 1) % LOG]);
            self.count(self.now - first.0);
            self.count(self.now - second.0);
            sum = sum.wrapping_add(place ^ u64::from(first.1) ^ u64::from(full));
        }
        sum
    }

    /// A gap in ns (1.25 ms on average), a size in bytes and a key's place.
    fn draw(&mut self) -> (u64, u32, u64) {
        let (one, other) = (self.random.next_u64() | 1, self.random.next_u64());
        let zeros = one.leading_zeros();
        let shifted = one << zeros;
        let (cell, fraction) = ((shifted >> 53) as usize & 1023, (shifted >> 21) & 0xffff_ffff);
        let (low, high) = (self.logs[cell], self.logs[cell + 1]);
        let unit = u64::from(zeros) * 2_977_044_472 + low - (((low - high) * fraction) >> 32);
        let gap = ((u128::from(unit) * 1_250_000) >> 32) as u64;
        let size = 256 + (((other & 0xffff_ffff) * 1281) >> 32) as u32;
        (gap, size, self.keys[(((other >> 32) * KEYS) >> 32) as usize])
    }

    /// What is left of `taken` after `gap` at `rate` per second.
    fn level(&self, taken: u64, gap: u64, rate: u64) -> u64 {
        taken.saturating_sub(gap * rate)
    }

    fn count(&mut self, latency: u64) {
        let bits = (latency as f32).to_bits() >> 16;
        self.histogram[bits as usize & 0xffff] += 1;
    }
}
