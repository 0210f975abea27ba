//! What is certain of a value before the run.

use lockgate_pipeline::expression::{Extent, Flow, Function};

use super::super::embedded::Embedded;
use super::super::subject::{Kind, Subject};
use crate::yaml::Node;

/// What is one word and not empty, whatever the event is.
const ALWAYS: [&str; 22] = [
    "github.actor",
    "github.actor_id",
    "github.api_url",
    "github.event_name",
    "github.graphql_url",
    "github.job",
    "github.ref",
    "github.ref_name",
    "github.ref_type",
    "github.repository",
    "github.repository_id",
    "github.repository_owner",
    "github.repository_owner_id",
    "github.run_attempt",
    "github.run_id",
    "github.run_number",
    "github.server_url",
    "github.sha",
    "github.token",
    "runner.arch",
    "runner.os",
    "secrets.github_token",
];

const OF_REQUESTS: &[&str] = &[
    "pull_request",
    "pull_request_target",
    "pull_request_review",
    "pull_request_review_comment",
];
const OF_ISSUES: &[&str] = &["issues", "issue_comment"];

/// What is one word and not empty where only these events start the workflow.
const BY_EVENT: [(&str, &[&str]); 20] = [
    ("github.head_ref", &["pull_request", "pull_request_target"]),
    ("github.base_ref", &["pull_request", "pull_request_target"]),
    ("github.event.number", &["pull_request", "pull_request_target"]),
    ("github.event.pull_request.number", OF_REQUESTS),
    ("github.event.pull_request.id", OF_REQUESTS),
    ("github.event.pull_request.html_url", OF_REQUESTS),
    ("github.event.pull_request.head.ref", OF_REQUESTS),
    ("github.event.pull_request.head.sha", OF_REQUESTS),
    ("github.event.pull_request.base.ref", OF_REQUESTS),
    ("github.event.pull_request.base.sha", OF_REQUESTS),
    ("github.event.issue.number", OF_ISSUES),
    ("github.event.issue.id", OF_ISSUES),
    ("github.event.issue.html_url", OF_ISSUES),
    ("github.event.comment.id", &["issue_comment"]),
    ("github.event.comment.html_url", &["issue_comment"]),
    ("github.event.release.tag_name", &["release"]),
    ("github.event.release.id", &["release"]),
    ("github.event.workflow_run.id", &["workflow_run"]),
    ("github.event.workflow_run.head_sha", &["workflow_run"]),
    ("github.event.discussion.number", &["discussion", "discussion_comment"]),
];

/// Returns whether a value is one word that is not empty, so that quotes around it change nothing.
pub(super) fn is_one_word(subject: &Subject<'_>, embedded: &Embedded, text: &str) -> bool {
    let written = embedded.written(text);
    let inner = written.trim_start_matches("${{").trim_end_matches("}}");
    // What is calculated can be anything: a literal, a format, nothing.
    let path = inner.trim().to_ascii_lowercase();
    let is_by_event = |(name, events): &(&str, &[&str])| {
        let is_one_of = |trigger: &super::super::subject::Trigger<'_>| events.contains(&trigger.name);
        *name == path && !subject.triggers.is_empty() && subject.triggers.iter().all(is_one_of)
    };
    ALWAYS.contains(&path.as_str()) || BY_EVENT.iter().any(is_by_event)
}

/// The quotes in which a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    Single,
    Double,
}

impl Quotes {
    /// Returns whether the shell makes something else of a text in them.
    fn change(self, text: &str) -> bool {
        match self {
            Self::Single => text.contains('\''),
            Self::Double => {
                let is_escape = |(at, _): (usize, &str)| {
                    let behind = text[at + 1..].chars().next();
                    behind.is_none_or(|sign| matches!(sign, '\\' | '\n'))
                };
                text.contains(['$', '`', '"']) || text.match_indices('\\').any(is_escape)
            }
        }
    }
}

