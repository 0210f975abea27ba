//! Secrets that stand in the file, and switches that give secrets away.

use std::cell::LazyCell;

use lockgate_core::Span;

use super::embedded::{part, scalars};
use super::subject::{Subject, entry};
use super::{Finding, Level};
use crate::codes;
use crate::yaml::{Entry, Node};

/// How a token begins, how many signs follow at least, and which.
struct Form {
    start: &'static str,
    least: usize,
    most: usize,
    what: &'static str,
}

const FORMS: [Form; 14] = [
    form("ghp_", 36, 36, "a token of GitHub"),
    form("gho_", 36, 36, "a token of GitHub"),
    form("ghu_", 36, 36, "a token of GitHub"),
    form("ghs_", 36, 36, "a token of GitHub"),
    form("ghr_", 36, 76, "a token of GitHub"),
    form("github_pat_", 82, 82, "a token of GitHub"),
    form("glpat-", 20, 20, "a token of GitLab"),
    form("AKIA", 16, 16, "a key of AWS"),
    form("ASIA", 16, 16, "a key of AWS"),
    form("npm_", 36, 36, "a token of npm"),
    form("pypi-AgEIcHlwaS5vcmc", 50, 300, "a token of PyPI"),
    form("xoxb-", 40, 100, "a token of Slack"),
    form("sk_live_", 24, 99, "a key of Stripe"),
    form("AIza", 35, 35, "a key of Google"),
];

const fn form(start: &'static str, least: usize, most: usize, what: &'static str) -> Form {
    Form {
        start,
        least,
        most,
        what,
    }
}

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    scalars(subject.root, &mut |node| {
        let text = node.as_scalar().map_or("", |scalar| scalar.text.as_str());
        if let Some((start, end, what)) = token(text) {
            let span = part(subject.file, node, start, end);
            found.push(finding(subject, span, format!("{what} stands in the file")));
        }
    });
    for job in &subject.jobs {
        let services = job.node.get("services").and_then(Node::as_mapping).unwrap_or_default();
        let all = job
            .node
            .get("container")
            .into_iter()
            .chain(services.iter().map(|service| &service.value));
        for password in all.filter_map(|node| entry(node.get("credentials")?, "password")) {
            let text = password.value.as_scalar().map_or("", |scalar| scalar.text.as_str());
            if !text.is_empty() && !text.contains("${{") {
                found.push(finding(
                    subject,
                    password.value.span,
                    "the password of a registry stands in the file".to_owned(),
                ));
            }
        }
    }
    switches(subject, found);
}

fn finding(subject: &Subject<'_>, span: Span, message: String) -> Finding {
    let diagnostic = subject
        .warning(codes::WRITTEN_SECRET, span, message)
        .help("call it back where it was made, since it stays in the history; store a new one as a secret, and write `${{ secrets.NAME }}`");
    Finding::new(Level::Certain, diagnostic)
}

/// The length of the shortest token; a private key is longer.
const SHORTEST: usize = 20;

const KEY: &str = "-----BEGIN";

/// Returns where the first token stands in a text, and what it is.
///
/// A token is a whole word, so that one look at each word is enough, however many forms there are.
fn token(text: &str) -> Option<(usize, usize, &'static str)> {
    if text.len() < SHORTEST {
        return None;
    }
    let last_end_of_key = LazyCell::new(|| text.rfind("PRIVATE KEY-----"));
    let bytes = text.as_bytes();
    let mut start = 0;
    for end in 0..=bytes.len() {
        if bytes.get(end).is_some_and(|byte| IS_SIGN[usize::from(*byte)]) {
            continue;
        }
        let from = std::mem::replace(&mut start, end + 1);
        if end - from < KEY.len() {
            continue;
        }
        let word = &text[from..end];
        if word.ends_with(KEY) && text[end..].starts_with(' ') && last_end_of_key.is_some_and(|last| last >= end) {
            return Some((end - KEY.len(), end + 1, "a private key"));
        }
        if word.len() >= SHORTEST
            && let Some(form) = FORMS.iter().find(|form| form.fits(word))
        {
            return Some((from, end, form.what));
        }
    }
    None
}

/// Whether a byte can be a part of a token, for each byte.
const IS_SIGN: [bool; 256] = {
    let mut is_sign = [false; 256];
    let mut byte = 0_u8;
    while byte < u8::MAX {
        is_sign[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        byte += 1;
    }
    is_sign
};

impl Form {
    fn fits(&self, word: &str) -> bool {
        let rest = word.strip_prefix(self.start);
        rest.is_some_and(|rest| {
            (self.least..=self.most).contains(&rest.len())
                && !word.to_ascii_lowercase().contains("example")
                && is_random(rest)
        })
    }
}

/// Returns whether a text is not the same sign again and again, as placeholders are.
fn is_random(text: &str) -> bool {
    let distinct: std::collections::BTreeSet<u8> = text.bytes().collect();
    distinct.len() > 4
}

/// Tells of the switch that brings back commands by which any output can set variables.
fn switches(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let steps = subject
        .jobs
        .iter()
        .flat_map(|job| job.steps.iter().map(|step| step.node));
    let levels = std::iter::once(subject.root)
        .chain(subject.jobs.iter().map(|job| job.node))
        .chain(steps);
    let switch =
        |level: &'_ Node| -> Option<Entry> { entry(level.get("env")?, "ACTIONS_ALLOW_UNSECURE_COMMANDS").cloned() };
    for entry in levels.filter_map(switch) {
        if entry
            .value
            .as_scalar()
            .is_some_and(|scalar| scalar.text.eq_ignore_ascii_case("true"))
        {
            let diagnostic = subject
                .warning(
                    codes::UNSECURE_COMMANDS,
                    entry.key.span,
                    "whatever a step prints can set variables and the path of all later steps",
                )
                .help("remove it, and write to `$GITHUB_ENV` and `$GITHUB_PATH` instead");
            found.push(Finding::new(Level::Certain, diagnostic));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_start_and_length() {
        let random = "0123456789abcdefghijABCDEFGHIJ012345";
        let found = |text: &str| token(text).map(|(start, end, _)| text[start..end].to_owned());
        let whole = format!("ghp_{random}");
        assert_eq!(found(&format!("x {whole}\"")), Some(whole.clone()));
        assert_eq!(found(&format!("x{whole}")), None, "it is a part of a word");
        assert_eq!(found(&format!("{whole}0")), None, "it is too long");
        assert_eq!(found("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), None, "a placeholder");
        assert_eq!(found("AKIAIOSFODNN7EXAMPLE"), None, "an example");
        assert!(found("-----BEGIN RSA PRIVATE KEY-----\nMII").is_some());
        assert!(FORMS.iter().all(|form| form.start.len() + form.least >= SHORTEST));
    }
}
