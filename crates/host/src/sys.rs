//! The few calls that Rust cannot check, and the descriptors that cross processes.
//!
//! The only module of the workspace with unsafe code: a received descriptor has no
//! owner until somebody says so, and a child needs its signals reset between
//! `fork` and `exec`.
#![expect(unsafe_code, reason = "descriptors from the kernel, and code between fork and exec")]

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

/// Sends bytes, and with their first byte the descriptors; returns how many bytes went.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let raw: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control = if raw.is_empty() { &[][..] } else { &rights[..] };
    let slices = [IoSlice::new(bytes)];
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    Ok(sendmsg::<()>(socket.as_raw_fd(), &slices, control, flags, None)?)
}

/// Receives bytes and the descriptors that came with them; zero bytes mean the end.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut control = nix::cmsg_space!([std::os::fd::RawFd; 16]);
    let mut slices = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags)?;
    let mut descriptors = Vec::new();
    for entry in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(raw) = entry {
            // SAFETY: the kernel has just made these descriptors for this process; nobody else knows them.
            descriptors.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok((message.bytes, descriptors))
}

/// Closes every descriptor behind standard error.
///
/// To be called first in `main`, before anything is opened: what is open then was
/// inherited by accident, and a pipe held for ever keeps its reader waiting for ever.
pub fn close_inherited() -> io::Result<()> {
    let mut inherited = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_string_lossy().parse::<i32>();
        inherited.extend(number.ok().filter(|fd| *fd > 2));
    }
    for fd in inherited {
        // The directory's own descriptor is in the list and closed by now.
        let _ = nix::unistd::close(fd);
    }
    Ok(())
}

/// Gives the command's process a clean signal mask, a way to be interrupted, and death when its parent dies.
///
/// The shim blocks signals to wait for them, and a child would inherit the mask. A shell
/// starts what runs in its background with INT ignored, and that would be inherited too.
pub fn bound_to_parent(command: &mut Command) {
    let reset = || {
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        // SAFETY: no handler is installed, the default is.
        unsafe { signal(Signal::SIGINT, SigHandler::SigDfl) }?;
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        Ok(())
    };
    // SAFETY: all of these are plain system calls, allowed between fork and exec; nothing is allocated.
    unsafe { command.pre_exec(reset) };
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_descriptor_crosses_with_its_bytes() {
        let (left, right) = UnixStream::pair().unwrap();
        let (mut writer, passed) = UnixStream::pair().unwrap();
        assert_eq!(send(left.as_fd(), b"here", &[passed.as_fd()]).unwrap(), 4);
        drop(passed);
        let mut buffer = [0; 16];
        let (count, descriptors) = receive(right.as_fd(), &mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"here");
        let mut reader = UnixStream::from(descriptors.into_iter().next().unwrap());
        writer.write_all(b"hello").unwrap();
        let mut text = [0; 5];
        reader.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"hello");
        drop(left);
        assert_eq!(receive(right.as_fd(), &mut buffer).unwrap().0, 0);
    }
}
