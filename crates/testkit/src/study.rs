//! The whole proof for one machine: its stories, its replays, its mutants, as figures.

use std::collections::BTreeMap;
use std::fmt;

use lockgate_core::Machine;
use serde::Serialize;

use crate::behaviour::Behaviour;
use crate::campaign::{Report, Until, run, unfaithful};
use crate::fault::Fault;
use crate::world::World;

/// How many seeds a mutant may survive at most.
pub const MUTANT_SEEDS: u64 = 5_000;
/// How many seeds it takes until every pair that can be visited has been.
const ENOUGH: u64 = 20_000;
/// How many seeds are told twice and compared byte for byte.
const TOLD_TWICE: u64 = 100;

/// What the simulation of one machine showed.
#[derive(Clone, Debug, Serialize)]
pub struct Study {
    /// The machine.
    pub machine: &'static str,
    /// The number of stories.
    pub seeds: u64,
    /// The number of events in all their logs.
    pub events: u64,
    /// The number of faults by their kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often each fault struck right behind each event.
    pub table: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// The pairs that could have been visited and were not.
    pub unvisited: Vec<String>,
    /// Where the lists of events and of impossible pairs are wrong.
    pub misjudged: Vec<String>,
    /// The number of stories that broke an invariant.
    pub violations: u64,
    /// The violation of the lowest seed.
    pub violation: Option<String>,
    /// The seed that replays it.
    pub violating_seed: Option<u64>,
    /// How many seeds were told twice.
    pub told_twice: u64,
    /// The seeds whose second telling differed.
    pub unfaithful: Vec<u64>,
    /// What became of each mutant.
    pub mutants: Vec<Mutant>,
    /// The time that the stories passed through, in hours.
    pub simulated_hours: u64,
    /// The time that the stories took, without the mutants.
    pub seconds: f64,
    #[serde(skip)]
    printed: String,
}

/// What became of one mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Mutant {
    /// Its mistake.
    pub name: &'static str,
    /// Whether it was caught.
    pub caught: bool,
    /// The lowest seed that caught it.
    pub seed: Option<u64>,
    /// The invariant that it broke.
    pub invariant: Option<String>,
    /// What was found.
    pub detail: Option<String>,
}

impl Study {
    /// Simulates the machine as it is and each of its mutants.
    pub fn of<M: Machine, W: World<M>>(seeds: u64, mutants: &[Behaviour<M>]) -> Self {
        let as_built = Behaviour::as_built();
        let report = run::<M, W>(0..seeds, &as_built, Until::Exhausted);
        let told_twice = TOLD_TWICE.min(seeds);
        let step = seeds / told_twice.max(1);
        let sample = (0..told_twice).map(|at| at * step);
        Self {
            machine: M::KIND,
            seeds: report.seeds,
            events: report.events,
            faults: faults(&report),
            table: table(&report),
            unvisited: report.coverage.unvisited(W::EVENTS, W::IMPOSSIBLE),
            misjudged: report.coverage.misjudged(W::EVENTS, W::IMPOSSIBLE),
            violations: report.failed,
            violation: report.failure.as_ref().map(ToString::to_string),
            violating_seed: report.failure.as_ref().map(|failure| failure.seed),
            told_twice,
            unfaithful: unfaithful::<M, W>(sample, &as_built),
            mutants: mutants.iter().map(hunt::<M, W>).collect(),
            simulated_hours: report.passed.as_secs() / 3600,
            seconds: report.took.as_secs_f64(),
            printed: report.coverage.to_string(),
        }
    }

    /// Returns everything that is wrong, in words. An unvisited pair is, once there were seeds enough.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = self.misjudged.clone();
        if self.seeds >= ENOUGH {
            complaints.extend(self.unvisited.iter().cloned());
        }
        complaints.extend(self.violation.iter().map(|violation| {
            let (count, seeds) = (self.violations, self.seeds);
            format!("{count} of {seeds} stories broke an invariant, the first: {violation}")
        }));
        complaints.extend(
            self.unfaithful
                .iter()
                .map(|seed| format!("seed {seed} does not replay")),
        );
        let survivors = self.mutants.iter().filter(|mutant| !mutant.caught);
        complaints.extend(survivors.map(|mutant| format!("the mutant that {} was not caught", mutant.name)));
        complaints
    }
}

impl fmt::Display for Study {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} seeds, {} events, {} simulated hours in {:.1} s",
            self.machine, self.seeds, self.events, self.simulated_hours, self.seconds
        )?;
        write!(f, "{}", self.printed)?;
        writeln!(
            f,
            "{} seeds told twice, {} differ",
            self.told_twice,
            self.unfaithful.len()
        )?;
        for mutant in &self.mutants {
            match (&mutant.seed, &mutant.invariant, &mutant.detail) {
                (Some(seed), Some(invariant), Some(detail)) => {
                    writeln!(f, "mutant `{}`: seed {seed}, {invariant}: {detail}", mutant.name)?;
                }
                _ => writeln!(f, "mutant `{}`: NOT CAUGHT", mutant.name)?,
            }
        }
        for complaint in self.complaints() {
            writeln!(f, "WRONG: {complaint}")?;
        }
        Ok(())
    }
}

fn hunt<M: Machine, W: World<M>>(mutant: &Behaviour<M>) -> Mutant {
    let failure = run::<M, W>(0..MUTANT_SEEDS, mutant, Until::Failure).failure;
    Mutant {
        name: mutant.name,
        caught: failure.is_some(),
        seed: failure.as_ref().map(|failure| failure.seed),
        invariant: failure.as_ref().map(|failure| failure.broken.invariant.clone()),
        detail: failure.map(|failure| failure.broken.detail),
    }
}

fn faults(report: &Report) -> BTreeMap<&'static str, u64> {
    let count = |fault: Fault| (fault.name(), report.coverage.strikes_of(fault));
    Fault::ALL.into_iter().map(count).collect()
}

fn table(report: &Report) -> BTreeMap<&'static str, BTreeMap<&'static str, u64>> {
    let row = |row: &crate::coverage::Row| {
        let counts = Fault::ALL.into_iter().zip(row.struck);
        counts.map(|(fault, count)| (fault.name(), count)).collect()
    };
    report
        .coverage
        .rows()
        .iter()
        .map(|(event, counts)| (*event, row(counts)))
        .collect()
}
