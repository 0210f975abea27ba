//! Why a condition holds, does not hold, or is open: its parts, with the values that decided.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::definition::Job;
use crate::expression::{Condition, ContextUse, Finding, Partial, Scope, Status, Trial, Value, secret};
use crate::plan::Fate;
use crate::plan::fate::{SKIPPED, Standing};
use crate::scope::KnownContexts;

/// The longest value that is told in full, in characters.
const LONGEST: usize = 60;

/// A condition with what decided it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlinedCondition {
    /// The condition.
    pub text: String,
    /// Whether it holds; null while that is open.
    pub holds: Option<bool>,
    /// The parts that decide it or keep it open.
    pub because: Vec<Part>,
}

/// A part of a condition without `&&` and `||`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// The part.
    pub part: String,
    /// Whether it holds; null while that is open.
    pub holds: Option<bool>,
    /// What it reads, and the values that are known; the others are null.
    pub reads: Vec<Read>,
}

/// Something that a condition reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Read {
    /// What it is, such as `github.ref`.
    pub name: String,
    /// Whether its value is known.
    pub known: bool,
    /// The value.
    pub value: Value,
}

/// Returns what decides the condition of `job`; none when it has no condition of its own.
pub(super) fn judged(
    job: &Job,
    fate: &Fate,
    knows: &dyn Fn(&ContextUse) -> bool,
    scope: &KnownContexts,
    before: Standing,
) -> Option<OutlinedCondition> {
    let condition = job.condition.as_ref().filter(|_| concerns(fate))?;
    let tried = |status: Status, knows_status: bool| {
        condition.try_in(&Partial {
            scope: &scope.standing(status) as &dyn Scope,
            knows: &|found| knows(found).into(),
            knows_status,
        })
    };
    let holds = match fate {
        Fate::WillRun => Some(true),
        Fate::MayRun { .. } => None,
        Fate::WillNotRun(_) => Some(false),
    };
    // What holds whatever happened before is told first; else how it stands as is expected, or otherwise.
    let trials = [
        tried(before.expected(), false),
        tried(before.expected(), true),
        tried(Status::SUCCESS, true),
        tried(Status::FAILURE, true),
        tried(SKIPPED, true),
    ];
    let fitting = trials.iter().find(|trial| trial.holds == holds);
    let trial = fitting.cloned().unwrap_or(Trial {
        holds,
        because: Vec::new(),
    });
    Some(outlined(condition, trial))
}

/// Returns whether `job` runs behind one that was skipped: its condition asks for no success, and holds.
pub(super) fn holds_behind_skipped(job: &Job, knows: &dyn Fn(&ContextUse) -> bool, scope: &KnownContexts) -> bool {
    let asking = job
        .condition
        .as_ref()
        .filter(|condition| condition.uses_status_function());
    asking.is_some_and(|condition| {
        let trial = condition.try_in(&Partial {
            scope: &scope.standing(SKIPPED) as &dyn Scope,
            knows: &|found| knows(found).into(),
            knows_status: true,
        });
        trial.holds == Some(true)
    })
}

fn concerns(fate: &Fate) -> bool {
    matches!(
        fate,
        Fate::WillRun | Fate::MayRun { .. } | Fate::WillNotRun(crate::plan::WhyNot::ConditionFalse { .. })
    )
}

fn outlined(condition: &Condition, trial: Trial) -> OutlinedCondition {
    OutlinedCondition {
        text: condition.to_string(),
        holds: trial.holds,
        because: trial.because.into_iter().map(Part::of).collect(),
    }
}

impl Part {
    fn of(finding: Finding) -> Self {
        let read = |(name, value): (String, Option<Value>)| Read {
            name,
            known: value.is_some(),
            value: value.map(without_secrets).unwrap_or_default(),
        };
        Self {
            part: finding.text,
            holds: finding.holds,
            reads: finding.reads.into_iter().map(read).collect(),
        }
    }
}

impl OutlinedCondition {
    /// Returns the parts in words; empty when nothing can be said.
    pub(super) fn words(&self, before: Standing) -> String {
        let words: Vec<String> = self.because.iter().map(|part| part.words(before)).collect();
        words.join("; ")
    }
}

impl Part {
    fn words(&self, before: Standing) -> String {
        let part = &self.part;
        let Some(holds) = self.holds else {
            if part == "cancelled()" {
                return format!("`{part}` holds only when the run is cancelled");
            }
            let unsaid = |read: &&Read| !read.known && read.name.starts_with("github.");
            return match self.reads.iter().find(unsaid) {
                Some(read) => format!("`{part}` is open: only `--event-file` can say {}", read.name),
                None => format!("`{part}` is open until {}", self.awaited()),
            };
        };
        if let [
            Read {
                name,
                value: Value::String(text),
                ..
            },
        ] = self.reads.as_slice()
            && name == part
        {
            return match text.as_str() {
                "" => format!("`{part}` is false: it is an empty text"),
                _ => format!(
                    "`{part}` is a text that is not empty, and so true: {}",
                    spoken(&self.reads[0].value)
                ),
            };
        }
        let mut words = format!("`{part}` is {holds}");
        if self.reads.is_empty() && part.ends_with("()") {
            words += match (part.as_str(), holds) {
                ("failure()", false) | ("success()", true) if before.may_fail => ", unless a job before it fails",
                ("failure()", false) => ", as nothing before it can fail",
                ("success()", false) => ", as something before it does not succeed",
                _ => "",
            };
        }
        let reads: Vec<String> = self
            .reads
            .iter()
            .filter(|read| read.known)
            .map(|read| format!("{} is {}", read.name, spoken(&read.value)))
            .collect();
        if !reads.is_empty() {
            words += ": ";
            words += &reads.join(", ");
        }
        words
    }

    fn reads_inputs(&self) -> bool {
        let mut unknown = self.reads.iter().filter(|read| !read.known);
        unknown.any(|read| read.name.starts_with("inputs"))
    }

    /// Returns what has to happen before it is known.
    fn awaited(&self) -> String {
        let unknown = self.reads.iter().filter(|read| !read.known);
        let jobs: BTreeSet<&str> = unknown
            .filter_map(|read| read.name.strip_prefix("needs.")?.split(['.', '[']).next())
            .filter(|job| *job != "*")
            .collect();
        match jobs.iter().copied().collect::<Vec<_>>().as_slice() {
            [] if self.part.contains("hashFiles") => "the files are there".to_owned(),
            [] if self.reads_inputs() => "the workflow is called".to_owned(),
            [] => "the jobs before it are over".to_owned(),
            [one] => format!("`{one}` is over"),
            several => format!("`{}` are over", several.join("`, `")),
        }
    }
}

/// Returns a value as an expression writes it, not longer than a line takes.
fn spoken(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("'{}'", text.replace('\'', "''").replace('\n', "\\n")),
        Value::Number(_) | Value::Boolean(_) => value.to_text(),
        other => serde_json::to_string(other).unwrap_or_default(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("{start}…")
}

/// Returns a value with `***` in place of every text that holds a secret.
pub(super) fn without_secrets(value: Value) -> Value {
    match value {
        Value::String(text) if secret::contains_marker(&text) => Value::from("***"),
        Value::Array(array) => Value::array(array.items().iter().cloned().map(without_secrets)),
        Value::Object(object) => Value::object(
            object
                .iter()
                .map(|(name, field)| (name.to_owned(), without_secrets(field.clone()))),
        ),
        other => other,
    }
}
