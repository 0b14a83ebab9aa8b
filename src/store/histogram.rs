//! How values are spread, for metrics of both engines. Counting one costs two additions.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the buckets of commit times, in microseconds.
const COMMIT_BOUNDS_MICROS: [u64; 11] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000];

/// Upper bounds of the buckets of batch sizes, in jobs.
const BATCH_BOUNDS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/// How often values fell into fixed ranges.
#[derive(Debug)]
pub struct Histogram {
    bounds: [u64; 11],
    /// One per bound, and one for everything above.
    counts: [AtomicU64; 12],
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// (upper bound, values in this bucket alone); the last bound is `u64::MAX`.
    pub buckets: Vec<(u64, u64)>,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
}

impl Histogram {
    fn new(bounds: [u64; 11]) -> Self {
        Self { bounds, counts: Default::default(), sum: AtomicU64::new(0) }
    }

    /// One more.
    pub(super) fn add(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// The figures now.
    pub fn figures(&self) -> Figures {
        let bounds = self.bounds.iter().copied().chain([u64::MAX]);
        let buckets: Vec<_> = bounds.zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed))).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        Figures { buckets, count, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// Times of commits, in microseconds.
pub(super) fn commits() -> Histogram {
    Histogram::new(COMMIT_BOUNDS_MICROS)
}

/// Jobs in commits.
pub(super) fn batches() -> Histogram {
    Histogram::new(BATCH_BOUNDS)
}

/// A time as [`commits`] counts it.
pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_falls_below_it() {
        let histogram = Histogram::new(BATCH_BOUNDS);
        for value in [1, 2, 3, 5000] {
            histogram.add(value);
        }
        let figures = histogram.figures();
        assert_eq!((figures.count, figures.sum), (4, 5006));
        assert_eq!(&figures.buckets[..3], &[(1, 1), (2, 1), (4, 1)]);
        assert_eq!(figures.buckets[11], (u64::MAX, 1));
    }
}
