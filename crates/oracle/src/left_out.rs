//! What is not compared for want of a program.

use std::fs::OpenOptions;
use std::io::Write;

use crate::OracleError;

/// The file that collects what tests left out, one `what: why` per line.
const LIST: &str = "LOCKGATE_LEFT_OUT";

/// A comparison that could not be made, and was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut(pub String);

/// Notes that `what` is not compared because of `error`, on stderr and in the list of all tests.
///
/// # Panics
/// Panics under `CI=true`, where nothing may be left out.
#[expect(clippy::print_stderr, reason = "a test that leaves something out says so")]
#[expect(clippy::panic, reason = "leaving out is a failure there, and only tests call this")]
pub fn leave_out(what: &str, error: &OracleError) -> LeftOut {
    let line = format!("{what}: {}", error.with_causes());
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "CI=true forbids to leave out {line}"
    );
    eprintln!("left out: {line}");
    if let Some(path) = std::env::var_os(LIST) {
        let noted = OpenOptions::new()
            .append(true)
            .open(path)
            .and_then(|mut file| writeln!(file, "{line}"));
        if let Err(error) = noted {
            panic!("{line}, and it cannot be noted in {LIST}: {error}");
        }
    }
    LeftOut(line)
}
