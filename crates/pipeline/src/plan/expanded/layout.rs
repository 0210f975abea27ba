//! What each job of a plan becomes in the flat workflow: its ids there, and what has to be over before it.
//!
//! A leg becomes a job of its own, a call becomes the jobs of the workflow that it calls, and a job that does not run
//! becomes nothing: who needs it waits for what it would have waited for, so that the order stays.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::Bound;
use super::doubts::Doubts;
use super::ids::ids;
use crate::plan::outline::levels;
use crate::plan::{Fate, Plan};

/// The fewest bytes that a job takes.
const LEAST_BYTES: usize = 60;

/// What stands around an id in a list of needs.
const AROUND_BYTES: usize = 9;

/// What each job of a plan becomes.
pub(super) struct Layout<'p> {
    pub(super) plan: &'p Plan,
    /// The ids of the jobs that stand in the flat workflow for each job that has steps: one for each leg.
    ids: Vec<Vec<String>>,
    /// The same, and for a job that calls those of the workflow that it calls.
    parts: Vec<Vec<String>>,
    /// What each job needs of its own workflow.
    needs: Vec<Vec<usize>>,
    /// The calls that each job makes.
    calls: Vec<Vec<usize>>,
    /// The jobs of the workflow of each call.
    inner: Vec<Vec<usize>>,
    /// By call and id in lower case.
    places: BTreeMap<(Option<usize>, String), usize>,
    /// The ids in the order of the flat workflow.
    positions: BTreeMap<String, usize>,
    /// The ids that each job waits for.
    before: Vec<Vec<String>>,
    /// Whether all before each job ends as the jobs that stand for it do, so that status functions say the same.
    is_plain_before: Vec<bool>,
    /// What it takes to write the flat workflow. Nothing here is complete once that is too much.
    pub(super) bound: Bound,
    /// Which calls may not be made; none while they are looked for.
    pub(super) doubts: Doubts,
}

impl<'p> Layout<'p> {
    /// Returns the layout of a plan.
    pub(super) fn of(plan: &'p Plan) -> Self {
        let mut calls = vec![Vec::new(); plan.jobs.len()];
        for (index, call) in plan.calls.iter().enumerate() {
            calls[call.caller].push(index);
        }
        let mut inner = vec![Vec::new(); plan.calls.len()];
        let mut places = BTreeMap::new();
        for place in 0..plan.jobs.len() {
            let call = plan.call_of(place);
            if let Some(call) = call {
                inner[call].push(place);
            }
            places.insert((call, plan.definition(place).id.to_ascii_lowercase()), place);
        }
        let bound = Bound::default();
        let legs = plan.jobs.iter().filter_map(|job| job.expansion.as_ref());
        bound.spend(legs.map(|expansion| expansion.legs.len() * LEAST_BYTES).sum());
        let ids = if bound.is_over() {
            vec![Vec::new(); plan.jobs.len()]
        } else {
            ids(plan)
        };
        let positions = ids.iter().flatten().cloned().enumerate();
        let mut layout = Self {
            plan,
            positions: positions.map(|(position, id)| (id, position)).collect(),
            ids,
            parts: Vec::new(),
            needs: plan.needs(),
            calls,
            inner,
            places,
            before: Vec::new(),
            is_plain_before: Vec::new(),
            bound,
            doubts: Doubts::default(),
        };
        layout.parts = layout.all_parts();
        layout.look_before();
        layout
    }

    /// Returns the ids of the legs of a job with steps; none when it does not run.
    pub(super) fn ids(&self, place: usize) -> &[String] {
        &self.ids[place]
    }

    /// Returns the ids of all jobs that stand for the job at `place`.
    pub(super) fn parts(&self, place: usize) -> &[String] {
        &self.parts[place]
    }

    /// Returns the ids of all jobs that stand for one call.
    pub(super) fn parts_of_call(&self, call: usize) -> Vec<String> {
        let inner = self.inner[call].iter();
        inner.flat_map(|place| self.parts[*place].clone()).collect()
    }

    /// Returns the ids that a job waits for.
    pub(super) fn before(&self, place: usize) -> &[String] {
        &self.before[place]
    }

    /// Returns where a job stands in the flat workflow.
    pub(super) fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// Returns the places of the jobs that a job needs.
    pub(super) fn needs(&self, place: usize) -> &[usize] {
        &self.needs[place]
    }

    /// Returns the calls that a job makes.
    pub(super) fn calls(&self, place: usize) -> &[usize] {
        &self.calls[place]
    }

    /// Returns the places of the jobs in the workflow of a call.
    pub(super) fn inner(&self, call: usize) -> &[usize] {
        &self.inner[call]
    }

