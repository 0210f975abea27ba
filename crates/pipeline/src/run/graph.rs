//! Which job needs which, and which workflow is called by which, by place.

use std::collections::BTreeMap;

use super::effect::JobKey;
use crate::plan::Plan;

/// Which job needs which, by their places in the plan.
#[derive(Debug)]
pub(super) struct Graph {
    /// By job: what it needs.
    pub(super) needs: Vec<Vec<usize>>,
    /// By job: what needs it.
    pub(super) dependents: Vec<Vec<usize>>,
    /// By job: the calls that it makes, one for each leg; none of a job with steps.
    pub(super) calls: Vec<Vec<usize>>,
    /// By job: the call whose workflow it belongs to.
    pub(super) within: Vec<Option<usize>>,
    /// By call: the jobs of its workflow, without those that these call.
    pub(super) jobs: Vec<Vec<usize>>,
    /// By call: the job that makes it.
    pub(super) callers: Vec<usize>,
    places: BTreeMap<String, usize>,
    calls_by_key: BTreeMap<JobKey, usize>,
}

impl Graph {
    /// Returns the graph of `plan`.
    pub(super) fn of(plan: &Plan) -> Self {
        let needs = plan.needs();
        let mut dependents = vec![Vec::new(); needs.len()];
        for (place, needed) in needs.iter().enumerate() {
            for need in needed {
                dependents[*need].push(place);
            }
        }
        let within: Vec<Option<usize>> = (0..needs.len()).map(|place| plan.call_of(place)).collect();
        let mut jobs = vec![Vec::new(); plan.calls.len()];
        for (place, call) in within.iter().enumerate() {
            if let Some(call) = call {
                jobs[*call].push(place);
            }
        }
        let mut calls = vec![Vec::new(); needs.len()];
        for (call, planned) in plan.calls.iter().enumerate() {
            calls[planned.caller].push(call);
        }
        let of_leg = |call: usize| Some((plan.leg_of(call)?.key.clone(), call));
        Self {
            needs,
            dependents,
            calls,
            within,
            jobs,
            callers: plan.calls.iter().map(|call| call.caller).collect(),
            places: plan
                .jobs
                .iter()
                .enumerate()
                .map(|(place, job)| (job.id.clone(), place))
                .collect(),
            calls_by_key: (0..plan.calls.len()).filter_map(of_leg).collect(),
        }
    }

    /// Returns the place of the job with this id.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// Returns the call that the leg with this key makes.
    pub(super) fn call(&self, leg: &JobKey) -> Option<usize> {
        self.calls_by_key.get(leg).copied()
    }
}

/// A leg by its places: of its job in the plan, and of itself in the expansion.
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
