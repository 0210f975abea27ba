//! Latencies in fixed logarithmic buckets.
//!
//! Fixed bounds, because histograms of different instants then subtract bucket by
//! bucket: a window is the difference of two cumulative reports. Each octave has 32
//! buckets, so a quantile is read with an error below 3.2 %.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The buckets of an octave, as a power of two.
const PRECISION: u32 = 5;
/// The longest time told apart: 2^32 microseconds, more than an hour.
const OCTAVES: u32 = 32;
const BUCKETS: usize = ((OCTAVES - PRECISION + 1) << PRECISION) as usize;

/// Counts of latencies, cumulative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latency {
    /// The filled buckets: the least time that falls into it in microseconds, and how many did; ascending.
    buckets: Vec<(u64, u64)>,
}

impl Latency {
    /// Returns how many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|&(_, count)| count).sum()
    }

    /// Returns the filled buckets: the least time in it in microseconds, and the count; ascending.
    pub fn buckets(&self) -> &[(u64, u64)] {
        &self.buckets
    }

    /// Returns the time that the share `quantile` (0 to 1) did not exceed, as its bucket's upper bound.
    ///
    /// Returns `None` when nothing was counted.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let wanted = ((self.count() as f64) * quantile.clamp(0.0, 1.0)).ceil().max(1.0) as u64;
        let mut seen = 0;
        for &(least, count) in &self.buckets {
            seen += count;
            if seen >= wanted {
                return Some(Duration::from_micros(lower_bound(index(least) + 1)));
            }
        }
        None
    }

    /// Returns what was counted after `earlier`, a report of the same epoch.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut before = earlier.buckets.iter().peekable();
        let mut buckets = Vec::new();
        for &(least, count) in &self.buckets {
            while before.next_if(|&&(other, _)| other < least).is_some() {}
            let already = before
                .next_if(|&&(other, _)| other == least)
                .map_or(0, |&(_, count)| count);
            let more = count.saturating_sub(already);
            if more > 0 {
                buckets.push((least, more));
            }
        }
        Self { buckets }
    }
}

/// The same, while it is being counted.
pub(crate) struct Tally {
    buckets: Box<[AtomicU64]>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub(crate) fn record(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(index(micros)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the sum of several tallies.
    pub(crate) fn sum<'a, I: Iterator<Item = &'a Self> + Clone>(tallies: &I) -> Latency {
        let count = |at: usize| {
            tallies
                .clone()
                .filter_map(|tally| tally.buckets.get(at))
                .map(|bucket| bucket.load(Ordering::Relaxed))
                .sum::<u64>()
        };
        let filled = (0..BUCKETS).map(|at| (lower_bound(at), count(at)));
        Latency {
            buckets: filled.filter(|&(_, count)| count > 0).collect(),
        }
    }
}

fn index(micros: u64) -> usize {
    let micros = micros.min((1 << OCTAVES) - 1);
    if micros < 1 << PRECISION {
        return micros as usize;
    }
    let octave = micros.ilog2();
    let within = (micros >> (octave - PRECISION)) - (1 << PRECISION);
    (u64::from(octave - PRECISION + 1) * (1 << PRECISION) + within) as usize
}

fn lower_bound(index: usize) -> u64 {
    let (octave, within) = (index >> PRECISION, index as u64 & ((1 << PRECISION) - 1));
    match octave {
        0 => within,
        _ => ((1 << PRECISION) + within) << (octave - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_indices_agree() {
        for at in 0..BUCKETS {
            assert_eq!(index(lower_bound(at)), at);
            assert_eq!(index(lower_bound(at + 1) - 1), at);
        }
        assert_eq!(index(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_read_within_the_precision() {
        let tally = Tally::new();
        for micros in 1..=10_000 {
            tally.record(Duration::from_micros(micros));
        }
        let latency = Tally::sum(&[&tally].into_iter());
        assert_eq!(latency.count(), 10_000);
        for (quantile, micros) in [(0.5, 5_000.0), (0.95, 9_500.0), (0.99, 9_900.0)] {
            let read = latency.quantile(quantile).unwrap().as_micros() as f64;
            assert!((1.0..1.032).contains(&(read / micros)), "{quantile}: {read}");
        }
        assert_eq!(Latency::default().quantile(0.5), None);
    }

    #[test]
    fn a_window_is_a_difference() {
        let tally = Tally::new();
        tally.record(Duration::from_millis(1));
        let earlier = Tally::sum(&[&tally].into_iter());
        tally.record(Duration::from_millis(1));
        tally.record(Duration::from_secs(9));
        let window = Tally::sum(&[&tally].into_iter()).since(&earlier);
        assert_eq!(window.count(), 2);
        assert_eq!(window.buckets().len(), 2);
    }
}
