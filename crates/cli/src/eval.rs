//! `lockgate eval`: the value of one expression.
//!
//! What stands in the file of contexts is all that it knows: nothing is taken from the machine or the repository, so
//! that the same call gives the same value everywhere. Only `hashFiles` reads the folder that it is called in.

use std::io::Read;
use std::path::Path;

use lockgate_core::{Diagnostic, SourceFile, Span};
use lockgate_dialect::codes;
use lockgate_pipeline::expression::{Expression, PlacedError, SyntaxError, SyntaxErrorKind, Template, Value};
use serde_json::{Value as Json, json};

use crate::arguments::EvalArguments;
use crate::exit::{Exit, Failure};
use crate::render::{diagnostics, out};

mod answer;
mod each;
mod scope;

use answer::Answer;
use scope::{GivenContexts, Place};

/// Where the drawn excerpt says that the text is from.
const ARGUMENT: &str = "expression";

pub(crate) fn run(arguments: &EvalArguments) -> Result<Exit, Failure> {
    let given = match &arguments.contexts {
        Some(path) => GivenContexts::read(path)?,
        None => GivenContexts::none(),
    };
    if let Some(path) = &arguments.each {
        return each::run(path, &given);
    }
    let text = match arguments.expression.as_deref().unwrap_or_default() {
        "-" => stdin()?,
        text => text.to_owned(),
    };
    Ok(match evaluate(&text, &given) {
        Ok(value) => {
            if arguments.json {
                out::text(&out::line(&Answer::of(&value)));
            } else {
                out::result(shown(&value));
            }
            Exit::Ok
        }
        Err(mistake) => {
            if arguments.json {
                out::text(&out::line(&mistake.to_json(&text)));
            } else {
                out::progress(mistake.draw(&text));
            }
            Exit::Usage
        }
    })
}

fn stdin() -> Result<String, Failure> {
    let mut text = read(Path::new("-"))?;
    // The line end that an editor or `echo` puts behind the last line is not meant.
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}

/// Returns what stands in a file; `-` is standard input.
fn read(path: &Path) -> Result<String, Failure> {
    let is_stdin = path == Path::new("-");
    let (name, read) = if is_stdin {
        let mut text = String::new();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        ("standard input".to_owned(), read.map(|_| text))
    } else {
        (format!("`{}`", path.display()), std::fs::read_to_string(path))
    };
    read.map_err(|error| Failure::usage(format!("cannot read {name}")).because(&error))
}

fn evaluate(text: &str, given: &GivenContexts) -> Result<Value, Mistake> {
    let place = Place::of(given);
    let value = if text.contains("${{") {
        Template::parse(text)?.evaluate_with_place(&place)
    } else {
        Expression::parse(text)?.evaluate_with_place(&place)
    };
    value.map_err(|error| Mistake::of_evaluation(&error, place.failure()))
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

/// Returns the value as a person reads it: a text as it is, everything else as `toJSON` writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_json(),
    }
}
