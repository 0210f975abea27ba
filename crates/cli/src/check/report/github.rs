//! Annotations of GitHub Actions: the workflow commands `::error …::` and `::warning …::`.
//!
//! A column is given only when the mistake lies in one line: GitHub drops the columns of all others. The file is named
//! from the repository's top, which is where the runner looks for it.

use std::fmt::Write;

use lockgate_core::{Diagnostic, Severity};
use lockgate_dialect::codes;

use super::location::{self, Region};
use crate::check::round::Round;
use crate::project::Folders;

/// Returns one line for each mistake.
pub(super) fn annotations(round: &Round, folders: &Folders) -> String {
    let mut diagnostics: Vec<&Diagnostic> = round.diagnostics.iter().collect();
    diagnostics.sort_by_key(|diagnostic| is_of_this_version(diagnostic));
    let lines = diagnostics.into_iter().map(|diagnostic| {
        let path = location::path(round, folders, &diagnostic.file);
        annotation(diagnostic, &path)
    });
    lines.collect()
}

/// Returns whether it is about Lockgate and not about the file: GitHub shows ten of each level, and others come first.
fn is_of_this_version(diagnostic: &Diagnostic) -> bool {
    [codes::NOT_YET_SUPPORTED, codes::NO_EFFECT].contains(&diagnostic.code)
}

fn annotation(diagnostic: &Diagnostic, path: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let region = Region::of(&diagnostic.file, diagnostic.span);
    let mut line = format!(
        "::{level} file={},line={},endLine={}",
        property(path),
        region.line,
        region.end_line
    );
    if region.line == region.end_line {
        // Writing to a String cannot fail.
        let _ = write!(line, ",col={},endColumn={}", region.column, region.end_column);
    }
    let title = match codes::title(diagnostic.code) {
        Some(title) => format!("{}: {title}", diagnostic.code),
        None => diagnostic.code.to_owned(),
    };
    let words = match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let _ = writeln!(line, ",title={}::{}", property(&title), message(&words));
    line
}

/// Returns a message as the runner reads it.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns the value of a property as the runner reads it.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use lockgate_core::{SourceFile, Span};

    use super::*;

    fn in_file(path: &str, text: &str, span: Span) -> Diagnostic {
        Diagnostic::error(
            "LG0114",
            &SourceFile::new(path, text),
            span,
            "5% of `a`\r\nis too: much, really",
        )
        .help("write 4%")
    }

    #[test]
    fn what_has_a_meaning_in_a_command_is_escaped() {
        let diagnostic = in_file("a, b: 1%.yml", "a: 5%\n", Span::new(3, 5));
        assert_eq!(
            annotation(&diagnostic, &diagnostic.file.path),
            "::error file=a%2C b%3A 1%25.yml,line=1,endLine=1,col=4,endColumn=6,title=LG0114%3A A value that is not \
             possible here::5%25 of `a`%0D%0Ais too: much, really%0Ahelp: write 4%25\n"
        );
    }

    #[test]
    fn several_lines_have_no_columns() {
        let diagnostic = in_file("a.yml", "a: |\n  x\n  y\n", Span::new(3, 12));
        let line = annotation(&diagnostic, "a.yml");
        assert!(line.starts_with("::error file=a.yml,line=1,endLine=3,title="), "{line}");
    }
}
