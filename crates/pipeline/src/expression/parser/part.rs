//! The parts that a tree is put together from, each with its height.

use lockgate_core::diagnostic::nearest;

use super::super::function::{Arity, Function};
use super::super::lexer::TokenKind;
use super::super::syntax::{Call, Comparison, Name, Node};
use super::super::{CONTEXTS, SyntaxError, SyntaxErrorKind};

/// The deepest tree, as on GitHub: parentheses count nothing, and `a && (b && c)` is one node.
const MAX_DEPTH: usize = 50;

/// A tree and its height; a leaf has 1.
pub(super) struct Part {
    pub(super) node: Node,
    pub(super) height: usize,
}

/// A part, and whether an index may follow it.
pub(super) struct Operand {
    pub(super) part: Part,
    pub(super) takes_index: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Binary {
    And,
    Or,
    Compare(Comparison),
}

impl Binary {
    pub(super) fn of(kind: TokenKind) -> Option<Self> {
        Some(match kind {
            TokenKind::And => Self::And,
            TokenKind::Or => Self::Or,
            TokenKind::Equal => Self::Compare(Comparison::Equal),
            TokenKind::NotEqual => Self::Compare(Comparison::NotEqual),
            TokenKind::Greater => Self::Compare(Comparison::Greater),
            TokenKind::GreaterOrEqual => Self::Compare(Comparison::GreaterOrEqual),
            TokenKind::Less => Self::Compare(Comparison::Less),
            TokenKind::LessOrEqual => Self::Compare(Comparison::LessOrEqual),
            _ => return None,
        })
    }

    /// Returns how tightly it binds, above 0.
    pub(super) fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Compare(Comparison::Equal | Comparison::NotEqual) => 3,
            Self::Compare(_) => 4,
        }
    }
}

/// An operator whose right side is not read yet, and where its sign stands.
pub(super) enum Operator {
    Not(usize),
    Binary(Binary, Part, usize),
}

impl Operator {
    pub(super) fn strength(&self) -> u8 {
        match self {
            Self::Not(_) => u8::MAX,
            Self::Binary(binary, ..) => binary.strength(),
        }
    }

    /// Returns what it makes of its right side.
    pub(super) fn with(self, right: Part) -> Result<Part, SyntaxError> {
        match self {
            Self::Not(position) => not(right, position),
            Self::Binary(binary, left, position) => joined(binary, left, right, position),
        }
    }
}

pub(super) fn leaf(node: Node) -> Part {
    Part { node, height: 1 }
}

fn not(inner: Part, position: usize) -> Result<Part, SyntaxError> {
    let height = inner.height + 1;
    part(Node::Not(Box::new(inner.node)), height, position)
}

/// Returns a part, unless it is too high; `position` is where its own sign stands.
fn part(node: Node, height: usize, position: usize) -> Result<Part, SyntaxError> {
    if height <= MAX_DEPTH {
        return Ok(Part { node, height });
    }
    Err(SyntaxError {
        kind: SyntaxErrorKind::Parsing,
        message: format!("the expression is nested more than {MAX_DEPTH} deep"),
        position,
        length: 1,
    })
}

pub(super) fn index(base: Part, index: Part, position: usize) -> Result<Operand, SyntaxError> {
    let height = base.height.max(index.height) + 1;
    let node = Node::Index(Box::new([base.node, index.node]));
    Ok(Operand {
        part: part(node, height, position)?,
        takes_index: true,
    })
}

pub(super) fn filter(base: Part, position: usize) -> Result<Operand, SyntaxError> {
    let height = base.height + 1;
    Ok(Operand {
        part: part(Node::Filter(Box::new(base.node)), height, position)?,
        takes_index: true,
    })
}

fn joined(binary: Binary, left: Part, right: Part, position: usize) -> Result<Part, SyntaxError> {
    let comparison = match binary {
        Binary::And => return chain(Node::And, [left, right].map(conjuncts), position),
        Binary::Or => return chain(Node::Or, [left, right].map(disjuncts), position),
        Binary::Compare(comparison) => comparison,
    };
    let height = left.height.max(right.height) + 1;
    let node = Node::Compare(comparison, Box::new([left.node, right.node]));
    part(node, height, position)
}

/// What a side of `&&` or `||` brings to their list, and the height of its highest part.
enum Side {
    One(Node, usize),
    Many(Vec<Node>, usize),
}

