//! From text to tokens with byte offsets.

use super::number;
use super::{SyntaxError, SyntaxErrorKind};

/// The most characters that an expression may have, counted in UTF-16 units as on GitHub.
const MAX_LENGTH: usize = 21_000;

/// A word, literal or sign, and where it stands. Its ends are bytes, of which an expression has less than 64 Ki.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    start: u32,
    end: u32,
}

impl Token {
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn end(self) -> usize {
        self.end as usize
    }

    /// Returns what `text`, from which it was read, has in its place.
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start()..self.end()]
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenKind {
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
    /// A quote inside is still doubled.
    String,
    True,
    False,
    Null,
    Name,
}

/// Reads a text token by token.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    last: Option<Token>,
}

/// Returns what reads the tokens of `text`, unless it is too long.
pub(super) fn lexer(text: &str) -> Result<Lexer<'_>, SyntaxError> {
    if text.len() > MAX_LENGTH && text.encode_utf16().count() > MAX_LENGTH {
        return Err(SyntaxError {
            kind: SyntaxErrorKind::Lexing,
            message: format!("the expression is longer than {MAX_LENGTH} characters"),
            position: 0,
            length: text.len(),
        });
    }
    Ok(Lexer {
        text,
        at: 0,
        last: None,
    })
}

impl<'t> Lexer<'t> {
    /// Returns the text that it reads.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// Returns the token that was read last.
    pub(super) fn last(&self) -> Option<Token> {
        self.last
    }

    /// Returns the next mistake; none when the rest has none.
    pub(super) fn mistake(&mut self) -> Option<SyntaxError> {
        loop {
            match self.next() {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(mistake) => return Some(mistake),
            }
        }
    }

