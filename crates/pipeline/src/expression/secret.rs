//! Secrets as marks in a text, in place of their values.
//!
//! Events, effects and logs hold what expressions evaluate to. So an expression never sees a
//! secret's value: `secrets.TOKEN` is a text that only names the secret, and whoever starts the
//! step puts the value in at the last moment with [`MarkerKey::reveal`]. What would need the value
//! earlier (a comparison, a search, parsing it as JSON) is an error that says so.
//!
//! Texts come from strangers too: the title of a pull request may look like a mark. So the marks of
//! a run have its [`MarkerKey`] in them, which nobody can guess, and only these become values. A
//! text that merely looks like a mark stays what it is, but expressions look into it no more than
//! into a secret.

use serde::{Deserialize, Serialize};

const START: char = '\u{E000}';
const END: char = '\u{E001}';
const KIND: &str = "secret:";
const AS_JSON: &str = "json:";
/// Stands between the key and the name.
const BEHIND_KEY: char = ':';

/// What the marks of one run have in them, so that no others become values.
///
/// The default is for who only plans and reveals nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MarkerKey(String);

/// A marked secret that nobody has a value for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no value for the secret `{0}`")]
pub struct UnknownSecret(pub String);

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// What stands as it is.
    Text(&'t str),
    /// The mark of a secret, whole.
    Mark(&'t str),
}

impl MarkerKey {
    /// Returns a key of random bytes, of which letters and digits are taken.
    pub fn new(random: &str) -> Self {
        Self(random.chars().filter(char::is_ascii_alphanumeric).collect())
    }

    /// Returns the text that stands for the secret `name`.
    pub fn marker(&self, name: &str) -> String {
        format!("{START}{KIND}{}{BEHIND_KEY}{name}{END}", self.0)
    }

    /// Returns the names of the secrets marked in `text`, in order.
    pub fn names<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.marks(text).map(|mark| mark.name)
    }

    /// Returns the parts of `text`: its marks, and what stands between them.
    pub fn pieces<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        pieces(text, self.marks(text))
    }

    /// Returns `text` with each mark replaced by the value that `value_of` gives for its name.
    ///
    /// # Errors
    /// Returns the first name that has no value.
    pub fn reveal<'v>(
        &self,
        text: &str,
        mut value_of: impl FnMut(&str) -> Option<&'v str>,
    ) -> Result<String, UnknownSecret> {
        let mut result = String::with_capacity(text.len());
        let mut done = 0;
        for mark in self.marks(text) {
            let value = value_of(mark.name).ok_or_else(|| UnknownSecret(mark.name.to_owned()))?;
            result.push_str(&text[done..mark.start]);
            let escaped = (0..mark.json_escapes).fold(None, |inner: Option<String>, _| {
                Some(super::json::escaped(inner.as_deref().unwrap_or(value)))
            });
            result.push_str(escaped.as_deref().unwrap_or(value));
            done = mark.end;
        }
        result.push_str(&text[done..]);
        Ok(result)
    }

    fn marks<'t>(&self, text: &'t str) -> impl Iterator<Item = Mark<'t>> {
        marks(text).filter(|mark| mark.key == self.0)
    }
}

/// Returns whether `text` has anything in it that looks like the mark of a secret.
pub fn contains_marker(text: &str) -> bool {
    !text.is_ascii() && marks(text).next().is_some()
}

/// Returns `text` with `stars` in place of all that looks like a mark.
pub fn hidden(text: &str, stars: &str) -> String {
    let pieces = pieces(text, marks(text)).into_iter().map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Mark(_) => stars,
    });
    pieces.collect()
}

/// Returns `text` with its marks noted as standing inside a JSON string.
pub(super) fn within_json(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for piece in pieces(text, marks(text)) {
        match piece {
            Piece::Text(text) => result.push_str(text),
            Piece::Mark(mark) => {
                let (kind, key) = mark.split_at(START.len_utf8() + KIND.len());
                result.extend([kind, AS_JSON, key]);
            }
        }
    }
    result
}

