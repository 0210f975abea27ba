//! JSON as GitHub reads it.
//!
//! Not by serde: its numbers are off by a digit where speed asks for it, it refuses what is larger than a number can
//! be (which is an infinity here) and half of a surrogate pair (which cannot be written either, so it becomes U+FFFD).

use std::fmt;

use super::super::value::{Array, Fields, Object, Value};

/// The deepest nesting that GitHub's runner reads.
const MAX_DEPTH: usize = 64;

/// What makes a text no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJson {
    problem: Problem,
    /// The character, from 1.
    at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Empty,
    Ended,
    Unexpected(char),
    Escape,
    ControlCharacter,
    TooDeep,
}

impl NotJson {
    /// Returns the character at which the text is none, from 1.
    pub fn character(&self) -> usize {
        self.at
    }

    /// Returns whether GitHub reads `text` neither: it also takes single quotes, names without any, comments and commas
    /// before a bracket, and nothing is said of what it does with the rest.
    pub(in super::super) fn is_certain(&self, text: &str) -> bool {
        const WORDS: [&str; 4] = ["undefined", "NaN", "Infinity", "new"];
        match self.problem {
            Problem::Empty => true,
            Problem::Ended => text.trim_start().starts_with(['[', '{', '"']),
            Problem::Unexpected(_) => {
                let at = text.char_indices().nth(self.at - 1).map_or(text.len(), |(at, _)| at);
                let start = text[..at].trim_end_matches(char::is_alphabetic).len();
                let word = text[start..]
                    .split(|c: char| !c.is_alphabetic())
                    .next()
                    .unwrap_or_default();
                stands_for_a_value(&text[..start]) && !word.is_empty() && !WORDS.contains(&word)
            }
            Problem::Escape | Problem::ControlCharacter | Problem::TooDeep => false,
        }
    }

    /// Returns what is wrong, without where.
    pub fn problem(&self) -> String {
        match &self.problem {
            Problem::Empty => "the text is empty".to_owned(),
            Problem::Ended => "it ends too early".to_owned(),
            Problem::Unexpected(found) => format!("unexpected `{found}`"),
            Problem::Escape => "unknown escape".to_owned(),
            Problem::ControlCharacter => "a control character in a string".to_owned(),
            Problem::TooDeep => format!("nested more than {MAX_DEPTH} deep"),
        }
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem())?;
        match self.problem {
            Problem::Empty | Problem::Ended => Ok(()),
            _ => write!(f, " at character {}", self.at),
        }
    }
}

impl std::error::Error for NotJson {}

/// Returns the value that the JSON `text` holds, or what is wrong with it.
pub(in super::super) fn parse(text: &str) -> Result<Value, NotJson> {
    let mut reader = Reader { text, at: 0 };
    reader.space();
    if text.trim().is_empty() {
        return Err(reader.problem(Problem::Empty));
    }
    let value = reader.value(0)?;
    reader.space();
    match reader.next() {
        None => Ok(value),
        Some(_) => Err(reader.unexpected()),
    }
}

