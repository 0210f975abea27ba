//! The fix of an expression in a script: its value comes by a variable.
//!
//! A variable is a value for the shell and never commands. The edits are those that a person would make: a line below
//! `env:` of the step, and the name of the variable in the script. They are safe where the quoting is understood,
//! the value is one word before and after, and it is known to stay data, so that no injection is hidden; else they are
//! not made, or left to a person.

mod certainty;
mod name;
mod naming;

use std::cell::OnceCell;

use lockgate_core::Span;
use lockgate_pipeline::expression::Flow;

use super::embedded::{Embedded, expressions};
use super::fix::{Edit, Fix, Safety};
use super::room::Room;
use super::shell::{Quoting, Shell, Standing};
use super::sink::{Language, Sink, sinks};
use super::subject::{Job, Step, Subject, entry};
use super::{Finding, Level};
use crate::yaml::{Entry, Node, Style, written};
use certainty::{Quotes, doubt, is_one_word};
use name::{name_for, unheard_of};
pub(super) use naming::Naming;

/// An expression in a script of a step.
pub(super) struct Place<'a, 'n> {
    pub(super) subject: &'a Subject<'n>,
    pub(super) job: &'a Job<'n>,
    pub(super) step: Step<'n>,
    pub(super) sink: &'a Sink<'n>,
    pub(super) embedded: &'a Embedded,
    /// How it stands in its script; not known until asked for.
    standing: OnceCell<Option<Standing>>,
}

/// Tells of the expressions in the scripts of all steps that `judge` finds wrong, at the level that it gives.
///
/// It is asked about all of them; what takes long is for `tell`, which is asked about no more than are told.
pub(super) fn places<'n, T>(
    subject: &Subject<'n>,
    found: &mut Vec<Finding>,
    judge: impl Fn(&Place<'_, 'n>) -> Option<(Level, T)>,
    tell: impl Fn(&Place<'_, 'n>, T) -> Finding,
) {
    for (job, step) in subject.steps() {
        for sink in &sinks(subject, job, step) {
            let mut room = Room::of(subject);
            for embedded in &expressions(sink.text) {
                let place = Place {
                    subject,
                    job,
                    step,
                    sink,
                    embedded,
                    standing: OnceCell::new(),
                };
                if let Some((level, what)) = judge(&place) {
                    room.add(found, level, || tell(&place, what));
                }
            }
        }
    }
}

