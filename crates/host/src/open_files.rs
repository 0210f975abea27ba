//! The limit of open files, through generations of processes.
//!
//! The proxy raises its own as far as it may, because every connection is an open
//! file. What it starts must not inherit that: instances would find another limit
//! than the one that the person has, depending on which process came back first.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Names the limit that the first process of a host was started with.
const VARIABLE: &str = "LOCKGATE_OPEN_FILES";

/// Asks for as many as the machine allows.
pub(crate) fn raise() -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

/// Goes back to the limit of the first process.
pub(crate) fn restore() -> io::Result<()> {
    let first = std::env::var(VARIABLE).ok().and_then(|limit| limit.parse().ok());
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    match first {
        Some(first) if first < soft => Ok(setrlimit(Resource::RLIMIT_NOFILE, first, hard)?),
        _ => Ok(()),
    }
}

/// Returns the variable for a process that is started from here.
pub(crate) fn to_pass_on() -> Option<(&'static str, String)> {
    let own = || getrlimit(Resource::RLIMIT_NOFILE).map(|(soft, _)| soft.to_string());
    let limit = std::env::var(VARIABLE).ok().or_else(|| own().ok())?;
    Some((VARIABLE, limit))
}
