//! Smoke checks: what a revision must answer before it gets traffic.
//!
//! Whoever performs a check only fetches; the judgement is here, so that it is the same
//! for every target and testable without a network. What could not be asked is
//! inconclusive, never a pass.

pub mod json_path;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use lockgate_gate::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use json_path::{JsonPath, NotAJsonPath};

/// One request and what its answer must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmokeCheck {
    /// The name shown to people.
    pub name: String,
    /// How it is asked.
    pub method: Method,
    /// The path, with its leading slash.
    pub path: String,
    /// Headers of the request.
    pub headers: BTreeMap<String, String>,
    /// The JSON body of a `POST`.
    pub json: Option<Value>,
    /// What the answer must be.
    pub expect: Expectation,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// How a smoke check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Without a body.
    Get,
    /// With a JSON body.
    Post,
}

/// What an answer must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// The status code.
    pub status: u16,
    /// What stands at places of the JSON body.
    pub json: Vec<JsonExpectation>,
}

/// What stands at one place of a JSON body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonExpectation {
    /// The place.
    pub path: JsonPath,
    /// What stands there.
    pub is: Expected,
}

/// A type or a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// Any value of this type.
    Type(JsonType),
    /// Exactly this value.
    Value(Value),
}

/// The types of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonType {
    /// `[…]`
    Array,
    /// `{…}`
    Object,
    /// `"…"`
    String,
    /// `1`, `0.5`
    Number,
    /// `true`, `false`
    Boolean,
    /// `null`
    Null,
}

/// The answer to a smoke check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// A whole answer.
    Http {
        /// The status code.
        status: u16,
        /// The body as text; what is not UTF-8 replaced.
        body: String,
    },
    /// The application did not answer: refused, reset or out of time, in words.
    None(String),
    /// The check itself could not be made, in words.
    NotAsked(String),
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name.
    pub name: String,
    /// Pass, fail, or inconclusive when it could not be made.
    pub outcome: Outcome,
    /// What was found, as a lowercase fragment.
    pub detail: String,
}

impl SmokeCheck {
    /// Returns the check that `GET path` answers with 200.
    pub fn get(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            method: Method::Get,
            path: path.into(),
            headers: BTreeMap::new(),
            json: None,
            expect: Expectation {
                status: 200,
                json: Vec::new(),
            },
            timeout: Duration::from_secs(5),
        }
    }

    /// Returns what `answer` means for this check.
    pub fn judge(&self, answer: &Answer) -> CheckResult {
        let (outcome, detail) = match answer {
            Answer::NotAsked(why) => (Outcome::Inconclusive, why.clone()),
            Answer::None(why) => (Outcome::Fail, why.clone()),
            Answer::Http { status, body } => match self.expect.mismatch(*status, body) {
                Some(mismatch) => (Outcome::Fail, mismatch),
                None => (Outcome::Pass, format!("{status} as expected")),
            },
        };
        CheckResult {
            name: self.name.clone(),
            outcome,
            detail,
        }
    }
}

impl Expectation {
    /// Returns the first difference between the expected and the given answer.
    fn mismatch(&self, status: u16, body: &str) -> Option<String> {
        if status != self.status {
            return Some(format!("status {status}, expected {}", self.status));
        }
        if self.json.is_empty() {
            return None;
        }
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return Some("the body is not JSON".to_owned());
        };
        self.json.iter().find_map(|expectation| expectation.mismatch(&body))
    }
}

impl JsonExpectation {
    fn mismatch(&self, body: &Value) -> Option<String> {
        let Some(found) = self.path.find(body) else {
            return Some(format!("nothing at {}", self.path));
        };
        let matches = match &self.is {
            Expected::Type(expected) => JsonType::of(found) == *expected,
            Expected::Value(expected) => found == expected,
        };
        (!matches).then(|| {
            let kind = JsonType::of(found);
            match &self.is {
                Expected::Type(expected) => format!("{} is {kind}, expected {expected}", self.path),
                Expected::Value(expected) => format!("{} is {}, expected {expected}", self.path, shortened(found)),
            }
        })
    }
}

impl Expected {
    /// Returns the type that a word names, else the value itself.
    pub fn from_value(value: Value) -> Self {
        let named = value.as_str().and_then(JsonType::named);
        named.map_or(Self::Value(value), Self::Type)
    }
}

impl JsonType {
    const ALL: [Self; 6] = [
        Self::Array,
        Self::Object,
        Self::String,
        Self::Number,
        Self::Boolean,
        Self::Null,
    ];

    /// Returns the type of a value.
    pub const fn of(value: &Value) -> Self {
        match value {
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
            Value::String(_) => Self::String,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Boolean,
            Value::Null => Self::Null,
        }
    }

    /// Returns the type with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Object => "object",
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Returns a value as JSON, cut after 80 characters.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expect: Value, status: u16, body: &str, outcome: Outcome, detail: &str) {
        let mut smoke = SmokeCheck::get("tools", "/mcp");
        let Value::Object(expect) = expect else {
            panic!("an object of paths")
        };
        for (path, is) in expect {
            smoke.expect.json.push(JsonExpectation {
                path: JsonPath::parse(&path).unwrap(),
                is: Expected::from_value(is),
            });
        }
        let result = smoke.judge(&Answer::Http {
            status,
            body: body.to_owned(),
        });
        assert_eq!((result.outcome, result.detail.as_str()), (outcome, detail));
    }

    #[test]
    fn answers_are_judged_by_status_type_and_value() {
        let body = r#"{"result":{"content":[{"text":"hi"}],"count":2}}"#;
        let array = json!({"$.result.content": "array"});
        check(array.clone(), 200, body, Outcome::Pass, "200 as expected");
        check(array.clone(), 500, body, Outcome::Fail, "status 500, expected 200");
        check(array.clone(), 200, "oops", Outcome::Fail, "the body is not JSON");
        check(
            array,
            200,
            r#"{"error":1}"#,
            Outcome::Fail,
            "nothing at $.result.content",
        );
        check(
            json!({"$.result.count": "array"}),
            200,
            body,
            Outcome::Fail,
            "$.result.count is number, expected array",
        );
        check(
            json!({"$.result.content[0].text": "ho"}),
            200,
            body,
            Outcome::Fail,
            "$.result.content[0].text is \"hi\", expected \"ho\"",
        );
        check(
            json!({"$.result.count": 2}),
            200,
            body,
            Outcome::Pass,
            "200 as expected",
        );
    }

    #[test]
    fn what_could_not_be_asked_is_inconclusive() {
        let smoke = SmokeCheck::get("home", "/");
        let result = smoke.judge(&Answer::NotAsked("no instance has an address".into()));
        assert_eq!(result.outcome, Outcome::Inconclusive);
        let result = smoke.judge(&Answer::None("connection refused".into()));
        assert_eq!(result.outcome, Outcome::Fail);
    }
}
