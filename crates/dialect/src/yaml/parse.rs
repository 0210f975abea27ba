//! From text to a tree: the text is scanned, and once more where only a closing bracket stands in the way.

use std::borrow::Cow;

use lockgate_core::{Diagnostic, SourceFile, Span};
use saphyr_parser::Parser;

use super::builder::Builder;
use super::input::Text;
use super::{Node, closing};
use crate::codes;

/// The most bytes that a file may have.
pub const MAX_BYTES: usize = 1 << 20;

/// Returns the tree of `file` and what is wrong with it.
///
/// There is no tree when the text cannot be read to its end, or is empty.
pub fn parse(file: &SourceFile) -> (Option<Node>, Vec<Diagnostic>) {
    if file.text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", file.text.len());
        let diagnostic = Diagnostic::error(codes::YAML_BUDGET, file, Span::new(0, 0), message)
            .help("split the file, or generate less of it");
        return (None, vec![diagnostic]);
    }
    let scanned = read(file);
    (scanned.root, scanned.diagnostics)
}

/// Returns where the values are that have an anchor, so that they may stand in several places of the tree.
pub fn anchored(file: &SourceFile) -> Vec<Span> {
    if file.text.len() > MAX_BYTES {
        return Vec::new();
    }
    read(file).anchored
}

fn read(file: &SourceFile) -> Scanned {
    let mut text = Cow::Borrowed(&*file.text);
    let mut scanned = scan(file, &text);
    for _ in 0..closing::MOST {
        let moved = scanned.misplaced.and_then(|index| {
            let (at, _) = text.char_indices().nth(index)?;
            closing::moved_up(&text, at)
        });
        let Some(moved) = moved else {
            break;
        };
        text = Cow::Owned(moved);
        scanned = scan(file, &text);
    }
    scanned
}

/// What came of one pass over a text.
struct Scanned {
    root: Option<Node>,
    diagnostics: Vec<Diagnostic>,
    anchored: Vec<Span>,
    /// The character that stands where the scanner does not want it.
    misplaced: Option<usize>,
}

/// Scans `text`, which has the characters of `file` but for blanks and comments.
fn scan(file: &SourceFile, text: &str) -> Scanned {
    let mut builder = Builder::new(file);
    let mut misplaced = None;
    for event in Parser::new(Text::new(text)) {
        let goes_on = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                misplaced = (error.info() == "invalid indentation").then(|| error.marker().index());
                builder.refuse_syntax(&error);
                false
            }
        };
        if !goes_on {
            builder.root = None;
            break;
        }
    }
    Scanned {
        anchored: builder.anchored(),
        root: builder.root,
        diagnostics: builder.diagnostics,
        misplaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_no_ampersand_of_a_shell() {
        let found = |text: &str| -> Vec<String> {
            let spans = anchored(&SourceFile::new("a.yml", text));
            spans.iter().map(|span| text[span.start..span.end].to_owned()).collect()
        };
        assert_eq!(found("run: &script echo\nb: *script\n"), ["echo"]);
        assert_eq!(found("a: &a [x]"), ["[x]"]);
        assert_eq!(found("- &b { c: d }\n- e"), ["{ c: d }"]);
        for text in ["run: a & b && c 2>&1", "run: |\n  a &b\n", "a: '&b'", "a: [&"] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
