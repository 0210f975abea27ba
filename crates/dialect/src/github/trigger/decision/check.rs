//! What one filter says of an event.

use std::fmt::Write as _;

use super::super::filter::Verdict;
use super::super::{Filter, Pattern, Trigger};
use super::{Event, Reference};

/// As many changed files as GitHub looks at.
const MOST_FILES: usize = 300;

/// What one filter says of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The key of the filter, such as `paths-ignore`.
    pub key: &'static str,
    /// The line of the pattern that decided, or of the filter; none when it stands nowhere.
    pub line: Option<usize>,
    /// Whether it lets the event through.
    pub passes: bool,
    /// Why, as a lowercase sentence without a full stop.
    pub words: String,
}

impl Check {
    pub(super) fn passing(key: &'static str, line: Option<usize>, words: String) -> Self {
        Self {
            key,
            line,
            passes: true,
            words,
        }
    }

    pub(super) fn refusing(key: &'static str, line: Option<usize>, words: String) -> Self {
        Self {
            passes: false,
            ..Self::passing(key, line, words)
        }
    }
}

/// Returns what a filter says of the name of a branch or tag.
pub(super) fn name(filter: &Filter, kind: &str, name: &str) -> Check {
    let Verdict { passes, by } = filter.judge(name);
    let key = filter.key;
    let words = match by {
        Some(pattern) => {
            let verb = match (passes, filter.ignores()) {
                (true, _) => "matches",
                (false, true) => "is left out by",
                (false, false) => "is excluded by",
            };
            format!("the {kind} `{name}` {verb} {}", told(pattern, key))
        }
        None if passes => format!("the {kind} `{name}` is not left out by `{key}`"),
        None => format!("the {kind} `{name}` does not match `{key}`: {}", filter.listed()),
    };
    let line = by.map_or(filter.line, |pattern| pattern.line);
    Check {
        passes,
        ..Check::passing(key, Some(line), words)
    }
}

/// Returns what the filter on changed files says.
pub(super) fn paths(trigger: &Trigger, event: &Event) -> Option<Check> {
    let filter = trigger.paths.as_ref()?;
    let key = filter.key;
    let passing = |words: String| Some(Check::passing(key, Some(filter.line), words));
    if matches!(event.reference, Some(Reference::Tag(_))) {
        return passing(format!("`{key}` is not looked at for a tag"));
    }
    let Some(paths) = &event.changed_paths else {
        return passing(format!(
            "the changed files are not known, so `{key}` does not hold it back"
        ));
    };
    let mut sorted: Vec<&str> = paths.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let found = sorted.iter().enumerate().find(|(_, path)| filter.judge(path).passes);
    Some(match found {
        Some((index, path)) => {
            let by = filter.judge(path).by;
            let mut words = match by {
                Some(pattern) => format!("`{path}` matches {}", told(pattern, key)),
                None => format!("`{path}` is not left out by `{key}`"),
            };
            if index >= MOST_FILES {
                _ = write!(
                    words,
                    "; it is number {} of {} changed files, and GitHub looks at the first {MOST_FILES} only",
                    index + 1,
                    sorted.len()
                );
            }
            let line = by.map_or(filter.line, |pattern| pattern.line);
            Check::passing(key, Some(line), words)
        }
        None => no_path(filter, &sorted),
    })
}

fn no_path(filter: &Filter, paths: &[&str]) -> Check {
    let key = filter.key;
    let (line, words) = match paths {
        [] => (filter.line, "it filters paths, and no file changed".to_owned()),
        [path] => {
            let by = filter.judge(path).by;
            let verdict = match by {
                Some(pattern) if filter.ignores() => format!("is left out by {}", told(pattern, key)),
                Some(pattern) => format!("is excluded by {}", told(pattern, key)),
                None => format!("does not match `{key}`: {}", filter.listed()),
            };
            let line = by.map_or(filter.line, |pattern| pattern.line);
            (line, format!("the only changed file, `{path}`, {verdict}"))
        }
        _ if filter.ignores() => {
            let words = format!(
                "`{key}` leaves out all {} files that changed: {}",
                paths.len(),
                filter.listed()
            );
            (filter.line, words)
        }
        _ => {
            let words = format!(
                "none of {} changed files matches `{key}`: {}",
                paths.len(),
                filter.listed()
            );
            (filter.line, words)
        }
    };
    Check::refusing(key, Some(line), words)
}

fn told(pattern: &Pattern, key: &str) -> String {
    format!("`{}` of `{key}` (line {})", pattern.text, pattern.line)
}
