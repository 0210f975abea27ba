//! The names that expressions can refer to at one place: earlier steps, needed jobs, axes of the matrix.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::diagnostic::nearest;
use lockgate_pipeline::expression::ContextUse;

use super::property;

/// The most names that are compared for a suggestion.
pub(super) const MOST_CANDIDATES: usize = 200;

/// What is known at one place; what is `None` is not checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The jobs of the workflow.
    pub(super) jobs: Option<Names>,
    /// The jobs that the job needs.
    pub(super) needs: Option<Names>,
    /// The ids of the job's steps in lower case, with whether each has run at this place.
    pub(super) steps: Option<BTreeMap<String, Reached>>,
    /// The names of the matrix.
    pub(super) matrix: Option<Names>,
    /// The inputs of the workflow.
    pub(super) inputs: Option<Names>,
}

/// Names that are the same in any case.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    lower: BTreeSet<String>,
    /// The first of them as they are written.
    candidates: Vec<String>,
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            let is_new = all.lower.insert(name.to_ascii_lowercase());
            if is_new && all.candidates.len() < MOST_CANDIDATES {
                all.candidates.push(name);
            }
        }
        all
    }
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.lower.is_empty()
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.lower.len()
    }

    /// Returns whether `name` is one of them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lower.contains(&name.to_ascii_lowercase())
    }

    /// Returns the one that is meant by `name`.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.first())
    }

    /// Returns as many of them as are compared for a suggestion.
    pub(super) fn first(&self) -> impl Iterator<Item = &str> {
        self.candidates.iter().map(String::as_str)
    }
}

/// Whether a step stands before the place that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Before,
    Later,
}

/// Why a name gives nothing.
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: String,
}

impl Known {
    /// Returns what is wrong with the first name behind a context.
    pub(super) fn problem_with(&self, found: &ContextUse) -> Option<Problem> {
        let name = found.path.first()?;
        self.problem_with_name(found, name).or_else(|| {
            let property = found.path.get(1)?;
            let whole = format!("{}.{name}", found.name);
            missing_property(&whole, property, property::of_entry(&found.name)?)
        })
    }

    fn problem_with_name(&self, found: &ContextUse, name: &str) -> Option<Problem> {
        match found.name.as_str() {
            "needs" => missing(name, self.needs.as_ref()?, |nearest| match nearest {
                Some(near) => (
                    format!("the job does not need `{name}`"),
                    format!("did you mean `{near}`?"),
                ),
                None => (
                    format!("the job does not need `{name}`, so its result is not known here"),
                    self.jobs.as_ref().filter(|jobs| !jobs.has(name)).map_or_else(
                        || format!("add `{name}` to the `needs` of the job"),
                        |jobs| match jobs.nearest(name) {
                            Some(near) => format!("there is no such job; did you mean `{near}`?"),
                            None => "there is no such job in the workflow".to_owned(),
                        },
                    ),
                ),
            }),
            "steps" => self.step_problem(name),
            "matrix" if self.matrix.as_ref()?.is_empty() => Some(Problem {
                message: format!("the job has no matrix, so that `matrix.{name}` is empty"),
                help: "give the job a `strategy` with a `matrix`".to_owned(),
            }),
            "matrix" => missing(name, self.matrix.as_ref()?, |nearest| {
                let help = nearest.map_or_else(
                    || "add it to the matrix".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                (format!("the matrix has no `{name}`"), help)
            }),
            "inputs" => missing(name, self.inputs.as_ref()?, |nearest| {
                let help = nearest.map_or_else(
                    || {
                        "declare it under `inputs`: in a workflow that of `workflow_dispatch` or `workflow_call`"
                            .to_owned()
                    },
                    |near| format!("did you mean `{near}`?"),
                );
                (format!("there is no input `{name}`"), help)
            }),
            context => missing_property(context, name, property::of_context(context)?),
        }
    }

    fn step_problem(&self, name: &str) -> Option<Problem> {
        let steps = self.steps.as_ref()?;
        match steps.get(&name.to_ascii_lowercase()) {
            Some(Reached::Before) => None,
            Some(Reached::Later) => Some(Problem {
                message: format!("the step `{name}` has not run here, so that its result is empty"),
                help: "a step can only read what steps above it gave".to_owned(),
            }),
            None => {
                let ids = steps.keys().take(MOST_CANDIDATES).map(String::as_str);
                Some(Problem {
                    message: format!("the job has no step with the id `{name}`"),
                    help: nearest(name, ids).map_or_else(
                        || format!("give the step that is meant `id: {name}`"),
                        |near| format!("did you mean `{near}`?"),
                    ),
                })
            }
        }
    }
}

fn missing_property(whole: &str, name: &str, known: &[&str]) -> Option<Problem> {
    if known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return None;
    }
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if whole == "github" => "what the event says stands in `github.event`".to_owned(),
        None => {
            let listed: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
            format!("it has {}", listed.join(", "))
        }
    };
    Some(Problem {
        message: format!("`{whole}` has no `{name}`, so that this is empty"),
        help,
    })
}

fn missing(name: &str, known: &Names, words: impl Fn(Option<&str>) -> (String, String)) -> Option<Problem> {
    if known.has(name) {
        return None;
    }
    let (message, help) = words(known.nearest(name));
    Some(Problem { message, help })
}
