//! The functions of the language: names, numbers of arguments, and what the pure ones return.

use super::comparison::{self, folded};
use super::value::Value;
use super::{EvaluationError, json, secret};

/// A function that an expression can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// `always()`
    Always,
    /// `cancelled()`
    Cancelled,
    /// `case(condition, value, …, default)`
    Case,
    /// `contains(search, item)`
    Contains,
    /// `endsWith(text, end)`
    EndsWith,
    /// `failure()`
    Failure,
    /// `format(text, value, …)`
    Format,
    /// `fromJSON(text)`
    FromJson,
    /// `hashFiles(pattern, …)`
    HashFiles,
    /// `join(array, separator)`
    Join,
    /// `startsWith(text, start)`
    StartsWith,
    /// `success()`
    Success,
    /// `toJSON(value)`
    ToJson,
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    Range { least: usize, most: usize },
    Odd { least: usize },
}

impl Arity {
    pub(super) fn accepts(self, count: usize) -> bool {
        match self {
            Self::Range { least, most } => (least..=most).contains(&count),
            Self::Odd { least } => count >= least && count % 2 == 1,
        }
    }
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 13] = [
        Self::Always,
        Self::Cancelled,
        Self::Case,
        Self::Contains,
        Self::EndsWith,
        Self::Failure,
        Self::Format,
        Self::FromJson,
        Self::HashFiles,
        Self::Join,
        Self::StartsWith,
        Self::Success,
        Self::ToJson,
    ];

    /// Returns the function that `name` calls, without regard to case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// Returns the name as GitHub's documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Cancelled => "cancelled",
            Self::Case => "case",
            Self::Contains => "contains",
            Self::EndsWith => "endsWith",
            Self::Failure => "failure",
            Self::Format => "format",
            Self::FromJson => "fromJSON",
            Self::HashFiles => "hashFiles",
            Self::Join => "join",
            Self::StartsWith => "startsWith",
            Self::Success => "success",
            Self::ToJson => "toJSON",
        }
    }

    /// Returns whether it asks how the job or run stands, and so replaces the implicit `success()`.
    pub fn is_status(self) -> bool {
        matches!(self, Self::Always | Self::Cancelled | Self::Failure | Self::Success)
    }

    pub(super) fn arity(self) -> Arity {
        let (least, most) = match self {
            Self::Always | Self::Cancelled | Self::Failure | Self::Success => (0, 0),
            Self::Case => return Arity::Odd { least: 3 },
            Self::Contains | Self::EndsWith | Self::StartsWith => (2, 2),
            Self::Format | Self::HashFiles => (1, usize::from(u8::MAX)),
            Self::FromJson | Self::ToJson => (1, 1),
            Self::Join => (1, 2),
        };
        Arity::Range { least, most }
    }
}

pub(super) fn case(arguments: &[Value]) -> Result<Value, EvaluationError> {
    for pair in arguments.chunks_exact(2) {
        match &pair[0] {
            Value::Boolean(true) => return Ok(pair[1].clone()),
            Value::Boolean(false) => {}
            other => return Err(EvaluationError::CaseNeedsBoolean(other.kind())),
        }
    }
    Ok(arguments.last().cloned().unwrap_or_default())
}

pub(super) fn contains(arguments: &[Value]) -> Result<Value, EvaluationError> {
    let [search, item] = arguments else {
        return Ok(Value::Boolean(false));
    };
    let found = match search {
        Value::Array(array) => {
            let mut found = false;
            for element in array.items() {
                found = found || comparison::equals(item, element).map_err(|_| EvaluationError::SecretCompared)?;
            }
            found
        }
        Value::Object(_) => false,
        _ => matches_text(search, item, |text, item| text.contains(item))?,
    };
    Ok(Value::Boolean(found))
}

pub(super) fn starts_with(arguments: &[Value]) -> Result<Value, EvaluationError> {
    pair_matches(arguments, |text, start| text.starts_with(start))
}

pub(super) fn ends_with(arguments: &[Value]) -> Result<Value, EvaluationError> {
    pair_matches(arguments, |text, end| text.ends_with(end))
}

pub(super) fn join(arguments: &[Value]) -> Value {
    let separator = match arguments.get(1) {
        Some(separator) if separator.is_primitive() => separator.to_text(),
        _ => ",".to_owned(),
    };
    Value::String(match arguments.first() {
        Some(Value::Array(array)) => {
            let texts: Vec<String> = array.items().iter().map(Value::to_text).collect();
            texts.join(&separator)
        }
        Some(Value::Object(_)) | None => String::new(),
        Some(primitive) => primitive.to_text(),
    })
}

pub(super) fn from_json(arguments: &[Value]) -> Result<Value, EvaluationError> {
    let text = arguments.first().map(Value::to_text).unwrap_or_default();
    if secret::contains_marker(&text) {
        return Err(EvaluationError::SecretCompared);
    }
    json::parse(&text).map_err(EvaluationError::Json)
}

/// Writes `arguments` into the places `{0}`, `{1}`, … of the first one.
pub(super) fn format(arguments: &[Value]) -> Result<Value, EvaluationError> {
    let Some((pattern, values)) = arguments.split_first() else {
        return Ok(Value::from(""));
    };
    let pattern = pattern.to_text();
    let invalid = || EvaluationError::Format {
        pattern: pattern.clone(),
        problem: "a brace stands alone; write `{{` or `}}` for a brace itself",
    };
    let mut result = String::new();
    let mut rest = pattern.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let brace = &rest[at..=at];
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            result.push_str(brace);
            rest = after;
            continue;
        }
        let close = rest.find('}').filter(|_| brace == "{").ok_or_else(invalid)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(invalid());
        }
        let value = rest[..digits].parse().ok().and_then(|place: usize| values.get(place));
        result.push_str(&value.map(Value::to_text).ok_or_else(|| EvaluationError::Format {
            pattern: pattern.clone(),
            problem: "it has more places than there are values",
        })?);
        rest = &rest[close + 1..];
    }
    result.push_str(rest);
    Ok(Value::String(result))
}

fn pair_matches(arguments: &[Value], matches: fn(&str, &str) -> bool) -> Result<Value, EvaluationError> {
    let [text, part] = arguments else {
        return Ok(Value::Boolean(false));
    };
    Ok(Value::Boolean(
        text.is_primitive() && matches_text(text, part, matches)?,
    ))
}

fn matches_text(text: &Value, part: &Value, matches: fn(&str, &str) -> bool) -> Result<bool, EvaluationError> {
    if !part.is_primitive() {
        return Ok(false);
    }
    let (text, part) = (text.to_text(), part.to_text());
    if secret::contains_marker(&text) || secret::contains_marker(&part) {
        return Err(EvaluationError::SecretCompared);
    }
    Ok(matches(&folded(&text), &folded(&part)))
}
