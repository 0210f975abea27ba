//! Jobs.

use lockgate_core::Span;
use lockgate_core::diagnostic::nearest;
use lockgate_pipeline::definition::Job;
use lockgate_pipeline::plan;

use super::availability::{JOB_ENV, JOB_IF, JOB_KEY, JOB_OUTPUT};
use super::lowering::Lowering;
use super::reference::Names;
use super::shapes::{CALLING_JOB, JOB};
use super::step::Owner;
use crate::codes;
use crate::yaml::{Entry, Fields, Node};

impl Lowering {
    /// Returns the job of one entry of `jobs`, with its needs and their places.
    pub(super) fn job(&mut self, entry: &Entry) -> Option<(Job, Vec<(String, Span)>)> {
        self.check_id(&entry.key.name, entry.key.span, "the id of a job");
        let is_call = entry.value.get("uses").is_some();
        let shape = if is_call { &CALLING_JOB } else { &JOB };
        let mut fields = self.reader.shaped(&entry.value, shape)?;
        self.job = Some(entry.key.name.clone());
        let mut job = Job::new(entry.key.name.clone(), Vec::new(), self.place(entry.key.span));
        job.places = self.places_of_job(&entry.value);
        let needs = fields
            .take("needs")
            .and_then(|needs| self.plain_texts(needs, "`needs`"));
        let needs = needs.unwrap_or_default();
        job.needs = needs.iter().map(|(need, _)| need.clone()).collect();
        self.known.needs = Some(job.needs.iter().cloned().collect());
        self.known.matrix = Self::matrix_names(entry.value.get("strategy")).map(Names::from_iter);
        self.known.steps = entry.value.get("steps").map(Self::step_ids);

        job.name = fields
            .take("name")
            .and_then(|name| self.template(name, "`name`", &JOB_KEY));
        job.condition = fields.take("if").and_then(|node| self.condition(node, &JOB_IF));
        if let Some(mode) = fields.take("cache-mode") {
            self.cache_mode(mode);
        }
        job.permissions = fields.take("permissions").and_then(|node| self.permissions(node));
        job.concurrency = fields.take("concurrency").and_then(|node| self.job_concurrency(node));
        job.strategy = fields
            .take("strategy")
            .map(|node| self.strategy(node))
            .unwrap_or_default();
        match fields.take_unsuggested("uses") {
            Some(uses) => {
                self.called_workflow(fields, uses, &mut job);
                if let (Some(open), Some(strategy)) = (plan::open_call(&job), entry.value.get("strategy")) {
                    let span = strategy.get("matrix").unwrap_or(strategy).span;
                    self.warn_unsupported(span, &open.what, &open.why, &open.remedy);
                }
            }
            None => self.own_job(fields, entry, &mut job),
        }
        job.unsupported = std::mem::take(&mut self.unsupported);
        self.known.needs = None;
        self.known.matrix = None;
        self.known.steps = None;
        self.job = None;
        Some((job, needs))
    }

    fn own_job(&mut self, mut fields: Fields<'_>, entry: &Entry, job: &mut Job) {
        if let Some(node) = fields.require("runs-on", &mut self.reader) {
            job.runs_on = self.runs_on(node);
            self.note_other_systems(node, &entry.value);
        }
        job.env = fields
            .take("env")
            .map(|env| self.entries(env, "`env`", &JOB_ENV))
            .unwrap_or_default();
        job.defaults = fields
            .take("defaults")
            .map(|node| self.job_defaults(node))
            .unwrap_or_default();
        job.timeout_minutes = fields
            .take("timeout-minutes")
            .and_then(|node| self.number_template(node, "`timeout-minutes`", &JOB_KEY));
        if let Some(entry) = fields.take_entry("cancel-timeout-minutes") {
            self.number_template(&entry.value, "`cancel-timeout-minutes`", &JOB_KEY);
            let why = "the time for the end of a cancelled job cannot be set in this version";
            self.note_unsupported(entry.key.span, "cancel-timeout-minutes", why, "remove the key");
        }
        job.continue_on_error = fields
            .take("continue-on-error")
            .and_then(|node| self.boolean_template(node, "`continue-on-error`", &JOB_KEY));
        job.environment = fields.take("environment").and_then(|node| self.environment(node));
        self.containers(&mut fields);
        match fields.take("steps") {
            Some(steps) if steps.is_null() || steps.as_sequence().is_some_and(<[_]>::is_empty) => {
                self.refuse_without_steps(entry);
            }
            Some(steps) => job.steps = self.steps(steps, Owner::Job),
            None if fields.has_slip_of("steps") => {}
            None => self.refuse_without_steps(entry),
        }
        // Outputs are evaluated when every step has run.
        let outputs = fields.take("outputs");
        if let Some(names) = outputs.map_or(Some(&[][..]), Node::as_mapping) {
            let names = names.iter().map(|entry| entry.key.name.clone());
            self.outputs.insert(job.id.clone(), names.collect());
        }
        let outputs = outputs.map(|node| self.values(node, "`outputs`", &JOB_OUTPUT));
        job.outputs = outputs.unwrap_or_default();
        fields.finish_with(&mut self.reader, |entry, diagnostic| match entry.key.name.as_str() {
            "with" | "secrets" => diagnostic.help("it belongs to a job with `uses`, or into a step"),
            key if nearest(key, ["uses"]).is_some() => diagnostic.help("did you mean `uses`?"),
            "run" | "shell" => diagnostic.help("commands stand in `steps`: `- run: …`"),
            _ => diagnostic,
        });
    }

    fn refuse_without_steps(&mut self, entry: &Entry) {
        let message = format!("the job `{}` has neither `steps` nor `uses`", entry.key.name);
        self.error_with_help(
            codes::NO_STEPS,
            entry.key.span,
            message,
            "give it at least one step, such as `steps: [{ run: make }]`, or remove the job",
        );
    }
}
