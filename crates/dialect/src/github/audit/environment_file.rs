//! Text of others that is written to `GITHUB_ENV` or `GITHUB_PATH`.
//!
//! A variable keeps the shell from running it, but a line break in it begins another variable of all later steps, such
//! as `LD_PRELOAD`; and a folder in the path decides which programs they run.

mod effect;
mod saying;
mod translation;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use lockgate_core::Span;

use super::command::{Commands, Part, written};
use super::room::Room;
use super::shell;
use super::subject::Subject;
use super::taint::{Taint, Taints, Way, Who};
use super::untrusted::Lines;
use super::{Finding, Level};
use crate::codes;
use effect::Deciding;
use saying::Sayings;

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
        let delimiters = LazyCell::new(|| unforeseeable(&subject.commands(job, step)));
        let sayings = LazyCell::new(|| {
            let commands = subject.commands(job, step);
            Sayings::of(step.script(), shell::of(subject, job, step), commands)
        });
        let mut room = Room::of(subject);
        for file in files.into_iter().flatten() {
            let deciding = if file == "GITHUB_PATH" {
                Deciding::Text
            } else {
                Deciding::Lines
            };
            let is_told = |taint: &Taint| {
                taint.who == Who::Stranger && (taint.lines == Lines::Many || deciding == Deciding::Text)
            };
            let none = BTreeSet::new();
            let delimiters = if file == "GITHUB_ENV" { &*delimiters } else { &none };
            let names = LazyCell::new(|| subject.commands(job, step).names(&[file]));
            let mut block = Block { is_open: false };
            for written in written(subject, job, step, &[file]) {
                let tainted = block
                    .outside(&written, delimiters)
                    .into_iter()
                    .filter_map(|(place, name)| Some((place, taints.of_shell_variable(name, job, step)?)))
                    .filter(|(_, taint)| is_told(taint))
                    .find_map(|(place, taint)| {
                        Some((
                            sayings.level((place.0, place.0 + place.1), &names, deciding)?,
                            place,
                            taint,
                        ))
                    });
                if let Some((level, (start, length), taint)) = tainted {
                    room.add(found, level, || {
                        let span = parts.part(start, length);
                        finding(subject, span, file, taint, level)
                    });
                }
            }
        }
    }
}

fn finding(subject: &Subject<'_>, span: Span, file: &str, taint: Taint, level: Level) -> Finding {
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
    Finding::new(level, diagnostic)
}

/// A value of several lines, `NAME<<DELIMITER`, whose delimiter nobody can foresee, so that no text ends it.
struct Block {
    is_open: bool,
}

impl Block {
    /// Returns the variables of what is written next that stand outside of such values, each with its place.
    fn outside<'t>(&mut self, written: &[Part<'t>], delimiters: &BTreeSet<&str>) -> Vec<((usize, usize), &'t str)> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let is_formatted = written.iter().any(|part| part.text.contains("<<%s"));
        let mut found = Vec::new();
        for part in written {
            for (at, name) in part.plain_variables() {
                let place = part.whole(at, name);
                if delimiters.contains(name) {
                    let before = part.text[..place.0 - part.start].trim_end_matches(is_word);
                    self.is_open = before.ends_with("<<") || (is_formatted && !self.is_open);
                } else if !self.is_open {
                    found.push((place, name));
                }
            }
        }
        found
    }
}

/// Returns the variables of a script that are set to something that nobody can foresee.
fn unforeseeable<'t>(commands: &Commands<'t>) -> BTreeSet<&'t str> {
    const RANDOM: [&str; 5] = ["random", "uuid", "guid", "openssl", "mktemp"];
    const DECLARING: [&str; 5] = ["export ", "local ", "readonly ", "declare ", "typeset "];
    let is_random = |value: &str| {
        let (is_made, has_nanoseconds) = (value.contains(['$', '`']), value.contains("%N"));
        let value = value.to_ascii_lowercase();
        // When it was to the second might be foreseen, but not what is made of it.
        RANDOM.iter().any(|word| value.contains(word))
            || (is_made && (has_nanoseconds || (value.contains("date") && value.contains("sum"))))
    };
    let of_command = |text: &'t str| {
        let (name, _) = text.split_once('=').filter(|(_, value)| is_random(value))?;
        let declared = DECLARING.iter().find_map(|word| name.strip_prefix(word));
        Some(declared.unwrap_or(name).trim().trim_start_matches('$'))
    };
    commands
        .iter()
        .filter_map(|command| of_command(command.words()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::audit::shell::Shell;

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let script = format!("E=$(uuidgen)\nK=end\n{script}");
        let commands = Commands::of(&script, Shell::Posix);
        let delimiters = unforeseeable(&commands);
        assert_eq!(delimiters, BTreeSet::from(["E"]));
        let mut block = Block { is_open: false };
        let found: Vec<&str> = commands
            .written(&["OUT"])
            .iter()
            .flat_map(|written| block.outside(written, &delimiters))
            .map(|(_, name)| name)
            .filter(|name| *name != "OUT")
            .collect();
        assert_eq!(found, expected, "{script}");
    }

    #[test]
    fn what_changes_with_every_run_is_not_foreseen() {
        for (script, expected) in [
            ("A=$(uuidgen)", true),
            ("export A=$(date | sha256sum | head -c 20)", true),
            ("A=$(date +%s%N)", true),
            ("A=$(openssl rand -hex 8)", true),
            ("A=$(date +%Y)", false),
            ("A=$(echo a | sha256sum)", false),
        ] {
            assert_eq!(
                !unforeseeable(&Commands::of(script, Shell::Posix)).is_empty(),
                expected,
                "{script}"
            );
        }
    }

    #[test]
    fn a_value_whose_end_nobody_foresees_holds_any_text() {
        check(
            "{ echo \"A<<$E\"; echo \"$B\"; echo \"$E\"; echo \"$C\"; } >> $OUT",
            &["C"],
        );
        check(
            "echo \"A<<x_${E}\" >> $OUT\necho \"$B\" >> $OUT\necho \"x_$E\" >> $OUT\necho $C >> $OUT",
            &["C"],
        );
        check(
            "printf 'A<<%s\\n%s\\n%s\\n' \"$E\" \"$B\" \"$E\" >> $OUT; echo $C >> $OUT",
            &["C"],
        );
        check("{ echo \"A<<$K\"; echo \"$B\"; echo $K; } >> $OUT", &["K", "B", "K"]);
        check("{ echo \"$E\"; echo \"$B\"; } >> $OUT", &["B"]);
    }
}
