//! One job of a plan as YAML: an entry for each leg.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::filling::Filling;
use super::rewriting::Refusal;
use super::texts::escaped;
use super::yaml::{Entry, Yaml};
use super::{Writer, concurrency_of, defaults_of, permissions_of};
use crate::definition::{Defaults, Entries, Job, JobEnvironment, Matrix, Permissions, RunsOn};

/// What all legs of a job have in common: when they run.
struct Start {
    condition: Option<Entry>,
    /// The ids that they wait for.
    waits: BTreeSet<String>,
    /// The same in order, which the legs share: together they may be a hundred times the text of everything else.
    needs: Rc<Yaml>,
    /// Whether `needs` is the same as in the plan.
    has_own_needs: bool,
}

impl Writer<'_> {
    /// Returns the entries of the job at `place`: one for each leg, or one when the legs are not known.
    pub(super) fn job(&self, place: usize) -> Vec<Entry> {
        let expansion = self.layout.plan.jobs[place].expansion.as_ref();
        let filling = Filling::of_job(&self.layout, place, None);
        let start = self.start(place, &filling);
        let ids = self.layout.ids(place);
        let bound = &self.layout.bound;
        bound.spend(start.condition.as_ref().map_or(0, Entry::size) * ids.len());
        let mut entries = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            if bound.is_over() {
                return Vec::new();
            }
            entries.push(self.leg(place, expansion.map(|_| index), id, &start));
        }
        let lost = expansion.and_then(|expansion| self.lost_of_matrix(place, expansion));
        if let Some(first) = entries.first_mut() {
            let own = std::mem::take(&mut first.comments);
            let mut seen: BTreeSet<String> = filling.notes.into_words();
            seen.extend(own);
            first.comments.extend(lost);
            first.comments.extend(seen);
        }
        entries
    }

    fn start(&self, place: usize, filling: &Filling<'_>) -> Start {
        let condition = condition(place, filling);
        let mut waits = filling.reads();
        waits.extend(self.layout.before(place).iter().cloned());
        Start {
            condition,
            needs: Rc::new(self.in_order(waits.clone())),
            waits,
            has_own_needs: filling.has_own_needs(),
        }
    }

    fn in_order(&self, ids: BTreeSet<String>) -> Yaml {
        let mut ids: Vec<String> = ids.into_iter().collect();
        ids.sort_by_cached_key(|id| self.layout.position(id));
        Yaml::List(ids.into_iter().map(Yaml::Text).collect())
    }

    fn leg(&self, place: usize, index: Option<usize>, id: &str, start: &Start) -> Entry {
        let plan = self.layout.plan;
        let filling = Filling::of_job(&self.layout, place, index).with_own_needs(start.has_own_needs);
        let leg = index.and_then(|index| plan.jobs[place].expansion.as_ref()?.legs.get(index));
        let mut entries = Vec::new();
        entries.extend(match leg {
            Some(leg) if leg.name == *id => None,
            Some(leg) => Some(Entry::new("name", Yaml::Text(escaped(&leg.name)))),
            None => self.open_name(place, &filling),
        });
        let (body, can_run) = self.body(place, &filling, leg.is_some());
        self.layout.bound.spend(body.iter().map(Entry::size).sum());
        entries.extend(self.needs(&filling, start));
        entries.extend(if can_run {
            start.condition.clone()
        } else {
            Some(Entry::new("if", Yaml::Bare("false".to_owned())))
        });
        entries.extend(body);
        let mut entry = Entry::new(id, Yaml::Map(entries));
        entry.comments.extend(filling.notes.into_words());
        entry
    }

    fn needs(&self, filling: &Filling<'_>, start: &Start) -> Option<Entry> {
        let reads = filling.reads();
        if reads.is_empty() && start.waits.is_empty() {
            return None;
        }
        let needs = if reads.is_subset(&start.waits) {
            Yaml::Shared(Rc::clone(&start.needs))
        } else {
            let own = self.in_order(reads.union(&start.waits).cloned().collect());
            self.layout.bound.spend(own.size());
            own
        };
        Some(Entry::new("needs", needs))
    }

    /// Returns the name of a job whose legs are not known yet.
    fn open_name(&self, place: usize, filling: &Filling<'_>) -> Option<Entry> {
        let plan = self.layout.plan;
        let job = plan.definition(place);
        let within = plan.call_of(place).and_then(|call| plan.leg_of(call));
        let own = job.name.as_ref().map(|name| filling.text(name));
        let name = match (own, within) {
            (None, None) => return None,
            (Some(own), None) => own,
            (None, Some(within)) => Ok(Yaml::Text(escaped(&format!("{} / {}", within.name, job.id)))),
            (Some(own), Some(within)) => own.map(|own| match own {
                Yaml::Text(own) => Yaml::Text(format!("{} / {own}", escaped(&within.name))),
                other => other,
            }),
        };
        filling.entry("", "name", name)
    }

    /// Returns the other keys of a job, and whether it can run with them.
    fn body(&self, place: usize, filling: &Filling<'_>, is_leg: bool) -> (Vec<Entry>, bool) {
        let job = self.layout.plan.definition(place);
        let mut entries = Vec::new();
        let mut can_run = true;
        let mut required = |key: &str, value: Result<Option<Yaml>, Refusal>| match value {
            Ok(value) => value.map(|value| Entry::new(key, value)),
            Err(Refusal(why)) => {
                can_run = false;
                filling
                    .notes
                    .add(format!("it does not run, because its `{key}` cannot be written: {why}"));
                (key == "runs-on").then(|| Entry::new(key, Yaml::Text("unknown".to_owned())))
            }
        };
        if !is_leg {
            entries.extend(required("strategy", strategy(job, filling)));
        }
        entries.extend(required("runs-on", runs_on(&job.runs_on, filling)));
        if let Some(permissions) = self.permissions(place) {
            entries.push(Entry::new("permissions", permissions_of(permissions)));
        }
        entries.extend(
            job.environment
                .as_ref()
                .and_then(|environment| environment_of(environment, filling)),
        );
        if let Some(concurrency) = &job.concurrency {
            entries.extend(concurrency_of(concurrency, filling));
        }
        if !job.outputs.is_empty() {
            entries.push(Entry::new("outputs", filling.entries("outputs.", &job.outputs)));
        }
        let env = self.env(place);
        if !env.is_empty() {
            entries.push(Entry::new("env", filling.entries("env.", &env)));
        }
        entries.extend(defaults_of(&self.defaults(place), filling));
        for (key, template) in [
            ("timeout-minutes", &job.timeout_minutes),
            ("continue-on-error", &job.continue_on_error),
        ] {
            let value = template.as_ref().map(|template| filling.typed(template));
            entries.extend(value.and_then(|value| filling.entry("", key, value)));
        }
        let steps = job.steps.iter().enumerate();
        let steps = steps.map(|(index, step)| super::step::yaml(step, index, filling));
        entries.push(Entry::new("steps", Yaml::List(steps.collect())));
        (entries, can_run)
    }

    /// Returns the variables of a job with those of its workflow, where these do not stand at the top.
    fn env(&self, place: usize) -> Entries {
        let own = &self.layout.plan.definition(place).env;
        let mut env = Entries::new();
        if self.has_calls {
            let of_workflow = self.layout.plan.pipeline_of(place).env.iter();
            let is_own = |name: &str| own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
            env.extend(of_workflow.filter(|(name, _)| !is_own(name)).cloned());
        }
        env.extend(own.iter().cloned());
        env
    }

    fn defaults(&self, place: usize) -> Defaults {
        let mut defaults = self.layout.plan.definition(place).defaults.clone();
        if self.has_calls {
            let of_workflow = self.layout.plan.pipeline_of(place).defaults.clone();
            defaults.shell = defaults.shell.or(of_workflow.shell);
            defaults.working_directory = defaults.working_directory.or(of_workflow.working_directory);
        }
        defaults
    }

    /// Returns the nearest permissions around a job, but for those that stand at the top.
    fn permissions(&self, place: usize) -> Option<&Permissions> {
        let plan = self.layout.plan;
        let around = std::iter::successors(Some(place), |inner| self.layout.caller(*inner));
        let mut all = around.flat_map(|place| {
            let is_called = plan.call_of(place).is_some();
            let of_workflow = plan.pipeline_of(place).permissions.as_ref();
            [
                plan.definition(place).permissions.as_ref(),
                of_workflow.filter(|_| is_called),
            ]
        });
        all.find_map(|permissions| permissions)
    }
}

