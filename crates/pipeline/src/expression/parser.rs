//! From tokens to a tree, by precedence.
//!
//! From loose to tight: `||`, `&&`, `==` and `!=`, the orderings, `!`, then index and call. What is open stands on a
//! stack of its own and not on that of the program: GitHub limits the depth of the tree, and parentheses make none,
//! so that thousands of them are legal. No tree is ever built deeper than the limit, which bounds the recursion of
//! every later walk over it.

mod part;

use super::function::{Arity, Function};
use super::lexer::{Lexer, Token, TokenKind, lexer};
use super::syntax::{Name, Node};
use super::value::Value;
use super::{SyntaxError, SyntaxErrorKind, context_named};

use part::{Arguments, Binary, Operand, Operator, Part, filter, index, leaf, unknown_context};

/// Returns the tree of `text`; an empty text is `null`.
pub(super) fn parse(text: &str, arities: Arities) -> Result<Node, SyntaxError> {
    let mut parser = Parser {
        lexer: lexer(text)?,
        next: None,
        open: Vec::new(),
        arities,
    };
    parser.whole().map_err(|mistake| match mistake.kind {
        SyntaxErrorKind::Lexing => mistake,
        // What is no sign or word of the language is told before the order of those that are, as GitHub does.
        SyntaxErrorKind::Parsing => parser.lexer.mistake().unwrap_or(mistake),
    })
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token that is looked at; none at the end.
    next: Option<Token>,
    open: Vec<Open<'t>>,
    arities: Arities,
}

/// How many arguments a function takes, which depends on where the expression stands.
pub(super) type Arities = fn(Function) -> Arity;

/// What still lacks its right part.
enum Open<'t> {
    Group,
    Call(Arguments<'t>),
    Index(Part, usize),
    Operator(Operator),
}

impl<'t> Parser<'t> {
    fn whole(&mut self) -> Result<Node, SyntaxError> {
        self.advance()?;
        if self.next.is_none() {
            return Ok(Node::Literal(Value::Null));
        }
        loop {
            let operand = self.operand()?;
            if let Some(tree) = self.behind(operand)? {
                return Ok(tree);
            }
        }
    }

    fn advance(&mut self) -> Result<(), SyntaxError> {
        self.next = self.lexer.next()?;
        Ok(())
    }

    /// Returns the token that stands next and goes on behind it; none at the end.
    fn take_any(&mut self) -> Result<Option<Token>, SyntaxError> {
        let token = self.next;
        if token.is_some() {
            self.advance()?;
        }
        Ok(token)
    }

    /// Reads up to and with the next literal, context, or call without arguments.
    fn operand(&mut self) -> Result<Operand, SyntaxError> {
        loop {
            let Some(token) = self.take_any()? else {
                return Err(self.ended());
            };
            let literal = match token.kind {
                TokenKind::Not => {
                    self.open.push(Open::Operator(Operator::Not(token.start())));
                    continue;
                }
                TokenKind::OpenParenthesis => {
                    self.open.push(Open::Group);
                    continue;
                }
                TokenKind::Name => match self.name(token.of(self.lexer.text()), token.start())? {
                    Some(operand) => return Ok(operand),
                    None => continue,
                },
                TokenKind::True => Value::Boolean(true),
                TokenKind::False => Value::Boolean(false),
                TokenKind::Null => Value::Null,
                TokenKind::Number(number) => Value::Number(number),
                TokenKind::String => Value::String(unquoted(token.of(self.lexer.text()))),
                _ => return Err(self.unexpected(token)),
            };
            return Ok(Operand {
                part: leaf(Node::Literal(literal)),
                takes_index: false,
            });
        }
    }

    /// Returns the context or the call without arguments that `text` begins; none when arguments follow.
    fn name(&mut self, text: &'t str, position: usize) -> Result<Option<Operand>, SyntaxError> {
        let part = if !self.take(TokenKind::OpenParenthesis)? {
            let known = context_named(text).ok_or_else(|| {
                let reads_field = |token: Token| matches!(token.kind, TokenKind::Dot | TokenKind::OpenBracket);
                unknown_context(text, position, self.next.is_some_and(reads_field))
            })?;
            leaf(Node::Context(Name::of(known, text, position)))
        } else if self.take(TokenKind::CloseParenthesis)? {
            Arguments::of(text, position).call(self.arities)?
        } else {
            self.open.push(Open::Call(Arguments::of(text, position)));
            return Ok(None);
        };
        Ok(Some(Operand {
            part,
            takes_index: true,
        }))
    }