/// Returns the parts of `text`, of which `marks` are the marks.
fn pieces<'t>(text: &'t str, marks: impl Iterator<Item = Mark<'t>>) -> Vec<Piece<'t>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for mark in marks {
        pieces.push(Piece::Text(&text[done..mark.start]));
        pieces.push(Piece::Mark(&text[mark.start..mark.end]));
        done = mark.end;
    }
    pieces.push(Piece::Text(&text[done..]));
    pieces
}

struct Mark<'t> {
    start: usize,
    end: usize,
    json_escapes: usize,
    key: &'t str,
    name: &'t str,
}

/// Returns all that looks like a mark, whatever its key.
fn marks(text: &str) -> impl Iterator<Item = Mark<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(offset) = text[from..].find(START) {
            let start = from + offset;
            from = start + START.len_utf8();
            let Some(inner) = text[from..].strip_prefix(KIND) else {
                continue;
            };
            let Some(length) = inner.find([START, END]).filter(|at| inner[*at..].starts_with(END)) else {
                continue;
            };
            let mut inside = &inner[..length];
            let mut json_escapes = 0;
            while let Some(rest) = inside.strip_prefix(AS_JSON) {
                inside = rest;
                json_escapes += 1;
            }
            let (key, name) = inside.split_once(BEHIND_KEY).unwrap_or(("", inside));
            from += KIND.len() + length + END.len_utf8();
            return Some(Mark {
                start,
                end: from,
                json_escapes,
                key,
                name,
            });
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(name: &str) -> Option<&'static str> {
        (name == "TOKEN").then_some("a\"b")
    }

    #[test]
    fn marks_become_values_and_nothing_else_changes() {
        let key = MarkerKey::new("k-1");
        let (token, other) = (key.marker("TOKEN"), key.marker("OTHER"));
        let text = format!("x {token} y{token}");
        assert!(contains_marker(&text));
        assert_eq!(key.names(&text).collect::<Vec<_>>(), ["TOKEN", "TOKEN"]);
        assert_eq!(key.reveal(&text, value_of).unwrap(), "x a\"b ya\"b");
        assert_eq!(hidden(&text, "***"), "x *** y***");
        let pieces = [
            Piece::Text("x "),
            Piece::Mark(&token),
            Piece::Text(" y"),
            Piece::Mark(&token),
            Piece::Text(""),
        ];
        assert_eq!(key.pieces(&text), pieces);
        assert_eq!(key.reveal(&other, value_of), Err(UnknownSecret("OTHER".into())));
        for plain in ["", "plain", "\u{E000}", "\u{E000}secret:", "\u{E000}other:x\u{E001}"] {
            assert!(!contains_marker(plain));
            assert_eq!(key.reveal(plain, value_of).unwrap(), plain);
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_stays_a_text() {
        let key = MarkerKey::new("8a1f");
        let forged = [
            "\u{E000}secret:TOKEN\u{E001}".to_owned(),
            "\u{E000}secret::TOKEN\u{E001}".to_owned(),
            MarkerKey::new("8a1e").marker("TOKEN"),
            MarkerKey::default().marker("TOKEN"),
            within_json(&MarkerKey::default().marker("TOKEN")),
        ];
        for text in &forged {
            assert_eq!(key.reveal(text, value_of).as_deref(), Ok(text.as_str()));
            assert_eq!(key.names(text).count(), 0);
            assert!(contains_marker(text), "nothing looks into it");
        }
        // One that is begun and not ended takes nothing of what follows it.
        let begun = format!("\u{E000}secret:8a1f:x{}", key.marker("TOKEN"));
        assert_eq!(
            key.reveal(&begun, value_of).unwrap(),
            "\u{E000}secret:8a1f:xa\"b".to_owned()
        );
    }

    #[test]
    fn a_mark_inside_json_is_escaped_as_json() {
        let key = MarkerKey::new("1");
        let once = within_json(&key.marker("TOKEN"));
        assert_eq!(key.reveal(&once, value_of).unwrap(), "a\\\"b");
        assert_eq!(key.reveal(&within_json(&once), value_of).unwrap(), "a\\\\\\\"b");
    }
}
