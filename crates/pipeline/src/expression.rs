//! GitHub's expression language: `${{ github.ref == 'refs/heads/main' && !cancelled() }}`.
//!
//! Written from the behaviour of GitHub's own runner and checked against its published library,
//! not after other local runners: loose comparison, functions and limits are what users' files
//! were tried with. Evaluation is pure: what it cannot know (the digest of files) ends it with
//! [`EvaluationError::Needs`], and the caller evaluates again when it has the fact.
//!
//! What the language does not have is a [`SyntaxError`] with its place, never an empty value. A
//! secret's value never enters: see [`secret`].

mod certainty;
mod comparison;
mod condition;
mod evaluation;
mod examined;
mod failure;
mod flow;
mod function;
mod json;
mod lexer;
mod named_job;
mod number;
mod parser;
mod reference;
pub mod secret;
mod syntax;
mod template;
mod text;
pub(crate) mod tree;
mod trial;
mod value;
#[cfg(test)]
mod vectors;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use certainty::Knowledge;
pub(crate) use comparison::equals as are_equal;
pub use condition::Condition;
pub use flow::{Extent, Flow};
pub use function::{Arity, Function};
pub use json::NotJson;
pub(crate) use template::OPEN;
pub use template::Template;
pub use trial::{Finding, Partial, Trial};
pub use value::{Array, Object, Value};

use evaluation::Evaluator;
use syntax::Node;

/// The contexts that an expression can name.
pub const CONTEXTS: [&str; 12] = [
    "env", "github", "inputs", "job", "jobs", "matrix", "needs", "runner", "secrets", "steps", "strategy", "vars",
];

/// Returns the context that `name` names, without regard to case.
fn context_named(name: &str) -> Option<&'static str> {
    in_any_case(&CONTEXTS, |known| known, name)
}

/// Returns the one of `all` whose name is `text`, without regard to case. Most are written as they are known, which is
/// compared faster.
fn in_any_case<T: Copy>(all: &[T], name_of: impl Fn(T) -> &'static str, text: &str) -> Option<T> {
    let find = |is_same: fn(&str, &str) -> bool| all.iter().copied().find(|known| is_same(name_of(*known), text));
    find(|known, text| known == text).or_else(|| find(str::eq_ignore_ascii_case))
}

/// A parsed expression. Compared and serialised as its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    source: String,
    root: Node,
}

/// What an expression is evaluated in.
pub trait Scope {
    /// Returns the context `name`, which is in lower case; `None` where it is not available.
    fn context(&self, name: &str) -> Option<Value>;

    /// Returns how the job or the run stands.
    fn status(&self) -> Status;

    /// Returns the digest of the files that match `patterns`.
    ///
    /// # Errors
    /// Returns what has to be found out first.
    fn hash_files(&self, patterns: &[String]) -> Result<String, Need>;
}

/// What the status functions answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Nothing before has failed, and nobody cancelled.
    pub success: bool,
    /// Something before has failed.
    pub failure: bool,
    /// Somebody cancelled.
    pub cancelled: bool,
}

impl Status {
    /// All is well so far.
    pub const SUCCESS: Self = Self {
        success: true,
        failure: false,
        cancelled: false,
    };
    /// Something before has failed.
    pub const FAILURE: Self = Self {
        success: false,
        failure: true,
        cancelled: false,
    };
    /// Somebody cancelled.
    pub const CANCELLED: Self = Self {
        success: false,
        failure: false,
        cancelled: true,
    };
}

/// A fact that an evaluation lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The digest of the files that match these patterns.
    HashFiles(Vec<String>),
}

/// A text that is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Which part of reading failed.
    pub kind: SyntaxErrorKind,
    /// What is wrong, as a lowercase sentence without a full stop.
    pub message: String,
    /// The byte at which the mistake starts.
    pub position: usize,
    /// Its length in bytes.
    pub length: usize,
}

