//! Which production a folder belongs to.

use std::fs;

use super::scene::fixture::git;
use super::scene::told::Told;
use super::scene::{Scene, Settings};

/// The configuration of a project without a name of its own.
fn nameless() -> String {
    Settings::default().text().replace("project: doc-server\n", "")
}

#[test]
fn two_clones_share_one_production() {
    let scene = Scene::as_it_is();
    fs::write(scene.project.join("lockgate.yaml"), nameless()).unwrap();
    let other = scene.folder().join("other");
    git(scene.folder(), &["clone", "--quiet", "doc-server", "other"]);
    fs::write(other.join("lockgate.yaml"), nameless()).unwrap();
    let there = |arguments: &[&str]| Told::of(scene.command_in(&other, arguments));

    scene.release(&["v1", "v2"]);
    scene.deploy("v1").expect(0);
    let status = there(&["status", "production", "--json"]).expect(0).json();
    assert_eq!(status["production"]["revisions"][0]["version"], "v1", "{status:#}");
    there(&["release", "list"]).expect(0).says(&["v1", "v2"]);
    there(&["deploy", "production", "--version", "v2"]).expect(0);
    assert_eq!(scene.serving(), "v2");
    scene.lockgate(&["history", "production"]).expect(0).says(&["v1", "v2"]);

    fs::write(other.join("lockgate.yaml"), format!("project: shop\n{}", nameless())).unwrap();
    there(&["status"]).expect(0).says(&[
        "production: nothing deployed",
        "what was deployed before `project: shop` was written",
        "lockgate host status",
    ]);
}

#[test]
fn a_shallow_clone_asks_for_a_name() {
    let scene = Scene::as_it_is();
    git(&scene.project, &["merge", "--quiet", "--ff-only", "v2"]);
    let origin = format!("file://{}", scene.project.display());
    git(
        scene.folder(),
        &["clone", "--quiet", "--depth", "1", &origin, "shallow"],
    );
    let shallow = scene.folder().join("shallow");
    fs::write(shallow.join("lockgate.yaml"), nameless()).unwrap();
    let there = |arguments: &[&str]| Told::of(scene.command_in(&shallow, arguments));
    there(&["status"]).expect(2).says(&["shallow", "`project: NAME`"]);
    there(&["deploy", "production"])
        .expect(2)
        .says(&["shallow", "`project: NAME`"]);

    fs::write(shallow.join("lockgate.yaml"), Settings::default().text()).unwrap();
    there(&["status"]).expect(0).says(&["production: nothing deployed"]);
}

#[test]
fn a_folder_without_a_repository_asks_for_a_name() {
    let scene = Scene::as_it_is();
    let bare = scene.folder().join("bare");
    fs::create_dir(&bare).unwrap();
    fs::write(bare.join("lockgate.yaml"), nameless()).unwrap();
    let there = |arguments: &[&str]| Told::of(scene.command_in(&bare, arguments));
    there(&["status"])
        .expect(2)
        .says(&["no Git repository", "`project: NAME`"]);
    there(&["deploy", "production"]).expect(2).says(&["`project: NAME`"]);
}

#[test]
fn what_init_writes_passes_check() {
    let scene = Scene::as_it_is();
    scene
        .lockgate(&["init"])
        .expect(2)
        .says(&["is there already", "`lockgate init --force` replaces it"]);
    fs::remove_file(scene.project.join("lockgate.yaml")).unwrap();
    scene
        .lockgate(&["status"])
        .expect(2)
        .says(&["there is no lockgate.yaml", "`lockgate init` writes one"]);
    scene
        .lockgate(&["init"])
        .expect(0)
        .says(&["run: ./doc-server", "artifact: doc-server", "guessed from"]);
    let written = fs::read_to_string(scene.project.join("lockgate.yaml")).unwrap();
    let lines = written.lines().count();
    assert!((2..=10).contains(&lines), "{lines} lines:\n{written}");
    scene.lockgate(&["check"]).expect(0);
}

#[test]
fn mistakes_are_drawn_at_their_place_all_at_once() {
    let scene = Scene::as_it_is();
    let text = nameless()
        .replace("health:", "heatlh:")
        .replace("soak: 2s", "soak: 2 parsecs");
    fs::write(scene.project.join("lockgate.yaml"), text).unwrap();
    let told = scene.lockgate(&["check", "--json"]).expect(2);
    let diagnostics = told.json();
    let found = diagnostics["diagnostics"].as_array().unwrap();
    assert_eq!(found.len(), 2, "{diagnostics:#}");
    for diagnostic in found {
        assert_eq!(diagnostic["file"], "lockgate.yaml", "{diagnostic:#}");
        assert_eq!(diagnostic["severity"], "error", "{diagnostic:#}");
        assert!(diagnostic["line"].as_u64().unwrap() > 1, "{diagnostic:#}");
    }
    scene
        .lockgate(&["check"])
        .expect(2)
        .says(&["heatlh", "health", "parsecs"]);
    scene.lockgate(&["deploy", "production"]).expect(2).says(&["heatlh"]);
}
