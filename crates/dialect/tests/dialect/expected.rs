//! What is expected of the files of the corpus stands in a file beside each.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads its corpus and the wish to bless it, and stops where it cannot"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lockgate_core::Diagnostic;

/// Returns the YAML files of a folder of the corpus, by name.
pub(super) fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Returns a diagnostic with its places; `level` is how serious it is.
pub(super) fn written(found: &Diagnostic, level: &str) -> String {
    let (line, column) = found.file.position(found.span.start);
    let (end_line, end_column) = found.file.position(found.span.end);
    let end = if end_line == line {
        end_column.to_string()
    } else {
        format!("{end_line}:{end_column}")
    };
    let mut text = format!("{line}:{column}-{end} {level} {} {}\n", found.code, found.message);
    if let Some(help) = &found.help {
        writeln!(text, "    help: {help}").unwrap();
    }
    let related = found.related.iter().map(|place| ("", place));
    let also = found.also.iter().map(|place| ("also ", place));
    for (word, (span, label)) in related.chain(also) {
        let (line, column) = found.file.position(span.start);
        writeln!(text, "    {word}{line}:{column} {label}").unwrap();
    }
    text
}

/// Compares `text` with what is expected, or writes it where that is wished; returns what is wrong.
pub(super) fn compare(path: &Path, text: &str) -> Option<String> {
    if std::env::var("BLESS").is_ok() {
        std::fs::write(path, text).unwrap();
        return None;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    (expected != text).then(|| format!("{}:\n{text}", path.display()))
}

#[track_caller]
pub(super) fn all_fit(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "these changed (BLESS=1 writes them):\n{}",
        wrong.join("\n")
    );
}
