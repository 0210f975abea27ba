//! Changes in folders, as the kernel tells them.
//!
//! `inotify` and no library over it: this is the only system that the rest of Lockgate runs on, and what is needed of
//! it is a list of folders and a list of names.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::exit::Failure;

/// The folders that are watched.
pub(super) struct Changes {
    inotify: Arc<Inotify>,
    told: UnboundedReceiver<Told>,
    folders: Vec<(WatchDescriptor, PathBuf)>,
}

/// What the kernel has told at once.
type Told = Result<Vec<InotifyEvent>, Errno>;

/// What is told: a file was written and closed, came, went, or is another one; the folder itself went.
fn kinds() -> AddWatchFlags {
    AddWatchFlags::IN_CLOSE_WRITE
        | AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_MOVED_FROM
        | AddWatchFlags::IN_MOVED_TO
        | AddWatchFlags::IN_ATTRIB
        | AddWatchFlags::IN_DELETE_SELF
        | AddWatchFlags::IN_MOVE_SELF
        | AddWatchFlags::IN_ONLYDIR
}

impl Changes {
    /// Returns a watch of no folder yet.
    pub(super) fn new() -> Result<Self, Failure> {
        let inotify = Arc::new(Inotify::init(InitFlags::IN_CLOEXEC).map_err(failed)?);
        let (tell, told) = unbounded_channel();
        let listener = Arc::clone(&inotify);
        // The thread waits in the kernel, and ends with the process.
        std::thread::Builder::new()
            .name("changes".to_owned())
            .spawn(move || listen(&listener, &tell))
            .map_err(|error| Failure::unavailable("wait for changes of files").because(&error))?;
        Ok(Self {
            inotify,
            told,
            folders: Vec::new(),
        })
    }

    /// Watches these folders, those of them that are there, and no others. Returns whether one is new.
    pub(super) fn watch(&mut self, folders: &BTreeSet<PathBuf>) -> Result<bool, Failure> {
        let inotify = &self.inotify;
        let mut now = Vec::new();
        for folder in folders {
            match inotify.add_watch(folder, kinds()) {
                Ok(id) => now.push((id, folder.clone())),
                Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        let is_new = now.iter().any(|folder| !self.folders.contains(folder));
        for (id, _) in &self.folders {
            if !now.iter().any(|(kept, _)| kept == id) {
                // A folder that was removed has lost its watch already.
                let _ = inotify.rm_watch(*id);
            }
        }
        self.folders = now;
        Ok(is_new)
    }

    /// Waits for changes, and returns what they changed; the folder itself when it is not known what in it.
    pub(super) async fn next(&mut self) -> Result<Vec<PathBuf>, Failure> {
        // The listener goes on for ever, or tells why not.
        let events = self.told.recv().await.unwrap_or(Err(Errno::EIO)).map_err(failed)?;
        let changed = events.into_iter().flat_map(|event| {
            let all = event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW);
            let of = self.folders.iter().filter(move |(id, _)| all || *id == event.wd);
            of.map(move |(_, folder)| match &event.name {
                Some(name) => folder.join(name),
                None => folder.clone(),
            })
        });
        Ok(changed.collect())
    }
}

fn listen(inotify: &Inotify, tell: &UnboundedSender<Told>) {
    loop {
        let told = inotify.read_events();
        if matches!(told, Err(Errno::EINTR)) {
            continue;
        }
        let is_last = told.is_err();
        if tell.send(told).is_err() || is_last {
            return;
        }
    }
}

fn failed(errno: Errno) -> Failure {
    let failure = Failure::unavailable("cannot watch folders for changes").because(&errno);
    match errno {
        Errno::ENOSPC => failure.help("this user watches too many folders: raise fs.inotify.max_user_watches"),
        Errno::EMFILE => failure.help("this user watches from too many programs: raise fs.inotify.max_user_instances"),
        _ => failure,
    }
}
