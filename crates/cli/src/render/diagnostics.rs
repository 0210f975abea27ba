//! Mistakes in the user's files, drawn as a compiler does.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use lockgate_core::{Diagnostic, Severity};
use serde::Serialize;

/// The machine-readable form of all mistakes.
#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    severity: Severity,
    code: &'a str,
    message: &'a str,
    help: Option<&'a str>,
}

/// Returns the mistakes as one JSON value.
pub(crate) fn to_json(diagnostics: &[Diagnostic]) -> impl Serialize {
    Report {
        diagnostics: diagnostics.iter().map(row).collect(),
    }
}

fn row(diagnostic: &Diagnostic) -> Row<'_> {
    let (line, column) = diagnostic.file.position(diagnostic.span.start);
    Row {
        file: &diagnostic.file.path,
        line,
        column,
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
    let text: &str = &diagnostic.file.text;
    let clip = |span: lockgate_core::Span| {
        let start = floor(text, span.start);
        start..floor(text, span.end).max(start)
    };
    let mut snippet = Snippet::source(text)
        .path(&*diagnostic.file.path)
        .annotation(AnnotationKind::Primary.span(clip(diagnostic.span)));
    for (span, label) in &diagnostic.related {
        snippet = snippet.annotation(AnnotationKind::Context.span(clip(*span)).label(label.as_str()));
    }
    let mut group = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code)
        .element(snippet);
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
pub(crate) fn failure(diagnostics: &[Diagnostic]) -> crate::exit::Failure {
    let drawn: Vec<String> = diagnostics
        .iter()
        .map(|d| draw(d, super::out::is_colourful()))
        .collect();
    super::out::progress(drawn.join("\n\n"));
    crate::exit::Failure::usage(summary(diagnostics))
}
