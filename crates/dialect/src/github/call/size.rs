//! How many jobs a file has with those of the workflows that it calls, as far as its matrices are written out.

use std::collections::BTreeMap;

use lockgate_core::Diagnostic;
use lockgate_pipeline::plan::{has_room, written_legs};

use super::WorkflowCall;
use super::known::{CalledWorkflows, Facts};
use crate::codes;

/// How many jobs the workflows have: each is counted once, however many ways lead to it.
pub(super) type Sizes<'a> = BTreeMap<&'a str, usize>;

impl CalledWorkflows {
    /// Notes the first call that brings more jobs than a plan has room for; what is too large already is told there.
    ///
    /// The files are in no circle, and not too deep in each other.
    pub(super) fn judge_size<'a>(&'a self, facts: &'a Facts, sizes: &mut Sizes<'a>, found: &mut Vec<Diagnostic>) {
        let mut sum = 0_usize;
        let legs = legs(facts);
        for call in &facts.calls {
            let inside = self.jobs_of(&call.path, sizes);
            if !has_room(inside) {
                return;
            }
            sum = sum.saturating_add(legs(call).saturating_mul(inside));
            if !has_room(sum) {
                found.push(too_many(facts, call, sum));
                return;
            }
        }
    }

    fn jobs_of<'a>(&'a self, path: &'a str, sizes: &mut Sizes<'a>) -> usize {
        if let Some(size) = sizes.get(path) {
            return *size;
        }
        let mut size = 0_usize;
        if let Some(facts) = self.file(path) {
            size = facts
                .workflow
                .as_ref()
                .map_or(0, |workflow| workflow.pipeline.jobs.len());
            let legs = legs(facts);
            for call in &facts.calls {
                let inside = self.jobs_of(&call.path, sizes);
                size = size.saturating_add(legs(call).saturating_mul(inside));
            }
        }
        sizes.insert(path, size);
        size
    }
}

/// Returns how often each call of a file is made.
fn legs(facts: &Facts) -> impl Fn(&WorkflowCall) -> usize {
    let pipeline = facts.workflow.as_ref().map(|workflow| &workflow.pipeline);
    let jobs = pipeline.map_or(&[][..], |pipeline| &pipeline.jobs);
    let calling = jobs.iter().filter(|job| job.call.is_some());
    let legs: BTreeMap<&str, usize> = calling.map(|job| (job.id.as_str(), written_legs(job))).collect();
    move |call| legs.get(call.job.as_str()).copied().unwrap_or(1)
}

fn too_many(facts: &Facts, call: &WorkflowCall, jobs: usize) -> Diagnostic {
    let message = format!(
        "`{}`: with this call there are {jobs} jobs of called workflows, which are more than this version plans",
        call.reference
    );
    let help = "the file is valid, but a plan in which all of them may run is refused; give the matrices fewer values";
    Diagnostic::warning(codes::NOT_YET_SUPPORTED, &facts.file, call.span, message).help(help)
}
