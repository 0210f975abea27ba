//! The good way: a release is deployed, replaced, looked at and brought back.

use serde_json::Value;

use super::scene::{Scene, http};

#[test]
fn a_first_release_is_proven_and_answers_at_the_printed_address() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene
        .lockgate(&["status"])
        .expect(0)
        .says(&["production: nothing deployed"]);
    let deployed = scene.deploy("v1").expect(0);
    let address = scene.address();
    let deployed = deployed.says(&[&format!("production: v1 (r1) serves at http://{address}")]);
    assert!(
        !deployed.out.contains("undo:"),
        "there is nothing to go back to: {deployed}"
    );

    let answer = http::get(&address, "/health").unwrap();
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["version"], "v1");

    let events = scene.events();
    let smoke = events.iter().find(|event| event.name == "SmokeEnded").unwrap();
    assert_eq!(smoke.fact["results"].as_array().unwrap().len(), 1, "{smoke:#?}");
    let status = scene.production("status");
    assert_eq!(status["revisions"][0]["version"], "v1", "{status:#}");
    assert_eq!(status["revisions"][0]["weight"], 100, "{status:#}");
    assert_eq!(status["rollout"], Value::Null, "{status:#}");
}

#[test]
fn the_next_release_takes_over_and_rollback_brings_the_first_one_back() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    let address = scene.address();
    scene
        .deploy("v2")
        .expect(0)
        .says(&["undo: `lockgate rollback production` brings back v1 (r1)"]);
    assert_eq!(scene.serving(), "v2");
    assert_eq!(scene.address(), address, "the address is chosen once");
    scene
        .lockgate(&["why", "production"])
        .expect(0)
        .says(&["nothing was paused, refused or rolled back"]);

    scene.lockgate(&["rollback", "production"]).expect(0);
    assert_eq!(scene.serving(), "v1");
    scene.lockgate(&["history", "production"]).expect(0).says(&["v1", "v2"]);
    scene
        .lockgate(&["logs", "production"])
        .expect(0)
        .says(&["doc-server v1 listens on"]);
    scene.lockgate(&["why", "production"]).expect(0).says(&["asked"]);
}

#[test]
fn two_environments_are_apart() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    scene
        .lockgate(&["deploy", "staging", "--version", "v2", "--wait", "promoted"])
        .expect(0)
        .says(&["staging: v2 (r1) serves at"]);
    assert_eq!(scene.serving(), "v1");
    let all = scene.lockgate(&["status", "--json"]).expect(0).json();
    assert_ne!(all["staging"]["address"], all["production"]["address"], "{all:#}");
}
