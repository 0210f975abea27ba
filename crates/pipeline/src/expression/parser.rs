//! From tokens to a tree, by recursive descent.
//!
//! From loose to tight: `||`, `&&`, `==` and `!=`, the orderings, `!`, then index and call. The
//! depth of the tree is bounded, which also bounds the recursion of every later walk over it.

use lockgate_core::diagnostic::nearest;

use super::function::{Arity, Function};
use super::lexer::{Token, TokenKind, tokens};
use super::syntax::{Call, Comparison, Name, Node};
use super::value::Value;
use super::{CONTEXTS, SyntaxError, SyntaxErrorKind};

/// The deepest tree, as on GitHub.
const MAX_DEPTH: usize = 50;

/// Returns the tree of `text`; an empty text is `null`.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        text,
        tokens: &tokens,
        at: 0,
        depth: 0,
    };
    if tokens.is_empty() {
        return Ok(Node::Literal(Value::Null));
    }
    let node = parser.expression()?;
    match parser.peek() {
        None => Ok(node),
        Some(token) => Err(parser.unexpected(token)),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token<'t>],
    at: usize,
    depth: usize,
}

type Parsed = Result<Node, SyntaxError>;

impl<'t> Parser<'t> {
    fn expression(&mut self) -> Parsed {
        self.deeper(Self::or)
    }

    fn or(&mut self) -> Parsed {
        self.chain(&TokenKind::Or, Self::and, Node::Or)
    }

    fn and(&mut self) -> Parsed {
        self.chain(&TokenKind::And, Self::equality, Node::And)
    }

    fn chain(&mut self, sign: &TokenKind<'_>, part: fn(&mut Self) -> Parsed, node: fn(Vec<Node>) -> Node) -> Parsed {
        let first = part(self)?;
        if !self.is_at(sign) {
            return Ok(first);
        }
        self.deeper(|parser| {
            let mut parts = vec![first];
            while parser.take(sign) {
                parts.push(part(parser)?);
            }
            Ok(node(parts))
        })
    }

    fn equality(&mut self) -> Parsed {
        self.comparisons(Self::ordering, |kind| match kind {
            TokenKind::Equal => Some(Comparison::Equal),
            TokenKind::NotEqual => Some(Comparison::NotEqual),
            _ => None,
        })
    }

    fn ordering(&mut self) -> Parsed {
        self.comparisons(Self::not, |kind| match kind {
            TokenKind::Greater => Some(Comparison::Greater),
            TokenKind::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
            TokenKind::Less => Some(Comparison::Less),
            TokenKind::LessOrEqual => Some(Comparison::LessOrEqual),
            _ => None,
        })
    }

