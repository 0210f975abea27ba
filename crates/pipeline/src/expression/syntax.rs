//! The tree of a parsed expression.

use std::borrow::Cow;

use super::function::Function;
use super::value::Value;

/// A part of an expression.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Literal(Value),
    Context(Name),
    /// `base[index]` and `base.name`.
    Index(Box<[Node; 2]>),
    /// `base.*` and `base[*]`.
    Filter(Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Comparison, Box<[Node; 2]>),
    Call(Box<Call>),
}

/// A name as written, and where.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: Cow<'static, str>,
    pub(crate) position: usize,
}

impl Name {
    /// Returns the name `text`, which says `known` in any case.
    pub(crate) fn of(known: &'static str, text: &str, position: usize) -> Self {
        // Most names are written as the documentation writes them, and need no copy.
        let text = if text == known {
            Cow::Borrowed(known)
        } else {
            Cow::Owned(text.to_owned())
        };
        Self { text, position }
    }
}

/// The call of a function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl From<Call> for Node {
    fn from(call: Call) -> Self {
        Self::Call(Box::new(call))
    }
}

impl Node {
    /// Calls `visit` for this node and all below it.
    pub(super) fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Self)) {
        visit(self);
        match self {
            Self::Literal(_) | Self::Context(_) => {}
            Self::Filter(inner) | Self::Not(inner) => inner.walk(visit),
            Self::Index(parts) | Self::Compare(_, parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::Call(call) => call.arguments.iter().for_each(|argument| argument.walk(visit)),
        }
    }
}
