//! Jobs.

use lockgate_core::Span;
use lockgate_pipeline::definition::{Concurrency, Defaults, Job, RunsOn};
use lockgate_pipeline::expression::Template;

use super::availability::{
    Availability, CONTAINER, ENVIRONMENT_URL, JOB_DEFAULTS, JOB_ENV, JOB_IF, JOB_KEY, JOB_OUTPUT, JOB_SECRETS,
};
use super::lowering::Lowering;
use super::step::Owner;
use crate::codes;
use crate::yaml::{Entry, Fields, Node};

/// Keys that a job of its own has and one that calls a workflow has not.
const OWN_KEYS: [&str; 11] = [
    "runs-on",
    "steps",
    "env",
    "defaults",
    "outputs",
    "environment",
    "container",
    "services",
    "timeout-minutes",
    "continue-on-error",
    "snapshot",
];

impl Lowering {
    /// Returns the job of one entry of `jobs`, with its needs and their places.
    pub(super) fn job(&mut self, entry: &Entry) -> Option<(Job, Vec<(String, Span)>)> {
        self.check_id(&entry.key.name, entry.key.span, "the id of a job");
        let mut fields = self.reader.fields(&entry.value, "a job")?;
        self.job = Some(entry.key.name.clone());
        let mut job = Job::new(entry.key.name.clone(), Vec::new(), self.place(entry.key.span));
        job.places = self.places_of_job(&entry.value);
        let needs = fields
            .take("needs")
            .and_then(|needs| self.plain_texts(needs, "`needs`"));
        let needs = needs.unwrap_or_default();
        job.needs = needs.iter().map(|(need, _)| need.clone()).collect();
        self.known.needs = Some(job.needs.clone());
        self.known.matrix = Self::matrix_names(entry.value.get("strategy"));
        self.known.steps = entry.value.get("steps").map(Self::step_ids);

        job.name = fields
            .take("name")
            .and_then(|name| self.template(name, "`name`", &JOB_KEY));
        job.condition = fields.take("if").and_then(|node| self.condition(node, &JOB_IF));
        job.permissions = fields.take("permissions").and_then(|node| self.permissions(node));
        job.concurrency = fields
            .take("concurrency")
            .and_then(|node| self.concurrency(node, &JOB_KEY));
        job.strategy = fields
            .take("strategy")
            .map(|node| self.strategy(node))
            .unwrap_or_default();
        match fields.take_entry("uses") {
            Some(uses) => self.called_workflow(fields, uses),
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
        let defaults = fields
            .take("defaults")
            .map(|node| self.defaults(node, Some(&JOB_DEFAULTS)));
        job.defaults = defaults.unwrap_or_default();
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
            None => self.refuse_without_steps(entry),
        }
        // Outputs are evaluated when every step has run.
        let outputs = fields
            .take("outputs")
            .map(|node| self.entries(node, "`outputs`", &JOB_OUTPUT));
        job.outputs = outputs.unwrap_or_default();
        fields.finish_with(&mut self.reader, |entry, diagnostic| match entry.key.name.as_str() {
            "with" | "secrets" => diagnostic.help("it belongs to a job with `uses`, or into a step"),
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

    fn called_workflow(&mut self, mut fields: Fields<'_>, uses: &Entry) {
        if let Some(reference) = self.plain(&uses.value, "`uses`") {
            let file = reference.split('@').next().unwrap_or_default();
            let is_yaml = file
                .rsplit_once('.')
                .is_some_and(|(_, end)| matches!(end, "yml" | "yaml"));
            if is_yaml && file.contains(".github/workflows/") {
                let why = "reusable workflows are not supported by this version";
                let remedy = "copy the jobs of the called workflow into this file";
                self.note_unsupported(uses.value.span, &format!("uses: {reference}"), why, remedy);
            } else {
                let message = format!("`{reference}` names no workflow");
                let help = "a job uses `./.github/workflows/FILE.yml` or `owner/repository/.github/workflows/FILE.yml@ref`; \
                            an action belongs into `steps`";
                self.error_with_help(codes::WRONG_ACTION, uses.value.span, message, help);
            }
        }
        if let Some(with) = fields.take("with") {
            self.entries(with, "`with`", &JOB_KEY);
        }
        let secrets = fields.take("secrets");
        let is_inherited = |node: &&Node| node.as_scalar().is_some_and(|scalar| scalar.text == "inherit");
        if let Some(secrets) = secrets.filter(|node| !is_inherited(node)) {
            self.entries(secrets, "`secrets`", &JOB_SECRETS);
        }
        fields.finish_with(&mut self.reader, |entry, diagnostic| {
            if OWN_KEYS.contains(&entry.key.name.as_str()) {
                diagnostic.help("a job with `uses` runs the jobs of another workflow and has none of its own")
            } else {
                diagnostic
            }
        });
    }

    fn runs_on(&mut self, node: &Node) -> RunsOn {
        let Some(entries) = node.as_mapping() else {
            return RunsOn {
                labels: self.labels(node),
                group: None,
            };
        };
        let Some(mut fields) = self.reader.fields(node, "`runs-on`") else {
            return RunsOn::default();
        };
        let runs_on = RunsOn {
            group: fields
                .take("group")
                .and_then(|node| self.filled_template(node, "`group`", &JOB_KEY)),
            labels: fields.take("labels").and_then(|node| self.labels(node)),
        };
        fields.finish(&mut self.reader);
        if entries.is_empty() {
            self.reader.wrong_type(
                node,
                "`runs-on`",
                "a label, a list of labels, or a mapping with `group` or `labels`",
            );
        }
        runs_on
    }

    fn labels(&mut self, node: &Node) -> Option<lockgate_pipeline::definition::TemplateValue> {
        let is_text = |node: &Node| node.as_scalar().is_some_and(|scalar| !scalar.to_text().is_empty());
        let fits = match node.as_sequence() {
            Some(items) => !items.is_empty() && items.iter().all(is_text),
            None => is_text(node),
        };
        if !fits {
            self.reader.wrong_type(node, "`runs-on`", "a label or a list of labels");
            return None;
        }
        self.value(node, &JOB_KEY)
    }

    fn environment(&mut self, node: &Node) -> Option<Template> {
        if node.as_mapping().is_none() {
            return self.filled_template(node, "`environment`", &JOB_KEY);
        }
        let mut fields = self.reader.fields(node, "`environment`")?;
        let name = fields.require("name", &mut self.reader);
        let name = name.and_then(|name| self.filled_template(name, "`name`", &JOB_KEY));
        if let Some(url) = fields.take("url") {
            // The steps give it, so that all of them are known.
            let steps = self.known.steps.take();
            self.template(url, "`url`", &ENVIRONMENT_URL);
            self.known.steps = steps;
        }
        if let Some(deployment) = fields.take("deployment") {
            self.boolean_template(deployment, "`deployment`", &JOB_KEY);
        }
        fields.finish(&mut self.reader);
        name
    }

    fn containers(&mut self, fields: &mut Fields<'_>) {
        for (key, why, remedy) in [
            (
                "container",
                "jobs in containers are not supported by this version",
                "let the job run on the machine itself",
            ),
            (
                "services",
                "service containers are not supported by this version",
                "start the service in a step",
            ),
            (
                "snapshot",
                "images of runners are not supported by this version",
                "remove the key",
            ),
        ] {
            if let Some(entry) = fields.take_entry(key) {
                self.check_expressions(&entry.value, &CONTAINER);
                self.note_unsupported(entry.key.span, key, why, remedy);
            }
        }
    }

    pub(super) fn concurrency(&mut self, node: &Node, at: &Availability) -> Option<Concurrency> {
        if node.as_mapping().is_none() {
            return Some(Concurrency {
                group: self.filled_template(node, "`concurrency`", at)?,
                cancel_in_progress: None,
            });
        }
        let mut fields = self.reader.fields(node, "`concurrency`")?;
        let group = fields.require("group", &mut self.reader);
        let group = group.and_then(|group| self.filled_template(group, "`group`", at));
        let cancel_in_progress = fields
            .take("cancel-in-progress")
            .and_then(|node| self.boolean_template(node, "`cancel-in-progress`", at));
        if let Some(queue) = fields.take("queue") {
            let all = self
                .reader
                .choice(queue, "`queue`", &[("single", Queue::Single), ("max", Queue::Max)]);
            if matches!(all, Some(Queue::Max)) {
                let why = "a queue of more than one waiting run is not supported by this version";
                self.note_unsupported(queue.span, "queue: max", why, "remove the key");
            }
        }
        fields.finish(&mut self.reader);
        Some(Concurrency {
            group: group?,
            cancel_in_progress,
        })
    }

    /// Returns `defaults`; `at` is what its expressions can use, nothing at the top of the file.
    pub(super) fn defaults(&mut self, node: &Node, at: Option<&Availability>) -> Defaults {
        let Some(mut fields) = self.reader.fields(node, "`defaults`") else {
            return Defaults::default();
        };
        let run = fields.take("run");
        fields.finish(&mut self.reader);
        let Some(mut fields) = run.and_then(|run| self.reader.fields(run, "`run` of `defaults`")) else {
            return Defaults::default();
        };
        let mut read = |node: Option<&Node>, what: &str| match at {
            Some(at) => self.filled_template(node?, what, at),
            None => self.plain(node?, what).map(Template::literal),
        };
        let defaults = Defaults {
            shell: read(fields.take("shell"), "`shell`"),
            working_directory: read(fields.take("working-directory"), "`working-directory`"),
        };
        fields.finish(&mut self.reader);
        defaults
    }
}

#[derive(Clone, Copy)]
enum Queue {
    Single,
    Max,
}
