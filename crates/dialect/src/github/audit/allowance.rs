//! Comments that allow a finding: `# lockgate: allow LG0201 reason`.
//!
//! A reason is required, since the next reader has to judge whether it still holds. A comment that allows nothing any
//! more is told, so that it does not hide the next mistake.

use lockgate_core::{Diagnostic, SourceFile, Span};

use super::{Finding, Level};
use crate::codes;

const MARK: &str = "# lockgate: allow";

struct Allowance<'t> {
    /// The line that it allows something in, from 0.
    line: usize,
    codes: Vec<&'t str>,
    reason: &'t str,
    span: Span,
}

/// Returns the findings that are not allowed, and what is wrong with the allowances.
pub(super) fn apply(file: &SourceFile, found: Vec<Finding>) -> Vec<Finding> {
    let allowances = read(&file.text);
    if allowances.is_empty() {
        return found;
    }
    let starts: Vec<usize> = std::iter::once(0)
        .chain(file.text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let mut used = vec![false; allowances.len()];
    let mut kept: Vec<Finding> = found
        .into_iter()
        .filter(|finding| {
            let line = starts.partition_point(|start| *start <= finding.diagnostic.span.start) - 1;
            let allowing = allowances.iter().position(|allowance| {
                allowance.line == line
                    && allowance.codes.contains(&finding.diagnostic.code)
                    && allowance.mistake().is_none()
            });
            if let Some(allowing) = allowing {
                used[allowing] = true;
            }
            allowing.is_none()
        })
        .collect();
    for (allowance, used) in allowances.iter().zip(used) {
        kept.extend(allowance.finding(file, used));
    }
    kept.sort_by_key(|finding| finding.diagnostic.span);
    kept
}

impl Allowance<'_> {
    /// Returns why it allows nothing, with the remedy.
    fn mistake(&self) -> Option<(String, &'static str)> {
        if self.codes.is_empty() {
            let message = "the allowance names no code, so that it allows nothing".to_owned();
            return Some((
                message,
                "write `# lockgate: allow LG0201 reason`, with the code of the finding",
            ));
        }
        if let Some(unknown) = self.codes.iter().find(|code| codes::title(code).is_none()) {
            let message = format!("there is no code `{unknown}`, so that the allowance allows nothing");
            return Some((message, "`lockgate explain` lists the codes"));
        }
        self.reason.is_empty().then(|| {
            let message = "the allowance has no reason, so that it allows nothing".to_owned();
            (message, "write behind the code why it is no danger here")
        })
    }

    fn finding(&self, file: &SourceFile, used: bool) -> Option<Finding> {
        let warn = |level, message: String, help: &str| {
            let diagnostic = Diagnostic::warning(codes::USELESS_ALLOWANCE, file, self.span, message);
            Some(Finding::new(level, diagnostic.help(help)))
        };
        match self.mistake() {
            Some((message, help)) => warn(Level::Strict, message, help),
            None if !used => {
                let message = format!("nothing is found here that `{}` would allow", self.codes.join(", "));
                warn(
                    Level::Advice,
                    message,
                    "remove the comment, or put it on the line of the finding or the one above",
                )
            }
            None => None,
        }
    }
}

fn read(text: &str) -> Vec<Allowance<'_>> {
    let mut found = Vec::new();
    if !text.contains(MARK) {
        return found;
    }
    let mut start = 0;
    for (line, written) in text.split_inclusive('\n').enumerate() {
        if let Some(at) = written.find(MARK) {
            let stands_alone = written[..at].trim().is_empty();
            let said = &written[at + MARK.len()..];
            let (codes, reason) = parts(said);
            found.push(Allowance {
                line: if stands_alone { line + 1 } else { line },
                codes,
                reason,
                span: Span::new(start + at, start + written.trim_end().len()),
            });
        }
        start += written.len();
    }
    found
}

/// Returns the codes at the start, and what stands behind them.
fn parts(said: &str) -> (Vec<&str>, &str) {
    let mut codes = Vec::new();
    let mut rest = said.trim();
    loop {
        let word = rest.split([' ', '\t', ',', ':']).next().unwrap_or_default();
        let is_code = word.len() > 2 && word.starts_with("LG") && word[2..].bytes().all(|byte| byte.is_ascii_digit());
        if !is_code {
            return (codes, rest);
        }
        codes.push(word);
        rest = rest[word.len()..].trim_start_matches([' ', '\t', ',', ':']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_before_the_reason() {
        assert_eq!(
            parts(" LG0201 the title is ours"),
            (vec!["LG0201"], "the title is ours")
        );
        assert_eq!(parts(" LG0201, LG0231: both"), (vec!["LG0201", "LG0231"], "both"));
        assert_eq!(parts(" LG0201"), (vec!["LG0201"], ""));
        assert_eq!(parts(" because"), (vec![], "because"));
    }
}
