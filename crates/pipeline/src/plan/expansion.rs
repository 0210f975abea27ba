//! What a job expands to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PlanError;
use super::matrix::{MatrixError, combinations};
use crate::definition::{Job, Matrix, Strategy, TemplateValue};
use crate::expression::{EvaluationError, Scope, Template, Value};
use crate::run::effect::JobKey;
use crate::scope::KnownContexts;

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
    /// Returns the key of the job that is to blame.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Evaluation { what: "`name`", .. } => "name",
            Self::Evaluation {
                what: "`fail-fast`", ..
            } => "strategy.fail-fast",
            Self::Evaluation {
                what: "`max-parallel`", ..
            }
            | Self::Matrix(MatrixError::MaxParallel(_)) => "strategy.max-parallel",
            Self::Evaluation { .. } | Self::Matrix(_) => "strategy.matrix",
        }
    }

    pub(super) fn in_plan(self, job: &Job) -> PlanError {
        let (job, place) = (job.id.clone(), job.place_of(self.key()));
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
    ///
    /// `within` is the leg that calls the workflow of the job.
    pub(crate) fn of(job: &Job, scope: &KnownContexts, within: Option<&Leg>) -> Result<Self, ExpansionError> {
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
        let mut legs = legs(job, combinations, &strategy, scope)?;
        if let Some(within) = within {
            for leg in &mut legs {
                leg.put_into(within);
            }
        }
        Ok(Self {
            legs,
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

impl Leg {
    /// Makes it a leg of a workflow that `within` calls.
    fn put_into(&mut self, within: &Self) {
        self.key = JobKey::new(format!("{} / {}", within.key, self.key));
        self.name = format!("{} / {}", within.name, self.name);
        // Neither an id nor a number has a dot, so that no other job has the same directory.
        self.directory = format!("{}.{}", within.directory, self.directory);
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

pub(super) fn resolved(matrix: &Matrix, scope: &dyn Scope) -> Result<Value, ExpansionError> {
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
pub(super) fn suffix(matrix: &Value) -> String {
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
