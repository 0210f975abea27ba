//! What the functions return. An argument is evaluated when its function needs it.

use std::borrow::Cow;

use super::super::comparison::{self, folded};
use super::super::function::Function;
use super::super::syntax::{Call, Node};
use super::super::value::Value;
use super::super::{EvaluationError, Need, json, secret};
use super::{Evaluated, Evaluator, truth};

/// Whether a text matches another; both are folded.
type Match = fn(&str, &str) -> bool;

impl Evaluator<'_> {
    pub(super) fn call<'n>(&mut self, call: &'n Call) -> Evaluated<'n> {
        let text = match (call.function, call.arguments.as_slice()) {
            (Function::Always, _) => return truth(true),
            (Function::Cancelled, _) => return truth(self.scope.status().cancelled),
            (Function::Failure, _) => return truth(self.scope.status().failure),
            (Function::Success, _) => return truth(self.scope.status().success),
            (Function::Case, arguments) => return self.case(arguments),
            (Function::Contains, [search, item]) => return self.contains(search, item),
            (Function::EndsWith, [text, end]) => return self.matches(text, end, |text, end| text.ends_with(end)),
            (Function::StartsWith, [text, start]) => {
                return self.matches(text, start, |text, start| text.starts_with(start));
            }
            (Function::FromJson, [text]) => return self.read_json(text),
            (Function::ToJson, [value]) => json::to_text(self.value(value)?.as_ref()),
            (Function::Join, [items, separator @ ..]) => self.join(items, separator.first())?,
            (Function::Format, [pattern, values @ ..]) => self.format(pattern, values)?,
            (Function::HashFiles, patterns) => self.hash_files(patterns)?,
            (function, arguments) => unreachable!("{} was parsed with {} arguments", function.name(), arguments.len()),
        };
        self.spend(text.len())?;
        Ok(Cow::Owned(Value::String(text)))
    }

    fn case<'n>(&mut self, arguments: &'n [Node]) -> Evaluated<'n> {
        for pair in arguments.chunks_exact(2) {
            match self.value(&pair[0])?.as_ref() {
                Value::Boolean(true) => return self.value(&pair[1]),
                Value::Boolean(false) => {}
                other => return Err(EvaluationError::CaseNeedsBoolean(other.kind())),
            }
        }
        arguments
            .last()
            .map_or(Ok(Cow::Owned(Value::Null)), |default| self.value(default))
    }

    fn contains<'n>(&mut self, search: &'n Node, item: &'n Node) -> Evaluated<'n> {
        let search = self.value(search)?;
        let items = match search.as_ref() {
            Value::Array(array) => array.items(),
            Value::Object(_) => &[],
            text => return self.text_matches(text, item, |text, item| text.contains(item)),
        };
        if items.is_empty() {
            return truth(false);
        }
        let item = self.value(item)?;
        for element in items {
            if comparison::equals(&item, element)? {
                return truth(true);
            }
        }
        truth(false)
    }

    fn matches<'n>(&mut self, text: &'n Node, part: &'n Node, matches: Match) -> Evaluated<'n> {
        let text = self.value(text)?;
        if !text.is_primitive() {
            return truth(false);
        }
        self.text_matches(&text, part, matches)
    }

    fn text_matches<'n>(&mut self, text: &Value, part: &'n Node, matches: Match) -> Evaluated<'n> {
        let part = self.value(part)?;
        if !part.is_primitive() {
            return truth(false);
        }
        let (text, part) = (text.text(), part.text());
        if secret::contains_marker(&text) || secret::contains_marker(&part) {
            return Err(EvaluationError::SecretCompared);
        }
        truth(matches(&folded(&text), &folded(&part)))
    }

    fn read_json<'n>(&mut self, text: &'n Node) -> Evaluated<'n> {
        let text = self.value(text)?;
        let text = text.text();
        self.spend(text.len())?;
        if secret::contains_marker(&text) {
            return Err(EvaluationError::SecretCompared);
        }
        let value = json::parse(&text).map_err(EvaluationError::Json)?;
        Ok(Cow::Owned(value))
    }

    fn join(&mut self, items: &Node, separator: Option<&Node>) -> Result<String, EvaluationError> {
        let value = self.value(items)?;
        let items = match value.as_ref() {
            Value::Array(array) => array.items(),
            Value::Object(_) => &[],
            primitive => return Ok(primitive.to_text()),
        };
        let mut between = Cow::Borrowed(",");
        if let (Some(separator), [_, _, ..]) = (separator, items) {
            let separator = self.value(separator)?;
            if separator.is_primitive() {
                between = Cow::Owned(separator.to_text());
            }
        }
        let mut result = String::new();
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                result.push_str(&between);
            }
            result.push_str(&item.text());
            self.afford(result.len())?;
        }
        Ok(result)
    }

    /// Writes `values` into the places `{0}`, `{1}`, … of `pattern`.
    fn format(&mut self, pattern: &Node, values: &[Node]) -> Result<String, EvaluationError> {
        let pattern = self.value(pattern)?;
        let pattern = pattern.text();
        if secret::contains_marker(&pattern) {
            return Err(EvaluationError::SecretCompared);
        }
        let invalid = |problem| EvaluationError::Format {
            pattern: pattern.to_string(),
            problem,
        };
        let mut texts: Vec<Option<String>> = vec![None; values.len()];
        let mut result = String::new();
        let mut rest: &str = &pattern;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = (&rest[..at], &rest[at..=at]);
            result.push_str(before);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                result.push_str(brace);
                rest = after;
                continue;
            }
            let (place, after) = if brace == "{" { place(rest) } else { Err(ALONE) }.map_err(invalid)?;
            let (Some(value), Some(text)) = (values.get(place), texts.get_mut(place)) else {
                return Err(invalid("it has more places than there are values"));
            };
            if text.is_none() {
                *text = Some(self.value(value)?.to_text());
            }
            result.push_str(text.as_deref().unwrap_or_default());
            self.afford(result.len())?;
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn hash_files(&mut self, arguments: &[Node]) -> Result<String, EvaluationError> {
        let mut patterns = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let pattern = self.value(argument)?.to_text();
            if secret::contains_marker(&pattern) {
                return Err(EvaluationError::SecretCompared);
            }
            patterns.push(pattern);
        }
        match self.scope.hash_files(&patterns) {
            Ok(digest) => Ok(digest),
            Err(Need::HashFiles(patterns)) => Err(EvaluationError::Needs(patterns)),
        }
    }
}

const ALONE: &str = "a brace stands alone; write `{{` or `}}` for a brace itself";
const NO_PLACE: &str = "a place is only a number up to 255 between braces, such as `{0}`";

/// Reads `0}` at the start of `text`; returns the number and what follows.
fn place(text: &str) -> Result<(usize, &str), &'static str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if number.is_empty() || !rest.contains('}') {
        return Err(ALONE);
    }
    if rest.starts_with(':') {
        return Err("a format behind `:` is for dates, which expressions do not have");
    }
    let number: u8 = number.parse().map_err(|_| NO_PLACE)?;
    let rest = rest.strip_prefix('}').ok_or(NO_PLACE)?;
    Ok((usize::from(number), rest))
}
