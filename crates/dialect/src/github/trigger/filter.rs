//! The filters of an event on names: `branches`, `tags`, `paths` and their `-ignore`.
//!
//! GitHub reads a list in order and lets the last pattern that matches decide, so the pattern that decided can be named
//! with its line. What can be read and matches nothing is a warning: GitHub takes the file, and waits for ever.

use lockgate_core::Span;

use crate::codes;
use crate::github::glob::Glob;
use crate::github::lowering::Lowering;
use crate::yaml::{Entry, Fields};

/// Patterns that a name has to match, or must not.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Its key, such as `branches-ignore`.
    pub key: &'static str,
    /// The line of the key.
    pub line: usize,
    /// The patterns, in the order of the file.
    pub patterns: Vec<Pattern>,
}

/// One pattern of a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The text as written.
    pub text: String,
    /// The line.
    pub line: usize,
    excludes: bool,
    glob: Glob,
}

/// What a filter makes of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict<'f> {
    /// Whether the name passes.
    pub(super) passes: bool,
    /// The pattern that decided; none when none matches.
    pub(super) by: Option<&'f Pattern>,
}

impl Filter {
    /// Returns what becomes of `name`: of `branches` and its like the last pattern that matches decides, of
    /// `branches-ignore` and its like any.
    pub(super) fn judge(&self, name: &str) -> Verdict<'_> {
        let matching = |pattern: &&Pattern| pattern.glob.matches(name);
        if self.ignores() {
            let by = self.patterns.iter().find(matching);
            return Verdict {
                passes: by.is_none(),
                by,
            };
        }
        let by = self.patterns.iter().rev().find(matching);
        Verdict {
            passes: by.is_some_and(|pattern| !pattern.excludes),
            by,
        }
    }

    pub(super) fn ignores(&self) -> bool {
        self.key.ends_with("-ignore")
    }

    /// Returns the patterns for a sentence.
    pub(super) fn listed(&self) -> String {
        let texts: Vec<String> = self
            .patterns
            .iter()
            .map(|pattern| format!("`{}`", pattern.text))
            .collect();
        texts.join(", ")
    }
}

/// What the patterns of a filter are matched against.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Refs,
    Paths,
}

impl Lowering {
    pub(super) fn filter(
        &mut self,
        fields: &mut Fields<'_>,
        only: &'static str,
        ignore: &'static str,
    ) -> Option<Filter> {
        match (fields.take_entry(only), fields.take_entry(ignore)) {
            (Some(first), Some(second)) => {
                let message = format!("`{only}` and `{ignore}` cannot stand together");
                let help = format!("use `{only}` alone and exclude with `!`, such as `- '!docs/**'`");
                let diagnostic = self
                    .reader
                    .error(codes::WRONG_FILTER, second.key.span, message)
                    .help(help);
                self.reader
                    .report(diagnostic.related(first.key.span, format!("`{only}` is here")));
                None
            }
            (Some(entry), None) => {
                let filter = self.patterns(entry, only);
                if !filter.patterns.is_empty() && filter.patterns.iter().all(|pattern| pattern.excludes) {
                    let message = format!("`{only}` has only patterns with `!`, so that nothing matches");
                    let help = format!("put `'**'` before them, or use `{ignore}` without the `!`");
                    self.error_with_help(codes::WRONG_PATTERN, entry.value.span, message, help);
                }
                Some(filter)
            }
            (None, Some(entry)) => {
                let filter = self.patterns(entry, ignore);
                for pattern in filter.patterns.iter().filter(|pattern| pattern.excludes) {
                    let message = format!("`{}`: a `!` has no meaning in `{ignore}`", pattern.text);
                    let help = format!("use `{only}` to include and exclude");
                    self.error_with_help(codes::WRONG_PATTERN, entry.value.span, message, help);
                }
                Some(filter)
            }
            (None, None) => None,
        }
    }

    fn patterns(&mut self, entry: &Entry, key: &'static str) -> Filter {
        let texts = self.plain_texts(&entry.value, &format!("`{key}`")).unwrap_or_default();
        let names = if key.starts_with("paths") {
            Names::Paths
        } else {
            Names::Refs
        };
        let mut patterns = Vec::with_capacity(texts.len());
        for (text, span) in texts {
            let bare = text.strip_prefix('!');
            match Glob::parse(bare.unwrap_or(&text)) {
                Ok(glob) => {
                    self.warn_if_nothing_matches(bare.unwrap_or(&text), names, span);
                    patterns.push(Pattern {
                        excludes: bare.is_some(),
                        line: self.reader.position(span.start).0,
                        text,
                        glob,
                    });
                }
                Err(wrong) => self.error(codes::WRONG_PATTERN, span, format!("`{text}` is no pattern: {wrong}")),
            }
        }
        Filter {
            key,
            line: self.reader.position(entry.key.span.start).0,
            patterns,
        }
    }

    fn warn_if_nothing_matches(&mut self, pattern: &str, names: Names, span: Span) {
        let problem = match names {
            Names::Paths => no_path(pattern),
            Names::Refs => no_reference(pattern),
        };
        if let Some((why, help)) = problem {
            let message = format!("`{pattern}` matches nothing: {why}");
            self.warning(codes::WRONG_PATTERN, span, message, help);
        }
    }
}

/// Returns why no path matches, and what to write instead.
fn no_path(pattern: &str) -> Option<(&'static str, String)> {
    let rest = pattern.trim_start_matches("./").trim_start_matches('/');
    if rest.len() < pattern.len() {
        let why = "paths begin at the root of the repository, without `/` and `./`";
        return Some((why, format!("write `{rest}`")));
    }
    if let Some(folder) = pattern.strip_suffix('/') {
        return Some(("only files change, no folders", format!("write `{folder}/**`")));
    }
    if pattern.split('/').any(|part| matches!(part, "." | "..")) {
        let why = "paths have no `.` and `..`";
        return Some((why, "write the path from the root of the repository".to_owned()));
    }
    None
}

/// Returns why no branch or tag matches, and what to write instead.
fn no_reference(pattern: &str) -> Option<(&'static str, String)> {
    if pattern.contains([' ', '~', '^', ':']) {
        let why = "names of branches and tags have no space and none of `~^:`";
        return Some((why, "write the name as `git branch` or `git tag` shows it".to_owned()));
    }
    if pattern.starts_with('/') || pattern.ends_with('/') {
        let why = "names of branches and tags neither begin nor end with `/`";
        let bare = pattern.trim_matches('/');
        return Some((why, format!("write `{bare}`, or `{bare}/**` for all below it")));
    }
    None
}
