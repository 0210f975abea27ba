//! The processes below and around one, from `/proc`.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::birth::DETACHED;
use crate::shim::attempt::Company;

/// What `/proc/PID/stat` says of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) session: i32,
    /// When it began, in clock ticks since the boot.
    pub(crate) ticks: u64,
    pub(crate) zombie: bool,
}

/// Returns one process, or `None` when there is no such process.
pub(crate) fn process(pid: i32) -> Option<Process> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may hold anything, also parentheses.
    let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    Some(Process {
        pid,
        zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        ticks: fields.get(19)?.parse().ok()?,
    })
}

/// Returns every process of the machine.
pub(crate) fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(process)
        .collect()
}

/// Returns the living processes below `root`, without those that belong to a host.
pub(crate) fn below(root: i32) -> Vec<i32> {
    if let Some(children) = children(root)
        && children.is_empty()
    {
        return Vec::new();
    }
    let all = all();
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|process| process.parent == parent) {
            if !child.zombie && is_detached(child.pid) {
                continue;
            }
            parents.push(child.pid);
            if !child.zombie {
                found.push(child.pid);
            }
        }
    }
    found
}

/// Returns whether a process whose orphans become its children has anybody below it.
///
/// One file instead of all of `/proc`: whoever is left of an ended command has been given to its reaper.
pub(crate) fn company(reaper: i32) -> Company {
    match children(reaper) {
        Some(children) if children.is_empty() => Company::Alone,
        _ => Company::Unknown,
    }
}

/// Sends the signal to each; a process that is gone by now is as good.
pub(crate) fn signal_each(pids: &[i32], signal: Signal) {
    for pid in pids {
        let _ = kill(Pid::from_raw(*pid), signal);
    }
}

/// Returns the direct children of a process with one thread, or `None` where the kernel does not tell.
fn children(pid: i32) -> Option<Vec<i32>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    Some(text.split_whitespace().filter_map(|word| word.parse().ok()).collect())
}

/// Returns whether the process has `entry` in its environment, and is not a part of a host.
pub(crate) fn is_traced(pid: i32, entry: &str) -> bool {
    let environment = environment(pid);
    let found = environment.split(|byte| *byte == 0).any(|own| own == entry.as_bytes());
    found && !has_detached(&environment)
}

/// Returns whether the process was started as a part of a host, which is meant to stay.
fn is_detached(pid: i32) -> bool {
    has_detached(&environment(pid))
}

/// Returns the environment that a process began with; empty when it may not be read.
fn environment(pid: i32) -> Vec<u8> {
    std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default()
}

fn has_detached(environment: &[u8]) -> bool {
    environment.split(|byte| *byte == 0).any(|entry| {
        entry
            .strip_prefix(DETACHED.as_bytes())
            .is_some_and(|rest| rest.starts_with(b"="))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_in_its_session() {
        let pid = std::process::id().cast_signed();
        let own = process(pid).unwrap();
        assert!(!own.zombie && own.ticks > 0);
        assert!(all().contains(&own));
        assert_eq!(process(-1), None);
    }
}
