//! What is told of what was refused, rolled back and taken away, and how one goes on from there.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::scene::{Scene, Settings};

/// Makes a release of a program that says this and ends.
fn release_that_dies(scene: &Scene, words: &str) {
    let folder = scene.folder().join("dying");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("doc-server");
    fs::write(&program, format!("#!/bin/sh\necho first\necho '{words}'\nexit 7\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.to_string_lossy();
    scene
        .lockgate(&["release", "create", "--artifact", &program, "--version", "bad"])
        .expect(0);
}

#[test]
fn a_refusal_is_what_why_tells_next() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    scene
        .lockgate(&["why", "production"])
        .expect(0)
        .says(&["nothing was paused"]);
    scene.lockgate(&["rollback", "production"]).expect(3);
    scene.lockgate(&["why", "production"]).expect(0).says(&[
        "the rollback of ",
        "was refused at ",
        "nothing good came before v1",
    ]);
    let why = scene.lockgate(&["why", "production", "--json"]).expect(0).json();
    assert_eq!(why["chain"].as_array().unwrap().len(), 1, "{why:#}");

    release_that_dies(&scene, "no configuration");
    scene.deploy("bad").expect(3);
    let why = scene
        .lockgate(&["why", "production"])
        .expect(0)
        .says(&["ended: exit code 7"]);
    assert!(!why.out.contains("was refused"), "{why}");
}

#[test]
fn every_outcome_is_one_document() {
    let scene = Scene::new();
    let told = |arguments: &[&str], code: i32| -> Value {
        scene.lockgate(&[arguments, &["--json"]].concat()).expect(code).json()
    };
    let outcome = |arguments: &[&str], code: i32| told(arguments, code)["outcome"].as_str().unwrap().to_owned();
    assert_eq!(outcome(&["deploy", "production"], 2), "invalid");
    scene.release(&["v1", "v2"]);
    assert_eq!(outcome(&["rollback", "production"], 3), "refused");
    let refused = told(&["abort", "production"], 3);
    assert_eq!(refused["outcome"], "refused");
    assert!(
        refused["reason"].as_str().unwrap().contains("no rollout is running"),
        "{refused:#}"
    );
    let deployed = told(&["deploy", "production", "--version", "v1"], 0);
    assert_eq!(deployed["outcome"], "soaked", "{deployed:#}");
    assert_eq!(deployed["serving"], "v1", "{deployed:#}");
    scene.deploy("v2").expect(0);
    let plan = told(&["rollback", "production", "--dry-run"], 0);
    assert_eq!(plan["movement"], "warm-rollback", "{plan:#}");
    let back = told(&["rollback", "production"], 0);
    assert_eq!(back["outcome"], "rolled-back", "{back:#}");
    assert_eq!(back["serving"], "v1", "{back:#}");
    assert_eq!(outcome(&["continue", "production"], 0), "done");
    release_that_dies(&scene, "no configuration");
    let failed = told(&["deploy", "production", "--version", "bad"], 3);
    assert_eq!(failed["outcome"], "rolled-back", "{failed:#}");
    assert!(failed["reason"].as_str().unwrap().contains("exit code 7"), "{failed:#}");
}

#[test]
fn the_log_of_a_candidate_outlives_it() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    release_that_dies(&scene, "no configuration");
    scene.deploy("bad").expect(3);
    let logs = scene
        .lockgate(&["logs", "production"])
        .expect(0)
        .says(&["note: r2, which was rolled back, has a log of its own", "--revision r2"]);
    assert!(!logs.out.contains("no configuration"), "{logs}");
    scene
        .lockgate(&["logs", "production", "--revision", "r2"])
        .expect(0)
        .says(&["r2.1  first", "r2.1  no configuration"]);
    scene
        .lockgate(&["logs", "production", "--revision", "r9"])
        .expect(2)
        .says(&["production has no log of r9", "r1.1", "r2.1"]);
    scene
        .lockgate(&["logs", "production", "--revision", "v2"])
        .expect(2)
        .says(&["not a revision"]);
}