    fn comparisons(
        &mut self,
        operand: fn(&mut Self) -> Parsed,
        sign: fn(&TokenKind<'_>) -> Option<Comparison>,
    ) -> Parsed {
        let outside = self.depth;
        let mut left = operand(self)?;
        while let Some(comparison) = self.peek().and_then(|token| sign(&token.kind)) {
            self.at += 1;
            // Each further comparison makes the tree one deeper on its left.
            self.descend()?;
            let right = operand(self)?;
            left = Node::Compare(comparison, Box::new(left), Box::new(right));
        }
        self.depth = outside;
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        if self.take(&TokenKind::Not) {
            return self.deeper(|parser| Ok(Node::Not(Box::new(parser.not()?))));
        }
        self.index()
    }

    fn index(&mut self) -> Parsed {
        let outside = self.depth;
        let mut node = self.operand()?;
        if matches!(node, Node::Literal(_)) && !self.is_after(&TokenKind::CloseParenthesis) {
            return Ok(node);
        }
        loop {
            if self.take(&TokenKind::OpenBracket) {
                node = self.bracket(node)?;
            } else if self.take(&TokenKind::Dot) {
                node = self.property(node)?;
            } else {
                self.depth = outside;
                return Ok(node);
            }
            self.descend()?;
        }
    }

    fn bracket(&mut self, base: Node) -> Parsed {
        let node = if self.take(&TokenKind::Star) {
            Node::Filter(Box::new(base))
        } else {
            Node::Index(Box::new(base), Box::new(self.expression()?))
        };
        self.expect(&TokenKind::CloseBracket)?;
        Ok(node)
    }

    fn property(&mut self, base: Node) -> Parsed {
        match self.peek().map(|token| (&token.kind, token)) {
            Some((TokenKind::Name(name), _)) => {
                self.at += 1;
                let name = Node::Literal(Value::from(*name));
                Ok(Node::Index(Box::new(base), Box::new(name)))
            }
            Some((TokenKind::Star, _)) => {
                self.at += 1;
                Ok(Node::Filter(Box::new(base)))
            }
            Some((_, token)) => Err(self.unexpected(token)),
            None => Err(self.ended()),
        }
    }

    fn operand(&mut self) -> Parsed {
        let Some(token) = self.peek() else {
            return Err(self.ended());
        };
        self.at += 1;
        let literal = match &token.kind {
            TokenKind::True => Value::Boolean(true),
            TokenKind::False => Value::Boolean(false),
            TokenKind::Null => Value::Null,
            TokenKind::Number(number) => Value::Number(*number),
            TokenKind::String(text) => Value::String(text.clone()),
            TokenKind::Name(name) => return self.name(name, token.start),
            TokenKind::OpenParenthesis => {
                let inner = self.expression()?;
                self.expect(&TokenKind::CloseParenthesis)?;
                return Ok(inner);
            }
            _ => {
                self.at -= 1;
                return Err(self.unexpected(token));
            }
        };
        Ok(Node::Literal(literal))
    }

    fn name(&mut self, text: &str, position: usize) -> Parsed {
        let name = Name {
            text: text.to_owned(),
            position,
        };
        if self.take(&TokenKind::OpenParenthesis) {
            return self.call(name);
        }
        if CONTEXTS.iter().any(|context| context.eq_ignore_ascii_case(text)) {
            return Ok(Node::Context(name));
        }
        let hint = if Function::named(text).is_some() {
            format!("; it is a function: write `{text}(…)`")
        } else {
            did_you_mean(text, CONTEXTS.iter().copied())
        };
        Err(error(&name, format!("unknown context `{text}`{hint}")))
    }

    fn call(&mut self, name: Name) -> Parsed {
        let mut arguments = Vec::new();
        if !self.take(&TokenKind::CloseParenthesis) {
            loop {
                arguments.push(self.expression()?);
                if self.take(&TokenKind::CloseParenthesis) {
                    break;
                }
                self.expect(&TokenKind::Comma)?;
            }
        }
        let Some(function) = Function::named(&name.text) else {
            let hint = did_you_mean(&name.text, Function::ALL.iter().map(|function| function.name()));
            return Err(error(&name, format!("unknown function `{}`{hint}", name.text)));
        };
        let arity = function.arity();
        if !arity.accepts(arguments.len()) {
            return Err(error(&name, refused_arity(function, arity, arguments.len())));
        }
        Ok(Node::Call(Call {
            function,
            name,
            arguments,
        }))
    }

    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        self.descend()?;
        let node = inner(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn descend(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        let end = self.text.len();
        let (start, end) = self.peek().map_or((end, end), |token| (token.start, token.end));
        Err(SyntaxError {
            kind: SyntaxErrorKind::Parsing,
            message: format!("the expression is nested more than {MAX_DEPTH} deep"),
            position: start,
            length: end - start,
        })
    }

    fn peek(&self) -> Option<&'t Token<'t>> {
        self.tokens.get(self.at)
    }

    fn is_at(&self, kind: &TokenKind<'_>) -> bool {
        self.peek().is_some_and(|token| token.kind == *kind)
    }

    fn is_after(&self, kind: &TokenKind<'_>) -> bool {
        self.at > 0 && self.tokens[self.at - 1].kind == *kind
    }

    fn take(&mut self, kind: &TokenKind<'_>) -> bool {
        let found = self.is_at(kind);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, kind: &TokenKind<'_>) -> Result<(), SyntaxError> {
        if self.take(kind) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => self.unexpected(token),
            None => self.ended(),
        })
    }

    fn unexpected(&self, token: &Token<'_>) -> SyntaxError {
        SyntaxError {
            kind: SyntaxErrorKind::Parsing,
            message: format!("unexpected symbol `{}`", &self.text[token.start..token.end]),
            position: token.start,
            length: token.end - token.start,
        }
    }

    fn ended(&self) -> SyntaxError {
        let last = self.tokens.last();
        let (start, end) = last.map_or((0, 0), |token| (token.start, token.end));
        SyntaxError {
            kind: SyntaxErrorKind::Parsing,
            message: format!("the expression ends too early, after `{}`", &self.text[start..end]),
            position: start,
            length: end - start,
        }
    }
}

fn error(name: &Name, message: String) -> SyntaxError {
    SyntaxError {
        kind: SyntaxErrorKind::Parsing,
        message,
        position: name.position,
        length: name.text.len(),
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
