//! Every command of the README is run here, in its order, in a shell.
//!
//! All but the one that runs the tests: this is what it runs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each test binary uses its part of the stage")]
#[path = "support/scene.rs"]
mod scene;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use scene::fixture;
use scene::load::Load;
use scene::told::Told;
use scene::{Scene, processes, shop};

/// Returns the shell blocks of the README, in their order.
fn blocks() -> Vec<String> {
    let text = fs::read_to_string(fixture::repository().join("README.md")).unwrap();
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// Returns a shell that runs these blocks as one script and stops at the first failure.
fn shell(script: &str, folder: &Path) -> Command {
    let mut command = Command::new("bash");
    command
        .args(["-c", &format!("set -euo pipefail\n{script}")])
        .current_dir(folder)
        .stdin(Stdio::null());
    // A reader's shell knows nothing of the package that is tested here.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME" && name != "CARGO_TARGET_DIR" {
            command.env_remove(name);
        }
    }
    command
}

#[test]
fn the_tour_goes_as_the_readme_says() {
    let blocks = blocks();
    let [tour, test, second, third, _own] = blocks.as_slice() else {
        panic!("the README has other blocks than this test knows: {blocks:#?}");
    };
    assert_eq!(test, "cargo xtask test\n", "the block that runs the tests");
    let folder = tempfile::Builder::new().prefix("lg").tempdir().unwrap();
    let tour_folder = folder.path().join("tour");
    let run = |script: &str| {
        let script = script.replace("target/tour", &tour_folder.to_string_lossy());
        let mut command = shell(&script, &fixture::repository());
        command.env("LOCKGATE_TOUR_DIR", &tour_folder);
        Told::of(command)
    };
    let toured = run(tour);
    let address = toured
        .out
        .split("v1 serves at http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let address = address.unwrap_or_else(|| panic!("no address: {toured}")).to_owned();
    // More users than the reader has: nobody may notice the second version.
    let load = Load::at(address, folder.path());
    let replaced = run(second);
    let report = load.finish();
    let enter = second.lines().take(2).collect::<Vec<_>>().join("\n");
    assert!(enter.contains("activate") && enter.contains("cd "), "{enter}");
    let broken = run(&format!("{enter}\n{third}"));
    // A process lets go of its place a moment before it is gone; one that was started again would stay.
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut left = processes::of_home(&tour_folder);
    while !left.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
        left = processes::of_home(&tour_folder);
    }
    for process in &left {
        processes::kill(process.pid);
    }
    toured.expect(0).says(&[
        "What happened at each gate:",
        "  smoke      rust_query: pass",
        "To undo:",
    ]);
    replaced
        .expect(0)
        .says(&["undo: `lockgate rollback production` brings back v1 (r1), which is kept warm"]);
    report.assert_nothing_failed();
    assert!(report.answers("v1") > 0 && report.answers("v2") > 0, "{report}");
    let told = broken.expect(0).says(&[
        "exit code 3",
        "r3 was rolled back, r2 serves: http-5xx above 5%",
        "production: v2 (r2) serves at",
        "production: v1 (r4) serves at",
        "stopped the supervisor",
    ]);
    let users = told.out.lines().filter(|line| line.starts_with("failed, "));
    let users: Vec<&str> = users.collect();
    assert!(
        matches!(users[..], [line] if line.starts_with("failed, status: ")),
        "only v3 failed, and only so: {told}"
    );
    assert!(left.is_empty(), "processes were left: {left:#?}");
}

#[test]
fn a_project_of_ones_own_goes_as_the_readme_says() {
    let own = blocks().pop().unwrap();
    assert!(own.starts_with("lockgate init"), "{own}");
    let scene = Scene::of("shop");
    shop::write(&scene.project, shop::BUILD);
    let bin = Path::new(env!("CARGO_BIN_EXE_lockgate")).parent().unwrap();
    let mut command = shell(&own, &scene.project);
    let path = std::env::var("PATH").unwrap();
    command
        .env("LOCKGATE_HOME", &scene.home)
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("GIT_AUTHOR_NAME", "Shop Team")
        .env("GIT_AUTHOR_EMAIL", "shop@example.com")
        .env("GIT_COMMITTER_NAME", "Shop Team")
        .env("GIT_COMMITTER_EMAIL", "shop@example.com");
    Told::of(command).expect(0).says(&[
        "run: ./shop  (guessed from the package in Cargo.toml)",
        "artifact: shop  (guessed from the upload",
        "build: success",
        "ship: the gate has passed",
        "staging: ",
        " serves at http://127.0.0.1:",
    ]);
}