    /// Returns the next token; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, SyntaxError> {
        let bytes = self.text.as_bytes();
        while let Some(&first) = bytes.get(self.at) {
            let start = self.at;
            let kind = match (first, bytes.get(start + 1)) {
                (b'\t'..=b'\r' | b' ', _) => {
                    self.at += 1;
                    continue;
                }
                (b'\'', _) => self.string()?,
                (b'.', _) if self.is_after_operand() => self.sign(1, TokenKind::Dot),
                (b'.' | b'-' | b'+' | b'0'..=b'9', _) => self.number()?,
                (b'!', Some(b'=')) => self.sign(2, TokenKind::NotEqual),
                (b'=', Some(b'=')) => self.sign(2, TokenKind::Equal),
                (b'>', Some(b'=')) => self.sign(2, TokenKind::GreaterOrEqual),
                (b'<', Some(b'=')) => self.sign(2, TokenKind::LessOrEqual),
                (b'&', Some(b'&')) => self.sign(2, TokenKind::And),
                (b'|', Some(b'|')) => self.sign(2, TokenKind::Or),
                (b'!', _) => self.sign(1, TokenKind::Not),
                (b'>', _) => self.sign(1, TokenKind::Greater),
                (b'<', _) => self.sign(1, TokenKind::Less),
                (b'(', _) => self.sign(1, TokenKind::OpenParenthesis),
                (b')', _) => self.sign(1, TokenKind::CloseParenthesis),
                (b'[', _) => self.sign(1, TokenKind::OpenBracket),
                (b']', _) => self.sign(1, TokenKind::CloseBracket),
                (b',', _) => self.sign(1, TokenKind::Comma),
                (b'*', _) => self.sign(1, TokenKind::Star),
                (0x80.., _) if self.wide_space() => continue,
                _ => self.word()?,
            };
            self.last = Some(Token {
                kind,
                start: start as u32,
                end: self.at as u32,
            });
            return Ok(self.last);
        }
        Ok(None)
    }

    /// Leaves out white space that is not ASCII; returns whether there was some.
    #[cold]
    fn wide_space(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let length = rest.len() - rest.trim_start().len();
        self.at += length;
        length > 0
    }

    fn sign(&mut self, length: usize, kind: TokenKind) -> TokenKind {
        self.at += length;
        kind
    }

    fn is_after_operand(&self) -> bool {
        self.last.is_some_and(|token| {
            matches!(
                token.kind,
                TokenKind::Name | TokenKind::CloseBracket | TokenKind::CloseParenthesis | TokenKind::Star
            )
        })
    }

    fn string(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut from = start + 1;
        while let Some(length) = bytes[from..].iter().position(|byte| *byte == b'\'') {
            let quote = from + length;
            if bytes.get(quote + 1) != Some(&b'\'') {
                self.at = quote + 1;
                return Ok(TokenKind::String);
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

    fn number(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        // Its first byte is a sign, a point or a digit.
        self.skip_word(start + 1, |byte| byte != b'.' && is_boundary(byte));
        let value = number::parse(&self.text[start..self.at]);
        if value.is_nan() {
            return Err(self.unexpected(start));
        }
        Ok(TokenKind::Number(value))
    }

    fn word(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let length = bytes[start..].iter().position(|byte| !is_of_name(*byte));
        self.at = length.map_or(bytes.len(), |length| start + length);
        let is_name = self.at > start && is_start_of_name(bytes[start]);
        if !is_name || bytes.get(self.at).is_some_and(|byte| !is_boundary(*byte)) {
            let first = self.text[start..].chars().next().map_or(1, char::len_utf8);
            self.skip_word(start + first, is_boundary);
            // A wide space ends a name as well.
            if !is_name || self.text[start..self.at].bytes().any(|byte| !is_of_name(byte)) {
                return Err(self.unexpected(start));
            }
        }
        let is_property = self.last.is_some_and(|token| token.kind == TokenKind::Dot);
        if is_property {
            return Ok(TokenKind::Name);
        }
        Ok(match &bytes[start..self.at] {
            b"true" => TokenKind::True,
            b"false" => TokenKind::False,
            b"null" => TokenKind::Null,
            b"NaN" => TokenKind::Number(f64::NAN),
            b"Infinity" => TokenKind::Number(f64::INFINITY),
            _ => TokenKind::Name,
        })
    }

    /// Goes to the end of the word that goes on at `from`.
    fn skip_word(&mut self, from: usize, ends: impl Fn(u8) -> bool) {
        let bytes = self.text.as_bytes();
        self.at = from;
        while let Some(byte) = bytes.get(self.at) {
            if byte.is_ascii() {
                if ends(*byte) {
                    break;
                }
                self.at += 1;
                continue;
            }
            match self.text[self.at..].chars().next() {
                Some(character) if !character.is_whitespace() => self.at += character.len_utf8(),
                _ => break,
            }
        }
    }

    fn unexpected(&self, start: usize) -> SyntaxError {
        let found = &self.text[start..self.at];
        let hint = match found.chars().next() {
            Some('"') => "; strings stand in single quotes",
            Some('=') => "; equality is `==`",
            Some('&') => "; \"and\" is `&&`",
            Some('|') => "; \"or\" is `||`",
            Some('?') => "; a default is `a || b`, a choice `case(condition, a, b)`",
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

/// What each byte can be, as bits.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        let sign = byte as u8;
        classes[byte] = match sign {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => NAME | START_OF_NAME,
            b'0'..=b'9' | b'-' => NAME,
            b'\t'..=b'\r'
            | b' '
            | b'('
            | b'['
            | b')'
            | b']'
            | b','
            | b'.'
            | b'!'
            | b'>'
            | b'<'
            | b'='
            | b'&'
            | b'|' => BOUNDARY,
            _ => 0,
        };
        byte += 1;
    }
    classes
};
const NAME: u8 = 1;
const START_OF_NAME: u8 = 2;
const BOUNDARY: u8 = 4;

fn is_boundary(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & BOUNDARY != 0
}

fn is_start_of_name(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & START_OF_NAME != 0
}

fn is_of_name(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & NAME != 0
}
