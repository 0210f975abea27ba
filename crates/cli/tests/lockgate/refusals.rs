//! What cannot be done is refused in words, with the remedy and the right exit code.

use std::net::TcpListener;

use super::scene::journal::{Journal, names};
use super::scene::{Scene, Settings};

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let scene = Scene::new();
    scene
        .lockgate(&["deploy", "production"])
        .expect(2)
        .says(&["there is no release yet", "`lockgate ship`"]);
    scene.release(&["v1"]);
    scene
        .lockgate(&["deploy", "produktion", "--version", "v1"])
        .expect(2)
        .says(&["there is no environment `produktion`", "staging, production"]);
    scene
        .deploy("v9")
        .expect(2)
        .says(&["there is no release `v9`", "there are: v1"]);
    scene
        .lockgate(&["deploy", "--version", "v1"])
        .expect(2)
        .says(&["which environment?"]);
    scene
        .lockgate(&["rollback", "production"])
        .expect(3)
        .says(&["nothing has been deployed yet"]);
    scene
        .lockgate(&["deploy", "production", "--versoin", "v1"])
        .expect(2)
        .says(&["--versoin"]);

    scene.deploy("v1").expect(0);
    scene
        .lockgate(&["rollback", "production"])
        .expect(3)
        .says(&["nothing good came before v1"]);
    scene
        .lockgate(&["rollback", "production", "--version", "v7"])
        .expect(3)
        .says(&["v7", "known are: v1"]);
    scene
        .lockgate(&["continue", "production"])
        .expect(3)
        .says(&["nothing is paused"]);
    scene
        .lockgate(&["abort", "production"])
        .expect(3)
        .says(&["no rollout is running"]);
}

#[test]
fn a_second_deploy_during_the_soak_is_refused_by_name_unless_it_supersedes() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    scene.configure(&Settings {
        soak: "10m",
        ..Settings::default()
    });
    scene
        .lockgate(&["deploy", "production", "--version", "v2", "--wait", "promoted"])
        .expect(0);
    scene.configure(&Settings::default());
    let refused = scene.deploy("v1").expect(3);
    refused.says(&[
        "the rollout of v2 (r2) is not over",
        "--supersede",
        "`lockgate abort production`",
    ]);
    assert_eq!(scene.serving(), "v2");

    scene
        .lockgate(&["deploy", "production", "--version", "v1", "--supersede"])
        .expect(0);
    assert_eq!(scene.serving(), "v1");
    let events = scene.events();
    let count = |name: &str| events.iter().filter(|event| event.name == name).count();
    assert_eq!(
        (count("DeployQueued"), count("RolledBack"), count("Soaked")),
        (1, 1, 2),
        "{}",
        names(&events)
    );
    scene
        .lockgate(&["history", "production"])
        .expect(0)
        .says(&["superseded"]);
}

#[test]
fn abort_during_the_soak_brings_the_stable_revision_back() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    scene.configure(&Settings {
        soak: "10m",
        ..Settings::default()
    });
    let journal = Journal::of(&scene);
    let before = journal.length();
    let soaking = scene.start(&["deploy", "production", "--version", "v2"]);
    journal.wait_for("Promoted", before);
    scene.lockgate(&["abort", "production"]).expect(0);
    soaking
        .wait()
        .expect(3)
        .says(&["aborted by", "`lockgate why production`"]);
    assert_eq!(scene.serving(), "v1");
    scene.lockgate(&["why", "production"]).expect(0).says(&["aborted by"]);
}

#[test]
fn a_port_in_use_is_named_before_anything_begins() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let scene = Scene::with(&Settings {
        production: format!("{{ listen: \"{address}\" }}"),
        ..Settings::default()
    });
    scene.release(&["v1"]);
    scene.deploy("v1").expect(3).says(&[&address, "in use"]);
    scene
        .lockgate(&["status"])
        .expect(0)
        .says(&["production: nothing deployed"]);
}