#[test]
fn a_rollback_after_a_stop_waits_for_its_target_and_places_it_anew() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    scene.deploy("v2").expect(0);
    scene.lockgate(&["host", "stop", "--instances"]).expect(0);
    let placed = scene.home.join("environments/doc-server.production/r1");
    fs::remove_dir_all(&placed).unwrap();
    scene
        .lockgate(&["rollback", "production", "--dry-run"])
        .expect(0)
        .says(&["1. wait until GET /health passes"]);
    let before = scene.events().len();
    scene.lockgate(&["rollback", "production"]).expect(0);
    assert_eq!(scene.serving(), "v1");
    assert!(placed.is_dir());
    let events = scene.events().split_off(before);
    let at = |name: &str| {
        events
            .iter()
            .position(|event| event.name == name && names_r1(&event.fact))
    };
    let (well, back) = (at("ProbeChanged").unwrap(), at("ReturnDecided").unwrap());
    assert!(well < back, "traffic moved before the target was well");
}

fn names_r1(fact: &Value) -> bool {
    fact["revision"] == "r1" || fact["target"] == "r1"
}

#[test]
fn an_address_that_cannot_be_is_refused_before_anything_begins() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    let address = scene.address();
    let before = scene.events().len();
    scene.configure(&Settings {
        production: "{ listen: 127.0.0.1:9 }".to_owned(),
        ..Settings::default()
    });
    let words = format!("`production` listens at {address} for ever");
    scene.deploy("v1").expect(2).says(&[&words]);
    scene
        .lockgate(&["deploy", "production", "--dry-run"])
        .expect(2)
        .says(&[&words]);
    scene.lockgate(&["check"]).expect(2).says(&[&words]);
    assert_eq!(scene.events().len(), before);

    let shared = Settings::default()
        .text()
        .replace("staging: {}", &format!("staging: {{ listen: '{address}' }}"));
    fs::write(scene.project.join("lockgate.yaml"), shared).unwrap();
    let words = "where the environment `production` of the project doc-server listens";
    scene
        .lockgate(&["deploy", "staging", "--dry-run"])
        .expect(2)
        .says(&[words]);
    scene.lockgate(&["check"]).expect(2).says(&[words]);

    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    let taken_port = Settings::default()
        .text()
        .replace("staging: {}", &format!("staging: {{ listen: '{taken}' }}"));
    fs::write(scene.project.join("lockgate.yaml"), taken_port).unwrap();
    let owner = format!("the address {taken} is in use by process {} (", std::process::id());
    for options in [
        &["deploy", "staging", "--dry-run"][..],
        &["deploy", "--environment", "staging"],
    ] {
        scene
            .lockgate(options)
            .expect(3)
            .says(&[&owner, "choose another address"]);
    }
}

#[test]
fn a_deploy_names_the_configuration_that_it_runs_by() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    let note = "note: v1 (r1) serves already, the same artifact with the same settings";
    scene
        .lockgate(&["deploy", "production", "--dry-run"])
        .expect(0)
        .says(&[note, "by lockgate.yaml of the working tree (sha256:"]);
    scene.configure(&Settings {
        soak: "1s",
        ..Settings::default()
    });
    let foreign = "note: the configuration is lockgate.yaml of the working tree (sha256:";
    let deployed = scene.deploy("v1").expect(0).says(&[foreign]);
    assert!(!deployed.err.contains("serves already"), "{deployed}");
    let events = scene.events();
    let plan = &events
        .iter()
        .rfind(|event| event.name == "RolloutStarted")
        .unwrap()
        .fact["plan"];
    let kept = scene.lockgate(&["release", "list", "--json"]).expect(0).json();
    assert_eq!(plan["release"]["configuration"], plan["definition"]["origin"]["digest"]);
    assert_ne!(plan["release"]["configuration"], kept[0]["release"]["configuration"]);
}
