//! Every command of the README is run here, in its order, in a shell.
//!
//! All but the one that runs the tests: this is what it runs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each test binary uses its part of the stage")]
#[path = "support/scene.rs"]
mod scene;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use scene::fixture::{self, git};
use scene::told::Told;
use scene::{Scene, processes};

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
    let script = [tour, second, third].map(String::as_str).concat();
    assert!(script.contains("target/tour"), "{script}");
    let script = script.replace("target/tour", &tour_folder.to_string_lossy());
    let mut command = shell(&script, &fixture::repository());
    command.env("LOCKGATE_TOUR_DIR", &tour_folder);
    let told = Told::of(command);
    let left = processes::of_home(&tour_folder);
    for process in &left {
        processes::kill(process.pid);
    }
    let told = told.expect(0).says(&[
        "\nv1 serves at http://127.0.0.1:",
        "What happened at each gate:",
        "  smoke      rust_query: pass",
        "undo: `lockgate rollback production` brings back v1 (r1), which is kept warm",
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
    let scene = Scene::as_it_is();
    let project = scene.folder().join("shop");
    write_project(&project);
    let bin = Path::new(env!("CARGO_BIN_EXE_lockgate")).parent().unwrap();
    let mut command = shell(&own, &project);
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

/// Writes a project whose workflow takes no time: its program is built already.
fn write_project(project: &Path) {
    fs::create_dir_all(project.join(".github/workflows")).unwrap();
    fs::copy(fixture::release("v1"), project.join("built")).unwrap();
    fs::set_permissions(project.join("built"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(project.join("Cargo.toml"), "[package]\nname = \"shop\"\n").unwrap();
    let workflow = "\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cp built shop
      - uses: actions/upload-artifact@v4
        with: { name: shop, path: shop }
  deploy:
    needs: build
    runs-on: ubuntu-latest
    steps: [{ run: exit 1 }]
";
    fs::write(project.join(".github/workflows/ci.yml"), workflow).unwrap();
    git(project, &["init", "--quiet", "--initial-branch", "main"]);
    git(project, &["add", "."]);
    git(project, &["commit", "--quiet", "--message", "A shop"]);
}