fn condition(place: usize, filling: &Filling<'_>) -> Option<Entry> {
    let rest = filling.condition_of_job(place).unwrap_or_else(|Refusal(why)| {
        filling.notes.add(format!(
            "it does not run, because its condition cannot be written: {why}"
        ));
        Some(Yaml::Bare("false".to_owned()))
    });
    rest.map(|rest| Entry::new("if", rest))
}

/// Returns the strategy of a job whose legs are not known yet.
fn strategy(job: &Job, filling: &Filling<'_>) -> Result<Option<Yaml>, Refusal> {
    let strategy = &job.strategy;
    let Some(matrix) = &strategy.matrix else {
        return Ok(None);
    };
    let mut entries = vec![Entry::new("matrix", matrix_of(matrix, filling)?)];
    for (key, template) in [
        ("fail-fast", &strategy.fail_fast),
        ("max-parallel", &strategy.max_parallel),
    ] {
        if let Some(template) = template {
            entries.push(Entry::new(key, filling.typed(template)?));
        }
    }
    Ok(Some(Yaml::Map(entries)))
}

fn matrix_of(matrix: &Matrix, filling: &Filling<'_>) -> Result<Yaml, Refusal> {
    let (axes, lists) = match matrix {
        Matrix::Deferred(template) => return filling.value(template),
        Matrix::Written { axes, include, exclude } => (axes, [("include", include), ("exclude", exclude)]),
    };
    let mut entries = Vec::new();
    for (name, values) in axes {
        entries.push(Entry::new(name, filling.tree(values)?));
    }
    for (key, list) in lists {
        if let Some(list) = list {
            entries.push(Entry::new(key, filling.tree(list)?));
        }
    }
    Ok(Yaml::Map(entries))
}

