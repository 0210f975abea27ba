//! Short ways to write pipelines in tests.

use lockgate_pipeline::action::{ActionDefinition, ActionInput, ActionRuns, NodeAction};
use lockgate_pipeline::definition::{
    Call, CallInput, CallInputKind, CallOutput, CallSecret, Called, Entries, Interface, Job, Matrix, PassedSecrets,
    Pipeline, Place, Step, StepBody, TemplateValue,
};
use lockgate_pipeline::expression::{Condition, Template};

pub(crate) fn place() -> Place {
    Place::new("ci.yml", 1, 1)
}

pub(crate) fn template(text: &str) -> Template {
    Template::parse(text).unwrap()
}

pub(crate) fn entries(pairs: &[(&str, &str)]) -> Entries {
    pairs
        .iter()
        .map(|(name, text)| ((*name).to_owned(), template(text)))
        .collect()
}

pub(crate) fn pipeline(jobs: Vec<Job>) -> Pipeline {
    Pipeline {
        name: "ci".into(),
        path: "ci.yml".into(),
        run_name: None,
        env: Vec::new(),
        defaults: lockgate_pipeline::definition::Defaults::default(),
        concurrency: None,
        permissions: None,
        jobs: jobs.into_iter().map(Into::into).collect(),
        unsupported: Vec::new(),
        places: std::collections::BTreeMap::new(),
    }
}

/// A job whose steps run these scripts.
pub(crate) fn job(id: &str, scripts: &[&str]) -> Job {
    Job::new(id, scripts.iter().map(|script| run(script)).collect(), place())
}

/// A job that calls a workflow with these inputs and without secrets.
pub(crate) fn calls(id: &str, workflow: &str, with: &[(&str, &str)]) -> Job {
    let mut job = job(id, &[]);
    job.call = Some(Box::new(Call {
        workflow: workflow.into(),
        with: entries(with),
        secrets: PassedSecrets::default(),
    }));
    job
}

/// A workflow that can be called, with inputs such as `flag: boolean` and `count: number = 3`.
pub(crate) fn called(inputs: &[&str], outputs: &[(&str, &str)], jobs: Vec<Job>) -> Called {
    let input = |text: &&str| {
        let (name, rest) = text.split_once(": ").unwrap();
        let (kind, default) = rest
            .split_once(" = ")
            .map_or((rest, None), |(kind, default)| (kind, Some(default)));
        CallInput {
            name: name.into(),
            kind: match kind {
                "boolean" => CallInputKind::Boolean,
                "number" => CallInputKind::Number,
                _ => CallInputKind::String,
            },
            is_required: false,
            default: default.map(template),
        }
    };
    let output = |(name, value): &(&str, &str)| CallOutput {
        name: (*name).into(),
        value: template(value),
        place: Place::new("called.yml", 9, 7),
    };
    let secret = CallSecret {
        name: "key".into(),
        is_required: false,
    };
    Called {
        interface: Interface {
            inputs: inputs.iter().map(input).collect(),
            secrets: vec![secret],
            outputs: outputs.iter().map(output).collect(),
        },
        pipeline: Pipeline {
            path: "called.yml".into(),
            ..pipeline(jobs)
        }
        .into(),
    }
}

pub(crate) fn run(script: &str) -> Step {
    let body = StepBody::Run {
        script: template(script),
        shell: None,
        working_directory: None,
    };
    Step::new(body, place())
}

pub(crate) fn uses(reference: &str, with: &[(&str, &str)]) -> Step {
    let body = StepBody::Uses {
        reference: reference.into(),
        with: entries(with),
    };
    Step::new(body, place())
}

pub(crate) trait JobWords: Sized {
    fn needs(self, ids: &[&str]) -> Self;
    fn when(self, condition: &str) -> Self;
    fn outputs(self, pairs: &[(&str, &str)]) -> Self;
    fn axis(self, name: &str, values: &str) -> Self;
    fn with_step(self, step: Step) -> Self;
    fn tolerant(self) -> Self;
    fn minutes(self, minutes: &str) -> Self;
    fn secrets(self, secrets: PassedSecrets) -> Self;
}

impl JobWords for Job {
    fn secrets(mut self, secrets: PassedSecrets) -> Self {
        self.call.as_mut().unwrap().secrets = secrets;
        self
    }

    fn needs(mut self, ids: &[&str]) -> Self {
        self.needs = ids.iter().map(ToString::to_string).collect();
        self
    }

    fn when(mut self, condition: &str) -> Self {
        self.condition = Some(Condition::parse(condition).unwrap());
        self
    }

    fn outputs(mut self, pairs: &[(&str, &str)]) -> Self {
        self.outputs = entries(pairs);
        self
    }

    /// One axis, with its values as JSON.
    fn axis(mut self, name: &str, values: &str) -> Self {
        let values = TemplateValue::Literal(serde_json::from_str(values).unwrap());
        let mut axes = match self.strategy.matrix.take() {
            Some(Matrix::Written { axes, .. }) => axes,
            _ => Vec::new(),
        };
        axes.push((name.to_owned(), values));
        self.strategy.matrix = Some(Matrix::Written {
            axes,
            include: None,
            exclude: None,
        });
        self
    }

    fn with_step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    fn tolerant(mut self) -> Self {
        self.continue_on_error = Some(template("true"));
        self
    }

    fn minutes(mut self, minutes: &str) -> Self {
        self.timeout_minutes = Some(template(minutes));
        self
    }
}

pub(crate) trait StepWords: Sized {
    fn called(self, id: &str) -> Self;
    fn when(self, condition: &str) -> Self;
    fn env(self, pairs: &[(&str, &str)]) -> Self;
    fn tolerant(self) -> Self;
    fn tolerant_if(self, template: &str) -> Self;
    fn minutes(self, minutes: &str) -> Self;
}

impl StepWords for Step {
    fn tolerant_if(mut self, text: &str) -> Self {
        self.continue_on_error = Some(template(text));
        self
    }

    fn called(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }

    fn when(mut self, condition: &str) -> Self {
        self.condition = Some(Condition::parse(condition).unwrap());
        self
    }

    fn env(mut self, pairs: &[(&str, &str)]) -> Self {
        self.env = entries(pairs);
        self
    }

    fn tolerant(mut self) -> Self {
        self.continue_on_error = Some(template("true"));
        self
    }

    fn minutes(mut self, minutes: &str) -> Self {
        self.timeout_minutes = Some(template(minutes));
        self
    }
}

pub(crate) fn composite(inputs: &[(&str, &str)], outputs: &[(&str, &str)], steps: Vec<Step>) -> ActionDefinition {
    ActionDefinition {
        name: "composite".into(),
        inputs: inputs
            .iter()
            .map(|(name, default)| ActionInput {
                name: (*name).to_owned(),
                default: Some(template(default)),
                deprecation: None,
            })
            .collect(),
        outputs: entries(outputs),
        runs: ActionRuns::Composite { steps },
        unsupported: Vec::new(),
    }
}

pub(crate) fn javascript(inputs: &[(&str, &str)], post: Option<&str>) -> ActionDefinition {
    ActionDefinition {
        runs: ActionRuns::Node(Box::new(NodeAction {
            version: 20,
            main: "main.js".into(),
            pre: Some("pre.js".into()),
            pre_if: None,
            post: post.map(str::to_owned),
            post_if: None,
        })),
        ..composite(inputs, &[], Vec::new())
    }
}
