//! Unix sockets at paths of any length.
//!
//! The kernel takes at most 107 bytes of path, and a home directory may be deeper.
//! So the directory is opened and the socket named through it:
//! `/proc/self/fd/N/proxy.sock`. No symbolic link has to be kept or cleaned up.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::sys::socket::{Backlog, getsockopt, listen, sockopt};

/// The longest path that the kernel takes, in bytes.
const LONGEST: usize = 107;

/// Binds a listening socket, in the place of a dead one.
///
/// The caller holds the lock that says that nobody listens there.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let short = Short::of(path)?;
    let listener = UnixListener::bind(&short.path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Makes this process the one that [`holder`] names: after a fork it still is the parent.
pub fn hold(listener: &UnixListener) -> io::Result<()> {
    Ok(listen(listener, Backlog::MAXCONN)?)
}

/// Returns the process that listens at the path, as the kernel knows it.
pub fn holder(path: &Path) -> io::Result<i32> {
    let stream = connect(path)?;
    Ok(getsockopt(&stream, sockopt::PeerCredentials)?.pid())
}

/// Connects; the stream is non-blocking, for tokio.
///
/// Connecting to a Unix socket never waits for the peer to accept, only for room in its queue.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    let short = Short::of(path)?;
    let stream = UnixStream::connect(&short.path)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// A path that the kernel takes, valid while the directory is open.
struct Short {
    path: PathBuf,
    _directory: Option<File>,
}

impl Short {
    fn of(path: &Path) -> io::Result<Self> {
        if path.as_os_str().len() <= LONGEST {
            return Ok(Self {
                path: path.to_owned(),
                _directory: None,
            });
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a socket needs a directory",
            ));
        };
        let directory = File::open(parent)?;
        Ok(Self {
            path: PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name),
            _directory: Some(directory),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_socket_works_at_any_depth() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("d".repeat(100)).join("e".repeat(100));
        std::fs::create_dir_all(&deep).unwrap();
        let path = deep.join("supervisor.sock");
        for _ in 0..2 {
            let listener = bind(&path).unwrap();
            assert!(path.exists());
            hold(&listener).unwrap();
            assert_eq!(holder(&path).unwrap(), std::process::id().cast_signed());
            listener.accept().unwrap();
            connect(&path).unwrap().write_all(b"x").unwrap();
            listener.accept().unwrap();
        }
        let refused = connect(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