fn environment_of(environment: &JobEnvironment, filling: &Filling<'_>) -> Option<Entry> {
    let name = filling.filled_text(&environment.name);
    let url = environment.url.as_ref().map(|url| filling.filled_text(url));
    let deployment = environment.deployment.as_ref();
    let deployment = deployment.map(|deployment| filling.typed(deployment));
    if url.is_none() && deployment.is_none() {
        return filling.entry("", "environment", name);
    }
    let name = filling.entry("environment.", "name", name)?;
    let url = url.and_then(|url| filling.entry("environment.", "url", url));
    let deployment = deployment.and_then(|value| filling.entry("environment.", "deployment", value));
    let entries = [Some(name), url, deployment];
    Some(Entry::new(
        "environment",
        Yaml::Map(entries.into_iter().flatten().collect()),
    ))
}

fn runs_on(runs_on: &RunsOn, filling: &Filling<'_>) -> Result<Option<Yaml>, Refusal> {
    let labels = runs_on
        .labels
        .as_ref()
        .map(|labels| filling.labels(labels))
        .transpose()?;
    let Some(group) = &runs_on.group else {
        return Ok(labels);
    };
    let mut entries = vec![Entry::new("group", filling.filled_text(group)?)];
    entries.extend(labels.map(|labels| Entry::new("labels", labels)));
    Ok(Some(Yaml::Map(entries)))
}