#[test]
fn a_port_that_is_taken_meanwhile_is_named_and_the_candidate_is_removed() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let scene = Scene::new();
    let go = scene.folder().join("go");
    let run = format!("until [ -e {} ]; do sleep 0.02; done; exec ./doc-server", go.display());
    scene.configure(&Settings {
        production: format!("{{ listen: \"{address}\", run: \"{run}\" }}"),
        ..Settings::default()
    });
    scene.release(&["v1"]);
    let command = scene.start(&["deploy", "production", "--version", "v1"]);
    Journal::of(&scene).wait_for("InstanceStarted", 0);
    let taken = TcpListener::bind(&address).unwrap();
    std::fs::write(&go, "").unwrap();
    command.wait().expect(3).says(&[&address, "in use"]);
    scene
        .lockgate(&["why", "production"])
        .expect(0)
        .says(&[&address, "in use"]);

    drop(taken);
    scene
        .deploy("v1")
        .expect(0)
        .says(&[&format!("serves at http://{address}")]);
}

#[test]
fn a_health_check_that_never_passes_leaves_the_stable_revision_alone() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    let unhealthy = Settings {
        health: "{ probe: /nowhere, interval: 200ms, deadline: 2s }",
        ..Settings::default()
    };
    scene.configure(&unhealthy);
    scene
        .deploy("v1")
        .expect(3)
        .says(&["not ready within 2s", "GET /nowhere answered 404"]);
    assert!(
        scene.production("status")["revisions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["weight"] == 0)
    );

    scene.configure(&Settings::default());
    scene.deploy("v1").expect(0);
    scene.configure(&unhealthy);
    scene
        .deploy("v2")
        .expect(3)
        .says(&["not ready within 2s", "v1", "`lockgate why production`"]);
    assert_eq!(scene.serving(), "v1");
    scene
        .lockgate(&["why", "production"])
        .expect(0)
        .says(&["GET /nowhere answered 404", "was never touched"]);
}

#[test]
fn a_mistake_in_the_file_keeps_nobody_from_rolling_back() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    scene.deploy("v2").expect(0);
    let sound = Settings::default().text();
    let file = scene.project.join("lockgate.yaml");
    std::fs::write(&file, sound.replace("health:", "heatlh:")).unwrap();
    scene.deploy("v1").expect(2).says(&["heatlh"]);
    let note = "lockgate.yaml has mistakes, which `lockgate check` shows";
    for command in ["status", "history", "why", "logs"] {
        scene.lockgate(&[command, "production"]).expect(0).says(&[note]);
    }
    scene
        .lockgate(&["abort", "production"])
        .expect(3)
        .says(&["no rollout is running"]);
    scene
        .lockgate(&["continue", "production"])
        .expect(3)
        .says(&["nothing is paused"]);
    scene.lockgate(&["rollback", "production"]).expect(0).says(&[note]);

    std::fs::write(&file, sound.replace("  production: {}\n", "")).unwrap();
    assert_eq!(scene.serving(), "v1");
    scene
        .lockgate(&["status"])
        .expect(0)
        .says(&["staging: nothing deployed", "production at http://"]);
    scene
        .lockgate(&["rollback", "production", "--dry-run"])
        .expect(3)
        .says(&["nothing good came before v1"]);
}

#[test]
fn a_version_is_taken_once_and_a_changed_tree_says_so() {
    let scene = Scene::as_it_is();
    let (one, other) = (scene.folder().join("one"), scene.folder().join("other"));
    std::fs::write(&one, "one").unwrap();
    std::fs::write(&other, "other").unwrap();
    let create = |file: &std::path::Path, more: &[&str]| {
        let file = file.to_string_lossy();
        scene.lockgate(&[&["release", "create", "--artifact", &file], more].concat())
    };
    create(&one, &[]).expect(0).says(&["of version v1"]);
    create(&one, &[]).expect(0).says(&["of version v1"]);
    create(&other, &[])
        .expect(2)
        .says(&["version `v1` is taken by release v1-", "--version"]);
    let releases = scene.lockgate(&["release", "list", "--json"]).expect(0).json();
    assert_eq!(releases.as_array().unwrap().len(), 1, "{releases:#}");
    for version in ["", "a/../b c"] {
        create(&other, &["--version", version])
            .expect(2)
            .says(&["cannot name a version"]);
    }
    let mut changed = std::fs::read_to_string(scene.project.join("lockgate.yaml")).unwrap();
    changed.push_str("# changed\n");
    std::fs::write(scene.project.join("lockgate.yaml"), changed).unwrap();
    create(&other, &[]).expect(0).says(&["of version v1-dirty"]);
    create(&other, &["--commit", "HEAD", "--version", "v1.1"]).expect(0);
}