/// Which part of reading an expression failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// A sign or word that the language does not have.
    Lexing,
    /// Known signs and words in a wrong order, or an unknown name.
    Parsing,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The digest of the files that match these patterns has to be found out first.
    #[error("the digest of the files {0:?} is not known yet")]
    Needs(Vec<String>),
    /// The context is not available here.
    #[error("the context `{0}` is not available here")]
    ContextUnavailable(String),
    /// The value of a secret would decide.
    #[error(
        "a secret can only be compared with an empty string: expressions know its name, not its value; \
         compare it in a step instead, where it is passed by `env`"
    )]
    SecretCompared,
    /// The text given to `fromJSON` is no JSON.
    #[error("`fromJSON` was given a text that is no JSON: {0}")]
    Json(NotJson),
    /// The pattern given to `format` cannot be filled.
    #[error("`format` cannot fill `{pattern}`: {problem}")]
    Format {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A condition of `case` is no boolean.
    #[error("a condition of `case` must be true or false, not a value of the kind {0}")]
    CaseNeedsBoolean(&'static str),
    /// The result is longer than an evaluation may produce.
    #[error("the expression produces more than 10 MiB")]
    TooLarge,
}

/// An [`EvaluationError`] and the part of the text that it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct PlacedError {
    /// Why there is no value.
    pub error: EvaluationError,
    /// The byte at which the name of the function or context starts, or the expression.
    pub position: usize,
    /// Its length in bytes.
    pub length: usize,
}

/// A context named in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextUse {
    /// Its name in lower case.
    pub name: String,
    /// The names behind it as far as they are fixed: `build`, `outputs` of `needs.build.outputs[x]`.
    pub path: Vec<String>,
    /// The byte at which the name starts.
    pub position: usize,
    /// The length of the name in bytes.
    pub length: usize,
}

/// A function called in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUse {
    /// The function.
    pub function: Function,
    /// The byte at which its name starts.
    pub position: usize,
    /// The length of the name in bytes.
    pub length: usize,
}

impl Expression {
    /// Returns the expression that `text` is, without `${{ }}`; an empty text is `null`.
    ///
    /// # Errors
    /// Returns the first mistake.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::parse_with(text, Function::arity)
    }

    /// Returns the expression of a condition, in which jobs may be named.
    fn parse_condition(text: &str) -> Result<Self, SyntaxError> {
        Self::parse_with(text, Function::arity_in_condition)
    }

    fn parse_with(text: &str, arities: parser::Arities) -> Result<Self, SyntaxError> {
        Ok(Self {
            root: parser::parse(text, arities)?,
            source: text.to_owned(),
        })
    }

    /// Returns the text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the value in `scope`.
    ///
    /// # Errors
    /// Returns why there is none, or the facts that it needs.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        Evaluator::new(scope).evaluate(&self.root)
    }

    /// Returns the value in `scope`, or the part of the text that has none.
    ///
    /// # Errors
    /// Returns why there is none, or the facts that it needs.
    pub fn evaluate_with_place(&self, scope: &dyn Scope) -> Result<Value, PlacedError> {
        let mut evaluator = Evaluator::new(scope);
        evaluator.evaluate(&self.root).map_err(|error| {
            let (position, length) = evaluator.blamed().unwrap_or((0, self.source.len()));
            PlacedError {
                error,
                position,
                length,
            }
        })
    }

    /// Returns whether it asks `always()`, `success()`, `failure()` or `cancelled()` anywhere.
    pub fn uses_status_function(&self) -> bool {
        self.functions_used().iter().any(|found| found.function.is_status())
    }

    /// Returns the contexts that stand in it, evaluated or not.
    pub fn contexts_used(&self) -> Vec<ContextUse> {
        reference::contexts(&self.root)
    }

    /// Returns the values that can become its result, or a part of it.
    pub fn flows(&self) -> Vec<Flow> {
        flow::flows(&self.root)
    }

    /// Returns the functions that stand in it, called or not.
    pub fn functions_used(&self) -> Vec<FunctionUse> {
        reference::functions(&self.root)
    }

    /// Returns the calls that fail in every run that comes to them, for what is written in them.
    pub fn failures(&self) -> Vec<PlacedError> {
        failure::failures(&self.root)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl TryFrom<String> for Expression {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        Self::parse(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.source
    }
}
