//! Where a text becomes commands: scripts of steps, and the inputs of actions that run what they are given.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use lockgate_core::Span;

use super::embedded::{Embedded, expressions, has_expression};
use super::shell::{self, Quoting, Script, Shell, Standing};
use super::subject::{Job, Kind, Step, Subject};
use crate::yaml::{Node, Parts};

/// A text that is run.
pub(super) struct Sink<'n> {
    pub(super) node: &'n Node,
    pub(super) text: &'n str,
    pub(super) language: Language,
    /// The words outside of its expressions, among which a new variable needs a name of its own, each with whether it is
    /// only the name of a variable that is read; empty until asked for.
    words: OnceCell<BTreeMap<&'n str, bool>>,
    parts: RefCell<Parts<'n>>,
    /// Its quotes, for a shell that is understood; not looked at until asked for.
    script: OnceCell<RefCell<Script<'n>>>,
}

impl<'n> Sink<'n> {
    /// Returns whether a word stands in it as written.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.get_or_init(|| words(self.text)).contains_key(word)
    }

    /// Returns whether it may set the variable of this name, and not only read it.
    pub(super) fn is_changed(&self, name: &str) -> bool {
        let words = self.words.get_or_init(|| words(self.text));
        words.get(name).is_some_and(|is_read| !is_read)
    }

    /// Returns how an expression in it is quoted; what is asked in the order of the text takes one walk along it.
    pub(super) fn standing(
        &self,
        subject: &Subject<'n>,
        (job, step): (&Job<'n>, Step<'n>),
        embedded: &Embedded,
    ) -> Standing {
        if !subject.may_read(1) {
            return Standing {
                quoting: Quoting::Unclear("the file has more and longer scripts than are looked through at once"),
                doubt: None,
            };
        }
        let script = self.script.get_or_init(|| RefCell::new(Script::of(self.text)));
        let is_given = |name: &str| is_given(subject, job, step, name);
        let (standing, read) = script.borrow_mut().at(embedded.start, embedded.end, &is_given);
        subject.may_read(read);
        standing
    }

    /// Returns where the part `start..end` of the text stands; what is asked in the order of the text takes one walk
    /// along it.
    pub(super) fn part(&self, start: usize, end: usize) -> Span {
        self.parts.borrow_mut().part(start, end.saturating_sub(start))
    }
}

/// Returns whether the programs of a step may get a variable of this name, as far as the file says.
fn is_given(subject: &Subject<'_>, job: &Job<'_>, step: Step<'_>, name: &str) -> bool {
    let container = job.node.get("container");
    let mut levels = [Some(step.node), Some(job.node), Some(subject.root), container]
        .into_iter()
        .flatten()
        .filter_map(|level| level.get("env"));
    let mut scripts = job.steps.iter().map(|step| step.script());
    // Who uses an action has variables of its own.
    subject.kind == Kind::Action
        || levels.any(|env| env.as_mapping().is_none() || env.get(name).is_some())
        || scripts.any(|text| !subject.may_read(text.len()) || (text.contains("GITHUB_ENV") && text.contains(name)))
}

/// What runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Shell(Shell),
    JavaScript,
    /// Something else, or somewhere else, where variables of the step are not known.
    Other,
}

/// Actions that run an input of theirs.
const RUNNING: [(&str, &str, Language); 8] = [
    ("actions/github-script", "script", Language::JavaScript),
    ("azure/cli", "inlineScript", Language::Other),
    ("azure/powershell", "inlineScript", Language::Other),
    ("appleboy/ssh-action", "script", Language::Other),
    ("nick-fields/retry", "command", Language::Other),
    ("nick-invision/retry", "command", Language::Other),
    ("cardinalby/js-eval-action", "expression", Language::Other),
    ("addnab/docker-run-action", "run", Language::Other),
];

/// Returns every text that a step runs and that has an expression.
pub(super) fn sinks<'n>(subject: &Subject<'n>, job: &Job<'n>, step: Step<'n>) -> Vec<Sink<'n>> {
    let source = &subject.file.text;
    let script = sink(source, step.node.get("run"), || {
        Language::Shell(shell::of(subject, job, step))
    });
    let program = sink(source, step.node.get("shell"), || Language::Other);
    let action = step.action();
    let inputs = RUNNING
        .iter()
        .filter(|(running, ..)| action.is_some_and(|action| action.eq_ignore_ascii_case(running)))
        .filter_map(|(_, input, language)| sink(source, step.input(input), || *language));
    script.into_iter().chain(program).chain(inputs).collect()
}

fn sink<'n>(source: &'n str, node: Option<&'n Node>, language: impl FnOnce() -> Language) -> Option<Sink<'n>> {
    let node = node?;
    let scalar = node.as_scalar()?;
    let text = scalar.text.as_str();
    has_expression(text).then(|| Sink {
        node,
        text,
        language: language(),
        words: OnceCell::new(),
        parts: RefCell::new(scalar.parts(source, node.span)),
        script: OnceCell::new(),
    })
}

/// Returns the words of a text without those of its expressions, which are gone when it runs; each with whether it
/// stands only where a variable is read.
fn words(text: &str) -> BTreeMap<&str, bool> {
    let found = expressions(text);
    let starts = std::iter::once(0).chain(found.iter().map(|embedded| embedded.end));
    let ends = found.iter().map(|embedded| embedded.start).chain([text.len()]);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut words = BTreeMap::new();
    for (start, end) in starts.zip(ends) {
        let mut at = start;
        while at < end {
            let rest = &text.as_bytes()[at..end];
            let length = rest.iter().take_while(|byte| is_word(byte)).count();
            if length > 0 {
                let is_read = is_read(&text.as_bytes()[start..], at - start, length);
                *words.entry(&text[at..at + length]).or_insert(true) &= is_read;
            }
            at += length + rest[length..].iter().take_while(|byte| !is_word(byte)).count();
        }
    }
    words
}

/// Returns whether a word stands as in `$NAME` or `${NAME…}`, and is not set by `${NAME:=…}`.
fn is_read(text: &[u8], at: usize, length: usize) -> bool {
    let (before, behind) = (&text[..at], &text[at + length..]);
    before.ends_with(b"$") || (before.ends_with(b"${") && !behind.starts_with(b"=") && !behind.starts_with(b":="))
}

/// Returns the names of the shell variables that a line uses.
pub(super) fn variables(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices('$') {
        let rest = &line[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let rest = rest.strip_prefix("env:").unwrap_or(rest);
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        if name.starts_with(|c: char| !c.is_ascii_digit()) && !name.is_empty() {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_or_changed() {
        let words = words("A=$B; echo ${C} \"$D\"; unset D; ${E:=x} ${F:-y} $G ${{ env.G }} ${{ env.H }}");
        let is_read = |name: &str| words.get(name).copied();
        for (name, expected) in [
            ("A", false),
            ("B", true),
            ("C", true),
            ("D", false),
            ("E", false),
            ("F", true),
        ] {
            assert_eq!(is_read(name), Some(expected), "{name}");
        }
        assert_eq!((is_read("G"), is_read("H")), (Some(true), None));
    }

    #[test]
    fn variables_of_a_line_are_found() {
        assert_eq!(
            variables(r#"echo "a=$TITLE ${B}" >> "$GITHUB_OUTPUT""#),
            ["TITLE", "B", "GITHUB_OUTPUT"]
        );
        assert_eq!(variables("echo $env:X $(date) $1 $$ ${{ a }}"), ["X"]);
    }
}
