//! From text to tokens with byte offsets.

use super::number;
use super::{SyntaxError, SyntaxErrorKind};

/// The most characters that an expression may have, counted in UTF-16 units as on GitHub.
const MAX_LENGTH: usize = 21_000;

/// A word, literal or sign, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'t> {
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
    Star,
    Not,
    NotEqual,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    And,
    Or,
    Number(f64),
    /// What stands between the quotes; a quote inside is still doubled.
    String(&'t str),
    True,
    False,
    Null,
    Name(&'t str),
}

/// Returns the tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
    if text.len() > MAX_LENGTH && text.encode_utf16().count() > MAX_LENGTH {
        return Err(SyntaxError {
            kind: SyntaxErrorKind::Lexing,
            message: format!("the expression is longer than {MAX_LENGTH} characters"),
            position: 0,
            length: text.len(),
        });
    }
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::with_capacity(text.len() / 4 + 1),
    };
    while lexer.next()? {}
    Ok(lexer.tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token<'t>>,
}

impl<'t> Lexer<'t> {
    /// Reads one token; returns whether there was one.
    fn next(&mut self) -> Result<bool, SyntaxError> {
        self.space();
        let start = self.at;
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else {
            return Ok(false);
        };
        let kind = match first {
            '\'' => self.string()?,
            '.' if self.is_after_operand() => self.sign(1, TokenKind::Dot),
            '.' | '-' | '+' | '0'..='9' => self.number()?,
            _ => match sign(rest) {
                Some((length, kind)) => self.sign(length, kind),
                None => self.word(first)?,
            },
        };
        self.tokens.push(Token {
            kind,
            start,
            end: self.at,
        });
        Ok(true)
    }

    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| is_space(*byte)) {
            self.at += 1;
        }
        if bytes.get(self.at).is_some_and(|byte| !byte.is_ascii()) {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
        }
    }

    fn sign(&mut self, length: usize, kind: TokenKind<'t>) -> TokenKind<'t> {
        self.at += length;
        kind
    }

    fn is_after_operand(&self) -> bool {
        self.tokens.last().is_some_and(|token| {
            matches!(
                token.kind,
                TokenKind::Name(_) | TokenKind::CloseBracket | TokenKind::CloseParenthesis | TokenKind::Star
            )
        })
    }

    fn string(&mut self) -> Result<TokenKind<'t>, SyntaxError> {
        let start = self.at;
        let mut from = start + 1;
        while let Some(length) = self.text[from..].find('\'') {
            let quote = from + length;
            if !self.text[quote + 1..].starts_with('\'') {
                self.at = quote + 1;
                return Ok(TokenKind::String(&self.text[start + 1..quote]));
            }
            from = quote + 2;
        }
        Err(SyntaxError {
            kind: SyntaxErrorKind::Lexing,
            message: "the string is not closed: a `'` is missing at its end (write `''` for a quote inside)".to_owned(),
            position: start,
            length: self.text.len() - start,
        })
    }

    fn number(&mut self) -> Result<TokenKind<'t>, SyntaxError> {
        let start = self.at;
        let first = self.text[start..].chars().next().map_or(1, char::len_utf8);
        self.at = self.word_end(start + first, |byte| byte != b'.' && is_boundary(byte));
        let text = &self.text[start..self.at];
        let value = number::parse(text);
        if value.is_nan() {
            return Err(self.unexpected(start));
        }
        Ok(TokenKind::Number(value))
    }

    fn word(&mut self, first: char) -> Result<TokenKind<'t>, SyntaxError> {
        let start = self.at;
        self.at = self.word_end(start + first.len_utf8(), is_boundary);
        let word = &self.text[start..self.at];
        if !is_name(word) {
            return Err(self.unexpected(start));
        }
        let is_property = self.tokens.last().is_some_and(|token| token.kind == TokenKind::Dot);
        Ok(match word {
            _ if is_property => TokenKind::Name(word),
            "true" => TokenKind::True,
            "false" => TokenKind::False,
            "null" => TokenKind::Null,
            "NaN" => TokenKind::Number(f64::NAN),
            "Infinity" => TokenKind::Number(f64::INFINITY),
            _ => TokenKind::Name(word),
        })
    }

    /// Returns where the word ends that goes on at `from`.
    fn word_end(&self, from: usize, ends: fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            if byte.is_ascii() {
                if ends(*byte) {
                    break;
                }
                at += 1;
                continue;
            }
            match self.text[at..].chars().next() {
                Some(character) if !character.is_whitespace() => at += character.len_utf8(),
                _ => break,
            }
        }
        at
    }

    fn unexpected(&self, start: usize) -> SyntaxError {
        let found = &self.text[start..self.at];
        let hint = match found.chars().next() {
            Some('"') => "; strings stand in single quotes",
            Some('=') => "; equality is `==`",
            Some('&') => "; \"and\" is `&&`",
            Some('|') => "; \"or\" is `||`",
            Some('+' | '-') if found.len() == 1 => "; expressions do not calculate",
            Some('$') => "; inside an expression no further `${{` is needed",
            _ => "",
        };
        SyntaxError {
            kind: SyntaxErrorKind::Lexing,
            message: format!("unexpected symbol `{found}`{hint}"),
            position: start,
            length: self.at - start,
        }
    }
}

fn sign(rest: &str) -> Option<(usize, TokenKind<'static>)> {
    let bytes = rest.as_bytes();
    let second = bytes.get(1).copied();
    Some(match (bytes[0], second) {
        (b'!', Some(b'=')) => (2, TokenKind::NotEqual),
        (b'=', Some(b'=')) => (2, TokenKind::Equal),
        (b'>', Some(b'=')) => (2, TokenKind::GreaterOrEqual),
        (b'<', Some(b'=')) => (2, TokenKind::LessOrEqual),
        (b'&', Some(b'&')) => (2, TokenKind::And),
        (b'|', Some(b'|')) => (2, TokenKind::Or),
        (b'!', _) => (1, TokenKind::Not),
        (b'>', _) => (1, TokenKind::Greater),
        (b'<', _) => (1, TokenKind::Less),
        (b'(', _) => (1, TokenKind::OpenParenthesis),
        (b')', _) => (1, TokenKind::CloseParenthesis),
        (b'[', _) => (1, TokenKind::OpenBracket),
        (b']', _) => (1, TokenKind::CloseBracket),
        (b',', _) => (1, TokenKind::Comma),
        (b'*', _) => (1, TokenKind::Star),
        _ => return None,
    })
}

fn is_boundary(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b'[' | b')' | b']' | b',' | b'.' | b'!' | b'>' | b'<' | b'=' | b'&' | b'|'
    ) || is_space(byte)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
