//! What each event makes of a run. Nothing is evaluated here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Now, Timestamp};

use super::call::{CallState, unbegun};
use super::environment::Variables;
use super::event::{CallSpec, JobEnd, JobEvent, RunEvent};
use super::graph::{Graph, LegPlace};
use super::group::{Group, GroupOver, Through};
use super::job::{Folding, JobState};
use super::wanted::{Timer, Wanted};
use super::{CLEAN_UP, Concluded, JobKey, Outcome, Run, RunId, RunStart, Weight};
use crate::plan::{Expansion, Fate};

/// How a job ends.
struct Ending {
    place: usize,
    result: Outcome,
    reason: Option<String>,
}

impl Run {
    /// Returns the run after its first event.
    pub(super) fn new(id: RunId, start: &Arc<RunStart>, now: &Now) -> Self {
        let graph = Arc::new(Graph::of(&start.plan));
        let count = graph.needs.len();
        let mut run = Self {
            id,
            created: now.wall,
            groups: graph
                .needs
                .iter()
                .zip(&graph.within)
                // A job of a called workflow waits for the beginning of the call, too.
                .map(|(needs, within)| Arc::new(Group::waiting(needs.len() + usize::from(within.is_some()))))
                .collect(),
            open_groups: count,
            calls: graph
                .jobs
                .iter()
                .map(|jobs| Arc::new(CallState::waiting(jobs.len())))
                .collect(),
            graph,
            base: Arc::new(Variables::from(
                [("CI", "true"), ("GITHUB_ACTIONS", "true")].map(|(name, value)| (name.into(), value.into())),
            )),
            start: Arc::clone(start),
            jobs: BTreeMap::new(),
            queue: BTreeMap::new(),
            running: BTreeSet::new(),
            used: Weight::default(),
            begun: false,
            cancelled: None,
            killed: false,
            concluded: None,
            frozen: None,
            wanted: Wanted::default(),
        };
        run.wanted.wake(Timer::Begin, now, Duration::ZERO);
        run.pass_over_the_unplanned(now.wall);
        run
    }