/// Makes one node of both sides: `a && (b && c)` is no deeper than `a && b && c`, as on GitHub.
fn chain(node: fn(Vec<Node>) -> Node, [left, right]: [Side; 2], position: usize) -> Result<Part, SyntaxError> {
    let (mut parts, height) = match left {
        Side::One(part, height) => {
            let mut parts = Vec::with_capacity(2);
            parts.push(part);
            (parts, height)
        }
        Side::Many(parts, height) => (parts, height),
    };
    let other = match right {
        Side::One(part, height) => {
            parts.push(part);
            height
        }
        Side::Many(more, height) => {
            parts.extend(more);
            height
        }
    };
    part(node(parts), height.max(other) + 1, position)
}

fn conjuncts(part: Part) -> Side {
    match part.node {
        Node::And(parts) => Side::Many(parts, part.height - 1),
        node => Side::One(node, part.height),
    }
}

fn disjuncts(part: Part) -> Side {
    match part.node {
        Node::Or(parts) => Side::Many(parts, part.height - 1),
        node => Side::One(node, part.height),
    }
}

/// A call whose arguments are being read.
pub(super) struct Arguments<'t> {
    /// The name of the function, and where it stands.
    name: (&'t str, usize),
    nodes: Vec<Node>,
    height: usize,
}

impl<'t> Arguments<'t> {
    pub(super) fn of(name: &'t str, position: usize) -> Self {
        Self {
            name: (name, position),
            nodes: Vec::new(),
            height: 0,
        }
    }

    pub(super) fn push(&mut self, argument: Part) {
        self.height = self.height.max(argument.height);
        self.nodes.push(argument.node);
    }

    /// Returns the call, unless its function or the number of its arguments is wrong.
    pub(super) fn call(self, arities: fn(Function) -> Arity) -> Result<Part, SyntaxError> {
        let Self { name, nodes, height } = self;
        let (text, position) = name;
        let Some(function) = Function::named(text) else {
            let hint = did_you_mean(text, Function::ALL.iter().map(|function| function.name()));
            return Err(error(name, format!("unknown function `{text}`{hint}")));
        };
        let arity = arities(function);
        if !arity.accepts(nodes.len()) {
            return Err(error(name, refused_arity(function, arity, nodes.len())));
        }
        let node = Node::from(Call {
            function,
            name: Name::of(function.name(), text, position),
            arguments: nodes,
        });
        part(node, height + 1, position)
    }
}

/// Returns the mistake of a name that is no context; `has_fields` when it is followed by what reads a field of it.
pub(super) fn unknown_context(text: &str, position: usize, has_fields: bool) -> SyntaxError {
    let near = nearest(text, CONTEXTS);
    let lower = text.to_ascii_lowercase();
    let hint = match (lower.as_str(), near) {
        _ if let Some(function) = Function::named(text) => {
            let takes_none = matches!(function.arity(), Arity::Range { most: 0, .. });
            let arguments = if takes_none { "" } else { "…" };
            format!("; it is a function: write `{text}({arguments})`")
        }
        ("true" | "false" | "null", _) => format!("; it is written `{lower}`"),
        ("not", _) => "; \"not\" is `!`".to_owned(),
        (_, Some(near)) => format!("; did you mean `{near}`?"),
        (_, None) if has_fields => String::new(),
        (_, None) => format!("; a text stands in single quotes: `'{text}'`"),
    };
    error((text, position), format!("unknown context `{text}`{hint}"))
}

fn error((name, position): (&str, usize), message: String) -> SyntaxError {
    SyntaxError {
        kind: SyntaxErrorKind::Parsing,
        message,
        position,
        length: name.len(),
    }
}

fn refused_arity(function: Function, arity: Arity, count: usize) -> String {
    let name = function.name();
    match arity {
        Arity::Odd { .. } if count >= 3 => {
            format!("`{name}` takes pairs of a condition and a value, then a default: an odd number, not {count}")
        }
        Arity::Odd { .. } => format!("`{name}` takes at least 3 arguments, not {count}"),
        Arity::Range { least: 0, most: 0 } => format!("`{name}` takes no arguments"),
        Arity::Range { least, most } if least == most => {
            let plural = if least == 1 { "" } else { "s" };
            format!("`{name}` takes {least} argument{plural}, not {count}")
        }
        Arity::Range { least, most } if most == usize::from(u8::MAX) => {
            format!("`{name}` takes at least {least} and at most {most} arguments, not {count}")
        }
        Arity::Range { least, most } => format!("`{name}` takes {least} to {most} arguments, not {count}"),
    }
}

fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
