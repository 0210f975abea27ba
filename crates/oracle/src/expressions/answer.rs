//! What an expression gives, on either side, in a form that can be compared.

use lockgate_pipeline::expression::{EvaluationError, Expression, SyntaxErrorKind, Value};
use serde_json::{Value as Json, json};

use super::contexts::Known;

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value: `{"kind", "value"}`, numbers by their bits.
    Value(Json),
    /// A mistake.
    Mistake(Mistake),
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// `lexing`, `parsing`, `evaluation`, or `crash` when the library fails over itself.
    pub kind: String,
    /// In words, which are each side's own.
    pub message: String,
    /// The UTF-16 unit at which it stands, where that is known.
    pub offset: Option<u64>,
}

impl Answer {
    /// Returns what our engine says.
    pub fn ours(text: &str, scope: &Known) -> Self {
        match Expression::parse(text) {
            Ok(expression) => match expression.evaluate(scope) {
                Ok(value) => Self::Value(told(&value)),
                Err(error) => Self::Mistake(evaluation(&error)),
            },
            Err(error) => Self::Mistake(Mistake {
                kind: match error.kind {
                    SyntaxErrorKind::Lexing => "lexing".to_owned(),
                    SyntaxErrorKind::Parsing => "parsing".to_owned(),
                },
                offset: Some(text[..error.position].encode_utf16().count() as u64),
                message: error.message,
            }),
        }
    }

    /// Returns what the library says, as its script wrote it.
    pub fn theirs(mut answer: Json) -> Self {
        let error = answer["error"].take();
        if error.is_null() {
            answer.as_object_mut().map(|answer| answer.remove("error"));
            return Self::Value(answer);
        }
        let position = &error["position"];
        let in_first_line = position["line"] == 0;
        let column = Some(&position["column"]).filter(|_| in_first_line);
        Self::Mistake(Mistake {
            kind: error["kind"].as_str().unwrap_or_default().to_owned(),
            message: error["message"].as_str().unwrap_or_default().to_owned(),
            offset: position["offset"].as_u64().or(column.and_then(Json::as_u64)),
        })
    }

    /// Returns whether both are the same value, or mistakes of the same kind.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(left), Self::Value(right)) => left == right,
            (Self::Mistake(left), Self::Mistake(right)) => left.kind == right.kind,
            _ => false,
        }
    }

    /// Returns `value` or the kind of the mistake.
    pub fn outcome(&self) -> &str {
        match self {
            Self::Value(_) => "value",
            Self::Mistake(mistake) => &mistake.kind,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value}"),
            Self::Mistake(mistake) => write!(f, "{}: {}", mistake.kind, mistake.message),
        }
    }
}

fn evaluation(error: &EvaluationError) -> Mistake {
    Mistake {
        kind: "evaluation".to_owned(),
        message: error.to_string(),
        offset: None,
    }
}

/// Returns the value in the words of the script.
fn told(value: &Value) -> Json {
    match value {
        Value::Null => json!({"kind": "Null"}),
        Value::Boolean(value) => json!({"kind": "Boolean", "value": value}),
        Value::Number(value) => {
            let bits = if value.is_nan() { f64::NAN } else { *value }.to_bits();
            json!({"kind": "Number", "value": format!("{bits:016x}")})
        }
        Value::String(value) => json!({"kind": "String", "value": value}),
        Value::Array(array) => {
            let items: Vec<Json> = array.items().iter().map(told).collect();
            json!({"kind": "Array", "value": items})
        }
        Value::Object(object) => {
            let fields: Vec<Json> = object.iter().map(|(name, value)| json!([name, told(value)])).collect();
            json!({"kind": "Object", "value": fields})
        }
    }
}
