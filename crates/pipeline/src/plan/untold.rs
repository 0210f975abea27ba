//! A plan once more, as if nobody had told how any job ended.

use std::collections::{BTreeMap, BTreeSet};

use super::call::{Level, Planner};
use super::selection::Asked;
use super::{Fate, Plan, PlanError, WhyNot};

impl Plan {
    /// Returns the plan for the same trigger in which no job has ended yet.
    ///
    /// # Errors
    /// Returns what stands against it, such as a called workflow whose matrix only the outputs of a job decide.
    pub(super) fn untold(&self) -> Result<Self, Vec<PlanError>> {
        let (mut selected, mut replaced) = (Vec::new(), BTreeSet::new());
        for job in &self.jobs {
            match &job.fate {
                Fate::WillNotRun(WhyNot::NotSelected { selected: asked }) => selected.clone_from(asked),
                Fate::WillNotRun(WhyNot::Replaced) => _ = replaced.insert(job.id.clone()),
                _ => {}
            }
        }
        let known = BTreeMap::new();
        let mut planner = Planner::new(&self.called, &known);
        planner.plan(
            &Level::top(&self.pipeline, &self.contexts),
            &Asked::of(&selected, &replaced, &known),
        );
        let Planner {
            jobs, calls, errors, ..
        } = planner;
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            jobs,
            calls,
            known,
            ..self.clone()
        })
    }
}