    /// Takes in what has happened.
    pub(super) fn fold(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Created { .. } => {}
            RunEvent::Begun => {
                self.begun = true;
                self.wanted.unset(&Timer::Begin);
            }
            RunEvent::JobAdmitted { id, expansion, at } => self.admitted(id, expansion.as_ref(), *at),
            RunEvent::JobPassedOver {
                id,
                outcome,
                reason,
                at,
            } => {
                if let Some(place) = self.graph.place(id) {
                    self.group_over(place, *outcome, Some(reason.clone()), *at);
                }
            }
            RunEvent::CallBegun { job, spec, at } => self.call_begun(job, spec, *at),
            RunEvent::CallStopping { job, why, .. } => {
                if let Some(call) = self.graph.call(job) {
                    self.call_mut(call).stopping = Some(why.clone());
                }
            }
            RunEvent::CallEnded { job, end } => self.call_ended(job, end),
            RunEvent::Job { job, event } => self.job_event(job, event),
            RunEvent::CancelRequested { by, .. } => self.cancelled = Some(by.clone()),
            RunEvent::KillRequested { by, .. } => {
                self.killed = true;
                self.cancelled.get_or_insert_with(|| by.clone());
            }
            RunEvent::Concluded { conclusion, at } => {
                self.concluded = Some(Concluded {
                    conclusion: *conclusion,
                    at: *at,
                });
            }
            RunEvent::TimerRearmed { key, wake } => self.wanted.rearm(key, wake),
            RunEvent::Frozen { broken, .. } => self.frozen = Some(broken.clone()),
        }
    }

    /// Ends the jobs that the plan says will not run and that wait for nothing.
    fn pass_over_the_unplanned(&mut self, at: Timestamp) {
        for place in 0..self.groups.len() {
            if let Some(ending) = self.unplanned(place) {
                self.groups_over(ending, at);
            }
        }
    }

    /// Returns how a job ends that the plan says will not run, as soon as it waits for nothing.
    ///
    /// Not before: what is behind it waits through it for what it needs, and asks how that went.
    fn unplanned(&self, place: usize) -> Option<Ending> {
        let group = &self.groups[place];
        if group.over.is_some() || group.open_needs > 0 {
            return None;
        }
        match &self.start.plan.jobs[place].fate {
            Fate::WillNotRun(why) => Some(Ending {
                place,
                result: Outcome::Skipped,
                reason: Some(why.to_string()),
            }),
            _ => None,
        }
    }

    fn call_mut(&mut self, call: usize) -> &mut CallState {
        Arc::make_mut(&mut self.calls[call])
    }

    fn call_begun(&mut self, job: &JobKey, spec: &Arc<CallSpec>, at: Timestamp) {
        let Some(call) = self.graph.call(job) else {
            return;
        };
        self.call_mut(call).spec = Some(Arc::clone(spec));
        let graph = Arc::clone(&self.graph);
        self.group_mut(graph.callers[call]).running += 1;
        for place in &graph.jobs[call] {
            self.group_mut(*place).open_needs -= 1;
        }
        for place in &graph.jobs[call] {
            if let Some(ending) = self.unplanned(*place) {
                self.groups_over(ending, at);
            }
        }
    }

    fn call_ended(&mut self, job: &JobKey, end: &Arc<JobEnd>) {
        let Some(call) = self.graph.call(job) else {
            return;
        };
        let caller = self.graph.callers[call];
        if self.calls[call].is_running() {
            self.group_mut(caller).running -= 1;
        }
        self.call_over(call, end);
        self.group_mut(caller).call_ended(end);
        self.over_with_its_legs(caller, end.at);
    }

    /// Notes the end of a call, and of the jobs of its workflow when it has not begun.
    fn call_over(&mut self, call: usize, end: &Arc<JobEnd>) {
        let began = self.calls[call].spec.is_some();
        self.call_mut(call).end = Some(Arc::clone(end));
        if began {
            return;
        }
        let graph = Arc::clone(&self.graph);
        for place in graph.jobs[call].iter().copied() {
            if self.groups[place].over.is_none() {
                let reason = format!("`{}` does not run", self.start.plan.jobs[graph.callers[call]].id);
                self.group_over(place, Outcome::Skipped, Some(reason), end.at);
            }
        }
    }

    fn group_mut(&mut self, place: usize) -> &mut Group {
        Arc::make_mut(&mut self.groups[place])
    }

    fn admitted(&mut self, id: &str, expansion: Option<&Arc<Expansion>>, at: Timestamp) {
        let Some(place) = self.graph.place(id) else {
            return;
        };
        let planned = self.start.plan.jobs[place].expansion.as_ref();
        let Some(expansion) = expansion.or(planned).map(Arc::clone) else {
            return;
        };
        let has_calls = !self.graph.calls[place].is_empty();
        let legs = expansion.legs.iter().enumerate().filter(|_| !has_calls);
        for (index, leg) in legs {
            let at_place = LegPlace {
                group: place,
                leg: index,
            };
            let definition = Arc::clone(self.start.plan.definition(place));
            let state = JobState::queued(definition, leg.clone(), at_place, at);
            self.queue.insert(at_place, leg.key.clone());
            self.jobs.insert(leg.key.clone(), Arc::new(state));
        }
        let group = self.group_mut(place);
        group.open_legs = expansion.legs.len();
        group.expansion = Some(expansion);
    }

    fn job_event(&mut self, key: &JobKey, event: &JobEvent) {
        let Some(job) = self.jobs.get_mut(key) else {
            return;
        };
        let was_running = job.is_running();
        let job = Arc::make_mut(job);
        job.fold(
            event,
            &mut Folding {
                wanted: &mut self.wanted,
                run: &self.id.0,
                base: &self.base,
                environment: &self.start.plan.environment,
                source: &self.start.source,
                clean_up: CLEAN_UP,
            },
        );
        let (place, weight) = (
            job.place,
            job.start.as_ref().map(|start| start.weight).unwrap_or_default(),
        );
        match event {
            JobEvent::Started(_) => {
                self.queue.remove(&place);
                self.running.insert(key.clone());
                self.used = self.used.plus(weight);
                self.group_mut(place.group).running += 1;
            }
            JobEvent::Ended(end) => {
                self.queue.remove(&place);
                if was_running {
                    self.running.remove(key);
                    self.used = self.used.minus(weight);
                    self.group_mut(place.group).running -= 1;
                }
                self.leg_over(place.group, end);
            }
            _ => {}
        }
    }

    fn leg_over(&mut self, place: usize, end: &JobEnd) {
        self.group_mut(place).leg_ended(end);
        self.over_with_its_legs(place, end.at);
    }

    fn over_with_its_legs(&mut self, place: usize, at: Timestamp) {
        let group = &self.groups[place];
        if group.open_legs == 0 {
            self.group_over(place, group.result(), None, at);
        }
    }

    fn group_over(&mut self, place: usize, result: Outcome, reason: Option<String>, at: Timestamp) {
        self.groups_over(Ending { place, result, reason }, at);
    }

    /// Notes the end of a job, and of those behind it that the plan says will not run.
    fn groups_over(&mut self, first: Ending, at: Timestamp) {
        let graph = Arc::clone(&self.graph);
        let mut open = vec![first];
        while let Some(Ending { place, result, reason }) = open.pop() {
            let through = self.before(place).behind(result);
            self.group_mut(place).over = Some(GroupOver {
                result,
                reason,
                at,
                through,
            });
            self.open_groups -= 1;
            for dependent in &graph.dependents[place] {
                self.group_mut(*dependent).open_needs -= 1;
                open.extend(self.unplanned(*dependent));
            }
            if let Some(call) = graph.within[place] {
                self.call_mut(call).open_jobs -= 1;
            }
            for call in graph.calls[place].iter().copied() {
                if self.calls[call].is_waiting() {
                    self.call_over(call, &Arc::new(unbegun(Outcome::Skipped, String::new(), at)));
                }
            }
        }
    }

    /// Returns what lies before a job, as far as it is over.
    pub(super) fn before(&self, place: usize) -> Through {
        let needs = self.graph.needs[place].iter();
        let over = needs.filter_map(|need| self.groups[*need].over.as_ref());
        over.fold(Through::NOTHING, |before, over| before.and(over.through))
    }
}