    /// Returns the place of the job that calls the workflow in which the job at `place` stands.
    pub(super) fn caller(&self, place: usize) -> Option<usize> {
        Some(self.plan.calls[self.plan.call_of(place)?].caller)
    }

    /// Returns the place of the job `id` in the workflow of a call, or in the plan's own.
    pub(super) fn place(&self, call: Option<usize>, id: &str) -> Option<usize> {
        self.places.get(&(call, id.to_ascii_lowercase())).copied()
    }

    /// Returns whether a job calls a workflow.
    pub(super) fn is_call(&self, place: usize) -> bool {
        self.plan.definition(place).call.is_some()
    }

    /// Returns whether a job can come to run.
    pub(super) fn may_run(&self, place: usize) -> bool {
        self.plan.jobs[place].fate.may_run()
    }

    /// Returns whether the condition of a job asks how others ended, so that no `success()` is implied.
    pub(super) fn asks_status(&self, place: usize) -> bool {
        let condition = self.plan.definition(place).condition.as_ref();
        condition.is_some_and(crate::expression::Condition::uses_status_function)
    }

    /// Returns whether a job, or one whose workflow it is in, may come to run when something before has not succeeded.
    pub(super) fn runs_behind_failure(&self, place: usize) -> bool {
        let mut around = std::iter::successors(Some(place), |inner| self.caller(*inner));
        around.any(|place| self.asks_status(place))
    }

    /// Returns the jobs of the same workflow that are over before a job, all the way back.
    pub(super) fn ancestors(&self, place: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![place];
        while let Some(at) = open.pop() {
            open.extend(self.needs[at].iter().filter(|need| found.insert(**need)));
        }
        found
    }

    /// Returns whether a job that calls succeeds when and only when each job that stands for it does, of which there is one.
    pub(super) fn is_plain(&self, place: usize) -> bool {
        if !self.is_call(place) {
            return true;
        }
        let inner = self.calls[place].iter().flat_map(|call| &self.inner[*call]);
        let mut running = inner.filter(|place| self.may_run(**place));
        let is_plain = |place: &usize| self.plan.jobs[*place].fate == Fate::WillRun && self.is_plain(*place);
        !self.parts[place].is_empty() && running.all(is_plain)
    }

    /// Returns whether the status functions say the same to the jobs that stand for a job as they did to it.
    pub(super) fn is_plain_before(&self, place: usize) -> bool {
        self.is_plain_before[place]
    }

    fn all_parts(&self) -> Vec<Vec<String>> {
        let mut parts = self.ids.clone();
        // The jobs of a called workflow stand behind the job that calls it.
        for place in (0..parts.len()).rev() {
            if self.is_call(place) {
                let inner = self.calls[place].iter().flat_map(|call| &self.inner[*call]);
                parts[place] = inner.flat_map(|inner| parts[*inner].clone()).collect();
            }
        }
        parts
    }

    /// Looks at what is before each job, those of outer workflows first and each behind what it needs.
    fn look_before(&mut self) {
        let levels = levels(&self.needs);
        let depth = |place: usize| std::iter::successors(Some(place), |inner| self.caller(*inner)).count();
        let mut order: Vec<usize> = (0..self.needs.len()).collect();
        order.sort_by_key(|place| (depth(*place), levels[*place]));
        self.before = vec![Vec::new(); order.len()];
        self.is_plain_before = vec![true; order.len()];
        for place in order {
            let caller = self.caller(place);
            let mut seen = BTreeSet::new();
            let mut before = Vec::new();
            let of_caller = caller.filter(|_| self.needs[place].is_empty());
            for need in self.needs[place].iter().copied().chain(of_caller) {
                let is_over = Some(need) != of_caller && !self.parts[need].is_empty();
                let ids = if is_over { &self.parts[need] } else { &self.before[need] };
                before.extend(ids.iter().filter(|id| seen.insert(id.as_str())).cloned());
            }
            let is_plain = |need: &usize| self.may_run(*need) && self.is_plain(*need) && self.is_plain_before[*need];
            let is_plain_before = self.needs[place].iter().all(is_plain);
            let is_plain_around = caller.is_none_or(|caller| self.is_plain_before[caller]);
            drop(seen);
            let bytes: usize = before.iter().map(|id| id.len() + AROUND_BYTES).sum();
            self.bound.spend(bytes * self.ids[place].len().max(1));
            if self.bound.is_over() {
                return;
            }
            self.before[place] = before;
            self.is_plain_before[place] = is_plain_before && is_plain_around;
        }
    }
}
