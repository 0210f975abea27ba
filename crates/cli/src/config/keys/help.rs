//! What to write, for mistakes of which only the kind is known.
//!
//! A value of the wrong type is noticed where nothing is known of the key but its name. Its key says what a right one
//! looks like, so that no mistake in the file is told without a way out.

use lockgate_core::{Diagnostic, Span};
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{Content, Node};

use super::{Key, Section, Shape, WHOLE};

/// The mistakes that an example explains.
const EXPLAINED: [&str; 3] = [codes::MISSING_KEY, codes::WRONG_TYPE, codes::WRONG_VALUE];

/// Gives every mistake in a value that has no help the example of the key where it is.
pub(in crate::config) fn complete(node: Option<&Node>, diagnostics: &mut [Diagnostic]) {
    let without = |diagnostic: &&mut Diagnostic| diagnostic.help.is_none() && EXPLAINED.contains(&diagnostic.code);
    for diagnostic in diagnostics.iter_mut().filter(without) {
        let key = node.and_then(|node| innermost(&WHOLE, node, diagnostic.span));
        let example = key.map_or("run: ./server", |key| key.example);
        diagnostic.help = Some(format!("such as: `{example}`"));
    }
}

/// Returns the innermost key in whose entry the span is.
fn innermost(section: &Section, node: &Node, span: Span) -> Option<&'static Key> {
    let entries = node.as_mapping()?;
    let entry = entries
        .iter()
        .find(|entry| holds(entry.key.span, span) || holds(entry.value.span, span))?;
    let key = section.keys.iter().find(|key| key.name == entry.key.name)?;
    let within = |section: &Section, node: &Node| innermost(section, node, span);
    let inner = match (&key.shape, &entry.value.content) {
        (
            Shape::Mapping(section)
            | Shape::MappingOrNothing(section)
            | Shape::TextOr(_, section)
            | Shape::ShareOr(section),
            _,
        ) => within(section, &entry.value),
        (Shape::List(section), Content::Sequence(items)) => items.iter().find_map(|item| within(section, item)),
        (Shape::Named(_, section), Content::Mapping(named)) => {
            named.iter().find_map(|named| within(section, &named.value))
        }
        _ => None,
    };
    Some(inner.unwrap_or(key))
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
