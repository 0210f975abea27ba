//! What a job expands to.
//!
//! The rules are GitHub's: the axes are multiplied, the first varying slowest; `exclude` removes every combination that
//! has all its values; then each `include` extends every original combination whose axis values it does not contradict,
//! and becomes a combination of its own when there is none.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PlanError;
use crate::definition::{Job, Matrix, Strategy, TemplateValue};
use crate::expression::{EvaluationError, Object, Scope, Template, Value};
use crate::run::effect::JobKey;
use crate::scope::KnownContexts;

/// As many jobs as one matrix may make, on GitHub too.
const MOST_LEGS: usize = 256;

/// What a job expands to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expansion {
    /// The jobs that it becomes: one without a matrix.
    pub legs: Vec<Leg>,
    /// Whether the first failure cancels the others.
    pub fail_fast: bool,
    /// How many may run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<u32>,
}

/// One of the jobs that a job expands to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Identifies it in the run.
    pub key: JobKey,
    /// The name shown to people.
    pub name: String,
    /// The name of its directories: unique in the run, and safe in a path.
    pub directory: String,
    /// Its values; null without a matrix.
    #[serde(default, skip_serializing_if = "is_null")]
    pub matrix: Value,
}

fn is_null(value: &Value) -> bool {
    *value == Value::Null
}

/// Why a matrix makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// The whole is no object.
    #[error("the expression gives {0}, but a matrix is an object of lists")]
    NotAnObject(&'static str),
    /// An axis is no list.
    #[error("`{axis}` is {kind}, but an axis is a list of values")]
    NotAList {
        /// The axis.
        axis: String,
        /// What it is.
        kind: &'static str,
    },
    /// An axis has no values.
    #[error("`{0}` is an empty list, so that there is nothing to run; skip the job with `if` when that may happen")]
    EmptyAxis(String),
    /// There is neither an axis nor an `include`.
    #[error("it has neither an axis nor an `include`")]
    Nothing,
    /// `include` or `exclude` is no list of objects.
    #[error("`{0}` must be a list of objects, each with values by the names of the axes")]
    NotCombinations(&'static str),
    /// More jobs than a matrix may make.
    #[error("it makes {0} jobs, but {MOST_LEGS} is the most")]
    TooMany(usize),
    /// `max-parallel` is no positive number.
    #[error("`max-parallel` is `{0}`, but it must be a whole number from 1")]
    MaxParallel(String),
}

/// Why a job cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpansionError {
    /// An expression has no value.
    #[error("its {what} cannot be evaluated: {source}")]
    Evaluation {
        /// What the expression is for.
        what: &'static str,
        /// Why not.
        source: EvaluationError,
    },
    /// The matrix makes no sense.
    #[error("its matrix cannot be expanded: {0}")]
    Matrix(#[from] MatrixError),
}

impl ExpansionError {
    pub(super) fn in_plan(self, job: &Job) -> PlanError {
        let (job, place) = (job.id.clone(), job.place.clone());
        match self {
            Self::Evaluation { what, source } => PlanError::Evaluation {
                what,
                job,
                place,
                source,
            },
            Self::Matrix(source) => PlanError::Matrix { job, place, source },
        }
    }
}

impl Expansion {
    /// Returns what `job` expands to, where `scope` knows what its strategy may read.
    pub(crate) fn of(job: &Job, scope: &KnownContexts) -> Result<Self, ExpansionError> {
        let Strategy {
            matrix,
            fail_fast,
            max_parallel,
        } = &job.strategy;
        let combinations = match matrix {
            Some(matrix) => combinations(&resolved(matrix, scope)?)?,
            None => vec![Value::Null],
        };
        let evaluate = |what, template: &Option<Template>| -> Result<Option<Value>, ExpansionError> {
            let value = template.as_ref().map(|template| template.evaluate(scope)).transpose();
            value.map_err(|source| ExpansionError::Evaluation { what, source })
        };
        let fail_fast = evaluate("`fail-fast`", fail_fast)?.is_none_or(|value| value.to_text() != "false");
        let max_parallel = evaluate("`max-parallel`", max_parallel)?.map(|value| at_least_one(&value));
        let max_parallel = max_parallel.transpose()?;
        let strategy = StrategyContext {
            fail_fast,
            max_parallel,
            total: combinations.len(),
        };
        Ok(Self {
            legs: legs(job, combinations, &strategy, scope)?,
            fail_fast,
            max_parallel,
        })
    }

    /// Returns the `strategy` context of the job at `index`.
    pub(crate) fn strategy_context(&self, index: usize) -> Value {
        let strategy = StrategyContext {
            fail_fast: self.fail_fast,
            max_parallel: self.max_parallel,
            total: self.legs.len(),
        };
        strategy.value(index)
    }
}

struct StrategyContext {
    fail_fast: bool,
    max_parallel: Option<u32>,
    total: usize,
}

impl StrategyContext {
    fn value(&self, index: usize) -> Value {
        let max_parallel = self.max_parallel.map_or(self.total as f64, f64::from);
        Value::object([
            ("fail-fast", Value::Boolean(self.fail_fast)),
            ("job-index", Value::Number(index as f64)),
            ("job-total", Value::Number(self.total as f64)),
            ("max-parallel", Value::Number(max_parallel)),
        ])
    }
}

fn at_least_one(value: &Value) -> Result<u32, MatrixError> {
    let number = value.to_number();
    if number >= 1.0 && number.fract() == 0.0 {
        Ok(number as u32)
    } else {
        Err(MatrixError::MaxParallel(value.to_text()))
    }
}

fn resolved(matrix: &Matrix, scope: &dyn Scope) -> Result<Value, ExpansionError> {
    let mut evaluate = |template: &Template| template.evaluate(scope);
    let value = match matrix {
        Matrix::Deferred(template) => evaluate(template),
        Matrix::Written { axes, include, exclude } => {
            let mut fields = axes.clone();
            let named = |name: &str, value: &Option<TemplateValue>| value.clone().map(|value| (name.to_owned(), value));
            fields.extend(named("include", include));
            fields.extend(named("exclude", exclude));
            TemplateValue::Map(fields).resolve(&mut evaluate)
        }
    };
    value.map_err(|source| ExpansionError::Evaluation {
        what: "`matrix`",
        source,
    })
}

/// Returns the combinations of a matrix with known values, in order.
fn combinations(matrix: &Value) -> Result<Vec<Value>, MatrixError> {
    let Value::Object(matrix) = matrix else {
        return Err(MatrixError::NotAnObject(matrix.kind()));
    };
    let include = listed(matrix, "include")?;
    let exclude = listed(matrix, "exclude")?;
    let axes: Vec<_> = matrix
        .iter()
        .filter(|(name, _)| !matches!(*name, "include" | "exclude"))
        .collect();
    if axes.is_empty() && include.is_empty() {
        return Err(MatrixError::Nothing);
    }
    let mut found = if axes.is_empty() { Vec::new() } else { product(&axes)? };
    found.retain(|combination| !exclude.iter().any(|excluded| contains(combination, excluded)));
    extend(&mut found, &include, |name| {
        axes.iter().any(|(axis, _)| axis.eq_ignore_ascii_case(name))
    });
    if found.len() > MOST_LEGS {
        return Err(MatrixError::TooMany(found.len()));
    }
    Ok(found.into_iter().map(Value::Object).collect())
}

fn listed(matrix: &Object, name: &'static str) -> Result<Vec<Object>, MatrixError> {
    let items = match matrix.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(array)) => array.items(),
        Some(_) => return Err(MatrixError::NotCombinations(name)),
    };
    let objects = items.iter().map(|item| match item {
        Value::Object(object) => Ok(object.clone()),
        _ => Err(MatrixError::NotCombinations(name)),
    });
    objects.collect()
}

