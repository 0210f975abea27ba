//! What dies comes back, and what was begun is finished.

use nix::sys::signal::Signal;

use super::scene::journal::{Journal, names};
use super::scene::{Scene, Settings, http, processes, until};

#[test]
fn commands_that_look_work_while_the_daemons_are_down() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    let instance = scene.host()["instances"][0]["pid"].clone();
    scene
        .lockgate(&["host", "stop"])
        .expect(0)
        .says(&["stopped the driver", "1 instance goes on running"]);
    let host = scene.host();
    for role in ["supervisor", "proxy", "driver"] {
        assert_eq!(host[role]["alive"], false, "{host:#}");
    }

    let status = scene.production("status");
    assert_eq!(status["revisions"][0]["version"], "v1");
    assert_eq!(status["host"]["proxy"], false, "{status:#}");
    scene.lockgate(&["status"]).expect(0).says(&[
        "v1",
        "ready when it was last seen",
        "host: the supervisor, the proxy and the driver do not run, so nothing answers: `lockgate host start`",
    ]);
    scene.lockgate(&["history", "production"]).expect(0).says(&["v1"]);
    scene.lockgate(&["why", "production"]).expect(0);
    scene
        .lockgate(&["logs", "production"])
        .expect(0)
        .says(&["doc-server v1 listens on"]);
    scene
        .lockgate(&["host", "status"])
        .expect(0)
        .says(&["driver      not running"]);

    scene.deploy("v2").expect(0);
    assert_eq!(scene.serving(), "v2");
    let host = scene.host();
    let first = host["instances"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["pid"] == instance);
    assert!(first.is_some(), "v1's process {instance} is kept warm: {host:#}");
}

#[test]
fn a_rollout_goes_on_when_its_command_is_killed() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    let journal = Journal::of(&scene);
    let before = journal.length();
    let command = scene.start(&["deploy", "production", "--version", "v2"]);
    journal.wait_for("RolloutStarted", before);
    processes::kill(command.pid());
    assert_eq!(command.wait().code, -1);
    let events = journal.wait_for_end(before);
    assert!(events.iter().any(|event| event.name == "Soaked"), "{}", names(&events));
    assert_eq!(scene.serving(), "v2");
}

#[test]
fn each_daemon_is_started_again() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    let (address, instance) = (scene.address(), scene.host()["instances"][0]["pid"].clone());
    for role in ["driver", "supervisor", "proxy"] {
        let pid = scene.pid(role);
        processes::kill(pid);
        let host = until("another process has the role", || {
            let host = scene.host();
            let role = &host[role];
            (role["alive"] == true && role["pid"] != pid).then_some(host)
        });
        assert_eq!(host["instances"][0]["pid"], instance, "{role}: {host:#}");
        assert_eq!(http::get(&address, "/health").unwrap().status, 200, "{role}");
    }
}

#[test]
fn an_instance_that_dies_is_started_again() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    let address = scene.address();
    let pid = scene.host()["instances"][0]["pid"].as_i64().unwrap();
    processes::kill(i32::try_from(pid).unwrap());
    until("it serves again", || {
        http::get(&address, "/health")
            .ok()
            .filter(|answer| answer.status == 200)
    });
    assert_ne!(scene.host()["instances"][0]["pid"].as_i64(), Some(pid));
}

#[test]
fn an_address_that_another_took_is_told_by_who_looks() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    let address = scene.address();
    scene.lockgate(&["host", "stop", "--instances"]).expect(0);
    scene
        .lockgate(&["status"])
        .expect(0)
        .says(&["does not run; ready when it was last seen"]);
    let taken = std::net::TcpListener::bind(&address).unwrap();
    scene.lockgate(&["host", "start"]).expect(0);
    let trouble = format!("{address} is in use by process {} (", std::process::id());
    scene.lockgate(&["host", "status"]).expect(0).says(&[&trouble]);
    scene
        .lockgate(&["status"])
        .expect(0)
        .says(&[&format!("host: {trouble}")]);
    drop(taken);
    until("it serves again", || {
        http::get(&address, "/health")
            .ok()
            .filter(|answer| answer.status == 200)
    });
    let status = until("nothing is wrong any more", || {
        let status = scene.production("status");
        let well = status["host"]["trouble"].as_array().unwrap().is_empty();
        well.then_some(status)
    });
    assert_eq!(status["revisions"][0]["health"], "ready", "{status:#}");
}

