//! What is built once and used by all scenes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns Cargo's target folder.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf()
}

/// Returns the repository's top.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Makes the example a repository at `folder`, at v1.
#[track_caller]
pub(crate) fn materialise(folder: &Path) {
    let script = repository().join("examples/doc-server/materialise.sh");
    run(Command::new(script).arg(folder));
}

/// Returns the program of one of the example's versions.
///
/// Hashes of the example's commits are the same on every machine, so a program that was built
/// of the same commit before is used again.
#[track_caller]
pub(crate) fn release(version: &str) -> PathBuf {
    let releases = target().join("example-releases");
    fs::create_dir_all(&releases).unwrap();
    let turn = File::create(releases.join("lock")).unwrap();
    turn.lock().unwrap();
    let source = tempfile::tempdir().unwrap();
    let project = source.path().join("doc-server");
    materialise(&project);
    let commit = git(&project, &["rev-parse", &format!("{version}^{{commit}}")]);
    let program = releases.join(commit.trim()).join("doc-server");
    if !program.exists() {
        git(&project, &["checkout", "--quiet", version]);
        let build = target().join("example");
        run(Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet"])
            .current_dir(&project)
            .env("CARGO_TARGET_DIR", &build));
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        let half = program.with_extension("half");
        fs::copy(build.join("debug/doc-server"), &half).unwrap();
        fs::rename(&half, &program).unwrap();
    }
    program
}

/// Returns the program with the load generator.
#[track_caller]
pub(crate) fn xtask() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_lockgate")).with_file_name("lockgate-xtask");
    if !program.exists() {
        run(Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--package", "lockgate-xtask"])
            .current_dir(repository()));
    }
    program
}

/// Runs Git in a folder and returns what it printed.
#[track_caller]
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    run(Command::new("git")
        .args(["-c", "user.name=Doc Team", "-c", "user.email=docs@example.com"])
        .args(arguments)
        .current_dir(folder))
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
