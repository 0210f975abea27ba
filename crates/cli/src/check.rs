//! `lockgate check`: every mistake at once.
//!
//! A round reads the files and judges them ([`round`]); a report says what was found ([`report`]).

use std::path::Path;

use crate::arguments::CheckArguments;
use crate::exit::{Exit, Failure};
use crate::project::Project;

mod judge;
mod report;
mod round;

use round::Round;

pub(crate) fn run(directory: &Path, arguments: &CheckArguments) -> Result<Exit, Failure> {
    let project = Project::find(directory, |_| Ok(None))?;
    let round = Round::make(&project, directory, arguments)?;
    report::write(&round, arguments.format());
    Ok(round.exit())
}