fn product(axes: &[(&str, &Value)]) -> Result<Vec<Object>, MatrixError> {
    let mut found = vec![Object::default()];
    for (axis, values) in axes {
        let Value::Array(values) = values else {
            return Err(MatrixError::NotAList {
                axis: (*axis).to_owned(),
                kind: values.kind(),
            });
        };
        if values.items().is_empty() {
            return Err(MatrixError::EmptyAxis((*axis).to_owned()));
        }
        // Bounded before it is built: ten axes of ten values would be ten thousand million.
        let size = found.len().saturating_mul(values.items().len());
        if size > MOST_LEGS * MOST_LEGS {
            return Err(MatrixError::TooMany(size));
        }
        found = found
            .iter()
            .flat_map(|combination| {
                values.items().iter().map(|value| {
                    let mut extended = combination.clone();
                    extended.insert(*axis, value.clone());
                    extended
                })
            })
            .collect();
    }
    Ok(found)
}

fn extend(found: &mut Vec<Object>, include: &[Object], is_axis: impl Fn(&str) -> bool) {
    let originals = found.len();
    for entry in include {
        let mut fits_somewhere = false;
        for combination in &mut found[..originals] {
            let fits = entry
                .iter()
                .filter(|(name, _)| is_axis(name))
                .all(|(name, value)| combination.get(name).is_some_and(|own| is_same(own, value)));
            if fits {
                fits_somewhere = true;
                for (name, value) in entry.iter() {
                    combination.insert(name, value.clone());
                }
            }
        }
        if !fits_somewhere {
            found.push(entry.clone());
        }
    }
}

fn contains(combination: &Object, part: &Object) -> bool {
    part.iter()
        .all(|(name, value)| combination.get(name).is_some_and(|own| is_same(own, value)))
}

/// Whether two values are one to a matrix, where `1` and `"1"` are; an object contains what it is compared with.
fn is_same(own: &Value, other: &Value) -> bool {
    match (own, other) {
        (Value::Object(own), Value::Object(other)) => contains(own, other),
        (own, other) if own.is_primitive() && other.is_primitive() => own.to_text() == other.to_text(),
        (own, other) => own == other,
    }
}

