//! Whether a process is alive, told by what the kernel releases at its death.
//!
//! A living process holds a lock on `NAME.lock` and the writing end of the FIFO
//! `NAME.alive`. Pids are reused and zombies answer signals; a lock cannot lie.
//! The lock belongs to the open file (`F_OFD_SETLK`), so it passes a `fork`
//! unbroken, and asking for it (`F_OFD_GETLK`) takes nothing: a curious observer
//! never makes a claim fail. The FIFO is there to wait without a thread: its
//! reader sees the end as soon as the last writer is gone.
//!
//! The FIFO is opened before the lock is taken: whoever holds the lock holds the
//! FIFO. It is let go behind the lock: by [`Claim`]'s order of fields, and at a
//! sudden death by Linux, which closes the last opened first. A waiter looks at the
//! lock in any case.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::sys::stat::Mode;
use tokio::io::AsyncReadExt as _;

/// Where one process at a time may live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    lock: PathBuf,
    alive: PathBuf,
}

/// The proof of being the one; released by dropping it or by dying.
///
/// To be dropped last: who sees it released takes for granted that nothing else is held.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
    _alive: File,
}

impl Place {
    /// Returns the place `name` in a directory; creates nothing.
    pub fn new(directory: &Path, name: &str) -> Self {
        Self {
            lock: directory.join(format!("{name}.lock")),
            alive: directory.join(format!("{name}.alive")),
        }
    }

    /// Takes the place, or returns `None` when a living process has it.
    pub fn claim(&self) -> io::Result<Option<Claim>> {
        let alive = open_fifo(&self.alive)?;
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.lock)?;
        match fcntl(&lock, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_WRLCK))) {
            Ok(_) => Ok(Some(Claim {
                _lock: lock,
                _alive: alive,
            })),
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns whether a living process has the place.
    pub fn is_held(&self) -> io::Result<bool> {
        let lock = match File::open(&self.lock) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut found = whole_file(libc::F_WRLCK);
        fcntl(&lock, FcntlArg::F_OFD_GETLK(&mut found))?;
        Ok(libc::c_int::from(found.l_type) != libc::F_UNLCK)
    }

    /// Returns as soon as no living process has the place.
    pub async fn released(&self) -> io::Result<()> {
        while self.is_held()? {
            self.end_of_fifo().await?;
            if self.is_held()? {
                // The last moments of a process: the FIFO is closed and the lock is about to be.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Ok(())
    }
}

impl Place {
    async fn end_of_fifo(&self) -> io::Result<()> {
        let mut reader = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&self.alive)?;
        // Asked directly first: a reader that came after the last writer is never told of the end.
        match reader.read(&mut [0; 64]) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        let mut reader = tokio::net::unix::pipe::Receiver::from_file(reader)?;
        while reader.read(&mut [0; 64]).await? > 0 {}
        Ok(())
    }
}

/// Opens the FIFO for reading and writing, and creates it when it is not there.
///
/// Both ends, so that opening never waits for a peer and reading never ends.
pub(crate) fn open_fifo(path: &Path) -> io::Result<File> {
    match nix::unistd::mkfifo(path, Mode::from_bits_truncate(0o600)) {
        Ok(()) | Err(nix::errno::Errno::EEXIST) => {}
        Err(error) => return Err(error.into()),
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
}

/// Returns what is in a FIFO that nobody has to wait for.
pub(crate) fn drain_fifo(mut fifo: &File) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let count = fifo.read(&mut bytes).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_has_one_holder_and_its_end_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::new(directory.path(), "proxy");
        assert!(!place.is_held().unwrap());
        place.released().await.unwrap();
        let claim = place.claim().unwrap().unwrap();
        assert!(place.is_held().unwrap());
        assert!(place.claim().unwrap().is_none());
        let waiting = tokio::spawn({
            let place = place.clone();
            async move { place.released().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(claim);
        waiting.await.unwrap().unwrap();
        assert!(place.claim().unwrap().is_some());
    }
}
