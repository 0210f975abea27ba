//! Which values of the event people outside of the project write.
//!
//! After GitHub's list of contexts that end in untrusted input. A list of what is dangerous, not of what is safe: of
//! the thousand properties of payloads most are numbers, digests and addresses that GitHub makes itself.

use lockgate_pipeline::expression::{Extent, Flow};

/// A text that others write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untrusted {
    /// What it is, such as `the title of an issue`.
    pub(super) words: &'static str,
    /// Whether it can have line breaks.
    pub(super) lines: Lines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

use Lines::{Many, One};

/// Paths behind `github`, and what strangers write there.
const STRANGERS: &[(&str, &str, Lines)] = &[
    ("head_ref", "the name of a pull request's branch", One),
    ("event.issue.title", "the title of an issue", One),
    ("event.issue.body", "the text of an issue", Many),
    ("event.pull_request.title", "the title of a pull request", One),
    ("event.pull_request.body", "the text of a pull request", Many),
    (
        "event.pull_request.head.ref",
        "the name of a pull request's branch",
        One,
    ),
    (
        "event.pull_request.head.label",
        "the name of a pull request's branch",
        One,
    ),
    (
        "event.pull_request.head.repo.default_branch",
        "the name of a fork's branch",
        One,
    ),
    (
        "event.pull_request.head.repo.description",
        "the description of a fork",
        One,
    ),
    ("event.pull_request.head.repo.homepage", "the home page of a fork", One),
    ("event.forkee.description", "the description of a fork", One),
    ("event.forkee.homepage", "the home page of a fork", One),
    ("event.forkee.default_branch", "the name of a fork's branch", One),
    ("event.comment.body", "the text of a comment", Many),
    ("event.review.body", "the text of a review", Many),
    ("event.review_comment.body", "the text of a review", Many),
    ("event.discussion.title", "the title of a discussion", One),
    ("event.discussion.body", "the text of a discussion", Many),
    ("event.changes.title.from", "an earlier title", One),
    ("event.changes.body.from", "an earlier text", Many),
    ("event.pages.*.page_name", "the name of a wiki page", One),
    ("event.pages.*.title", "the title of a wiki page", One),
    ("event.commits.*.message", "the message of a commit", Many),
    ("event.commits.*.author.email", "the author of a commit", One),
    ("event.commits.*.author.name", "the author of a commit", One),
    ("event.commits.*.committer.email", "the author of a commit", One),
    ("event.commits.*.committer.name", "the author of a commit", One),
    ("event.head_commit.message", "the message of a commit", Many),
    ("event.head_commit.author.email", "the author of a commit", One),
    ("event.head_commit.author.name", "the author of a commit", One),
    ("event.head_commit.committer.email", "the author of a commit", One),
    ("event.head_commit.committer.name", "the author of a commit", One),
    (
        "event.workflow_run.head_branch",
        "the name of a pull request's branch",
        One,
    ),
    ("event.workflow_run.display_title", "the title of a pull request", One),
    (
        "event.workflow_run.head_commit.message",
        "the message of a commit",
        Many,
    ),
    (
        "event.workflow_run.head_commit.author.email",
        "the author of a commit",
        One,
    ),
    (
        "event.workflow_run.head_commit.author.name",
        "the author of a commit",
        One,
    ),
    (
        "event.workflow_run.head_commit.committer.email",
        "the author of a commit",
        One,
    ),
    (
        "event.workflow_run.head_commit.committer.name",
        "the author of a commit",
        One,
    ),
    (
        "event.workflow_run.head_repository.description",
        "the description of a fork",
        One,
    ),
    (
        "event.workflow_run.head_repository.homepage",
        "the home page of a fork",
        One,
    ),
    (
        "event.workflow_run.pull_requests.*.head.ref",
        "the name of a pull request's branch",
        One,
    ),
    (
        "event.check_suite.head_branch",
        "the name of a pull request's branch",
        One,
    ),
    (
        "event.check_suite.pull_requests.*.head.ref",
        "the name of a pull request's branch",
        One,
    ),
    (
        "event.check_run.check_suite.head_branch",
        "the name of a pull request's branch",
        One,
    ),
    (
        "event.check_run.pull_requests.*.head.ref",
        "the name of a pull request's branch",
        One,
    ),
];

/// Paths behind `github`, and what those write there who may push, release or dispatch.
const MEMBERS: &[(&str, &str, Lines)] = &[
    ("ref", "the name of a branch or tag", One),
    ("ref_name", "the name of a branch or tag", One),
    ("event.ref", "the name of a branch or tag", One),
    ("event.release.name", "the title of a release", One),
    ("event.release.tag_name", "the name of a tag", One),
    ("event.release.body", "the text of a release", Many),
    ("event.client_payload.*", "what a dispatch says", Many),
    ("event.client_payload.*.*", "what a dispatch says", Many),
    ("event.inputs.*", "an input of a dispatch", Many),
];

