//! Workflows that invented jobs call, also through another.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_pipeline::definition::{
    Call, CallInput, CallInputKind, CallOutput, Called, Interface, Job, PassedSecrets, Pipeline,
};

use super::{entries, place, template};
use crate::chance::Chance;

/// A workflow that calls nothing.
const INNER: &str = ".github/workflows/inner.yml";
/// A workflow that may call the other one.
const OUTER: &str = ".github/workflows/outer.yml";

/// Invents the workflows that can be called.
pub(super) fn workflows(chance: &mut Chance) -> BTreeMap<String, Called> {
    let inner = (0..chance.between(1, 3))
        .filter_map(|at| super::job(at, chance))
        .collect();
    let outer = (0..chance.between(1, 2))
        .filter_map(|at| {
            let job = super::job(at, chance)?;
            Some(maybe_calling(job, &[INNER], chance))
        })
        .collect();
    BTreeMap::from([(INNER.to_owned(), called(inner)), (OUTER.to_owned(), called(outer))])
}

/// Lets one of five jobs of the run's own pipeline call a workflow in place of its steps.
pub(super) fn of_the_top(job: Job, chance: &mut Chance) -> Job {
    maybe_calling(job, &[INNER, OUTER], chance)
}

fn maybe_calling(mut job: Job, workflows: &[&str], chance: &mut Chance) -> Job {
    if !chance.per_mille(200) {
        return job;
    }
    let answer = match job.needs.first() {
        Some(need) => format!("${{{{ needs.{need}.outputs.answer }}}}"),
        None => "yes".to_owned(),
    };
    let secrets = if chance.per_mille(500) {
        PassedSecrets::Inherit
    } else {
        PassedSecrets::Given(entries(&[(super::SECRET, "${{ secrets.TOKEN }}")]))
    };
    job.call = Some(Box::new(Call {
        workflow: (*chance.pick(workflows)).to_owned(),
        with: entries(&[("answer", &answer)]),
        secrets,
    }));
    job.steps.clear();
    job.outputs.clear();
    job.continue_on_error = None;
    job.timeout_minutes = None;
    job
}

fn called(jobs: Vec<Job>) -> Called {
    let output = template("${{ jobs.job0.outputs.answer || inputs.answer }}");
    Called {
        interface: Interface {
            inputs: vec![CallInput {
                name: "answer".into(),
                kind: CallInputKind::String,
                is_required: true,
                default: None,
            }],
            secrets: Vec::new(),
            outputs: output
                .into_iter()
                .map(|value| CallOutput {
                    name: "answer".into(),
                    value,
                    place: place(),
                })
                .collect(),
        },
        pipeline: Arc::new(Pipeline {
            path: "called.yml".into(),
            ..super::pipeline(jobs.into_iter().map(Arc::new).collect())
        }),
    }
}
