//! Twenty thousand stories of an environment.

use lockgate_delivery::Environment;
use lockgate_testkit::world::environment::EnvironmentWorld;
use lockgate_testkit::{Behaviour, Study, mutants, replay};

fn seeds() -> u64 {
    let given = std::env::var("LOCKGATE_SEEDS").ok();
    given.and_then(|seeds| seeds.parse().ok()).unwrap_or(20_000)
}

#[test]
fn the_environment_keeps_its_invariants_and_every_mutant_is_caught() {
    let study = Study::of::<Environment, EnvironmentWorld>(seeds(), &mutants::environment());
    println!("{study}");
    if let Some(seed) = study.violating_seed {
        println!(
            "{}",
            replay::<Environment, EnvironmentWorld>(seed, &Behaviour::as_built())
        );
    }
    assert_eq!(study.complaints(), Vec::<String>::new());
}
