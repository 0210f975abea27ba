//! Where a text becomes commands: scripts of steps, and the inputs of actions that run what they are given.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;

use lockgate_core::Span;

use super::embedded::{expressions, has_expression};
use super::shell::{self, Shell};
use super::subject::{Job, Step, Subject};
use crate::yaml::{Node, Parts};

/// A text that is run.
pub(super) struct Sink<'n> {
    pub(super) node: &'n Node,
    pub(super) text: &'n str,
    pub(super) language: Language,
    /// The words outside of its expressions, among which a new variable needs a name of its own; empty until asked for.
    words: OnceCell<BTreeSet<&'n str>>,
    parts: RefCell<Parts<'n>>,
}

impl Sink<'_> {
    /// Returns whether a word stands in it as written.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.get_or_init(|| words(self.text)).contains(word)
    }

    /// Returns where the part `start..end` of the text stands; what is asked in the order of the text takes one walk
    /// along it.
    pub(super) fn part(&self, start: usize, end: usize) -> Span {
        self.parts.borrow_mut().part(start, end.saturating_sub(start))
    }
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
    })
}

/// Returns the words of a text without those of its expressions, which are gone when it runs.
fn words(text: &str) -> BTreeSet<&str> {
    let found = expressions(text);
    let starts = std::iter::once(0).chain(found.iter().map(|embedded| embedded.end));
    let ends = found.iter().map(|embedded| embedded.start).chain([text.len()]);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    starts
        .zip(ends)
        .flat_map(|(start, end)| text[start..end].split(move |c| !is_word(c)))
        .collect()
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
    fn variables_of_a_line_are_found() {
        assert_eq!(
            variables(r#"echo "a=$TITLE ${B}" >> "$GITHUB_OUTPUT""#),
            ["TITLE", "B", "GITHUB_OUTPUT"]
        );
        assert_eq!(variables("echo $env:X $(date) $1 $$ ${{ a }}"), ["X"]);
    }
}
