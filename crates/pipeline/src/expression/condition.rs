//! The value of an `if:`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::syntax::Node;
use super::{ContextUse, EvaluationError, Expression, FunctionUse, PlacedError, Scope, SyntaxError, Template, Value};

/// A condition: an expression, bare or in `${{ }}`, that implies `success()` unless it asks about
/// the status itself.
///
/// Text beside a `${{ }}` makes the whole a string, as on GitHub, be it only the line break that ends
/// a block; it is then always true unless empty, see [`Condition::is_text`]. White space around an
/// expression without `${{ }}` means nothing. Serialised as the text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition {
    source: String,
    form: Form,
    asks_status: bool,
    /// Where `success` and `failure` name jobs.
    named_jobs: Vec<FunctionUse>,
}

#[derive(Clone, Debug)]
enum Form {
    /// Only the implied `success()`.
    Implied,
    Bare {
        expression: Expression,
        position: usize,
    },
    Template(Template),
}

impl Condition {
    /// Returns the condition that `text` is; an empty one is `success()`.
    ///
    /// # Errors
    /// Returns the first mistake, its position counted in `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, SyntaxError> {
        let source = text.into();
        let trimmed = source.trim();
        let position = source.len() - source.trim_start().len();
        let (form, named_jobs) = if trimmed.is_empty() {
            (Form::Implied, Vec::new())
        } else if source.contains("${{") {
            let (template, named) = Template::parse_condition(&source)?;
            (Form::Template(template), named)
        } else {
            let parsed = Expression::parse_condition(trimmed).map_err(|mistake| moved(mistake, position));
            let mut expression = parsed?;
            let mut named = expression.resolve_named_jobs();
            for found in &mut named {
                found.position += position;
            }
            (Form::Bare { expression, position }, named)
        };
        let functions = match &form {
            Form::Implied => Vec::new(),
            Form::Bare { expression, .. } => expression.functions_used(),
            Form::Template(template) => template.functions_used(),
        };
        Ok(Self {
            asks_status: functions.iter().any(|found| found.function.is_status()),
            source,
            form,
            named_jobs,
        })
    }

    /// Returns the condition that `text` is, without an implied `success()`, as `pre-if` and
    /// `post-if` of an action are read.
    ///
    /// # Errors
    /// Returns the first mistake, its position counted in `text`.
    pub fn parse_exact(text: &str) -> Result<Self, SyntaxError> {
        let condition = Self::parse(text.trim())?;
        if condition.asks_status {
            return Ok(condition);
        }
        let inner = text.trim();
        let inner = match &condition.form {
            Form::Template(template) => template.as_expression().map_or(inner, Expression::source),
            _ => inner,
        };
        Self::parse(format!(
            "always() && ({})",
            if inner.is_empty() { "true" } else { inner }
        ))
    }

    /// Returns the text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns whether it asks `always()`, `success()`, `failure()` or `cancelled()` anywhere, so
    /// that no `success()` is implied.
    pub fn uses_status_function(&self) -> bool {
        self.asks_status
    }

    /// Returns where `success` and `failure` name jobs, which only the condition of a job may do.
    pub fn named_jobs(&self) -> &[FunctionUse] {
        &self.named_jobs
    }

    /// Returns whether text beside a `${{ }}` makes it a string, which is always true.
    pub fn is_text(&self) -> bool {
        match &self.form {
            Form::Template(template) => template.as_expression().is_none(),
            _ => false,
        }
    }

    /// Returns whether it is a string only for the white space around its one `${{ }}`.
    pub fn is_text_by_space(&self) -> bool {
        let inner = self.source.trim();
        self.is_text() && Template::parse(inner).is_ok_and(|template| template.as_expression().is_some())
    }

    /// Returns whether a text that stands in it makes it true in every run, as in `github.ref == 'a' || 'b'`.
    pub fn is_true_by_a_text(&self) -> bool {
        fn is_true(node: &Node) -> bool {
            match node {
                Node::Literal(Value::String(text)) => !text.is_empty(),
                Node::Or(parts) => parts.iter().any(is_true),
                Node::And(parts) => parts.iter().all(is_true),
                _ => false,
            }
        }
        self.root().is_some_and(is_true)
    }

    /// Returns whether the condition holds.
    ///
    /// # Errors
    /// Returns the mistake of the evaluated expression, or the facts that it needs.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<bool, EvaluationError> {
        if !self.asks_status && !scope.status().success {
            return Ok(false);
        }
        match &self.form {
            Form::Implied => Ok(true),
            Form::Bare { expression, .. } => Ok(expression.evaluate(scope)?.is_truthy()),
            Form::Template(template) => Ok(template.evaluate(scope)?.is_truthy()),
        }
    }

    /// Returns the contexts that stand in it, with positions in the text.
    pub fn contexts_used(&self) -> Vec<ContextUse> {
        let (mut uses, position) = match &self.form {
            Form::Implied => return Vec::new(),
            Form::Bare { expression, position } => (expression.contexts_used(), *position),
            Form::Template(template) => (template.contexts_used(), 0),
        };
        for found in &mut uses {
            found.position += position;
            // A named job stands where the function does.
            let mut named = self.named_jobs.iter();
            if let Some(function) = named.find(|function| function.position == found.position) {
                found.length = function.length;
            }
        }
        uses
    }

    /// Returns the functions that stand in it, with positions in the text.
    pub fn functions_used(&self) -> Vec<FunctionUse> {
        let (mut uses, position) = match &self.form {
            Form::Implied => return Vec::new(),
            Form::Bare { expression, position } => (expression.functions_used(), *position),
            Form::Template(template) => (template.functions_used(), 0),
        };
        for found in &mut uses {
            found.position += position;
        }
        uses
    }

    /// Returns the calls that fail in every run that comes to them, with positions in the text.
    pub fn failures(&self) -> Vec<PlacedError> {
        let (mut found, position) = match &self.form {
            Form::Implied => return Vec::new(),
            Form::Bare { expression, position } => (expression.failures(), *position),
            Form::Template(template) => (template.failures(), 0),
        };
        for failure in &mut found {
            failure.position += position;
        }
        found
    }

    /// Returns the tree of the expression; none when it is only implied, or a text.
    pub(super) fn root(&self) -> Option<&Node> {
        match &self.form {
            Form::Implied => None,
            Form::Bare { expression, .. } => Some(&expression.root),
            Form::Template(template) => template.as_expression().map(|expression| &expression.root),
        }
    }

    /// Returns the text in which it stands in `${{ }}`.
    pub(super) fn template(&self) -> Option<&Template> {
        match &self.form {
            Form::Template(template) => Some(template),
            Form::Implied | Form::Bare { .. } => None,
        }
    }
}

