//! Mistakes in the user's files, drawn as a compiler does.

use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};
use lockgate_core::words::listed;
use lockgate_core::{Diagnostic, Severity, Span};
use serde::Serialize;

use crate::exit::Failure;

/// The machine-readable form of all mistakes.
#[derive(Serialize)]
struct Report<'a> {
    files: usize,
    diagnostics: Vec<Row<'a>>,
    /// Why other files were not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    severity: Severity,
    code: &'a str,
    message: &'a str,
    help: Option<&'a str>,
}

/// Returns the mistakes in so many files as one JSON value, with why others were not looked at.
pub(crate) fn to_json<'d>(
    diagnostics: &'d [Diagnostic],
    files: usize,
    refused: &[Failure],
) -> impl Serialize + use<'d> {
    Report {
        files,
        diagnostics: diagnostics.iter().map(row).collect(),
        refused: refused.iter().map(Failure::to_json).collect(),
    }
}

fn row(diagnostic: &Diagnostic) -> Row<'_> {
    let (line, column) = diagnostic.file.position(diagnostic.span.start);
    let (end_line, end_column) = diagnostic.file.position(diagnostic.span.end);
    Row {
        file: &diagnostic.file.path,
        line,
        column,
        end_line,
        end_column,
        severity: diagnostic.severity,
        code: diagnostic.code,
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
    }
}

/// Returns one mistake as a line, for who asked for something else.
pub(crate) fn in_one_line(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{severity}: {}", diagnostic.in_one_line())
}

/// Returns one mistake with its excerpt and hint.
pub(crate) fn draw(diagnostic: &Diagnostic, colourful: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(diagnostic.message.as_str());
    // A mistake that only a value shows has no page.
    if !diagnostic.code.is_empty() {
        title = title.id(diagnostic.code);
    }
    let excerpt = Excerpt::around(diagnostic);
    let mut group = if excerpt.is_readable() {
        title.element(excerpt.snippet(diagnostic))
    } else {
        let (line, column) = diagnostic.file.position(diagnostic.span.start);
        title.element(Origin::path(&*diagnostic.file.path).line(line).char_column(column))
    };
    if !diagnostic.also.is_empty() {
        group = group.element(Level::NOTE.message(also(diagnostic)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colourful {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

/// Returns the lines of the other places of a mistake, such as `also in lines 3 and 7; macos-13 in line 9`.
fn also(diagnostic: &Diagnostic) -> String {
    let mut lines: Vec<(&str, Vec<usize>)> = Vec::new();
    for (span, label) in &diagnostic.also {
        let line = diagnostic.file.position(span.start).0;
        match lines.iter_mut().find(|(known, _)| known == label) {
            Some((_, lines)) => lines.push(line),
            None => lines.push((label, vec![line])),
        }
    }
    let words = lines.iter_mut().map(|(label, lines)| {
        lines.sort_unstable();
        lines.dedup();
        let what = if diagnostic.message.contains(*label) {
            "also"
        } else {
            label
        };
        format!("{what} in {}", of_lines(lines))
    });
    words.collect::<Vec<_>>().join("; ")
}

/// Returns lines in words, such as `lines 3, 4 and 7`.
fn of_lines(lines: &[usize]) -> String {
    let numbers: Vec<String> = lines.iter().map(usize::to_string).collect();
    let plural = if lines.len() == 1 { "" } else { "s" };
    format!("line{plural} {}", listed(&numbers))
}

/// The lines of a file from the first to the last place of a diagnostic: the renderer reads all that it is given.
struct Excerpt<'t> {
    text: &'t str,
    /// Where it begins in the file.
    start: usize,
    /// The number of its first line.
    line: usize,
}

impl<'t> Excerpt<'t> {
    fn around(diagnostic: &'t Diagnostic) -> Self {
        let text: &str = &diagnostic.file.text;
        let related = || diagnostic.related.iter().map(|(span, _)| *span);
        let spans = || std::iter::once(diagnostic.span).chain(related());
        let first = floor(text, spans().map(|span| span.start).min().unwrap_or(0));
        let last = floor(text, spans().map(|span| span.end).max().unwrap_or(0));
        let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let end = text[last..].find('\n').map_or(text.len(), |length| last + length + 1);
        Self {
            text: &text[start..end],
            start,
            line: diagnostic.file.position(first).0,
        }
    }

    /// Returns whether a person could read it: of a line that fills a book only the place is told.
    fn is_readable(&self) -> bool {
        const MOST_BYTES_OF_LINE: usize = 20_000;
        self.text.len() <= MOST_BYTES_OF_LINE || self.text.lines().all(|line| line.len() <= MOST_BYTES_OF_LINE)
    }

    fn snippet(&self, diagnostic: &'t Diagnostic) -> Snippet<'t, Annotation<'t>> {
        let snippet = Snippet::source(self.text)
            .path(&*diagnostic.file.path)
            .line_start(self.line)
            .annotation(AnnotationKind::Primary.span(self.clip(diagnostic.span)));
        let related = diagnostic.related.iter();
        snippet.annotations(
            related.map(|(span, label)| AnnotationKind::Context.span(self.clip(*span)).label(label.as_str())),
        )
    }

    /// Returns where a place lies in the excerpt.
    fn clip(&self, span: Span) -> std::ops::Range<usize> {
        let within = |offset: usize| floor(self.text, offset.saturating_sub(self.start));
        let start = within(span.start);
        start..within(span.end).max(start)
    }
}

fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset.min(text.len()))
}

/// Returns the closing line, such as `2 errors, 1 warning`.
pub(crate) fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!(
        "{}, {}",
        plural(count(Severity::Error), "error"),
        plural(count(Severity::Warning), "warning")
    )
}

/// Returns the failure of a command that needs a file without mistakes, with all of them drawn.
pub(crate) fn failure(diagnostics: &[Diagnostic]) -> Failure {
    let drawn: Vec<String> = diagnostics
        .iter()
        .map(|d| draw(d, super::out::is_colourful()))
        .collect();
    super::out::progress(drawn.join("\n\n"));
    Failure::usage(summary(diagnostics))
}
