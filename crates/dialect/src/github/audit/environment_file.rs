//! Text of others that is written to `GITHUB_ENV` or `GITHUB_PATH`.
//!
//! A variable keeps the shell from running it, but a line break in it begins another variable of all later steps, such
//! as `LD_PRELOAD`; and a folder in the path decides which programs they run.

use std::cell::LazyCell;

use lockgate_core::Span;

use super::command::{Part, written};
use super::room::Room;
use super::subject::Subject;
use super::taint::{Taint, Taints, Way, Who};
use super::untrusted::Lines;
use super::{Finding, Level};
use crate::codes;

const FILES: [&str; 2] = ["GITHUB_ENV", "GITHUB_PATH"];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let taints = LazyCell::new(|| Taints::of_file(subject));
    for (job, step) in subject.steps() {
        let Some(run) = step.node.get("run") else {
            continue;
        };
        let files = FILES.map(|file| Some(file).filter(|file| step.script().contains(file)));
        if files.iter().all(Option::is_none) {
            continue;
        }
        let Some(mut parts) = run.as_scalar().map(|scalar| scalar.parts(&subject.file.text, run.span)) else {
            continue;
        };
        let mut room = Room::of(subject);
        for file in files.into_iter().flatten() {
            let is_told =
                |taint: &Taint| taint.who == Who::Stranger && (taint.lines == Lines::Many || file == "GITHUB_PATH");
            for written in written(step.script(), &[file]) {
                let variables = |part| {
                    Part::variables(part)
                        .into_iter()
                        .map(move |(at, name)| (part.whole(at, name), name))
                };
                let tainted = written
                    .iter()
                    .flat_map(variables)
                    .filter_map(|(place, name)| Some((place, taints.of_shell_variable(name, job, step)?)))
                    .find(|(_, taint)| is_told(taint));
                if let Some(((start, length), taint)) = tainted {
                    room.add(found, Level::Certain, || {
                        let span = parts.part(start, length);
                        finding(subject, span, file, taint)
                    });
                }
            }
        }
    }
}

fn finding(subject: &Subject<'_>, span: Span, file: &str, taint: Taint) -> Finding {
    let message = format!(
        "{} is written to `{file}`, which decides over all later steps",
        taint.words
    );
    let help = if file == "GITHUB_ENV" {
        "write it as an output instead, or let only what is expected pass: `tr -cd '[:alnum:]._-'`"
    } else {
        "write only folders to `GITHUB_PATH` that the workflow names itself"
    };
    let mut diagnostic = subject.warning(codes::UNTRUSTED_ENVIRONMENT, span, message).help(help);
    if let Way::Variable(name, set) | Way::Written(name, set) = taint.way {
        diagnostic = diagnostic.related(set, format!("`{name}` gets it here"));
    }
    Finding::new(Level::Certain, diagnostic)
}