fn moved(mut mistake: SyntaxError, by: usize) -> SyntaxError {
    mistake.position += by;
    mistake
}

impl Default for Condition {
    fn default() -> Self {
        Self {
            source: String::new(),
            form: Form::Implied,
            asks_status: false,
            named_jobs: Vec::new(),
        }
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Condition {}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.source.is_empty() {
            "success()"
        } else {
            &self.source
        })
    }
}

impl TryFrom<String> for Condition {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_makes_a_condition_true() {
        for (text, expected) in [
            ("'false'", true),
            ("${{ 'false' }}", true),
            ("github.ref == 'a' || 'b'", true),
            ("'a' && ('b' || github.ref)", true),
            ("''", false),
            ("'a' && github.ref", false),
            ("!'a'", false),
            ("'a' == 'a'", false),
            ("true", false),
            ("${{ 'a' }} ", false),
            ("", false),
        ] {
            assert_eq!(Condition::parse(text).unwrap().is_true_by_a_text(), expected, "{text}");
        }
    }

    #[test]
    fn white_space_makes_a_text_of_a_template_only() {
        for (text, is_text, by_space) in [
            ("${{ false }}", false, false),
            ("${{ false }}\n", true, true),
            (" ${{ false }}", true, true),
            ("${{ false }} text", true, false),
            ("${{ github.a }}${{ github.b }}\n", true, false),
            ("false\n", false, false),
            (" false", false, false),
        ] {
            let condition = Condition::parse(text).unwrap();
            assert_eq!(condition.is_text(), is_text, "{text:?}");
            assert_eq!(condition.is_text_by_space(), by_space, "{text:?}");
        }
        let exact = Condition::parse_exact("${{ github.a }}\n").unwrap();
        assert!(!exact.is_text());
        let found = Condition::parse("  ${{ github.a }}\n").unwrap().contexts_used();
        assert_eq!(found[0].position, 6);
    }
}
