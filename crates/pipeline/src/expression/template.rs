//! Text with `${{ }}` parts.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::evaluation::MAX_BYTES;
use super::tree::Piece;
use super::{
    ContextUse, EvaluationError, Expression, FunctionUse, PlacedError, Scope, SyntaxError, SyntaxErrorKind, Value,
    examined,
};

/// What an expression in a text begins with.
pub(crate) const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// Text in which expressions stand, as most values of a workflow file.
///
/// Text that is exactly one expression keeps the type of its value. Serialised as the text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Expression { expression: Expression, position: usize },
}

impl Template {
    /// Returns the template that `text` is.
    ///
    /// # Errors
    /// Returns the first mistake, its position counted in `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, SyntaxError> {
        Self::parse_fully(text).map_err(|mut mistakes| mistakes.swap_remove(0))
    }

    /// Returns the template that `text` is.
    ///
    /// # Errors
    /// Returns every mistake, at least one, in order.
    pub fn parse_fully(text: impl Into<String>) -> Result<Self, Vec<SyntaxError>> {
        Self::parse_with(text.into(), Expression::parse)
    }

    /// Returns the template that a condition is, in which jobs may be named, and where they are.
    pub(super) fn parse_condition(text: &str) -> Result<(Self, Vec<FunctionUse>), SyntaxError> {
        let template = Self::parse_with(text.to_owned(), Expression::parse_condition);
        let mut template = template.map_err(|mut mistakes| mistakes.swap_remove(0))?;
        let mut named = Vec::new();
        for part in &mut template.parts {
            if let Part::Expression { expression, position } = part {
                let found = expression.resolve_named_jobs().into_iter();
                named.extend(found.map(|found| FunctionUse {
                    position: found.position + *position,
                    ..found
                }));
            }
        }
        Ok((template, named))
    }

    fn parse_with(
        source: String,
        parse: fn(&str) -> Result<Expression, SyntaxError>,
    ) -> Result<Self, Vec<SyntaxError>> {
        let mut mistakes = Vec::new();
        let mut parts = Vec::new();
        let mut rest = 0;
        while let Some(length) = source[rest..].find(OPEN) {
            let open = rest + length;
            if open > rest {
                parts.push(Part::Text(source[rest..open].to_owned()));
            }
            let start = open + OPEN.len();
            let Some(length) = closing(&source[start..]) else {
                mistakes.push(not_closed(&source, open));
                rest = source.len();
                break;
            };
            match expression(&source[start..start + length], start, parse) {
                Ok(part) => parts.push(part),
                Err(mistake) => mistakes.push(mistake),
            }
            rest = start + length + CLOSE.len();
        }
        if rest < source.len() {
            parts.push(Part::Text(source[rest..].to_owned()));
        }
        if mistakes.is_empty() {
            Ok(Self { source, parts })
        } else {
            Err(mistakes)
        }
    }

    /// Returns the template that is `text` and nothing else, whatever it contains.
    pub fn literal(text: impl Into<String>) -> Self {
        let source = text.into();
        Self {
            parts: vec![Part::Text(source.clone())],
            source,
        }
    }

    /// Returns the text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the text when no expression stands in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns the expression when the text is exactly one.
    pub fn as_expression(&self) -> Option<&Expression> {
        match self.parts.as_slice() {
            [Part::Expression { expression, .. }] => Some(expression),
            _ => None,
        }
    }

    /// Returns the value: of any type when the text is exactly one expression, else a string.
    ///
    /// # Errors
    /// Returns the first mistake of an evaluated expression, or the facts that it needs.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        match self.as_expression() {
            Some(expression) => expression.evaluate(scope),
            None => self.evaluate_to_string(scope).map(Value::String),
        }
    }

    /// Returns the value, or the part of the text that has none.
    ///
    /// # Errors
    /// Returns the first mistake of an evaluated expression, or the facts that it needs.
    pub fn evaluate_with_place(&self, scope: &dyn Scope) -> Result<Value, PlacedError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(own) => text.push_str(own),
                Part::Expression { expression, position } => {
                    let value = expression.evaluate_with_place(scope).map_err(|mut error| {
                        error.position += position;
                        error
                    })?;
                    if self.as_expression().is_some() {
                        return Ok(value);
                    }
                    text.push_str(&value.to_text());
                    if text.len() > MAX_BYTES {
                        return Err(PlacedError {
                            error: EvaluationError::TooLarge,
                            position: *position,
                            length: expression.source().len(),
                        });
                    }
                }
            }
        }
        Ok(Value::String(text))
    }

    /// Returns the value as text.
    ///
    /// # Errors
    /// Returns the first mistake of an evaluated expression, or the facts that it needs.
    pub fn evaluate_to_string(&self, scope: &dyn Scope) -> Result<String, EvaluationError> {
        let mut result = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => result.push_str(text),
                Part::Expression { expression, .. } => result.push_str(&expression.evaluate(scope)?.to_text()),
            }
            if result.len() > MAX_BYTES {
                return Err(EvaluationError::TooLarge);
            }
        }
        Ok(result)
    }

    /// Returns the contexts that stand in it, with positions in the text.
    pub fn contexts_used(&self) -> Vec<ContextUse> {
        let mut uses = Vec::new();
        for (expression, position) in self.expressions() {
            uses.extend(expression.contexts_used().into_iter().map(|mut found| {
                found.position += position;
                found
            }));
        }
        uses
    }

    /// Returns the secrets into which its expressions look, which no run can do, with positions in the text.
    pub fn secrets_examined(&self) -> Vec<ContextUse> {
        let of_one = |(expression, position): (&Expression, usize)| {
            let found = examined::secrets(&expression.root).into_iter();
            found.map(move |found| ContextUse {
                position: found.position + position,
                ..found
            })
        };
        self.expressions().flat_map(of_one).collect()
    }

    /// Returns the functions that stand in it, with positions in the text.
    pub fn functions_used(&self) -> Vec<FunctionUse> {
        let mut uses = Vec::new();
        for (expression, position) in self.expressions() {
            uses.extend(expression.functions_used().into_iter().map(|mut found| {
                found.position += position;
                found
            }));
        }
        uses
    }

    /// Returns the calls that fail in every run that comes to them, with positions in the text.
    pub fn failures(&self) -> Vec<PlacedError> {
        let of_one = |(expression, position): (&Expression, usize)| {
            let found = expression.failures().into_iter();
            found.map(move |found| PlacedError {
                position: found.position + position,
                ..found
            })
        };
        self.expressions().flat_map(of_one).collect()
    }

    /// Returns its parts in order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.parts.iter().map(|part| match part {
            Part::Text(text) => Piece::Text(text),
            Part::Expression { expression, .. } => Piece::Expression(expression),
        })
    }

    fn expressions(&self) -> impl Iterator<Item = (&Expression, usize)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Expression { expression, position } => Some((expression, *position)),
        })
    }
}