/// Returns why the value of an expression in quotes may be another one as a variable; `None` when it is the same for
/// certain.
pub(super) fn doubt(subject: &Subject<'_>, embedded: &Embedded, quotes: Quotes) -> Option<&'static str> {
    let functions = embedded.expression.functions_used();
    let calls = |function| functions.iter().any(|used| used.function == function);
    let flows = embedded.flows();
    if calls(Function::ToJson) || flows.iter().any(|flow| flow.extent == Extent::Whole) {
        return Some("JSON has quotes, which the shell may take out here, and may be longer than a variable can be");
    }
    if calls(Function::Join) {
        return Some("a list may be longer than a variable can be");
    }
    if literals(embedded.expression.source())
        .iter()
        .any(|text| quotes.change(text))
    {
        return Some("a text in the expression has signs that the shell reads here");
    }
    is_for_the_shell(subject, &flows, quotes)
        .then_some("the file has a value for it with signs that the shell reads here")
}

/// Returns the texts in an expression, each as it is written between its quotes but for the quotes in it.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut parts = source.split('\'').skip(1);
    while let Some(first) = parts.next() {
        let mut text = first.to_owned();
        // A quote in a text is written twice, so that there is nothing between the two.
        while parts.next().is_some_and(str::is_empty) {
            let Some(more) = parts.next() else {
                break;
            };
            text = text + "'" + more;
        }
        found.push(text);
    }
    found
}

/// Returns whether one of the values is an input whose own file has a value for it that the shell reads as more than a
/// text.
fn is_for_the_shell(subject: &Subject<'_>, flows: &[Flow], quotes: Quotes) -> bool {
    flows.iter().filter_map(input).any(|name| {
        let declared = declarations(subject).into_iter().filter_map(|inputs| {
            let entries = inputs.as_mapping()?.iter();
            let named = |entry: &&crate::yaml::Entry| entry.key.name.eq_ignore_ascii_case(name) || name == "*";
            Some(entries.filter(named).map(|entry| &entry.value))
        });
        declared.flatten().any(|input| {
            let options = input.get("options").and_then(Node::as_sequence).unwrap_or_default();
            let values = input.get("default").into_iter().chain(options);
            values
                .filter_map(Node::as_scalar)
                .any(|value| quotes.change(&value.text) || value.text.contains('\\'))
        })
    })
}

/// Returns the name of the input that a flow lets out.
fn input(flow: &Flow) -> Option<&str> {
    let path: Vec<&str> = flow.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["inputs"] | ["github", "event", "inputs"] => Some("*"),
        ["inputs", name, ..] => Some(name),
        ["github", event, inputs, name, ..]
            if event.eq_ignore_ascii_case("event") && inputs.eq_ignore_ascii_case("inputs") =>
        {
            Some(name)
        }
        _ => None,
    }
}

fn declarations<'n>(subject: &Subject<'n>) -> Vec<&'n Node> {
    let of_triggers = subject
        .triggers
        .iter()
        .filter_map(|trigger| trigger.options?.get("inputs"));
    let of_action = subject.root.get("inputs").filter(|_| subject.kind == Kind::Action);
    of_triggers.chain(of_action).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_an_expression_are_found() {
        for (source, expected) in [
            ("a.b", &[][..]),
            ("format('a''s {0}', b) == 'c'", &["a's {0}", "c"]),
            ("'' || ''''", &["", "'"]),
            ("a || 'b", &["b"]),
        ] {
            assert_eq!(literals(source), expected, "{source}");
        }
    }

    #[test]
    fn quotes_change_what_the_shell_reads_in_them() {
        for (text, is_changed) in [
            ("a b", false),
            ("$HOME", true),
            ("`a`", true),
            ("a\"b", true),
            ("a\\b", false),
            ("a\\\\b", true),
            ("a\\", true),
            ("it's", false),
        ] {
            assert_eq!(Quotes::Double.change(text), is_changed, "{text}");
        }
        assert!(Quotes::Single.change("it's") && !Quotes::Single.change("$HOME"));
    }
}
