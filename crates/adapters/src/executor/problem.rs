//! Problem matchers: regular expressions that find annotations in a tool's output.
//!
//! The file format and the way several patterns work together are GitHub's
//! (`IssueMatcher.cs`): a matcher with several patterns reads one line per pattern, and a
//! last pattern with `loop` goes on matching against what the earlier ones found.

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::annotation::{Annotation, Level};

/// The matchers of one job.
#[derive(Clone, Debug, Default)]
pub struct Matchers {
    active: Vec<Matcher>,
}

/// One named matcher, with what it has seen so far.
#[derive(Clone, Debug)]
pub struct Matcher {
    written: WrittenMatcher,
    patterns: Vec<Regex>,
    /// What the patterns up to here found; one entry per pattern but the last.
    running: Vec<Option<Finding>>,
}

/// Why a file with matchers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProblemError {
    /// Not the JSON that is expected.
    #[error("not a list of problem matchers: {0}")]
    Format(#[from] serde_json::Error),
    /// A regular expression that is invalid, or uses look-around or back-references.
    #[error("the regular expression of `{owner}` cannot be used: {cause}")]
    Expression {
        /// The matcher.
        owner: String,
        /// What is wrong with it.
        cause: Box<regex::Error>,
    },
    /// No pattern at all.
    #[error("the problem matcher `{0}` has no pattern")]
    Empty(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    problem_matcher: Vec<WrittenMatcher>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct WrittenMatcher {
    owner: String,
    #[serde(default)]
    severity: Option<String>,
    pattern: Vec<WrittenPattern>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct WrittenPattern {
    regexp: String,
    #[serde(default)]
    file: Option<usize>,
    #[serde(default)]
    line: Option<usize>,
    #[serde(default)]
    column: Option<usize>,
    #[serde(default)]
    severity: Option<usize>,
    #[serde(default)]
    code: Option<usize>,
    #[serde(default)]
    message: Option<usize>,
    #[serde(default, rename = "loop")]
    repeats: bool,
}

#[derive(Clone, Debug, Default)]
struct Finding {
    file: Option<String>,
    line: Option<String>,
    column: Option<String>,
    severity: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

/// Returns the matchers that a file defines.
///
/// # Errors
/// Returns what is wrong with the file.
pub fn read_config(text: &str) -> Result<Vec<Matcher>, ProblemError> {
    let config: Config = serde_json::from_str(text)?;
    config.problem_matcher.into_iter().map(Matcher::of).collect()
}

impl Matchers {
    /// Returns the matchers that were written with [`Matchers::to_json`].
    ///
    /// # Errors
    /// Returns what is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, ProblemError> {
        let written: Vec<WrittenMatcher> = serde_json::from_str(text)?;
        let active = written.into_iter().map(Matcher::of).collect::<Result<_, _>>()?;
        Ok(Self { active })
    }

    /// Returns the matchers as they were written, for the job's next step.
    pub fn to_json(&self) -> String {
        let written: Vec<&WrittenMatcher> = self.active.iter().map(|matcher| &matcher.written).collect();
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// Adds matchers; one of the same owner is replaced.
    pub fn add(&mut self, matchers: Vec<Matcher>) {
        for matcher in matchers {
            self.remove(matcher.owner());
            self.active.insert(0, matcher);
        }
    }

    /// Removes the matcher of `owner`.
    pub fn remove(&mut self, owner: &str) {
        self.active
            .retain(|matcher| !matcher.owner().eq_ignore_ascii_case(owner));
    }

    /// Returns the annotation that `line` completes.
    pub fn read(&mut self, line: &str) -> Option<Annotation> {
        if self.active.is_empty() {
            return None;
        }
        let line = without_terminal_sequences(line);
        let (found, annotation) = self
            .active
            .iter_mut()
            .enumerate()
            .find_map(|(at, matcher)| Some((at, matcher.read(&line)?)))?;
        for (at, matcher) in self.active.iter_mut().enumerate() {
            if at != found {
                matcher.forget();
            }
        }
        Some(annotation)
    }
}

impl Matcher {
    /// Returns the name by which it is removed.
    pub fn owner(&self) -> &str {
        &self.written.owner
    }

    fn of(written: WrittenMatcher) -> Result<Self, ProblemError> {
        if written.pattern.is_empty() {
            return Err(ProblemError::Empty(written.owner));
        }
        let patterns = written
            .pattern
            .iter()
            .map(|pattern| Regex::new(&pattern.regexp))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|cause| ProblemError::Expression {
                owner: written.owner.clone(),
                cause: Box::new(cause),
            })?;
        Ok(Self {
            running: vec![None; patterns.len() - 1],
            written,
            patterns,
        })
    }

    fn forget(&mut self) {
        self.running.fill(None);
    }

    fn read(&mut self, line: &str) -> Option<Annotation> {
        let last = self.patterns.len() - 1;
        for at in (0..self.patterns.len()).rev() {
            let before = match at.checked_sub(1) {
                None => Finding::default(),
                Some(earlier) => match self.running[earlier].clone() {
                    Some(finding) => finding,
                    None => continue,
                },
            };
            let found = self.find(at, line, &before);
            match (found, at == last) {
                (Some(finding), true) => {
                    self.forget();
                    if self.written.pattern[at].repeats && at > 0 {
                        self.running[at - 1] = Some(before);
                    }
                    return Some(self.annotation(finding, line));
                }
                (found, false) => self.running[at] = found,
                (None, true) if at > 0 => self.running[at - 1] = None,
                (None, true) => {}
            }
        }
        None
    }

    fn find(&self, at: usize, line: &str, before: &Finding) -> Option<Finding> {
        let written = &self.written.pattern[at];
        let groups = self.patterns[at].captures(line)?;
        let take = |group: Option<usize>, before: &Option<String>| {
            group
                .and_then(|group| groups.get(group))
                .map(|found| found.as_str().trim().to_owned())
                .filter(|text| !text.is_empty())
                .or_else(|| before.clone())
        };
        Some(Finding {
            file: take(written.file, &before.file),
            line: take(written.line, &before.line),
            column: take(written.column, &before.column),
            severity: take(written.severity, &before.severity),
            code: take(written.code, &before.code),
            message: take(written.message, &before.message),
        })
    }

    fn annotation(&self, finding: Finding, line: &str) -> Annotation {
        let severity = finding.severity.or_else(|| self.written.severity.clone());
        let level = match severity.unwrap_or_default().to_lowercase().as_str() {
            "warning" => Level::Warning,
            "notice" => Level::Notice,
            _ => Level::Error,
        };
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Annotation {
            file: finding.file,
            line: number(finding.line),
            column: number(finding.column),
            title: finding.code,
            ..Annotation::plain(level, finding.message.unwrap_or_else(|| line.to_owned()))
        }
    }
}

fn without_terminal_sequences(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            out.push(character);
        } else if characters.clone().next() == Some('[') {
            characters.next();
            let _ = characters.by_ref().find(|c| ('@'..='~').contains(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_pattern_finds_compiler_errors() {
        let config = r#"{"problemMatcher":[{"owner":"gcc","pattern":[{
            "regexp":"^(.*):(\\d+):(\\d+):\\s+(warning|error):\\s+(.*)$",
            "file":1,"line":2,"column":3,"severity":4,"message":5}]}]}"#;
        let mut matchers = Matchers::default();
        matchers.add(read_config(config).unwrap());
        assert_eq!(matchers.read("nothing here"), None);
        let mut again = Matchers::from_json(&matchers.to_json()).unwrap();
        let found = again.read("\u{1b}[31msrc/a.c:3:7: warning: unused\u{1b}[0m").unwrap();
        assert_eq!((found.level, found.message.as_str()), (Level::Warning, "unused"));
        assert_eq!(
            (found.file.as_deref(), found.line, found.column),
            (Some("src/a.c"), Some(3), Some(7))
        );
        again.remove("GCC");
        assert_eq!(again.read("src/a.c:3:7: warning: unused"), None);
    }

    #[test]
    fn a_looping_pattern_keeps_its_file() {
        let config = r#"{"problemMatcher":[{"owner":"eslint","severity":"notice","pattern":[
            {"regexp":"^(/.*)$","file":1},
            {"regexp":"^\\s+(\\d+):(\\d+)\\s+(.*)$","line":1,"column":2,"message":3,"loop":true}]}]}"#;
        let mut matchers = Matchers::default();
        matchers.add(read_config(config).unwrap());
        let lines = ["/a.js", "  1:2  first", "  3:4  second", "", "  5:6  alone"];
        let found: Vec<_> = lines.iter().filter_map(|line| matchers.read(line)).collect();
        let found: Vec<_> = found
            .iter()
            .map(|a| (a.file.as_deref(), a.line, a.message.as_str()))
            .collect();
        assert_eq!(
            found,
            [(Some("/a.js"), Some(1), "first"), (Some("/a.js"), Some(3), "second")]
        );
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        for (config, words) in [
            ("{}", "not a list"),
            (r#"{"problemMatcher":[{"owner":"x","pattern":[]}]}"#, "no pattern"),
            (
                r#"{"problemMatcher":[{"owner":"x","pattern":[{"regexp":"(?=a)"}]}]}"#,
                "cannot be used",
            ),
        ] {
            let refusal = read_config(config).unwrap_err().to_string();
            assert!(refusal.contains(words), "{refusal}");
        }
    }
}
