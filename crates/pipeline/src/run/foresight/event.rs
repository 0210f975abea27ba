//! Conditions that ask for what an event does not say that was made of the repository.

use super::Foreseen;
use crate::plan::{Fate, Plan};

/// Returns for each of `jobs` what its condition reads of the event that is not there, and so empty.
pub(super) fn unsaid(plan: &Plan, jobs: &[usize]) -> Vec<Foreseen> {
    let scope = plan.contexts.for_jobs();
    let open = jobs
        .iter()
        .filter(|place| matches!(plan.jobs[**place].fate, Fate::MayRun { .. }));
    let unsaid = open.filter_map(|place| {
        let job = plan.definition(*place);
        let uses = job.condition.as_ref()?.contexts_used();
        // The event as a whole says something, if not all.
        let mut fields = uses.into_iter().filter(|found| found.path.len() > 1);
        let unknown = fields.find(|found| !scope.knows(found))?;
        let path = [unknown.name, unknown.path.join(".")].join(".");
        Some(Foreseen {
            at: job.place_of("if").to_string(),
            words: format!(
                "`{}` asks for {path}, which the event does not say that was made of the repository: it is empty \
                 unless `--event-file` says it",
                plan.selector(*place)
            ),
        })
    });
    unsaid.collect()
}
