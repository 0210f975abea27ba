//! The processes that belong to a state folder, as the kernel knows them.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// A process of a home.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    #[expect(dead_code, reason = "printed when it is left")]
    command: String,
}

/// Returns the processes whose command line, folder, program or environment lies in `home`; zombies are dead.
pub(crate) fn of_home(home: &Path) -> Vec<Process> {
    let home = home.to_string_lossy();
    let belongs = |folder: &Path| {
        let text = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
        let link = |name: &str| fs::read_link(folder.join(name)).unwrap_or_default();
        let texts = [text("cmdline"), text("environ")];
        let links = [link("cwd"), link("exe")];
        texts.iter().any(|text| String::from_utf8_lossy(text).contains(&*home))
            || links.iter().any(|link| link.to_string_lossy().contains(&*home))
    };
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        let own = i32::try_from(std::process::id()).unwrap();
        if pid != own && is_alive(pid) && belongs(&entry.path()) {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            found.push(Process { pid, command });
        }
    }
    found
}

/// Returns whether a process exists and is no zombie.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    state.is_some_and(|state| state != "Z" && state != "X")
}

/// Kills a process outright, and waits until it is gone: a signal takes its time.
#[track_caller]
pub(crate) fn kill(pid: i32) {
    let _ = nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL);
    super::until("it is dead", || (!is_alive(pid)).then_some(()));
}

/// Sends a signal, such as the one of Ctrl-C.
pub(crate) fn send(pid: i32, signal: Signal) {
    nix::sys::signal::kill(Pid::from_raw(pid), signal).unwrap();
}

/// Returns the wall clock in milliseconds since 1970, as events and load reports have it.
pub(crate) fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
