//! A place in a JSON document: `$.result.content[0]["a key"]`.
//!
//! The part of JSONPath that names exactly one place. Wildcards and filters are refused
//! when the definition is read, because "some of them match" is no clear expectation.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A path to one place in a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A text that is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a JSON path: expected `$` followed by `.key`, `[0]` or `[\"key\"]`, such as $.result.content[0]")]
pub struct NotAJsonPath(pub String);

impl JsonPath {
    /// Returns the path that `text` names.
    ///
    /// # Errors
    /// Returns the text when it is no path to exactly one place.
    pub fn parse(text: &str) -> Result<Self, NotAJsonPath> {
        let refuse = || NotAJsonPath(text.to_owned());
        let mut rest = text.strip_prefix('$').ok_or_else(refuse)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, behind) = step(rest).ok_or_else(refuse)?;
            steps.push(step);
            rest = behind;
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// Returns what stands at this place.
    pub fn find<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(document, |at, step| match step {
            Step::Key(key) => at.get(key),
            Step::Index(index) => at.get(index),
        })
    }
}

/// Returns the first step of `text` and what stands behind it.
fn step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let key = &rest[..end];
        let plain = key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        return (!key.is_empty() && plain).then(|| (Step::Key(key.to_owned()), &rest[end..]));
    }
    let rest = text.strip_prefix('[')?;
    for quote in ['"', '\''] {
        if let Some(quoted) = rest.strip_prefix(quote) {
            let (key, behind) = quoted.split_once(quote)?;
            return Some((Step::Key(key.to_owned()), behind.strip_prefix(']')?));
        }
    }
    let (index, behind) = rest.split_once(']')?;
    Some((Step::Index(index.parse().ok()?), behind))
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<JsonPath> for String {
    fn from(path: JsonPath) -> Self {
        path.text
    }
}

impl TryFrom<String> for JsonPath {
    type Error = NotAJsonPath;

    fn try_from(text: String) -> Result<Self, NotAJsonPath> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(path: &str, expect: Option<&Value>) {
        let document = json!({"a": {"b c": [10, {"d": "é"}]}, "": 1});
        assert_eq!(JsonPath::parse(path).unwrap().find(&document), expect);
    }

    #[test]
    fn a_path_finds_one_place() {
        check("$.a[\"b c\"][0]", Some(&json!(10)));
        check("$.a['b c'][1].d", Some(&json!("é")));
        check("$.a.x", None);
        check("$.a[0]", None);
        check("$[\"\"]", Some(&json!(1)));
    }

    #[test]
    fn what_names_several_places_is_refused() {
        for text in [
            "", "a", "$.", "$..a", "$.*", "$[*]", "$[", "$[\"a]", "$[-1]", "$.a b", "$[0",
        ] {
            assert!(JsonPath::parse(text).is_err(), "{text}");
        }
    }
}