#[test]
fn a_home_that_cannot_be_used_is_no_empty_one() {
    let scene = Scene::new();
    let file = scene.folder().join("file");
    std::fs::write(&file, "").unwrap();
    for home in [file.as_path(), std::path::Path::new("/proc/lg")] {
        for arguments in [&["status"][..], &["host", "status"], &["history", "production"]] {
            let mut command = scene.command(arguments);
            command.env("LOCKGATE_HOME", home);
            super::scene::told::Told::of(command).expect(5).says(&[
                "create the folder",
                "set LOCKGATE_HOME to a folder that Lockgate may write to",
            ]);
        }
    }
}

#[test]
fn who_waits_starts_what_is_missing_and_goes_on_following() {
    let scene = Scene::new();
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    let journal = Journal::of(&scene);
    for (version, dead) in [
        ("v2", &["driver", "supervisor"][..]),
        ("v1", &["driver", "supervisor", "proxy"]),
    ] {
        let before = journal.length();
        let command = scene.start(&["deploy", "production", "--version", version]);
        journal.wait_for("RolloutStarted", before);
        kill_together(&scene, dead);
        command.wait().expect(0).says(&["passed its soak"]);
        assert_eq!(scene.serving(), version);
    }
}

#[test]
fn a_proxy_alone_brings_the_others_back_though_no_command_comes() {
    let scene = Scene::new();
    scene.release(&["v1"]);
    scene.deploy("v1").expect(0);
    let (address, instance) = (scene.address(), scene.stable_instance());
    kill_together(&scene, &["driver", "supervisor"]);
    processes::kill(instance);
    until("it serves again", || {
        http::get(&address, "/health")
            .ok()
            .filter(|answer| answer.status == 200)
    });
    until("all live", || {
        let host = scene.host();
        ["supervisor", "proxy", "driver"]
            .iter()
            .all(|role| host[role]["alive"] == true)
            .then_some(())
    });
}

#[test]
fn a_host_that_was_stopped_stays_stopped_though_somebody_waits() {
    let scene = Scene::with(&Settings {
        soak: "1h",
        ..Settings::default()
    });
    scene.release(&["v1"]);
    let mut command = scene.start(&["deploy", "production", "--version", "v1"]);
    command.until_it_says("serves all traffic");
    scene.lockgate(&["host", "stop"]).expect(0).says(&[
        "stopped the supervisor",
        "`lockgate host start`, or the next command that changes an environment, starts the proxy again",
    ]);
    command.wait().expect(5).says(&[
        "the host was stopped on purpose, and what was begun stands still",
        "`lockgate host start` starts it again",
    ]);
    let host = scene.host();
    for role in ["supervisor", "proxy", "driver"] {
        assert_eq!(host[role]["alive"], false, "{host:#}");
        assert!(!scene.home.join(format!("host/{role}.sock")).exists(), "{role}");
    }
    scene.lockgate(&["host", "start"]).expect(0);
    scene.lockgate(&["abort", "production"]);
}

/// Kills processes so that none of them can bring another back.
fn kill_together(scene: &Scene, roles: &[&str]) {
    let host = scene.host();
    let pids: Vec<i32> = roles.iter().map(|role| pid(&host[role])).collect();
    for pid in &pids {
        processes::send(*pid, Signal::SIGSTOP);
    }
    for pid in pids {
        processes::kill(pid);
    }
}

fn pid(role: &serde_json::Value) -> i32 {
    i32::try_from(role["pid"].as_i64().unwrap()).unwrap()
}