fn legs(
    job: &Job,
    combinations: Vec<Value>,
    strategy: &StrategyContext,
    scope: &KnownContexts,
) -> Result<Vec<Leg>, ExpansionError> {
    let mut taken = BTreeSet::new();
    let mut legs = Vec::with_capacity(combinations.len());
    for (index, matrix) in combinations.into_iter().enumerate() {
        let suffix = suffix(&matrix);
        let mut key = format!("{}{suffix}", job.id);
        if !taken.insert(key.clone()) {
            key = format!("{key} #{}", index + 1);
            taken.insert(key.clone());
        }
        let scope = scope
            .with("matrix", matrix.clone())
            .with("strategy", strategy.value(index));
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '_'
            }
        };
        let directory: String = job.id.chars().map(safe).collect();
        legs.push(Leg {
            name: name(job, &suffix, &scope)?.unwrap_or_else(|| key.clone()),
            key: JobKey::new(key),
            directory: match matrix {
                Value::Null => directory,
                _ => format!("{directory}.{}", index + 1),
            },
            matrix,
        });
    }
    Ok(legs)
}

fn name(job: &Job, suffix: &str, scope: &dyn Scope) -> Result<Option<String>, ExpansionError> {
    let Some(template) = &job.name else {
        return Ok(None);
    };
    if let Some(literal) = template.as_literal() {
        return Ok(Some(format!("{literal}{suffix}")));
    }
    let name = template.evaluate_to_string(scope);
    name.map(Some)
        .map_err(|source| ExpansionError::Evaluation { what: "`name`", source })
}

/// Returns ` (1, linux)` for the values of a matrix, nothing without one.
fn suffix(matrix: &Value) -> String {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Array(array) => array.items().iter().for_each(|item| collect(item, into)),
            Value::Object(object) => object.iter().for_each(|(_, field)| collect(field, into)),
            _ => into.push(value.to_text()),
        }
    }
    let mut words = Vec::new();
    match matrix {
        Value::Null => return String::new(),
        other => collect(other, &mut words),
    }
    format!(" ({})", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(json: &str) -> Result<Vec<String>, MatrixError> {
        let found = combinations(&serde_json::from_str(json).unwrap())?;
        Ok(found
            .iter()
            .map(|value| serde_json::to_string(value).unwrap())
            .collect())
    }

    #[track_caller]
    fn check(json: &str, expected: &[&str]) {
        assert_eq!(expand(json).unwrap(), expected);
    }

    #[test]
    fn the_first_axis_varies_slowest() {
        check(
            r#"{"a": [1, 2], "b": ["x", "y"]}"#,
            &[
                r#"{"a":1,"b":"x"}"#,
                r#"{"a":1,"b":"y"}"#,
                r#"{"a":2,"b":"x"}"#,
                r#"{"a":2,"b":"y"}"#,
            ],
        );
    }

    #[test]
    fn exclude_removes_what_has_all_its_values() {
        check(
            r#"{"a": [1, 2], "b": ["x", "y"], "exclude": [{"a": "1"}, {"a": 2, "b": "y"}]}"#,
            &[r#"{"a":2,"b":"x"}"#],
        );
    }

    /// The example of GitHub's documentation, with its result there.
    #[test]
    fn include_extends_or_adds() {
        check(
            r#"{"fruit": ["apple", "pear"], "animal": ["cat", "dog"], "include": [
                {"color": "green"}, {"color": "pink", "animal": "cat"}, {"fruit": "apple", "shape": "circle"},
                {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"}]}"#,
            &[
                r#"{"fruit":"apple","animal":"cat","color":"pink","shape":"circle"}"#,
                r#"{"fruit":"apple","animal":"dog","color":"green","shape":"circle"}"#,
                r#"{"fruit":"pear","animal":"cat","color":"pink"}"#,
                r#"{"fruit":"pear","animal":"dog","color":"green"}"#,
                r#"{"fruit":"banana"}"#,
                r#"{"fruit":"banana","animal":"cat"}"#,
            ],
        );
        check(r#"{"include": [{"a": 1}, {"a": 2}]}"#, &[r#"{"a":1}"#, r#"{"a":2}"#]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(expand("[]"), Err(MatrixError::NotAnObject("array")));
        assert_eq!(expand("{}"), Err(MatrixError::Nothing));
        assert_eq!(expand(r#"{"a": []}"#), Err(MatrixError::EmptyAxis("a".into())));
        assert_eq!(
            expand(r#"{"include": [1]}"#),
            Err(MatrixError::NotCombinations("include"))
        );
        let hundred = format!("[{}]", (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(
            expand(&format!(r#"{{"a": {hundred}, "b": [1, 2, 3]}}"#)),
            Err(MatrixError::TooMany(300))
        );
        let axes: Vec<_> = (0..20).map(|n| format!("\"a{n}\": {hundred}")).collect();
        assert!(matches!(
            expand(&format!("{{{}}}", axes.join(","))),
            Err(MatrixError::TooMany(_))
        ));
    }
}
