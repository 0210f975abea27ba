//! Many stories at once: a range of seeds over the machine's cores.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lockgate_core::Machine;

use crate::behaviour::Behaviour;
use crate::coverage::Coverage;
use crate::story::{Failure, tell};
use crate::transcript::Transcript;
use crate::world::World;

/// How many seeds a thread takes at once.
const HANDFUL: u64 = 16;

/// What a range of seeds showed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The number of stories.
    pub seeds: u64,
    /// The number of events in all their logs.
    pub events: u64,
    /// The virtual time in all stories.
    pub passed: Duration,
    /// What struck behind which event.
    pub coverage: Coverage,
    /// The number of stories that failed.
    pub failed: u64,
    /// The failure of the lowest seed.
    pub failure: Option<Failure>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.events += other.events;
        self.passed += other.passed;
        self.coverage.add(&other.coverage);
        self.failed += other.failed;
        let mine = self.failure.as_ref().map_or(u64::MAX, |failure| failure.seed);
        if let Some(failure) = other.failure.filter(|failure| failure.seed < mine) {
            self.failure = Some(failure);
        }
    }
}

/// When a campaign ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// With the last seed.
    Exhausted,
    /// With the first failure.
    Failure,
}

/// Tells the stories of all `seeds`.
pub fn run<M: Machine, W: World<M>>(seeds: Range<u64>, behaviour: &Behaviour<M>, until: Until) -> Report {
    let begun = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let total = Mutex::new(Report::default());
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Report::default();
                loop {
                    let first = next.fetch_add(HANDFUL, Ordering::Relaxed);
                    if first >= seeds.end || (until == Until::Failure && mine.failed > 0) {
                        break;
                    }
                    for seed in first..(first + HANDFUL).min(seeds.end) {
                        mine.add(one::<M, W>(seed, behaviour));
                    }
                }
                if until == Until::Failure && mine.failed > 0 {
                    next.store(seeds.end, Ordering::Relaxed);
                }
                if let Ok(mut total) = total.lock() {
                    total.add(mine);
                }
            });
        }
    });
    let mut report = total.into_inner().unwrap_or_default();
    report.took = begun.elapsed();
    report
}

/// Returns the transcript of one seed, with its failure at the end when there is one.
pub fn replay<M: Machine, W: World<M>>(seed: u64, behaviour: &Behaviour<M>) -> String {
    let told = tell::<M, W>(seed, behaviour, Transcript::Kept(String::new()));
    match told.failure {
        None => told.transcript,
        Some(failure) => format!("{}{failure}\n", told.transcript),
    }
}

/// Returns the seeds of the range whose second telling differs from the first by a byte.
pub fn unfaithful<M: Machine, W: World<M>>(seeds: impl IntoIterator<Item = u64>, behaviour: &Behaviour<M>) -> Vec<u64> {
    seeds
        .into_iter()
        .filter(|seed| replay::<M, W>(*seed, behaviour) != replay::<M, W>(*seed, behaviour))
        .collect()
}

fn one<M: Machine, W: World<M>>(seed: u64, behaviour: &Behaviour<M>) -> Report {
    let told = tell::<M, W>(seed, behaviour, Transcript::Silent);
    Report {
        seeds: 1,
        events: told.events,
        passed: told.passed,
        coverage: told.coverage,
        failed: u64::from(told.failure.is_some()),
        failure: told.failure,
        took: Duration::ZERO,
    }
}