/// How the value comes to the script.
pub(super) enum By<'t> {
    /// By a variable that is there already.
    Existing(&'t str),
    /// By a new variable, named after what it holds.
    New(&'t Flow),
}

impl Place<'_, '_> {
    /// Returns where it stands in the file.
    pub(super) fn span(&self) -> Span {
        self.sink.part(self.embedded.start, self.embedded.end)
    }

    /// Returns the name of a variable for `flow`: one that is there and holds the same, else one that
    /// is free, and is given to no other value.
    pub(super) fn variable(&self, flow: &Flow) -> String {
        let written = self.embedded.written(self.sink.text);
        let own = self.step.node.get("env").and_then(Node::as_mapping).unwrap_or_default();
        let same = own.iter().find(|entry| {
            let value = entry.value.as_scalar();
            let is_same = value.is_some_and(|value| squeezed(&value.text) == squeezed(written));
            is_same && !self.sink.is_changed(&entry.key.name)
        });
        if let Some(same) = same {
            return same.key.name.clone();
        }
        let name = if self.reads_commands() {
            unheard_of(name_for(flow))
        } else {
            name_for(flow)
        };
        let naming = &self.subject.naming;
        naming.name_of(self.step.node, &squeezed(written), &name, |name| self.is_taken(name))
    }

    fn is_taken(&self, name: &str) -> bool {
        let levels = [self.step.node, self.job.node, self.subject.root];
        let is_variable = levels
            .iter()
            .any(|level| level.get("env").is_some_and(|env| env.get(name).is_some()));
        is_variable || self.sink.has_word(name) || self.sink.text.contains(&format!("env.{name}"))
    }

    /// Returns how its value comes to the script, when `flow` is the one that is told and `variable`, if any, is the
    /// variable by which it comes.
    pub(super) fn by<'t>(&self, variable: Option<&'t str>, flow: &'t Flow) -> By<'t> {
        match variable {
            // Of anything more than the variable itself the rest would be lost.
            Some(name) if self.is_only(name) && !self.reads_commands() => By::Existing(name),
            _ => By::New(flow),
        }
    }

    /// Returns whether its script reads commands or names from elsewhere, which may set any variable.
    fn reads_commands(&self) -> bool {
        let is_first = |(at, _): (usize, &str)| {
            let before = self.sink.text[..at].trim_end_matches([' ', '\t']);
            before.is_empty()
                || before.ends_with(['\n', ';', '&', '|', '(', '{'])
                || before.ends_with("then")
                || before.ends_with("do")
        };
        let text = self.sink.text;
        // As in `export $(cat file)`.
        let sets_any = ["export", "declare", "readonly", "local"].iter().any(|word| {
            let behind = text
                .match_indices(word)
                .map(|(at, _)| text[at + word.len()..].trim_start_matches([' ', '"']));
            self.sink.has_word(word) && behind.into_iter().any(|behind| behind.starts_with(['$', '`']))
        });
        sets_any || self.sink.has_word("source") || text.match_indices(". ").any(is_first)
    }

    /// Returns whether it is nothing but the variable of this name.
    fn is_only(&self, name: &str) -> bool {
        let source = squeezed(self.embedded.expression.source());
        let is_env = source.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("env"));
        let behind = source.get(3..).unwrap_or_default();
        let is_name = |inner: Option<&str>| inner == Some(name);
        let index = behind.strip_prefix("['").and_then(|rest| rest.strip_suffix("']"));
        is_env && (is_name(behind.strip_prefix('.')) || is_name(index))
    }

    /// Returns whether it reads a variable that its own step sets, or may read any.
    ///
    /// The variables of a step are not known where they are set.
    fn reads_own_variable(&self) -> bool {
        let Some(own) = self.step.node.get("env") else {
            return false;
        };
        let own = own.as_mapping().unwrap_or_default();
        let is_own = |name: &String| own.iter().any(|entry| entry.key.name.eq_ignore_ascii_case(name));
        let used = self.embedded.expression.contexts_used();
        let mut of_env = used.iter().filter(|used| used.name == "env");
        of_env.any(|used| used.path.first().is_none_or(is_own))
    }

    /// Returns what to tell behind the advice to take a variable: why not in this place, or what to look at.
    pub(super) fn remark(&self, by: &By<'_>) -> String {
        let is_read_where_it_is_set = matches!(by, By::New(_)) && self.reads_own_variable();
        let not_here = |why| format!("; not where it stands now, since {why}");
        let look_at = |why| format!("; look at what comes out then, since {why}");
        let see_that = |why| format!("; see that nothing runs it then, since {why}");
        match self.standing() {
            Some(Standing {
                quoting: Quoting::Unclear(why),
                ..
            }) => not_here(why),
            _ if is_read_where_it_is_set => not_here(OF_THE_SAME_STEP),
            Some(Standing { doubt: Some(why), .. }) if !self.is_secret() => see_that(why),
            // That the quotes keep a value in one piece is what they are for.
            Some(Standing {
                quoting: Quoting::Bare, ..
            })
            | None => String::new(),
            Some(Standing { quoting, .. }) => self.doubt(quoting).map_or(String::new(), look_at),
        }
    }

    /// Returns whether nothing but secrets can come out of it, which nobody else writes: whoever runs them as commands
    /// did so before.
    fn is_secret(&self) -> bool {
        let is_secret = |flow: &Flow| match flow.path.as_slice() {
            [secrets, ..] if secrets == "secrets" => true,
            [github, token] => github == "github" && token == "token",
            _ => false,
        };
        self.embedded.flows().iter().all(is_secret)
    }

    fn standing(&self) -> Option<Standing> {
        *self.standing.get_or_init(|| match self.sink.language {
            Language::Shell(Shell::Posix) => {
                Some(self.sink.standing(self.subject, (self.job, self.step), self.embedded))
            }
            _ => None,
        })
    }

    /// Returns the edits that make it come by a variable.
    pub(super) fn fix(&self, by: &By<'_>) -> Option<Fix> {
        let name = match by {
            // What the script sets is another value from there on.
            By::Existing(name) if self.sink.is_changed(name) => return None,
            By::Existing(name) => (*name).to_owned(),
            By::New(flow) => self.variable(flow),
        };
        let is_read_where_it_is_set = matches!(by, By::New(_)) && self.reads_own_variable();
        if !is_variable(&name) || is_read_where_it_is_set {
            return None;
        }
        let (replacement, safety) = self.replacement(&name)?;
        let mut edits = vec![replacement];
        let is_there =
            matches!(by, By::Existing(_)) || self.step.node.get("env").is_some_and(|env| env.get(&name).is_some());
        if !is_there {
            edits.extend(self.declaration(&name)?);
            // Only what is made together must not clash.
            if safety == Safety::Safe {
                let value = squeezed(self.embedded.written(self.sink.text));
                self.subject.naming.give(self.step.node, value, &name);
            }
        }
        Some(Fix {
            description: format!("`{name}` comes to the script by `env`"),
            edits,
            safety,
        })
    }

    /// Returns the edit of the script.
    fn replacement(&self, name: &str) -> Option<(Edit, Safety)> {
        let (start, end) = (self.embedded.start, self.embedded.end);
        let text = self.sink.text.as_bytes();
        let around = |sign: u8| start > 0 && text[start - 1] == sign && text.get(end) == Some(&sign);
        let (wide, bare, safety) = match self.sink.language {
            Language::Shell(Shell::Posix) => {
                let Standing { quoting, doubt } = self.standing()?;
                if self.is_part_of_a_name() {
                    return None;
                }
                let (wide, written) = match quoting {
                    Quoting::Double => (0, format!("${{{name}}}")),
                    Quoting::AloneInSingle => (1, format!("\"${{{name}}}\"")),
                    Quoting::Bare => (0, format!("\"${{{name}}}\"")),
                    Quoting::Unclear(_) => return None,
                };
                let is_certain = (doubt.is_none() || self.is_secret()) && self.doubt(quoting).is_none();
                (wide, written, if is_certain { Safety::Safe } else { Safety::ForPeople })
            }
            Language::Shell(Shell::Pwsh) if around(b'"') || around(b'\'') => {
                (1, format!("$env:{name}"), Safety::ForPeople)
            }
            Language::JavaScript if around(b'"') || around(b'\'') || around(b'`') => {
                (1, format!("process.env.{name}"), Safety::ForPeople)
            }
            _ => return None,
        };
        let (start, end) = (start - wide, end + wide);
        let span = self.sink.part(start, end);
        let is_writable = self.is_writable(span, &bare);
        let edit = Edit::replacing(&self.subject.file.text, span, self.sink.text.get(start..end)?, bare);
        Some((edit.filter(|_| is_writable)?, safety))
    }

    /// Returns whether the text before it is the sign or the beginning of a variable's name, which a brace would end.
    fn is_part_of_a_name(&self) -> bool {
        let before = self.sink.text.get(..self.embedded.start).unwrap_or_default();
        let before = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        before.ends_with(['$']) || before.ends_with("${")
    }

    /// Returns why its value may be another one as a variable; `None` when it is the same for certain.
    fn doubt(&self, quoting: Quoting) -> Option<&'static str> {
        let quotes = match quoting {
            Quoting::Bare if is_one_word(self.subject, self.embedded, self.sink.text) => return None,
            Quoting::Bare => return Some("the shell may split the value into words, or leave out an empty one"),
            Quoting::AloneInSingle => Quotes::Single,
            Quoting::Double | Quoting::Unclear(_) => Quotes::Double,
        };
        doubt(self.subject, self.embedded, quotes)
    }

    /// Returns whether the text can stand there in the YAML as it is written.
    fn is_writable(&self, span: Span, text: &str) -> bool {
        let Some(scalar) = self.sink.node.as_scalar() else {
            return false;
        };
        let source = &self.subject.file.text;
        let written = source.get(span.start..span.end).unwrap_or_default();
        let is_within = self.step.node.span.start <= span.start && span.end <= self.step.node.span.end;
        let fits = match scalar.style {
            Style::Block => true,
            // A quote at the start of a plain text would quote all of it.
            Style::Plain => span.start > self.sink.node.span.start || !text.starts_with('"'),
            Style::Single => !written.contains('\'') && !text.contains('\''),
            Style::Double => !written.contains(['"', '\\']) && !text.contains(['"', '\\']),
        };
        is_within && fits
    }

    /// Returns the edits that declare the variable at the step.
    fn declaration(&self, name: &str) -> Option<Vec<Edit>> {
        let source = &self.subject.file.text;
        let value = self.embedded.written(self.sink.text);
        let line = format!("{name}: {}", written(value));
        if let Some(env) = self.step.node.get("env") {
            let first = env.as_mapping()?.first()?;
            let indent = indentation(source, first)?;
            return Some(vec![Edit::before(source, first, format!("{line}\n{indent}"))?]);
        }
        let first = entry(self.step.node, "run").or_else(|| entry(self.step.node, "uses"))?;
        let indent = indentation(source, first)?;
        // The heading is an edit of its own, which all variables of the step have in common.
        let heading = Edit::before(source, first, format!("env:\n{indent}"))?;
        let variable = Edit::before(source, first, format!("  {line}\n{indent}"))?;
        Some(vec![heading, variable])
    }
}

const OF_THE_SAME_STEP: &str =
    "it reads another variable of the step, and those are not known where one of them is set";

/// Returns the white space that puts a line into the column of a key, when the key is the first on its line.
fn indentation(source: &str, entry: &Entry) -> Option<String> {
    let start = source[..entry.key.span.start].rfind('\n').map_or(0, |at| at + 1);
    let before = &source[start..entry.key.span.start];
    let is_block = before.chars().all(|c| matches!(c, ' ' | '-'));
    is_block.then(|| " ".repeat(before.len()))
}

/// Returns an expression without the white space outside of its strings.
fn squeezed(text: &str) -> String {
    let mut is_in_string = false;
    let is_kept = |c: &char| {
        is_in_string ^= *c == '\'';
        is_in_string || !c.is_whitespace()
    };
    text.chars().filter(is_kept).collect()
}

/// Returns whether a shell can read a variable of this name.
fn is_variable(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