/// Returns what strangers write of what `flow` lets out.
pub(super) fn of_strangers(flow: &Flow) -> Option<Untrusted> {
    find(flow, STRANGERS)
}

/// Returns what members of the project write of what `flow` lets out.
pub(super) fn of_members(flow: &Flow) -> Option<Untrusted> {
    find(flow, MEMBERS)
}

/// Returns whether a file, whose text is given in lower case, may name a text that strangers write.
pub(super) fn may_be_named(text: &str) -> bool {
    text.contains("head_ref")
        || is_named(text, "event", |behind| !behind.starts_with(is_of_name))
        || is_named(text, "github", is_whole)
}

/// Returns whether a word stands in a text such that what is behind it fits.
fn is_named(text: &str, word: &str, fits: impl Fn(&str) -> bool) -> bool {
    text.contains(word) && text.match_indices(word).any(|(at, _)| fits(&text[at + word.len()..]))
}

fn is_of_name(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-')
}

/// Returns whether a context with this behind it is taken as a whole, or a part of it that only the run knows.
fn is_whole(behind: &str) -> bool {
    let behind = behind.trim_start();
    match behind.strip_prefix('.') {
        Some(part) => part.trim_start().starts_with('*'),
        None => behind.starts_with([')', ',', '[', '}', '|', '&', '=', '!', '<', '>']),
    }
}

fn find(flow: &Flow, table: &[(&str, &'static str, Lines)]) -> Option<Untrusted> {
    let (context, path) = flow.path.split_first()?;
    if context != "github" {
        return None;
    }
    // Something of everything is not said more exactly than this.
    let is_whole = flow.extent == Extent::Whole;
    let (_, words, lines) = table.iter().find(|(pattern, ..)| fits(path, pattern, flow.extent))?;
    let is_named = path.len() > 1 || !is_whole;
    Some(Untrusted {
        words: if is_named && !is_event(path) {
            words
        } else {
            "everything that the event says"
        },
        lines: if is_whole { Lines::Many } else { *lines },
    })
}

fn is_event(path: &[String]) -> bool {
    path.len() == 1 && path[0].eq_ignore_ascii_case("event")
}

fn fits(path: &[String], pattern: &str, extent: Extent) -> bool {
    let mut pattern = pattern.split('.');
    for name in path {
        match pattern.next() {
            Some(part) if part == "*" || name == "*" || part.eq_ignore_ascii_case(name) => {}
            _ => return false,
        }
    }
    pattern.next().is_none() || extent == Extent::Whole
}

#[cfg(test)]
mod tests {
    use lockgate_pipeline::expression::Expression;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let flows = Expression::parse(text).unwrap().flows();
        let found: Vec<&str> = flows.iter().filter_map(of_strangers).map(|found| found.words).collect();
        assert_eq!(found, expected, "{text}");
        let may_be = may_be_named(&format!("a: b\nrun: echo ${{{{ {text} }}}}\n").to_ascii_lowercase());
        assert!(may_be || found.is_empty(), "{text}");
    }

    #[test]
    fn what_strangers_write_is_named() {
        for (path, words, _) in STRANGERS {
            check(&format!("github.{}", path.replace("pages.*", "pages[0]")), &[words]);
        }
        check("join(GitHub . *)", &["the name of a pull request's branch"]);
        check("toJSON(github[inputs.x])", &["everything that the event says"]);
        for text in [
            "if: github.event_name == 'push'\nuses: github/codeql-action@v3\n",
            "run: gh api events\nenv: { T: ${{ github.token }} }\n",
        ] {
            assert!(!may_be_named(text), "{text}");
        }
    }

    #[test]
    fn what_strangers_write_is_known() {
        check("github.event.issue.title", &["the title of an issue"]);
        check(
            "github.event.Pull_Request.head['ref']",
            &["the name of a pull request's branch"],
        );
        check("github.event.commits[0].message", &["the message of a commit"]);
        check("github.event.commits.*.author.email", &["the author of a commit"]);
        check("toJSON(github.event)", &["everything that the event says"]);
        check("toJSON(github)", &["everything that the event says"]);
        check("toJSON(github.event.issue)", &["the title of an issue"]);
        check("github.event[inputs.x].title", &["the title of an issue"]);
        check("github.event.forkee.description", &["the description of a fork"]);
        check(
            "github.event.workflow_run.head_repository.description",
            &["the description of a fork"],
        );
    }

    #[test]
    fn what_github_makes_is_not_flagged() {
        for text in [
            "github.event.issue.number",
            "github.event.pull_request.head.sha",
            "github.event.issue",
            "github.sha",
            "github.repository",
            "toJSON(github.event.repository)",
            "env.TITLE",
        ] {
            check(text, &[]);
        }
    }
}