/// Returns the length of the expression at the start of `text`, up to the `}}` outside of its strings.
fn closing(text: &str) -> Option<usize> {
    let mut in_string = false;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => in_string = !in_string,
            b'}' if !in_string && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

fn expression(
    text: &str,
    start: usize,
    parse: fn(&str) -> Result<Expression, SyntaxError>,
) -> Result<Part, SyntaxError> {
    let position = start + text.len() - text.trim_start().len();
    let text = text.trim();
    if text.is_empty() {
        return Err(SyntaxError {
            kind: SyntaxErrorKind::Parsing,
            message: "an expression is missing between `${{` and `}}`".to_owned(),
            position: start - OPEN.len(),
            length: OPEN.len(),
        });
    }
    let expression = parse(text).map_err(|mut mistake| {
        mistake.position += position;
        mistake
    })?;
    Ok(Part::Expression { expression, position })
}

/// Returns the mistake of the expression that begins at `open` and has no end: its `}}` is missing, or stands in a
/// string that is open.
fn not_closed(source: &str, open: usize) -> SyntaxError {
    let inside = &source[open..];
    let quotes = inside.matches('\'').count();
    let quote = inside
        .rfind('\'')
        .filter(|at| quotes % 2 == 1 && inside[*at..].contains("}}"));
    let (message, position, length) = match quote {
        Some(at) => (
            "a string of the expression is not closed: a `'` is missing at its end",
            open + at,
            1,
        ),
        None => ("the expression is not closed: `}}` is missing", open, OPEN.len()),
    };
    SyntaxError {
        kind: SyntaxErrorKind::Lexing,
        message: message.to_owned(),
        position,
        length,
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.as_literal().is_some() == other.as_literal().is_some()
    }
}

impl Eq for Template {}

impl Default for Template {
    fn default() -> Self {
        Self::literal("")
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl TryFrom<String> for Template {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_of_a_mistake_counts_in_the_whole_text() {
        let mistakes = Template::parse_fully("a ${{ x }} ${{ '}}' }} ${{ 1 + }} ${{").unwrap_err();
        let places: Vec<_> = mistakes.iter().map(|mistake| mistake.position).collect();
        assert_eq!(places, [6, 29, 34]);
        assert_eq!(
            mistakes[0].message,
            "unknown context `x`; a text stands in single quotes: `'x'`"
        );
    }

    #[test]
    fn positions_of_contexts_count_in_the_whole_text() {
        let template = Template::parse("é${{ github.sha }}${{env.A}}").unwrap();
        let uses = template.contexts_used();
        assert_eq!((uses[0].name.as_str(), uses[0].position), ("github", 6));
        assert_eq!((uses[1].name.as_str(), uses[1].position), ("env", 22));
    }

    #[test]
    fn many_large_parts_are_too_large_together() {
        struct Nothing;
        impl Scope for Nothing {
            fn context(&self, _: &str) -> Option<Value> {
                None
            }

            fn status(&self) -> crate::expression::Status {
                crate::expression::Status::SUCCESS
            }

            fn hash_files(&self, _: &[String]) -> Result<String, crate::expression::Need> {
                Ok(String::new())
            }
        }
        let large = format!("${{{{ format('{}', '{}') }}}}", "{0}".repeat(1_000), "x".repeat(4_000));
        let template = Template::parse(large.repeat(4)).unwrap();
        assert_eq!(template.evaluate_to_string(&Nothing), Err(EvaluationError::TooLarge));
        assert_eq!(
            template.evaluate_with_place(&Nothing).unwrap_err().error,
            EvaluationError::TooLarge
        );
        assert!(
            Template::parse(large.repeat(2))
                .unwrap()
                .evaluate_to_string(&Nothing)
                .is_ok()
        );
    }

    #[test]
    fn a_template_is_stored_as_its_text() {
        let template = Template::parse("v${{ 1 }}").unwrap();
        let json = serde_json::to_string(&template).unwrap();
        assert_eq!(json, "\"v${{ 1 }}\"");
        assert_eq!(serde_json::from_str::<Template>(&json).unwrap(), template);
    }
}
