//! The rules of the house: what the compiler cannot hold.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "house/arrows.rs"]
mod arrows;
#[path = "house/files.rs"]
mod files;

use std::path::PathBuf;

fn root() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_path_buf()
}

/// Fails with every violation at once, one per line.
#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
