//! Ports of the loopback, and who has them.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

/// Where ports are looked for: below those that the kernel gives to outgoing
/// connections, which could take one while its instance is being restarted.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Returns a port of the loopback that nobody has, and that is not in `taken`.
///
/// The search begins anywhere, so that two hosts of one machine seldom meet.
pub(super) fn free(taken: &BTreeSet<u16>) -> io::Result<u16> {
    let start = RandomState::new().build_hasher().finish() % u64::from(COUNT);
    let start = u16::try_from(start).unwrap_or(0);
    (0..COUNT)
        .map(|step| FIRST + (start + step) % COUNT)
        .find(|port| !taken.contains(port) && is_free(*port))
        .ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no port of the loopback is free"))
}

/// Returns whether nobody listens on the port of the loopback.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Returns, in words, why the address could not be bound, and what to do.
pub(crate) fn why_not(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let owner = owner(address).map_or("another process".to_owned(), |(pid, name)| {
                format!("process {pid} ({name})")
            });
            format!("the address {address} is in use by {owner}; stop it, or choose another address")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "this machine has no address {}; choose one of its own, or 127.0.0.1",
                address.ip()
            )
        }
        io::ErrorKind::PermissionDenied => format!(
            "the port {} is reserved for the administrator; choose one from 1024, or start the host as root",
            address.port()
        ),
        _ => format!("the address {address} cannot be listened on: {error}"),
    }
}

/// Returns, in words, why what comes to the address does not reach the host's own processes `own`.
pub(crate) fn trouble(address: SocketAddr, own: &[i32]) -> Option<String> {
    let sockets: Vec<String> = inodes(address.port())
        .iter()
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let is_own = |pid: &i32| {
        let descriptors = Path::new("/proc").join(pid.to_string()).join("fd");
        sockets.iter().any(|socket| holds(&descriptors, socket))
    };
    if own.iter().any(is_own) {
        return None;
    }
    Some(match (sockets.is_empty(), owner(address)) {
        (true, _) => format!("nobody listens at {address}"),
        (false, Some((pid, name))) => {
            format!("{address} is in use by process {pid} ({name}), which answers there instead; stop it")
        }
        (false, None) => format!("{address} is in use by another process, which answers there instead; stop it"),
    })
}

/// Returns the process that listens on the port, where `/proc` lets us see it.
fn owner(address: SocketAddr) -> Option<(i32, String)> {
    let socket = format!("socket:[{}]", inodes(address.port()).into_iter().next()?);
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if holds(&entry.path().join("fd"), &socket) {
            let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            return Some((pid, name.trim().to_owned()));
        }
    }
    None
}

fn holds(descriptors: &Path, socket: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(descriptors) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == socket))
}

/// Returns the inodes of the sockets that listen on the port, at whichever address.
fn inodes(port: u16) -> Vec<String> {
    const LISTENING: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let suffix = format!(":{port:04X}");
    let listening = tables.iter().flat_map(|table| table.lines()).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTENING;
        listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    });
    listening.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_free_and_not_taken() {
        let first = free(&BTreeSet::new()).unwrap();
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        assert!(!is_free(first));
        let second = free(&BTreeSet::from([first])).unwrap();
        assert_ne!(first, second);
        let address = held.local_addr().unwrap();
        let error = TcpListener::bind(address).unwrap_err();
        let words = why_not(address, &error);
        let own = format!("in use by process {}", std::process::id());
        assert!(words.contains(&own), "{words}");

        let me = i32::try_from(std::process::id()).unwrap();
        assert_eq!(trouble(address, &[me]), None);
        let words = trouble(address, &[1]).unwrap();
        assert!(words.contains(&own), "{words}");
        drop(held);
        assert_eq!(trouble(address, &[me]).unwrap(), format!("nobody listens at {address}"));
    }
}
