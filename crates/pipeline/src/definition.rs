//! A pipeline as it was written, free of the dialect it was written in.
//!
//! A dialect lowers a file to these values once; everything later (plan, run) reads only them. Whatever may hold an
//! expression is a [`Template`] and is written as its source text, so that a stored pipeline reads like the file.
//! Triggers are not here: whether a file answers an event is the dialect's question.

mod call;
mod job;
mod step;
mod template_value;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use call::{Call, CallInput, CallInputKind, CallOutput, CallSecret, Called, Interface, PassedSecrets};
pub use job::{Concurrency, Defaults, Job, JobEnvironment, Matrix, Permissions, RunsOn, Strategy};
pub use step::{Step, StepBody};
pub use template_value::TemplateValue;

use crate::expression::Template;

/// Names with templates, in the order of the file.
pub type Entries = Vec<(String, Template)>;

/// A graph of jobs with what they share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The name shown to people; the file's path when the file gives none.
    pub name: String,
    /// The file, relative to the repository's root.
    pub path: Arc<str>,
    /// The name of one run (`run-name`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_name: Option<Template>,
    /// Environment variables of every step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Entries,
    /// What steps use when neither they nor their job say otherwise.
    #[serde(default)]
    pub defaults: Defaults,
    /// The concurrency group of the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// What a token may do, when the jobs do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// The jobs, in the order of the file.
    pub jobs: Vec<Arc<Job>>,
    /// What the file asks for at its top and this version cannot do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<Unsupported>,
    /// Line and column of the keys at the top that each job evaluates, such as `env.NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, (usize, usize)>,
}

impl Pipeline {
    /// Returns where a key at the top stands; the beginning of the file when that is not known.
    pub fn place_of(&self, key: &str) -> Place {
        let (line, column) = self.places.get(key).copied().unwrap_or((1, 1));
        Place::new(Arc::clone(&self.path), line, column)
    }

    /// Returns the job with this id.
    pub fn job(&self, id: &str) -> Option<&Arc<Job>> {
        self.jobs.iter().find(|job| job.id == id)
    }
}

/// A place in a file, counted from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file, as shown to people.
    pub file: Arc<str>,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// Returns the place.
    pub fn new(file: impl Into<Arc<str>>, line: usize, column: usize) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Something that a file asks for and this version cannot do.
///
/// It is an error only when the job that asks would run: a file may be used in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsupported {
    /// What it is, such as `services`.
    pub what: String,
    /// Why it cannot be done, as a lowercase sentence without a full stop.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
    /// Where it is asked for.
    pub place: Place,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`: {}; {}", self.place, self.what, self.why, self.remedy)
    }
}
