//! Ending what a dead shim left running.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::clock;
use crate::durable::read_json;
use crate::shim::attempt::{Company, ExitRecord, Files, StartedRecord};
use crate::shim::descendants::{self, Process};

/// Kills what remains of an attempt whose shim is dead; returns how many processes it found.
///
/// The shim was the leader of a session, and the kernel does not give its number
/// away while a member lives. A process that left the session is known by the trace in
/// its environment, when the attempt has one; those of a host stay.
pub fn sweep(directory: &Path) -> io::Result<usize> {
    let files = Files::new(directory);
    let Some(started) = read_json::<StartedRecord>(&files.started())? else {
        return Ok(0);
    };
    let ended = read_json::<ExitRecord>(&files.exit())?;
    if ended.is_some_and(|ended| ended.company == Company::Alone) {
        return Ok(0);
    }
    if files.place().is_held()? || started.boot != clock::boot() {
        return Ok(0);
    }
    let mut found = BTreeSet::new();
    loop {
        let members = members(&started);
        if members.is_empty() {
            return Ok(found.len());
        }
        descendants::signal_each(&members, Signal::SIGKILL);
        found.extend(members);
        std::thread::yield_now();
    }
}

/// Returns the living processes of the attempt.
fn members(started: &StartedRecord) -> Vec<i32> {
    // The number of the session may have a new owner.
    let reused = descendants::process(started.shim).is_some_and(|leader| leader.ticks != started.shim_ticks);
    let itself = std::process::id().cast_signed();
    let own = |process: &Process| {
        // The shim itself may be in its last moments, with nothing left to lose.
        if process.zombie || process.pid == started.shim || process.pid == itself {
            return false;
        }
        let in_session = process.session == started.shim && !reused;
        in_session
            || started
                .trace
                .as_ref()
                .is_some_and(|trace| descendants::is_traced(process.pid, trace))
    };
    descendants::all()
        .into_iter()
        .filter(own)
        .map(|process| process.pid)
        .collect()
}
