//! Secrets as marks in a text, in place of their values.
//!
//! Events, effects and logs hold what expressions evaluate to. So an expression never sees a
//! secret's value: `secrets.TOKEN` is a text that only names the secret, and whoever starts the
//! step puts the value in at the last moment with [`substitute`]. What would need the value
//! earlier (a comparison, a search, parsing it as JSON) is an error that says so.

const START: char = '\u{E000}';
const END: char = '\u{E001}';
const KIND: &str = "secret:";
const AS_JSON: &str = "json:";

/// A marked secret that nobody has a value for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no value for the secret `{0}`")]
pub struct UnknownSecret(pub String);

/// Returns the text that stands for the secret `name`.
pub fn marker(name: &str) -> String {
    format!("{START}{KIND}{name}{END}")
}

/// Returns whether a secret is marked anywhere in `text`.
pub fn contains_marker(text: &str) -> bool {
    text.contains(START) && marks(text).next().is_some()
}

/// Returns the names of the secrets marked in `text`, in order.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    marks(text).map(|mark| mark.name)
}

/// Returns `text` with each mark replaced by the value that `value_of` gives for its name.
///
/// # Errors
/// Returns the first name that has no value.
pub fn substitute<'v>(text: &str, mut value_of: impl FnMut(&str) -> Option<&'v str>) -> Result<String, UnknownSecret> {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for mark in marks(text) {
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

/// Returns `text` with its marks noted as standing inside a JSON string.
pub(super) fn within_json(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for mark in marks(text) {
        let name_at = mark.start + START.len_utf8() + KIND.len();
        result.push_str(&text[done..name_at]);
        result.push_str(AS_JSON);
        done = name_at;
    }
    result.push_str(&text[done..]);
    result
}

struct Mark<'t> {
    start: usize,
    end: usize,
    json_escapes: usize,
    name: &'t str,
}

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
            let mut name = &inner[..length];
            let mut json_escapes = 0;
            while let Some(rest) = name.strip_prefix(AS_JSON) {
                name = rest;
                json_escapes += 1;
            }
            from += KIND.len() + length + END.len_utf8();
            return Some(Mark {
                start,
                end: from,
                json_escapes,
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
        let text = format!("x {} y{}", marker("TOKEN"), marker("TOKEN"));
        assert!(contains_marker(&text));
        assert_eq!(names(&text).collect::<Vec<_>>(), ["TOKEN", "TOKEN"]);
        assert_eq!(substitute(&text, value_of).unwrap(), "x a\"b ya\"b");
        assert_eq!(
            substitute(&marker("OTHER"), value_of),
            Err(UnknownSecret("OTHER".into()))
        );
        for plain in ["", "plain", "\u{E000}", "\u{E000}secret:", "\u{E000}other:x\u{E001}"] {
            assert!(!contains_marker(plain));
            assert_eq!(substitute(plain, value_of).unwrap(), plain);
        }
    }

    #[test]
    fn a_mark_inside_json_is_escaped_as_json() {
        let once = within_json(&marker("TOKEN"));
        assert_eq!(substitute(&once, value_of).unwrap(), "a\\\"b");
        assert_eq!(substitute(&within_json(&once), value_of).unwrap(), "a\\\\\\\"b");
    }
}
