//! The example becomes the repository that its documentation promises.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/doc-server/materialise.sh")
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn it_has_three_releases_and_the_same_hashes_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    for destination in [&first, &second] {
        let output = Command::new(script()).arg(destination).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    for tag in ["v1", "v2", "v3"] {
        assert_eq!(git(&first, &["rev-parse", tag]), git(&second, &["rev-parse", tag]));
        assert_eq!(git(&first, &["cat-file", "-t", tag]), "tag");
        let release = git(&first, &["show", &format!("{tag}:src/release.rs")]);
        assert!(release.contains(&format!("VERSION: &str = \"{tag}\"")), "{release}");
    }
    assert_eq!(git(&first, &["describe"]), "v1");
    assert_eq!(git(&first, &["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(git(&first, &["status", "--short"]), "");
    git(&first, &["merge", "-q", "--ff-only", "v3"]);
    assert_eq!(git(&first, &["describe"]), "v3");
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "mine").unwrap();
    let output = Command::new(script()).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is already there"));
    assert_eq!(fs::read_to_string(folder.path().join("mine")).unwrap(), "mine");
}
