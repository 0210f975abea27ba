//! What a job begins with.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::Now;

use super::{runner, variables};
use crate::expression::{EvaluationError, Scope, Template, Value};
use crate::run::Run;
use crate::run::event::JobStart;
use crate::run::job::JobState;

/// The longest that a job may take when it does not say: as on GitHub.
const DEFAULT_TIMEOUT: Duration = Duration::from_hours(6);

/// Returns what `job` begins with.
///
/// # Errors
/// Returns in words why it cannot begin.
pub(super) fn start(run: &Run, job: &JobState, now: &Now) -> Result<JobStart, String> {
    let scope = run.leg_scope(job);
    let definition = &job.definition;
    let at = |key: &str, why: String| format!("{}: {why}", definition.place_of(key));
    let labels = runner::labels(&definition.runs_on, &scope).map_err(|error| at("runs-on", error.to_string()))?;
    let env = variables::at_start(run, job)?;
    let timeout = timeout(definition.timeout_minutes.as_ref(), &scope).map_err(|why| at("timeout-minutes", why))?;
    let continue_on_error = flag("`continue-on-error`", definition.continue_on_error.as_ref(), &scope)
        .map_err(|why| at("continue-on-error", why))?;
    Ok(JobStart {
        weight: run.start.limits.weight(&labels),
        labels,
        env: Arc::new(env),
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        continue_on_error,
        now: now.clone(),
    })
}

/// Returns the duration that `timeout-minutes` names.
fn timeout(template: Option<&Template>, scope: &dyn Scope) -> Result<Option<Duration>, String> {
    let Some(template) = template else {
        return Ok(None);
    };
    let value = template
        .evaluate(scope)
        .map_err(|error| cannot("`timeout-minutes`", &error))?;
    minutes(&value).map(Some)
}

/// Returns the duration of so many minutes.
fn minutes(value: &Value) -> Result<Duration, String> {
    let minutes = value.to_number();
    if minutes.is_nan() || minutes <= 0.0 {
        let value = value.to_text();
        return Err(format!(
            "`timeout-minutes` is `{value}`, but it must be a number above 0"
        ));
    }
    Ok(of_minutes(minutes))
}

/// Returns the limit that so many minutes are for a step: fractions are cut off, and no minute at all is no limit.
pub(super) fn whole_minutes(minutes: f64) -> Option<Duration> {
    (minutes >= 1.0).then(|| of_minutes(minutes.trunc()))
}

/// Returns the duration of so many minutes; a century stands for everything longer.
fn of_minutes(minutes: f64) -> Duration {
    const CENTURY: f64 = 100.0 * 365.0 * 24.0 * 60.0;
    Duration::from_millis((minutes.min(CENTURY) * 60_000.0).ceil() as u64)
}

/// Returns what a key that is true or false says; false when it is not given.
fn flag(what: &str, template: Option<&Template>, scope: &dyn Scope) -> Result<bool, String> {
    let Some(template) = template else {
        return Ok(false);
    };
    let value = template.evaluate(scope).map_err(|error| cannot(what, &error))?;
    read_flag(what, &value)
}

/// Returns the truth that a value says; a text must be `true` or `false`.
fn read_flag(what: &str, value: &Value) -> Result<bool, String> {
    match value {
        Value::Boolean(flag) => Ok(*flag),
        Value::Null => Ok(false),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" || text.is_empty() => Ok(false),
        other => Err(format!("{what} is `{}`, but it must be true or false", other.to_text())),
    }
}

/// Returns in words that `what` cannot be evaluated.
pub(super) fn cannot(what: &str, error: &EvaluationError) -> String {
    match error {
        EvaluationError::Needs(_) => format!("{what} cannot read files: `hashFiles` works only in the keys of a step"),
        other => format!("{what} cannot be evaluated: {other}"),
    }
}