    /// Reads what follows an operand, until another one has to follow; returns the whole tree at the end.
    fn behind(&mut self, mut operand: Operand) -> Result<Option<Node>, SyntaxError> {
        loop {
            let Some(token) = self.take_any()? else {
                let whole = self.bind(operand.part, 0)?;
                return if self.open.is_empty() {
                    Ok(Some(whole.node))
                } else {
                    Err(self.ended())
                };
            };
            operand = match token.kind {
                TokenKind::Dot if operand.takes_index => self.property(operand.part, token.start())?,
                TokenKind::OpenBracket if operand.takes_index => {
                    if !self.take(TokenKind::Star)? {
                        self.open.push(Open::Index(operand.part, token.start()));
                        return Ok(None);
                    }
                    self.expect(TokenKind::CloseBracket)?;
                    filter(operand.part, token.start())?
                }
                TokenKind::CloseParenthesis => self.close_parenthesis(operand.part, token)?,
                TokenKind::CloseBracket => self.close_bracket(operand.part, token)?,
                TokenKind::Comma => {
                    let argument = self.bind(operand.part, 0)?;
                    let Some(Open::Call(arguments)) = self.open.last_mut() else {
                        return Err(self.unexpected(token));
                    };
                    arguments.push(argument);
                    return Ok(None);
                }
                kind => {
                    let binary = Binary::of(kind).ok_or_else(|| self.unexpected(token))?;
                    let left = self.bind(operand.part, binary.strength())?;
                    let operator = Operator::Binary(binary, left, token.start());
                    self.open.push(Open::Operator(operator));
                    return Ok(None);
                }
            };
        }
    }

    /// Gives `right` to all open operators that bind at least as tightly as `strength`.
    fn bind(&mut self, mut right: Part, strength: u8) -> Result<Part, SyntaxError> {
        let binds = |open: &mut Open<'_>| matches!(open, Open::Operator(operator) if operator.strength() >= strength);
        while let Some(Open::Operator(operator)) = self.open.pop_if(binds) {
            right = operator.with(right)?;
        }
        Ok(right)
    }

    fn property(&mut self, base: Part, position: usize) -> Result<Operand, SyntaxError> {
        let Some(token) = self.take_any()? else {
            return Err(self.ended());
        };
        match token.kind {
            TokenKind::Name => {
                let name = Value::from(token.of(self.lexer.text()));
                index(base, leaf(Node::Literal(name)), position)
            }
            TokenKind::Star => filter(base, position),
            _ => Err(self.unexpected(token)),
        }
    }

    fn close_parenthesis(&mut self, inner: Part, token: Token) -> Result<Operand, SyntaxError> {
        let inner = self.bind(inner, 0)?;
        let part = match self.open.pop() {
            Some(Open::Group) => inner,
            Some(Open::Call(mut arguments)) => {
                arguments.push(inner);
                arguments.call(self.arities)?
            }
            _ => return Err(self.unexpected(token)),
        };
        Ok(Operand {
            part,
            takes_index: true,
        })
    }

    fn close_bracket(&mut self, inner: Part, token: Token) -> Result<Operand, SyntaxError> {
        let inner = self.bind(inner, 0)?;
        match self.open.pop() {
            Some(Open::Index(base, position)) => index(base, inner, position),
            _ => Err(self.unexpected(token)),
        }
    }

    /// Goes behind the next token when it is of this kind; returns whether it was.
    fn take(&mut self, kind: TokenKind) -> Result<bool, SyntaxError> {
        let found = self.next.is_some_and(|token| token.kind == kind);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, kind: TokenKind) -> Result<(), SyntaxError> {
        if self.take(kind)? {
            return Ok(());
        }
        Err(match self.next {
            Some(token) => self.unexpected(token),
            None => self.ended(),
        })
    }

    fn unexpected(&self, token: Token) -> SyntaxError {
        let found = token.of(self.lexer.text());
        let hint = match found.to_ascii_lowercase().as_str() {
            "and" => "; \"and\" is `&&`",
            "or" => "; \"or\" is `||`",
            "is" | "eq" => "; equality is `==`",
            _ => "",
        };
        SyntaxError {
            kind: SyntaxErrorKind::Parsing,
            message: format!("unexpected symbol `{found}`{hint}"),
            position: token.start(),
            length: token.end() - token.start(),
        }
    }

    fn ended(&self) -> SyntaxError {
        let last = self.lexer.last();
        let (start, end) = last.map_or((0, 0), |token| (token.start(), token.end()));
        SyntaxError {
            kind: SyntaxErrorKind::Parsing,
            message: format!(
                "the expression ends too early, after `{}`",
                &self.lexer.text()[start..end]
            ),
            position: start,
            length: end - start,
        }
    }
}

/// Returns what a string between quotes means: each doubled quote inside is one.
fn unquoted(quoted: &str) -> String {
    let text = &quoted[1..quoted.len() - 1];
    if text.contains('\'') {
        text.replace("''", "'")
    } else {
        text.to_owned()
    }
}
