//! A log of SARIF 2.1.0 (OASIS Standard), for code scanning and the viewers of editors.
//!
//! Nothing in it is of this machine: paths are relative to `%SRCROOT%`, whose place the reader knows. A fingerprint is
//! made of the rule, the text of the lines, and which of the same it is, so that it survives a move of the lines.

use std::collections::BTreeMap;

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};
use lockgate_dialect::codes;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Digest;

use super::location::{self, Region};
use crate::check::round::Round;
use crate::explain;
use crate::project::Folders;

/// The base of every path.
const ROOT: &str = "%SRCROOT%";

/// The name under which readers find our fingerprint; another way to make it gets another number.
const FINGERPRINT: &str = "lockgateMistake/v1";

/// Returns the log with one run.
pub(super) fn log(round: &Round, folders: &Folders) -> impl Serialize {
    let rules = rules(&round.diagnostics);
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = round
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let place = |span| place(round, folders, &diagnostic.file, span);
            let rule = rules.iter().position(|rule| rule["id"] == diagnostic.code);
            let others = diagnostic.related.iter().chain(&diagnostic.also);
            let related = others.enumerate().map(|(id, (span, label))| {
                json!({ "id": id, "message": { "text": label }, "physicalLocation": place(*span) })
            });
            json!({
                "ruleId": diagnostic.code,
                "ruleIndex": rule,
                "level": level(diagnostic),
                "message": { "text": words(diagnostic) },
                "locations": [{ "physicalLocation": place(diagnostic.span) }],
                "relatedLocations": related.collect::<Vec<_>>(),
                "partialFingerprints": { FINGERPRINT: fingerprint(diagnostic, &mut seen) },
            })
        })
        .collect();
    let notifications: Vec<Value> = round
        .refused
        .iter()
        .map(|failure| json!({ "level": "error", "message": { "text": failure.to_string() } }))
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Lockgate",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": round.refused.is_empty(),
                "exitCode": round.exit() as u8,
                "toolExecutionNotifications": notifications,
            }],
            "originalUriBaseIds": {
                ROOT: { "description": { "text": "The top of the repository, or the project's folder." } },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// Returns the rules that were broken, in the order of their codes.
fn rules(diagnostics: &[Diagnostic]) -> Vec<Value> {
    let mut broken: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    broken.sort_unstable();
    broken.dedup();
    broken.into_iter().map(rule).collect()
}

fn rule(code: &str) -> Value {
    let title = codes::title(code).unwrap_or(code);
    let mut rule = json!({ "id": code, "name": name(title), "shortDescription": { "text": title } });
    if let Ok(page) = explain::page(code) {
        rule["fullDescription"] = json!({ "text": opening(page) });
        rule["help"] = json!({ "text": page, "markdown": page });
    }
    rule
}

/// Returns a title as one word, as readers of SARIF expect of a name: `An unknown key` is `AnUnknownKey`.
fn name(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.map(capital).collect()
}

/// Returns the first paragraph of a page, below its title.
fn opening(page: &str) -> String {
    let paragraphs = page.split("\n\n").map(str::trim);
    let first = paragraphs.skip(1).find(|paragraph| !paragraph.is_empty());
    first.unwrap_or(page).replace('\n', " ")
}

fn level(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn words(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

fn place(round: &Round, folders: &Folders, file: &SourceFile, span: Span) -> Value {
    let region = Region::of(file, span);
    json!({
        "artifactLocation": { "uri": uri(&location::path(round, folders, file)), "uriBaseId": ROOT },
        "region": {
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
        },
    })
}

/// Returns a relative path as a reference of RFC 3986.
///
/// A colon is escaped, too: in the first part it would end a scheme.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    let bytes = path.bytes().map(|byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    bytes.collect()
}

/// Returns what stays the same when lines move; `seen` counts those that are alike.
fn fingerprint(diagnostic: &Diagnostic, seen: &mut BTreeMap<String, usize>) -> String {
    let text = &diagnostic.file.text;
    let start = text.floor_char_boundary(diagnostic.span.start);
    let end = text.floor_char_boundary(diagnostic.span.end).max(start);
    let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let lines: Vec<&str> = text[first..last].lines().map(str::trim).collect();
    let marked = format!("{}\0{}\0{}", diagnostic.code, diagnostic.file.path, lines.join("\n"));
    let count = seen.entry(marked.clone()).or_default();
    *count += 1;
    let digest = sha2::Sha256::digest(marked);
    format!("{}:{count}", lockgate_adapters::tree::hex(&digest[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprints(text: &str, words: &[&str]) -> Vec<String> {
        let file = SourceFile::new("a.yml", text);
        let mut seen = BTreeMap::new();
        let spans = words.iter().map(|word| {
            let at = text.rfind(word).unwrap();
            Span::new(at, at + word.len())
        });
        let found: Vec<_> = spans
            .map(|span| Diagnostic::error("LG0111", &file, span, "no"))
            .collect();
        found.iter().map(|found| fingerprint(found, &mut seen)).collect()
    }

    #[test]
    fn a_fingerprint_survives_a_move_and_tells_the_same_apart() {
        let before = fingerprints("a:\n  b: 1\n", &["b", "b"]);
        let after = fingerprints("# new\n\na:\n    b: 1\nc: 2\n", &["b", "b"]);
        assert_eq!(before, after);
        assert_ne!(before[0], before[1]);
        assert_ne!(before, fingerprints("a:\n  b: 2\n", &["b", "b"]));
    }

    #[test]
    fn a_path_is_a_uri_reference() {
        assert_eq!(uri(".github/workflows/ci.yml"), ".github/workflows/ci.yml");
        assert_eq!(uri("a b/ü#?:%.yml"), "a%20b/%C3%BC%23%3F%3A%25.yml");
    }

    #[test]
    fn every_page_has_an_opening_and_every_title_a_name() {
        for known in codes::ALL {
            let rule = rule(known.code);
            let opening = rule["fullDescription"]["text"].as_str().unwrap();
            assert!(
                opening.len() > 20 && !opening.contains("```"),
                "{}: {opening}",
                known.code
            );
            let name = rule["name"].as_str().unwrap();
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        }
        assert_eq!(name("A part of YAML that is not read"), "APartOfYAMLThatIsNotRead");
    }
}