/// Returns whether a value has to stand behind the start of a JSON text.
fn stands_for_a_value(before: &str) -> bool {
    let mut open = Vec::new();
    // Outside of strings; what stands in one may hold any bracket.
    for part in before.replace("\\\\", "").replace("\\\"", "").split('"').step_by(2) {
        for sign in part.chars() {
            match sign {
                '[' | '{' => open.push(sign),
                ']' | '}' => _ = open.pop(),
                _ => {}
            }
        }
    }
    match before.trim_end().chars().last() {
        None | Some('[' | ':') => true,
        Some(',') => open.last() == Some(&'['),
        _ => false,
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, NotJson> {
        match self.next() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Boolean(true)),
            Some(b'f') => self.word("false", Value::Boolean(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, NotJson> {
        self.open(depth)?;
        let mut fields = Fields::default();
        if self.take(b'}') {
            return Ok(Value::Object(Object::default()));
        }
        loop {
            if self.next() != Some(b'"') {
                return Err(self.unexpected());
            }
            let name = self.string()?;
            self.space();
            self.expect(b':')?;
            self.space();
            fields.set(name, self.value(depth + 1)?);
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(fields.into()));
            }
            self.expect(b',')?;
            self.space();
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, NotJson> {
        self.open(depth)?;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Value::Array(Array::default()));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::array(items));
            }
            self.expect(b',')?;
            self.space();
        }
    }

    fn open(&mut self, depth: usize) -> Result<(), NotJson> {
        if depth >= MAX_DEPTH {
            return Err(self.problem(Problem::TooDeep));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Result<String, NotJson> {
        self.at += 1;
        let mut result = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20));
            let plain = plain.count();
            result.push_str(&rest[..plain]);
            self.at += plain;
            match self.next() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(result);
                }
                Some(b'\\') => result.push(self.escape()?),
                Some(_) => return Err(self.problem(Problem::ControlCharacter)),
                None => return Err(self.unexpected()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        self.at += 1;
        let character = match self.next() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            Some(_) => return Err(self.problem(Problem::Escape)),
            None => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Result<char, NotJson> {
        let high = self.hexadecimal()?;
        if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 1;
            let low = self.hexadecimal()?;
            if (0xdc00..0xe000).contains(&low) {
                let both = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Reads the four digits behind the `u` at which it stands.
    fn hexadecimal(&mut self) -> Result<u32, NotJson> {
        self.at += 1;
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.problem(Problem::Escape));
            };
            number = number * 16 + digit;
            self.at += 1;
        }
        Ok(number)
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let number = self.text[start..self.at].parse().unwrap_or(f64::NAN);
        Ok(Value::Number(number))
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let count = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return Err(self.unexpected());
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, NotJson> {
        for expected in word.bytes() {
            self.expect(expected)?;
        }
        Ok(value)
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.next() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.take(byte) {
            return Ok(());
        }
        Err(self.unexpected())
    }

    fn unexpected(&self) -> NotJson {
        let found = self.text[self.at..].chars().next();
        self.problem(found.map_or(Problem::Ended, Problem::Unexpected))
    }

    fn problem(&self, problem: Problem) -> NotJson {
        NotJson {
            problem,
            at: self.text[..self.at].chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let told = match parse(text) {
            Ok(value) => super::super::to_text(&value).replace(['\n', ' '], ""),
            Err(error) => error.to_string(),
        };
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn values_are_read_exactly() {
        check(
            " [1, -0.5e1, true,\tfalse, null, {}, []] ",
            "[1,-5,true,false,null,{},[]]",
        );
        check(r#"{"a":1,"A":2,"b":"\u00e4\n\/"}"#, r#"{"a":2,"b":"ä\n/"}"#);
        check("1e999", "Infinity");
        check(r#""\ud83d\ude00""#, "\"😀\"");
        check(r#""\ud83d\u0041 \udc00""#, "\"\u{fffd}A\u{fffd}\"");
        // serde_json reads this one a digit too small.
        let text = "122.416294033786585";
        assert_eq!(parse(text).unwrap(), Value::Number(text.parse().unwrap()));
        assert_eq!(parse("-0").unwrap(), Value::Number(-0.0));
    }

    #[test]
    fn what_github_does_not_read_either_is_certain() {
        for (text, expected) in [
            ("", true),
            ("[\"a\"", true),
            ("[main]", true),
            ("[test, \"a\"]", true),
            ("{\"a\\\"{\": [\"]\", b]}", true),
            ("ubuntu", true),
            ("[\"1\",]", false),
            ("['a']", false),
            ("{a: 1}", false),
            ("{\"a\": 1, b: 2}", false),
            ("[NaN, undefined]", false),
            ("[/* a */ 1]", false),
            ("\"[a\t\"", false),
        ] {
            assert_eq!(parse(text).unwrap_err().is_certain(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        check("", "the text is empty");
        check(" \n", "the text is empty");
        check("{", "it ends too early");
        check("[1,]", "unexpected `]` at character 4");
        check("[1 2]", "unexpected `2` at character 4");
        check("abc", "unexpected `a` at character 1");
        check("ä", "unexpected `ä` at character 1");
        check("'a'", "unexpected `'` at character 1");
        check("01", "unexpected `1` at character 2");
        check("1.", "it ends too early");
        check("-", "it ends too early");
        check("+1", "unexpected `+` at character 1");
        check("nul", "it ends too early");
        check("NaN", "unexpected `N` at character 1");
        check("1 x", "unexpected `x` at character 3");
        check("\"a", "it ends too early");
        check("\"a\tb\"", "a control character in a string at character 3");
        check(r#""\x""#, "unknown escape at character 3");
        check(r#""\u12""#, "unknown escape at character 6");
        check("{a:1}", "unexpected `a` at character 2");
        check("{\"a\" 1}", "unexpected `1` at character 6");
        check("\u{a0}1", "unexpected `\u{a0}` at character 1");
        assert!(parse(&("[".repeat(64) + &"]".repeat(64))).is_ok());
        check(&"[".repeat(65), "nested more than 64 deep at character 65");
    }
}
