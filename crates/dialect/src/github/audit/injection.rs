//! Text of others that becomes part of a script.
//!
//! `${{ }}` is replaced before the shell reads the script, so that a title like `"; curl … | sh; "` is commands. In
//! `if`, in `env` and in the inputs of most actions the same text is only a value, and is not told.

use std::cell::LazyCell;

use lockgate_core::Diagnostic;
use lockgate_pipeline::expression::Flow;

use super::command::{self, Again, Reader};
use super::embedded::given_by_env;
use super::relocation::{By, Place, places};
use super::room::Room;
use super::shell::Shell;
use super::sink::Language;
use super::subject::{Job, Step, Subject};
use super::taint::{Taint, Taints, Way, Who};
use super::{Finding, Level};
use crate::codes;

pub(super) fn audit<'n>(subject: &Subject<'n>, found: &mut Vec<Finding>) {
    let taints = LazyCell::new(|| Taints::of_file(subject));
    let judge = |place: &Place<'_, 'n>| {
        let flows = place.embedded.flows().into_iter();
        let (taint, flow) = flows
            .filter_map(|flow| Some((taints.of(&flow, place.job, Some(place.step))?, flow)))
            .min_by_key(|(taint, _)| taint.who)?;
        Some((kind(&taint).1, (taint, flow)))
    };
    places(subject, found, judge, |place, (taint, flow)| {
        finding(place, &taint, &flow)
    });
}

/// Tells of variables that `eval` or another shell reads as commands, which no quotes prevent.
pub(super) fn read_again(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let taints = LazyCell::new(|| Taints::of_file(subject));
    for (job, step) in subject.steps() {
        if command::may_read_again(step.script()) {
            read_again_in(
                subject,
                (job, step),
                |name| taints.of_shell_variable(name, job, step),
                found,
            );
        }
    }
}

fn read_again_in<'n>(
    subject: &Subject<'n>,
    (job, step): (&Job<'n>, Step<'n>),
    taint_of: impl Fn(&str) -> Option<Taint>,
    found: &mut Vec<Finding>,
) {
    let Some(run) = step.node.get("run") else {
        return;
    };
    let Some(mut parts) = run.as_scalar().map(|scalar| scalar.parts(&subject.file.text, run.span)) else {
        return;
    };
    let mut room = Room::of(subject);
    for again in subject.commands(job, step).read_again() {
        for ((start, length), name) in again.variables() {
            if let Some(taint) = taint_of(name).filter(|taint| taint.who == Who::Stranger) {
                let (code, level) = kind(&taint);
                room.add(found, level, || {
                    let span = parts.part(start, length);
                    Finding::new(level, of_program(subject.warning(code, span, ""), &again, name, &taint))
                });
            }
        }
    }
}

fn of_program(diagnostic: Diagnostic, again: &Again<'_>, name: &str, taint: &Taint) -> Diagnostic {
    let program = again.program;
    let message = format!(
        "`{program}` reads {} as commands, so that whoever writes it runs commands here",
        taint.words
    );
    let help = match again.reader {
        Reader::Shell => format!(
            "no quotes help: leave `{program}` out, or hand the value over as an argument, `bash -c '… \"$1\"' _ \"${name}\"`"
        ),
        Reader::Remote => format!(
            "no quotes of this shell reach the other machine: hand the value over quoted for the shell there, `${{{name}@Q}}`"
        ),
        Reader::Interpreter => {
            format!("no quotes help: let the program read the variable `{name}` of its environment itself")
        }
    };
    let diagnostic = Diagnostic { message, ..diagnostic }.help(help);
    match &taint.way {
        Way::Direct => diagnostic,
        Way::Output(set) | Way::Variable(_, set) | Way::Written(_, set) => {
            diagnostic.related(*set, format!("`{name}` gets it here"))
        }
    }
}

fn kind(taint: &Taint) -> (&'static str, Level) {
    match (&taint.way, taint.who) {
        (Way::Output(_) | Way::Written(..), _) => (codes::TAINTED_OUTPUT, Level::Strict),
        (_, Who::Stranger) => (codes::UNTRUSTED_SCRIPT, Level::Certain),
        (_, Who::Member) => (codes::INPUT_IN_SCRIPT, Level::Strict),
    }
}

fn finding(place: &Place<'_, '_>, taint: &Taint, flow: &Flow) -> Finding {
    let (code, level) = kind(taint);
    let by = match &taint.way {
        Way::Variable(name, _) | Way::Written(name, _) => place.by(Some(name), flow),
        _ => place.by(None, flow),
    };
    let fix = place.fix(&by);
    let span = place.span();
    let help = help(place, &by);
    let mut diagnostic = place.subject.warning(code, span, message(taint)).help(help);
    diagnostic = match &taint.way {
        Way::Direct => diagnostic,
        Way::Variable(name, set) | Way::Written(name, set) => {
            diagnostic.related(*set, format!("`{name}` gets it here"))
        }
        Way::Output(written) => diagnostic.related(*written, "the output is written here"),
    };
    Finding::new(level, diagnostic).with_fix(fix)
}

fn message(taint: &Taint) -> String {
    let words = &taint.words;
    match (&taint.way, taint.who) {
        (Way::Output(_), _) => format!("this output may hold {words}, and becomes part of the script"),
        (Way::Written(..), _) => format!("this variable may hold {words}, and becomes part of the script"),
        (_, Who::Stranger) => {
            format!("{words} becomes part of the script, so that whoever writes it runs commands here")
        }
        (_, Who::Member) => format!("{words} becomes part of the script, so that whoever gives it runs commands here"),
    }
}

fn help(place: &Place<'_, '_>, by: &By<'_>) -> String {
    let written = place.embedded.written(place.sink.text);
    let name = match by {
        By::Existing(name) => (*name).to_owned(),
        By::New(flow) => place.variable(flow),
    };
    let used = match place.sink.language {
        Language::Shell(Shell::Pwsh) => format!("write `$env:{name}`"),
        Language::Shell(Shell::Posix) => format!("write `\"${name}\"`"),
        Language::Shell(Shell::Unknown) => format!("use the variable `{name}`"),
        Language::JavaScript => format!("write `process.env.{name}`"),
        Language::Other => {
            return format!(
                "check the value before, in a step with a script that gets it by {}",
                given_by_env(&name, written)
            );
        }
    };
    let there = match by {
        By::Existing(_) => format!("the variable is there already: {used} in the script"),
        By::New(_) => format!(
            "give it to the step by {}, and {used} in the script",
            given_by_env(&name, written)
        ),
    };
    there + &place.remark(by)
}
