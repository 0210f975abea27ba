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
/// away while a member lives. A process that left the session is not found here.
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

/// Returns the living processes of the shim's session; none when its number has a new owner.
fn members(started: &StartedRecord) -> Vec<i32> {
    let own = |process: &Process| {
        // The shim itself may be in its last moments, with nothing left to lose.
        process.session == started.shim && process.pid != started.shim && !process.zombie
    };
    let reused = descendants::process(started.shim).is_some_and(|leader| leader.ticks != started.shim_ticks);
    if reused {
        return Vec::new();
    }
    descendants::all()
        .into_iter()
        .filter(own)
        .map(|process| process.pid)
        .collect()
}
