//! Bytes, rates and shares.

/// A number of bytes; KiB, MiB, GiB are powers of 1,024.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// Whole KiB.
    pub const fn from_kib(n: u64) -> Bytes {
        Bytes(n << 10)
    }
    /// Whole MiB.
    pub const fn from_mib(n: u64) -> Bytes {
        Bytes(n << 20)
    }
}

/// Bytes per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteRate(pub u64);

/// Records per second, held in micro-records per second (1,566.666667 records/s is exact to six digits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRate(pub u64);

impl RecordRate {
    /// Whole records per second.
    pub const fn per_s(n: u64) -> RecordRate {
        RecordRate(n * 1_000_000)
    }
    /// Records per second as a float, for reports and charts only.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// A share in parts per billion: 1 % is 10,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(pub u64);

impl Percent {
    /// Parts per billion in the whole.
    pub const WHOLE: u64 = 1_000_000_000;
    /// The share as a fraction of one, for reports only.
    pub fn fraction(self) -> f64 {
        self.0 as f64 / Self::WHOLE as f64
    }
}

/// A multiplier in millionths: `5x` is 5,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor(pub u64);

impl Factor {
    /// Changes nothing.
    pub const ONE: Factor = Factor(1_000_000);

    /// As a plain number, for comparing and printing.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The multiplied rate, to the nearest millionth of a record per second; `None` when it is too large.
    pub fn of(self, rate: RecordRate) -> Option<RecordRate> {
        let product = u128::from(self.0) * u128::from(rate.0);
        u64::try_from((product + 500_000) / 1_000_000).ok().map(RecordRate)
    }
}
