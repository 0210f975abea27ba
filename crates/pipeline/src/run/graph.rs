//! Which job needs which, by place.

use std::collections::BTreeMap;

use super::effect::JobKey;
use crate::definition::Pipeline;

/// Which job needs which, by their places in the pipeline.
#[derive(Debug)]
pub(super) struct Graph {
    /// By job: what it needs.
    pub(super) needs: Vec<Vec<usize>>,
    /// By job: what needs it.
    pub(super) dependents: Vec<Vec<usize>>,
    places: BTreeMap<String, usize>,
}

impl Graph {
    /// Returns the graph of `pipeline`.
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let jobs = pipeline.jobs.iter().enumerate();
        let places: BTreeMap<_, _> = jobs.map(|(place, job)| (job.id.clone(), place)).collect();
        let mut needs = Vec::with_capacity(places.len());
        let mut dependents = vec![Vec::new(); pipeline.jobs.len()];
        for (place, job) in pipeline.jobs.iter().enumerate() {
            let mut of_job: Vec<usize> = job.needs.iter().filter_map(|id| places.get(id).copied()).collect();
            of_job.sort_unstable();
            of_job.dedup();
            for need in &of_job {
                dependents[*need].push(place);
            }
            needs.push(of_job);
        }
        Self {
            needs,
            dependents,
            places,
        }
    }

    /// Returns the place of the job with this id.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }
}

/// A leg by its places: of its job in the pipeline, and of itself in the expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LegPlace {
    /// The place of the job.
    pub(super) group: usize,
    /// The place of the leg.
    pub(super) leg: usize,
}

/// Returns the name of the workspace effect of a job.
pub(super) fn workspace_key(job: &JobKey) -> lockgate_core::EffectKey {
    lockgate_core::EffectKey::of("workspace", job)
}
