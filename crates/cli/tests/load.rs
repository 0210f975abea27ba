//! A deploy, a failed deploy and rollbacks under load: who is served, and by whom.
//!
//! The load is open: three hundred requests per second leave on a schedule that was fixed before,
//! without retries, half of them on kept connections. `LOCKGATE_LOAD_ROUNDS` asks for more than
//! one round; figures go to the file that `LOCKGATE_FIGURES` names.

#[allow(dead_code, reason = "each test binary uses its part of the stage")]
#[path = "support/scene.rs"]
mod scene;

use nix::sys::signal::Signal;
use scene::load::Load;
use scene::{Scene, http, processes};
use serde_json::{Value, json};

/// No answer of a version may come later than this after the command that ended its time.
/// The aim is a second; this is what a busy machine may take.
const LATEST_MS: i64 = 10_000;

#[test]
fn nothing_is_dropped_and_only_the_bad_release_fails() {
    let rounds: u32 = std::env::var("LOCKGATE_LOAD_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    let scene = Scene::new();
    scene.release(&["v1", "v2", "v3"]);
    scene.deploy("v1").expect(0);
    let mut figures: Vec<Value> = Vec::new();
    for _ in 0..rounds {
        figures.push(the_next_release(&scene));
        figures.push(the_way_back(&scene, "warm"));
        figures.push(the_next_release(&scene));
        figures.push(the_bad_release(&scene));
        figures.push(the_way_back(&scene, "cold"));
    }
    figures.push(control(&scene));
    for figure in &figures {
        println!("{}", serde_json::to_string(figure).unwrap());
    }
    if let Some(path) = std::env::var_os("LOCKGATE_FIGURES") {
        let figures = json!({ "rounds": rounds, "loads": figures });
        std::fs::write(path, format!("{figures:#}\n")).unwrap();
    }
}

/// v2 takes over from v1, and nobody notices.
fn the_next_release(scene: &Scene) -> Value {
    let load = Load::on(scene);
    let command = processes::unix_ms();
    scene.deploy("v2").expect(0);
    let report = load.finish();
    report.assert_nothing_failed();
    assert!(report.answers("v1") > 0 && report.answers("v2") > 0, "{report}");
    assert_eq!(scene.serving(), "v2");
    let last = report.last_answer_after("v1", command);
    report.figure("v2 takes over from v1", json!({ "last_answer_of_v1_ms": last }))
}

/// v3 fails from its hundredth request on, and v2 comes back by itself.
fn the_bad_release(scene: &Scene) -> Value {
    let load = Load::on(scene);
    let told = scene.deploy("v3").expect(3);
    let told = told.says(&["requests failed", "production: v2 (r", "why: `lockgate why production`"]);
    let report = load.finish();
    assert_eq!(report.number("failed"), report.failed_of("v3"), "{report}");
    assert_eq!(report.number("failed"), report.failed_by("status"), "{report}");
    assert!(report.number("failed") > 0, "{report}");
    assert_eq!(scene.serving(), "v2");
    let why = scene
        .lockgate(&["why", "production"])
        .expect(0)
        .says(&["requests failed"]);
    let events = scene.events();
    let at = |name: &str| events.iter().rfind(|event| event.name == name).map(|event| event.at);
    let between = |first: &str, second: &str| at(second).zip(at(first)).map(|(second, first)| second - first);
    report.figure(
        "v3 fails and v2 comes back",
        json!({
            "failed_answers_of_v3": report.failed_of("v3"),
            "promoted_to_decision_ms": between("Promoted", "RollbackDecided"),
            "decision_to_return_ms": between("RollbackDecided", "TrafficReturned"),
            "exit": told.code,
            "why": why.out.lines().collect::<Vec<_>>(),
        }),
    )
}

/// `rollback` brings v1 back, whether it still runs or has to be started, and nobody notices.
fn the_way_back(scene: &Scene, temperature: &str) -> Value {
    let load = Load::on(scene);
    let command = processes::unix_ms();
    scene.lockgate(&["rollback", "production"]).expect(0);
    load.go_on();
    let report = load.finish();
    report.assert_nothing_failed();
    assert!(report.answers("v1") > 0 && report.answers("v2") > 0, "{report}");
    assert_eq!(scene.serving(), "v1");
    let last = report.last_answer_after("v2", command);
    assert!(
        last < LATEST_MS,
        "v2 still answered {last} ms after the command: {report}"
    );
    report.figure(
        &format!("rollback to v1, {temperature}"),
        json!({ "last_answer_of_v2_ms": last, "aim_ms": 1000 }),
    )
}

/// The same load notices when the revision that serves is killed: its zero means zero.
fn control(scene: &Scene) -> Value {
    let load = Load::on(scene);
    let address = scene.address();
    let serves = || http::get(&address, "/health").is_ok_and(|answer| answer.status == 200);
    // Started again at once, it may miss no request at all; so its supervisor stands still for a while.
    let (instance, supervisor) = (scene.stable_instance(), scene.pid("supervisor"));
    processes::send(supervisor, Signal::SIGSTOP);
    processes::kill(instance);
    let answers = (0..200).filter(|_| serves()).count();
    processes::send(supervisor, Signal::SIGCONT);
    assert!(answers < 200, "a killed revision answers");
    scene::until("another serves", || serves().then_some(()));
    let report = load.finish();
    assert!(
        report.number("failed") > 0,
        "a killed revision was not noticed: {report}"
    );
    report.figure("control: the stable revision is killed", json!({}))
}
