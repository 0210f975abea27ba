//! Text of others that becomes part of a script.
//!
//! `${{ }}` is replaced before the shell reads the script, so that a title like `"; curl … | sh; "` is commands. In
//! `if`, in `env` and in the inputs of most actions the same text is only a value, and is not told.

use std::cell::LazyCell;

use lockgate_pipeline::expression::Flow;

use super::embedded::Embedded;
use super::relocation::{By, Place, places};
use super::shell::Shell;
use super::sink::{Language, Sink};
use super::subject::Subject;
use super::taint::{Taint, Taints, Way, Who};
use super::{Finding, Level};
use crate::codes;

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let taints = LazyCell::new(|| Taints::of_file(subject));
    let judge = |place: &Place<'_, '_>| {
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

fn kind(taint: &Taint) -> (&'static str, Level) {
    match (&taint.way, taint.who) {
        (Way::Output(_), _) => (codes::TAINTED_OUTPUT, Level::Strict),
        (_, Who::Stranger) => (codes::UNTRUSTED_SCRIPT, Level::Certain),
        (_, Who::Member) => (codes::INPUT_IN_SCRIPT, Level::Strict),
    }
}

fn finding(place: &Place<'_, '_>, taint: &Taint, flow: &Flow) -> Finding {
    let (code, level) = kind(taint);
    let fix = place.fix(&match &taint.way {
        Way::Variable(name, _) => By::Existing(name),
        _ => By::New(flow),
    });
    let span = place.span();
    let name = match &taint.way {
        Way::Variable(name, _) => name.clone(),
        _ => place.variable(flow),
    };
    let help = help(place.sink, place.embedded, &name, taint, place.obstacle());
    let mut diagnostic = place.subject.warning(code, span, message(taint)).help(help);
    diagnostic = match &taint.way {
        Way::Direct => diagnostic,
        Way::Variable(name, set) => diagnostic.related(*set, format!("`{name}` gets it here")),
        Way::Output(written) => diagnostic.related(*written, "the output is written here"),
    };
    Finding::new(level, diagnostic).with_fix(fix)
}

fn message(taint: &Taint) -> String {
    let words = &taint.words;
    match (&taint.way, taint.who) {
        (Way::Output(_), _) => format!("this output may hold {words}, and becomes part of the script"),
        (_, Who::Stranger) => {
            format!("{words} becomes part of the script, so that whoever writes it runs commands here")
        }
        (_, Who::Member) => format!("{words} becomes part of the script, so that whoever gives it runs commands here"),
    }
}

fn help(sink: &Sink<'_>, embedded: &Embedded, name: &str, taint: &Taint, obstacle: Option<&str>) -> String {
    let written = embedded.written(sink.text);
    let used = match sink.language {
        Language::Shell(Shell::Pwsh) => format!("write `$env:{name}`"),
        Language::Shell(Shell::Posix) => format!("write `\"${name}\"`"),
        Language::Shell(Shell::Unknown) => format!("use the variable `{name}`"),
        Language::JavaScript => format!("write `process.env.{name}`"),
        Language::Other => {
            return format!(
                "check the value before, in a step with a script that gets it by `env: {{ {name}: {written} }}`"
            );
        }
    };
    let there = match taint.way {
        Way::Variable(..) => format!("the variable is there already: {used} in the script"),
        _ => format!("give it to the step by `env: {{ {name}: {written} }}`, and {used} in the script"),
    };
    match obstacle {
        Some(why) => format!("{there}; not where it stands now, since {why}"),
        None => there,
    }
}
