//! `kill -9` of the driver, the supervisor and the proxy, between the events of rollouts, under load.
//!
//! Each kill is aimed behind one event of a rollout; what it hit, the log tells afterwards. A driver or a
//! supervisor may die at any moment without a request failing; with a proxy only the requests in flight are
//! lost. The rollout then has one outcome, with nobody's help, on the processes that ran before.
//!
//! `LOCKGATE_KILLS` asks for more kills than a few; figures go to the file that `LOCKGATE_FIGURES` names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "kill/aim.rs"]
mod aim;
#[allow(dead_code, reason = "each test binary uses its part of the stage")]
#[path = "support/scene.rs"]
mod scene;
#[path = "kill/table.rs"]
mod table;
#[path = "kill/trial.rs"]
mod trial;

use std::collections::BTreeSet;

use scene::Scene;

/// How many kills an ordinary run makes: one of each process.
const FEW: usize = 3;

#[test]
fn a_kill_at_any_moment_converges_and_drops_nothing_that_it_need_not() {
    let kills: usize = std::env::var("LOCKGATE_KILLS").map_or(FEW, |kills| kills.parse().unwrap());
    let scene = Scene::new();
    scene.release(&["v1", "v2", "v3"]);
    scene.deploy("v1").expect(0);
    let mut rows = Vec::new();
    for aim in aim::spread(kills) {
        let row = trial::carry_out(&scene, &aim);
        println!("{}", table::line(&row));
        rows.push(row);
    }
    println!("\n{}", table::whole(&rows));
    if let Some(path) = std::env::var_os("LOCKGATE_FIGURES") {
        std::fs::write(path, format!("{:#}\n", table::figures(&rows))).unwrap();
    }
    let hit: BTreeSet<&str> = rows.iter().map(|row| row.last_event.as_str()).collect();
    if kills >= 30 {
        assert!(hit.len() >= 10, "only {} distinct last events: {hit:?}", hit.len());
    }
    let wrong: Vec<String> = rows.iter().flat_map(trial::Row::wrongs).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
