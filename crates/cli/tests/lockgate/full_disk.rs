//! A disk that is full for a while holds things up, and loses nothing.

use super::scene::disk::Disk;
use super::scene::journal::{Journal, names};
use super::scene::{Scene, Settings, http, processes, until};

/// Room for two versions of the example, in its debug build, as releases and as placed artifacts.
const MEGABYTES: u32 = 400;

#[test]
fn a_rollout_on_a_full_disk_goes_on_when_there_is_room() {
    let Some(disk) = Disk::of_megabytes(MEGABYTES, "a rollout on a full disk") else {
        return;
    };
    let scene = Scene::with(&Settings {
        soak: "4s",
        ..Settings::default()
    })
    .on(&disk);
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    let journal = Journal::of(&scene);
    let before = journal.length();
    let mut command = scene.start(&["deploy", "production", "--version", "v2"]);
    journal.wait_for("Promoted", before);
    let full = disk.fill();
    command.until_it_says("it stands still: write to the event log");
    scene
        .lockgate(&["abort", "production"])
        .expect(5)
        .says(&["the intent could not be recorded", "full"]);
    drop(full);
    command.until_it_says("the log can be written again: it goes on");
    command.wait().expect(0).says(&["passed its soak"]);
    let events = journal.wait_for_end(before);
    assert!(events.iter().any(|event| event.name == "Soaked"), "{}", names(&events));
    assert_eq!(scene.serving(), "v2");
    scene.lockgate(&["rollback", "production"]).expect(0);
    assert_eq!(scene.serving(), "v1");
}

#[test]
fn a_full_disk_keeps_no_process_of_the_host_from_coming_back() {
    let Some(disk) = Disk::of_megabytes(MEGABYTES, "deaths on a full disk") else {
        return;
    };
    let scene = Scene::new().on(&disk);
    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    let address = scene.address();
    for role in ["proxy", "supervisor", "proxy"] {
        let pid = scene.pid(role);
        let full = disk.fill();
        processes::kill(pid);
        assert_eq!(http::get(&address, "/health").unwrap().status, 200, "{role}");
        until("another process has the role", || {
            let role = &scene.host()[role];
            (role["alive"] == true && role["pid"] != pid && role["pid"].is_i64()).then_some(())
        });
        drop(full);
    }
    scene.deploy("v2").expect(0);
    assert_eq!(scene.serving(), "v2");
}
