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
use crate::render::{diagnostics, out};

mod declared;
mod drawing;
mod files;
mod fix;
mod judge;
mod report;
mod round;
mod strict;
mod watch;

pub(crate) use strict::{hides, unused};

use fix::{Effect, Reader};
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
    let mut round = Round::make(&scope)?;
    if arguments.fix {
        let reader = if arguments.is_for_programs() {
            Reader::Program
        } else {
            Reader::Person
        };
        let effect = if arguments.dry_run { Effect::Show } else { Effect::Write };
        let changed = fix::fix(&folders.root, &round, arguments.strictness(), effect, reader)?;
        if changed > 0 && arguments.dry_run && reader == Reader::Person {
            // Stdout is the difference, for `git apply` too.
            let found = diagnostics::summary(&round.diagnostics);
            out::progress(format_args!("nothing was changed; as it is, there are {found}"));
            return Ok(round.exit());
        }
        if changed > 0 && !arguments.dry_run {
            round = Round::make(&scope)?;
        }
    }
    report::write(&round, &scope, Rounds::Once)?;
    Ok(round.exit())
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage("cannot read standard input").because(&error))?;
    Ok(bytes)
}
