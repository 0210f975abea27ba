//! YAML as a tree in which every value knows its place.
//!
//! Not serde: a deserialiser stops at the first mistake and forgets where values stood. Here the tree is read first,
//! and [`Reader`] with [`Fields`] walks it, so that one pass reports everything that is wrong.
//!
//! Scalars are typed as GitHub does (the core schema of YAML 1.2: `on`, `yes` and `no` are plain texts). Anchors and
//! aliases are resolved; merge keys are not, as on GitHub. Size, depth and the growth through aliases are bounded, so
//! that no file can make its reader slow.

mod builder;
mod closing;
mod fields;
mod input;
mod parse;
mod parts;
mod reader;
mod scalar;

use lockgate_core::Span;

pub use builder::MAX_DEPTH;
pub use fields::Fields;
pub use parse::{MAX_BYTES, anchored, parse};
pub use parts::Parts;
pub use reader::Reader;
pub use scalar::{Resolved, Scalar, Style, written};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub content: Content,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the order of the file.
    Mapping(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// The name of a value in a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// Returns the single value; `None` of a list or mapping.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Returns the items of a list.
    pub fn as_sequence(&self) -> Option<&[Self]> {
        match &self.content {
            Content::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the entries of a mapping.
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns whether it is empty or `null`.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.resolved == Resolved::Null)
    }

    /// Returns whether it is a single value with an expression.
    pub fn has_expression(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.text.contains("${{"))
    }

    /// Returns the value of `key` in a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?
            .iter()
            .find(|entry| entry.key.name == key)
            .map(|entry| &entry.value)
    }

    /// Returns what it is in words, for messages: `a list`, `the text "x"`.
    pub fn kind(&self) -> String {
        match &self.content {
            Content::Sequence(_) => "a list".to_owned(),
            Content::Mapping(_) => "a mapping".to_owned(),
            Content::Scalar(scalar) => match scalar.resolved {
                Resolved::Null => "nothing".to_owned(),
                Resolved::Boolean(value) => format!("the boolean `{value}`"),
                Resolved::Number(_) => format!("the number `{}`", scalar.text),
                Resolved::String if scalar.text.is_empty() => "an empty text".to_owned(),
                Resolved::String if scalar.text.chars().count() <= 40 && !scalar.text.contains('\n') => {
                    format!("the text `{}`", scalar.text)
                }
                Resolved::String => "a text".to_owned(),
            },
        }
    }
}
