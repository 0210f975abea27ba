//! `lockgate eval`: the value of one expression.
//!
//! What stands in the file of contexts is all that it knows: nothing is taken from the machine or the repository, so
//! that the same call gives the same value everywhere. Only `hashFiles` reads the folder that it is called in.

use std::io::Read;

use lockgate_core::{Diagnostic, SourceFile, Span};
use lockgate_dialect::codes;
use lockgate_pipeline::expression::{Expression, PlacedError, SyntaxError, SyntaxErrorKind, Template, Value};
use serde_json::{Value as Json, json};

use crate::arguments::EvalArguments;
use crate::exit::{Exit, Failure};
use crate::render::{diagnostics, out};

mod scope;

use scope::GivenContexts;

/// Where the drawn excerpt says that the text is from.
const ARGUMENT: &str = "expression";

pub(crate) fn run(arguments: &EvalArguments) -> Result<Exit, Failure> {
    let text = match arguments.expression.as_str() {
        "-" => stdin()?,
        text => text.to_owned(),
    };
    let scope = match &arguments.contexts {
        Some(path) => GivenContexts::read(path)?,
        None => GivenContexts::none(),
    };
    Ok(match evaluate(&text, &scope) {
        Ok(value) => {
            if arguments.json {
                out::result(json!({"kind": kind(&value), "value": plain(&value)}));
            } else {
                out::result(shown(&value));
            }
            Exit::Ok
        }
        Err(mistake) => {
            if arguments.json {
                out::result(mistake.to_json(&text));
            } else {
                out::progress(mistake.draw(&text));
            }
            Exit::Usage
        }
    })
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage("cannot read the expression from standard input").because(&error))?;
    // The line end that an editor or `echo` puts behind the last line is not meant.
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}

fn evaluate(text: &str, scope: &GivenContexts) -> Result<Value, Mistake> {
    let value = if text.contains("${{") {
        Template::parse(text)?.evaluate_with_place(scope)
    } else {
        Expression::parse(text)?.evaluate_with_place(scope)
    };
    value.map_err(|error| Mistake::of_evaluation(&error, scope.failure()))
}

/// Why there is no value.
struct Mistake {
    kind: &'static str,
    code: &'static str,
    message: String,
    position: usize,
    length: usize,
}

impl From<SyntaxError> for Mistake {
    fn from(error: SyntaxError) -> Self {
        Self {
            kind: match error.kind {
                SyntaxErrorKind::Lexing => "lexing",
                SyntaxErrorKind::Parsing => "parsing",
            },
            code: codes::EXPRESSION_SYNTAX,
            message: error.message,
            position: error.position,
            length: error.length,
        }
    }
}

impl Mistake {
    /// Returns the mistake of an evaluation; `failure` is what kept `hashFiles` from its digest.
    fn of_evaluation(error: &PlacedError, failure: Option<String>) -> Self {
        Self {
            kind: "evaluation",
            code: "",
            message: failure.unwrap_or_else(|| error.error.to_string()),
            position: error.position,
            length: error.length,
        }
    }

    fn to_json(&self, text: &str) -> Json {
        let position = text[..text.floor_char_boundary(self.position)].chars().count() + 1;
        json!({"error": {"kind": self.kind, "message": self.message, "position": position}})
    }

    fn draw(&self, text: &str) -> String {
        let file = SourceFile::new(ARGUMENT, text);
        let span = Span::new(self.position, self.position + self.length);
        let diagnostic = Diagnostic::error(self.code, &file, span, self.message.as_str());
        diagnostics::draw(&diagnostic, out::is_colourful())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Boolean(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}

/// Returns the value as a person reads it: a text as it is, everything else as `toJSON` writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_json(),
    }
}

/// Returns the value as plain JSON, in which NaN and the infinities are texts.
fn plain(value: &Value) -> Json {
    match value {
        Value::Number(number) if !number.is_finite() => Json::from(value.to_text()),
        Value::Number(number) if *number == 0.0 && number.is_sign_negative() => Json::from(*number),
        Value::Array(array) => array.items().iter().map(plain).collect(),
        Value::Object(object) => {
            let fields = object.iter().map(|(name, field)| (name.to_owned(), plain(field)));
            Json::Object(fields.collect())
        }
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}
