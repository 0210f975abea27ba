//! `lockgate check`: every mistake at once.
//!
//! The files are chosen ([`files`]), each is judged by itself ([`judge`]), a round puts that together with what they
//! reach ([`round`]), and a report says what was found ([`report`]). Nothing here starts a program, unless a
//! `lockgate.yaml` asks for what only Git knows.

use std::io::Read;
use std::path::Path;

use crate::arguments::CheckArguments;
use crate::exit::{Exit, Failure};
use crate::project::Folders;

mod declared;
mod files;
mod judge;
mod report;
mod round;
mod watch;

use report::Rounds;
use round::{Round, Scope};

pub(crate) fn run(directory: &Path, arguments: &CheckArguments) -> Result<Exit, Failure> {
    arguments.refuse_contradictions()?;
    if arguments.watch {
        return crate::finish(watch::watch(directory, arguments));
    }
    let folders = Folders::find(directory)?;
    let given = if arguments.reads_stdin() { Some(stdin()?) } else { None };
    let scope = Scope {
        folders: &folders,
        directory,
        arguments,
        given: given.as_deref(),
    };
    let round = Round::make(&scope)?;
    report::write(&round, &scope, Rounds::Once)?;
    Ok(round.exit())
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage("read standard input").because(&error))?;
    Ok(bytes)
}
