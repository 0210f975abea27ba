//! `check --watch`: a round after every change, until somebody ends it.
//!
//! Folders are watched and not files, since most editors save by renaming a new file over the old one. What is watched
//! follows from what the last round looked for, so that a file that is missing is noticed when it comes. A round that
//! adds a folder is made again before it is told: what changed there in between nobody would have noticed.
//!
//! Every round reads everything again: that takes less time than a person can see, and has no memory to be wrong.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::report::{self, Rounds};
use super::round::{Round, Scope};
use crate::arguments::CheckArguments;
use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::project::Folders;
use crate::render::out;

mod changes;
mod interest;

use changes::Changes;
use interest::Interest;

/// How long it has to be quiet after a change: an editor saves in several steps.
const QUIET: Duration = Duration::from_millis(40);

/// How long a change waits at most for it to be quiet.
const PATIENCE: Duration = Duration::from_millis(400);

/// Checks after every change. Returns when somebody interrupts, which is how it is meant to end.
pub(super) async fn watch(directory: &Path, arguments: &CheckArguments) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let mut watched = Watched {
        directory,
        arguments,
        changes: Changes::new()?,
        interest: Interest::default(),
    };
    watched.round()?;
    out::progress("watching for changes; Ctrl-C ends");
    loop {
        tokio::select! {
            () = interrupts.next() => return Ok(Exit::Ok),
            changed = watched.changed() => changed?,
        }
        if let Err(failure) = watched.round() {
            watched.tell(&failure);
        }
    }
}

struct Watched<'a> {
    directory: &'a Path,
    arguments: &'a CheckArguments,
    changes: Changes,
    interest: Interest,
}

impl Watched<'_> {
    /// Makes a round and tells it.
    fn round(&mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        let folders = Folders::find(self.directory)?;
        let scope = Scope {
            folders: &folders,
            directory: self.directory,
            arguments: self.arguments,
            given: None,
        };
        let round = loop {
            let round = Round::make(&scope)?;
            self.interest = Interest::of(&round, &scope)?;
            if !self.changes.watch(&self.interest.folders())? {
                break round;
            }
        };
        self.clear();
        let took = begun.elapsed();
        report::write(&round, &scope, Rounds::Many { took })
    }

    /// Tells why a round could not be made. The next change may mend it.
    fn tell(&self, failure: &Failure) {
        self.clear();
        if self.arguments.tells_json() {
            out::text(&out::line(&failure.to_json()));
        }
        out::progress(failure);
    }

    /// Empties the screen, where there is one.
    fn clear(&self) {
        if !self.arguments.is_for_programs() && out::result_is_terminal() {
            out::text("\x1b[2J\x1b[3J\x1b[H");
        }
    }

    /// Returns when something that was looked for has changed, and it is quiet again.
    async fn changed(&mut self) -> Result<(), Failure> {
        while !self.touched().await? {}
        let patience = tokio::time::Instant::now() + PATIENCE;
        loop {
            let until = patience.min(tokio::time::Instant::now() + QUIET);
            match tokio::time::timeout_at(until, self.touched()).await {
                Ok(touched) => drop(touched?),
                Err(_) => return Ok(()),
            }
        }
    }

    /// Waits for changes, and returns whether one of them matters.
    async fn touched(&mut self) -> Result<bool, Failure> {
        let changed: Vec<PathBuf> = self.changes.next().await?;
        Ok(changed.iter().any(|path| self.interest.is_touched_by(path)))
    }
}
