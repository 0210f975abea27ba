//! Twenty thousand stories of a run.

use lockgate_pipeline::run::Run;
use lockgate_testkit::world::run::RunWorld;
use lockgate_testkit::{Behaviour, Study, mutants, replay};

fn seeds() -> u64 {
    let given = std::env::var("LOCKGATE_SEEDS").ok();
    given.and_then(|seeds| seeds.parse().ok()).unwrap_or(20_000)
}

#[test]
fn the_run_keeps_its_invariants_and_every_mutant_is_caught() {
    let study = Study::of::<Run, RunWorld>(seeds(), &mutants::run());
    println!("{study}");
    if let Some(seed) = study.violating_seed {
        println!("{}", replay::<Run, RunWorld>(seed, &Behaviour::as_built()));
    }
    assert_eq!(study.complaints(), Vec::<String>::new());
}
