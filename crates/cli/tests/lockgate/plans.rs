//! A dry run prints the very value that the deploy stores.

use serde_json::Value;

use super::scene::Scene;

/// Dry-runs and deploys; compares the printed plan with the stored one, key by key and in order.
#[track_caller]
fn check(scene: &Scene, version: &str) {
    let arguments = ["deploy", "production", "--version", version];
    let before = scene.production("history");
    let printed = scene
        .lockgate(&[&arguments[..], &["--dry-run", "--json"]].concat())
        .expect(0)
        .json();
    assert_eq!(scene.production("history"), before, "a dry run changes nothing");
    scene.lockgate(&arguments).expect(0);
    let events = scene.events();
    let started = events.iter().rfind(|event| event.name == "RolloutStarted").unwrap();
    let stored = &started.fact["plan"];
    assert_eq!(text(&printed), text(stored), "{version}");
    assert_eq!(printed["release"]["version"], version);
}

fn text(value: &Value) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn the_printed_plan_is_the_stored_one() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    // The first, the second, and one that takes the slot of a warm revision.
    for version in ["v1", "v2", "v1"] {
        check(&scene, version);
    }
    let words = scene.lockgate(&["rollback", "production", "--dry-run"]).expect(0);
    words.says(&["v2"]);
}
