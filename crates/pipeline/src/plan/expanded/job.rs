//! One job of a plan as YAML: an entry for each leg.

use super::known::Known;
use super::yaml::{Entry, Yaml};
use super::{Writer, concurrency_of, defaults_of, entries_of, permissions_of, push, step};
use crate::definition::{Entries, Job, Matrix, RunsOn};
use crate::plan::Fate;

impl Writer<'_> {
    /// Returns the entries of the job at `place`: one for each leg, or one when the legs are not known.
    pub(super) fn job(&self, place: usize) -> Vec<Entry> {
        let legs = self.plan.jobs[place].expansion.as_ref();
        let ids = self.ids[place].iter().enumerate();
        ids.map(|(index, id)| {
            let leg = legs.map(|expansion| &expansion.legs[index]);
            let known = Known::of_job(self.plan, place, leg.map(|_| index));
            let mut entries = Vec::new();
            if let Some(leg) = leg.filter(|leg| leg.name != *id) {
                entries.push(Entry::new("name", Yaml::Text(leg.name.clone())));
            } else if let (None, Some(name)) = (leg, &self.plan.definition(place).name) {
                entries.push(Entry::new("name", known.text(name)));
            }
            entries.extend(self.body(place, &known, leg.is_some()));
            Entry::new(id, Yaml::Map(entries))
        })
        .collect()
    }

    fn body(&self, place: usize, known: &Known<'_>, is_leg: bool) -> Vec<Entry> {
        let job = self.plan.definition(place);
        let mut entries = Vec::new();
        let needs = self.ids_of_needs(place);
        if !needs.is_empty() {
            let needs = needs.into_iter().map(Yaml::Text).collect();
            entries.push(Entry::new("needs", Yaml::List(needs)));
        }
        entries.extend(self.condition(place, known));
        if !is_leg {
            entries.extend(strategy(job, known));
        }
        if let Some(runs_on) = runs_on(&job.runs_on, known) {
            entries.push(Entry::new("runs-on", runs_on));
        }
        let pipeline = self.plan.pipeline_of(place);
        let is_called = self.plan.call_of(place).is_some();
        let inherited = pipeline.permissions.as_ref().filter(|_| is_called);
        if let Some(permissions) = job.permissions.as_ref().or(inherited) {
            entries.push(Entry::new("permissions", permissions_of(permissions)));
        }
        push(&mut entries, "environment", job.environment.as_ref(), known);
        if let Some(concurrency) = &job.concurrency {
            entries.push(Entry::new("concurrency", concurrency_of(concurrency, known)));
        }
        if !job.outputs.is_empty() {
            entries.push(Entry::new("outputs", entries_of(&job.outputs, known)));
        }
        // A called workflow has its own variables; here they can only stand in its jobs.
        let mut env: Entries = if is_called {
            pipeline.env.clone()
        } else {
            Entries::new()
        };
        env.retain(|(name, _)| job.env.iter().all(|(own, _)| own != name));
        env.extend(job.env.iter().cloned());
        if !env.is_empty() {
            entries.push(Entry::new("env", entries_of(&env, known)));
        }
        entries.extend(self.defaults(place, known));
        push(&mut entries, "timeout-minutes", job.timeout_minutes.as_ref(), known);
        push(&mut entries, "continue-on-error", job.continue_on_error.as_ref(), known);
        let steps = job.steps.iter().map(|step| step::yaml(step, known));
        entries.push(Entry::new("steps", Yaml::List(steps.collect())));
        entries
    }

    fn defaults(&self, place: usize, known: &Known<'_>) -> Option<Entry> {
        let job = self.plan.definition(place);
        let mut defaults = job.defaults.clone();
        if self.plan.call_of(place).is_some() {
            let called = &self.plan.pipeline_of(place).defaults;
            defaults.shell = defaults.shell.or_else(|| called.shell.clone());
            let folder = &called.working_directory;
            defaults.working_directory = defaults.working_directory.or_else(|| folder.clone());
        }
        defaults_of(&defaults, known)
    }

    fn condition(&self, place: usize, known: &Known<'_>) -> Option<Entry> {
        let condition = self.plan.definition(place).condition.as_ref()?;
        let rest = match self.plan.jobs[place].fate {
            Fate::WillRun if !condition.uses_status_function() => None,
            _ => known.condition(condition),
        };
        rest.map(|rest| Entry::new("if", rest))
    }

    /// Returns the ids of what has to be over before the job: of a job that calls, those of the workflow that it calls.
    fn ids_of_needs(&self, place: usize) -> Vec<String> {
        let mut ids: Vec<String> = self.needs[place]
            .iter()
            .flat_map(|need| self.ids_behind(*need))
            .collect();
        let is_root = self.needs[place].is_empty();
        if let Some(call) = self.plan.call_of(place).filter(|_| is_root) {
            ids.extend(self.ids_of_needs(self.plan.calls[call].caller));
        }
        ids
    }

    fn ids_behind(&self, place: usize) -> Vec<String> {
        if self.plan.definition(place).call.is_none() {
            return self.ids[place].clone();
        }
        let calls = self.plan.calls.iter().enumerate();
        let calls: Vec<usize> = calls
            .filter(|(_, call)| call.caller == place)
            .map(|(index, _)| index)
            .collect();
        let inner = (0..self.plan.jobs.len()).filter(|inner| {
            let call = self.plan.call_of(*inner);
            call.is_some_and(|call| calls.contains(&call))
        });
        inner.flat_map(|inner| self.ids_behind(inner)).collect()
    }
}

/// Returns the strategy of a job whose legs are not known yet.
fn strategy(job: &Job, known: &Known<'_>) -> Option<Entry> {
    let strategy = &job.strategy;
    let mut entries = Vec::new();
    match strategy.matrix.as_ref()? {
        Matrix::Deferred(template) => entries.push(Entry::new("matrix", known.value(template))),
        Matrix::Written { axes, include, exclude } => {
            let mut matrix: Vec<Entry> = axes
                .iter()
                .map(|(name, values)| Entry::new(name, known.tree(values)))
                .collect();
            for (key, list) in [("include", include), ("exclude", exclude)] {
                matrix.extend(list.as_ref().map(|list| Entry::new(key, known.tree(list))));
            }
            entries.push(Entry::new("matrix", Yaml::Map(matrix)));
        }
    }
    push(&mut entries, "fail-fast", strategy.fail_fast.as_ref(), known);
    push(&mut entries, "max-parallel", strategy.max_parallel.as_ref(), known);
    Some(Entry::new("strategy", Yaml::Map(entries)))
}

fn runs_on(runs_on: &RunsOn, known: &Known<'_>) -> Option<Yaml> {
    let labels = runs_on.labels.as_ref().map(|labels| known.tree(labels));
    let Some(group) = &runs_on.group else {
        return labels;
    };
    let mut entries = vec![Entry::new("group", known.text(group))];
    entries.extend(labels.map(|labels| Entry::new("labels", labels)));
    Some(Yaml::Map(entries))
}
