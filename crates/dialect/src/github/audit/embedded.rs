//! The expressions inside of a text, with their places in the file.

use lockgate_core::{SourceFile, Span};
use lockgate_pipeline::expression::{Expression, Flow};

use crate::yaml::{Content, Node};

const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// A `${{ … }}` inside of a text.
pub(super) struct Embedded {
    /// The byte of the text at which its `${{` starts.
    pub(super) start: usize,
    /// The byte behind its `}}`.
    pub(super) end: usize,
    /// What stands between.
    pub(super) expression: Expression,
}

impl Embedded {
    /// Returns the values that can come out of it.
    pub(super) fn flows(&self) -> Vec<Flow> {
        self.expression.flows()
    }

    /// Returns it as it is written in the text.
    pub(super) fn written<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Returns in words how a step gets an expression by a variable, such that it can be written as it is told.
pub(super) fn given_by_env(name: &str, written: &str) -> String {
    let value = written.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("`env: {{ {name}: \"{value}\" }}`")
}

/// Returns where the part `start..end` of the text of `node` stands in the file.
pub(super) fn part(file: &SourceFile, node: &Node, start: usize, end: usize) -> Span {
    node.as_scalar().map_or(node.span, |scalar| {
        scalar.part(&file.text, node.span, start, end.saturating_sub(start))
    })
}

/// Returns the expressions in a text; what is no expression is told elsewhere, and left out.
pub(super) fn expressions(text: &str) -> Vec<Embedded> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(start) = opening(text, rest) {
        let inside = start + OPEN.len();
        let Some(length) = closing(&text[inside..]) else {
            break;
        };
        let end = inside + length + CLOSE.len();
        if let Ok(expression) = Expression::parse(text[inside..inside + length].trim()) {
            found.push(Embedded { start, end, expression });
        }
        rest = end;
    }
    found
}

/// Returns whether a text has an expression, or what begins like one.
pub(super) fn has_expression(text: &str) -> bool {
    opening(text, 0).is_some()
}

/// Returns the first `${{` from a byte of the text on.
///
/// A search for a text sets itself up at some cost, and most texts are short and have no dollar sign.
fn opening(text: &str, from: usize) -> Option<usize> {
    let dollars = text[from..].match_indices('$').map(|(at, _)| from + at);
    dollars.into_iter().find(|at| text[*at..].starts_with(OPEN))
}

/// Calls `visit` for every single value in the tree.
pub(super) fn scalars<'n>(node: &'n Node, visit: &mut impl FnMut(&'n Node)) {
    match &node.content {
        Content::Scalar(_) => visit(node),
        Content::Sequence(items) => items.iter().for_each(|item| scalars(item, visit)),
        Content::Mapping(entries) => entries.iter().for_each(|entry| scalars(&entry.value, visit)),
    }
}

/// Returns the length up to the `}}` outside of the expression's strings.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut in_string = false;
    let bytes = text.as_bytes();
    bytes.iter().enumerate().position(|(at, byte)| {
        in_string ^= *byte == b'\'';
        *byte == b'}' && !in_string && bytes.get(at + 1) == Some(&b'}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn what_a_hint_says_can_be_written_as_it_is() {
        for written in [
            "${{ github.event.issue.title }}",
            r#"${{ format('a\b "{0}": #', secrets.A) }}"#,
            "${{ a ||\nb }}",
        ] {
            let told = given_by_env("NAME", written);
            let file = SourceFile::new("a.yml", told.trim_matches('`'));
            let (root, mistakes) = yaml::parse(&file);
            assert_eq!(mistakes, [], "{told}");
            let value = root.as_ref().and_then(|root| root.get("env")?.get("NAME")?.as_scalar());
            assert_eq!(value.map(|value| value.text.as_str()), Some(written), "{told}");
        }
    }
}
