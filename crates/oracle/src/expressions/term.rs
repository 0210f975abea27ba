//! Generated expressions before they are text, so that their parts can be looked at.

use std::fmt;

/// A part of a generated expression.
#[derive(Clone, Debug)]
pub enum Term {
    /// A literal or a name, as it stands in the text.
    Atom(String),
    /// `base[index]`.
    Index(Box<Term>, Box<Term>),
    /// `base.name`.
    Property(Box<Term>, String),
    /// `base.*`.
    Filter(Box<Term>),
    /// `!inner`.
    Not(Box<Term>),
    /// `left operator right`.
    Binary(&'static str, Box<Term>, Box<Term>),
    /// `name(arguments)`.
    Call(String, Vec<Term>),
    /// `(inner)`.
    Group(Box<Term>),
}

/// The operators with two sides.
pub const OPERATORS: [&str; 8] = ["==", "!=", ">", ">=", "<", "<=", "&&", "||"];

impl Term {
    /// Returns a literal or a name.
    pub fn atom(text: impl Into<String>) -> Self {
        Self::Atom(text.into())
    }

    /// Returns `left operator right`, in parentheses where the sides need them.
    pub fn binary(operator: &'static str, left: Self, right: Self) -> Self {
        let strength = strength(operator);
        let left = left.grouped(|inner| inner < strength);
        let right = right.grouped(|inner| inner <= strength);
        Self::Binary(operator, Box::new(left), Box::new(right))
    }

    /// Returns `!inner`.
    pub fn negated(inner: Self) -> Self {
        Self::Not(Box::new(inner.grouped(|_| true)))
    }

    /// Returns what an index can follow: a literal needs parentheses.
    #[must_use]
    pub fn as_base(self) -> Self {
        match self {
            Self::Atom(text) if !text.starts_with(|first: char| first.is_ascii_lowercase()) || is_word(&text) => {
                Self::Group(Box::new(Self::Atom(text)))
            }
            Self::Not(_) | Self::Binary(..) => Self::Group(Box::new(self)),
            other => other,
        }
    }

    fn grouped(self, needs: impl Fn(u8) -> bool) -> Self {
        match self {
            Self::Binary(operator, ..) if needs(strength(operator)) => Self::Group(Box::new(self)),
            other => other,
        }
    }

    /// Calls `visit` for this part and all within it.
    pub fn walk<'t>(&'t self, visit: &mut impl FnMut(&'t Self)) {
        visit(self);
        match self {
            Self::Atom(_) => {}
            Self::Property(inner, _) | Self::Filter(inner) | Self::Not(inner) | Self::Group(inner) => {
                inner.walk(visit);
            }
            Self::Index(left, right) | Self::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.walk(visit)),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(text) => f.write_str(text),
            Self::Index(base, index) => write!(f, "{base}[{index}]"),
            Self::Property(base, name) => write!(f, "{base}.{name}"),
            Self::Filter(base) => write!(f, "{base}.*"),
            Self::Not(inner) => write!(f, "!{inner}"),
            Self::Binary(operator, left, right) => write!(f, "{left} {operator} {right}"),
            Self::Group(inner) => write!(f, "({inner})"),
            Self::Call(name, arguments) => {
                write!(f, "{name}(")?;
                for (at, argument) in arguments.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{argument}")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// Literals that are written like names.
fn is_word(text: &str) -> bool {
    ["true", "false", "null"].contains(&text)
}

fn strength(operator: &str) -> u8 {
    match operator {
        "||" => 1,
        "&&" => 2,
        "==" | "!=" => 3,
        _ => 4,
    }
}
