//! Small pipelines of every shape: needs, matrices, conditions, actions, limits of time, called workflows.

mod called;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_pipeline::action::{ActionDefinition, ActionRuns, NodeAction};
use lockgate_pipeline::definition::{Called, Defaults, Job, Matrix, Pipeline, Place, Step, StepBody, TemplateValue};
use lockgate_pipeline::expression::{Condition, Template, Value};
use lockgate_pipeline::plan::{Plan, PlanRequest, Trigger};

use crate::chance::Chance;

/// The name of the secret that some steps use.
pub(super) const SECRET: &str = "TOKEN";

/// Invents a plan that has something to do.
pub(super) fn plan(chance: &mut Chance) -> Plan {
    loop {
        let count = chance.between(1, 4);
        let called = called::workflows(chance);
        let jobs = (0..count).filter_map(|at| job(at, chance));
        let jobs: Vec<Job> = jobs.collect();
        let jobs = jobs.into_iter().map(|job| Arc::new(called::of_the_top(job, chance)));
        if let Some(plan) = planned(jobs.collect(), called).filter(Plan::has_work) {
            return plan;
        }
    }
}

fn pipeline(jobs: Vec<Arc<Job>>) -> Pipeline {
    Pipeline {
        name: "ci".into(),
        path: ".github/workflows/ci.yml".into(),
        run_name: None,
        env: entries(&[("FROM_WORKFLOW", "1")]),
        defaults: Defaults::default(),
        concurrency: None,
        permissions: None,
        jobs,
        unsupported: Vec::new(),
        places: BTreeMap::new(),
    }
}

fn planned(jobs: Vec<Arc<Job>>, called: BTreeMap<String, Called>) -> Option<Plan> {
    let request = PlanRequest {
        trigger: Trigger {
            event: "push".into(),
            sha: "0123456789".into(),
            reference: "refs/heads/main".into(),
            repository: "acme/shop".into(),
            run_id: "1".into(),
            ..Trigger::default()
        },
        secrets: BTreeSet::from([SECRET.to_owned()]),
        called,
        ..PlanRequest::default()
    };
    Plan::make(Arc::new(pipeline(jobs)), request).ok()
}

/// Returns the definition of the action that some steps use, or nothing when it is missing.
pub(super) fn action(reference: &str) -> Option<ActionDefinition> {
    let runs = match reference {
        "./node" => ActionRuns::Node(Box::new(NodeAction {
            version: 20,
            main: "main.js".into(),
            pre: None,
            pre_if: None,
            post: Some("post.js".into()),
            post_if: None,
        })),
        "./composite" => ActionRuns::Composite {
            steps: vec![run_step("inner 1"), run_step("inner 2")],
        },
        _ => return None,
    };
    Some(ActionDefinition {
        name: reference.trim_start_matches("./").into(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        runs,
        unsupported: Vec::new(),
    })
}

fn job(at: u64, chance: &mut Chance) -> Option<Job> {
    let steps = (0..chance.between(1, 4)).map(|number| step(number, chance)).collect();
    let mut job = Job::new(format!("job{at}"), steps, place());
    job.needs = (0..at)
        .filter(|_| chance.per_mille(350))
        .map(|need| format!("job{need}"))
        .collect();
    job.condition = match chance.below(10) {
        0 => Condition::parse("always()").ok(),
        1 => Condition::parse("failure()").ok(),
        2 if !job.needs.is_empty() => {
            let need = &job.needs[0];
            Condition::parse(format!("needs.{need}.outputs.answer == 'yes'")).ok()
        }
        _ => None,
    };
    if chance.per_mille(200) {
        let axis = [1.0, 2.0, 3.0].map(|n| TemplateValue::Literal(Value::Number(n)));
        job.strategy.matrix = Some(Matrix::Written {
            axes: vec![("n".into(), TemplateValue::List(axis.to_vec()))],
            include: None,
            exclude: None,
        });
        job.strategy.fail_fast = template(&format!("${{{{ {} }}}}", chance.per_mille(500)));
        if chance.per_mille(300) {
            job.strategy.max_parallel = template("${{ 2 }}");
        }
    }
    job.outputs = entries(&[("answer", "${{ steps.s0.outputs.answer }}")]);
    if chance.per_mille(150) {
        job.continue_on_error = Some(template("${{ true }}")?);
    }
    if chance.per_mille(200) {
        job.timeout_minutes = Some(template("${{ 2 }}")?);
    }
    Some(job)
}

fn step(number: u64, chance: &mut Chance) -> Step {
    let mut step = match chance.below(20) {
        0 | 5 | 6 => uses("./composite"),
        1 => uses("./node"),
        2 => uses("./missing"),
        3 => uses("actions/cache@v4"),
        4 => uses("actions/checkout@v4"),
        _ => run_step("true"),
    };
    step.id = Some(format!("s{number}"));
    step.condition = match chance.below(10) {
        0 => Condition::parse("always()").ok(),
        1 => Condition::parse("failure()").ok(),
        2 => Condition::parse("cancelled()").ok(),
        _ => None,
    };
    if chance.per_mille(80) {
        step.env = entries(&[("DIGEST", "${{ hashFiles('**/Cargo.lock') }}")]);
    } else if chance.per_mille(150) {
        step.env = entries(&[("TOKEN", "${{ secrets.TOKEN }}")]);
    }
    if chance.per_mille(120) {
        step.continue_on_error = template("${{ true }}");
    }
    let is_composite = matches!(&step.body, StepBody::Uses { reference, .. } if reference == "./composite");
    if chance.per_mille(if is_composite { 600 } else { 150 }) {
        step.timeout_minutes = template("${{ 1 }}");
    }
    step
}

fn run_step(script: &str) -> Step {
    let body = StepBody::Run {
        script: Template::literal(script),
        shell: None,
        working_directory: None,
    };
    Step::new(body, place())
}

fn uses(reference: &str) -> Step {
    let body = StepBody::Uses {
        reference: reference.into(),
        with: Vec::new(),
    };
    Step::new(body, place())
}

fn entries(pairs: &[(&str, &str)]) -> Vec<(String, Template)> {
    pairs
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), template(value)?)))
        .collect()
}

fn template(text: &str) -> Option<Template> {
    Template::parse(text).ok()
}

fn place() -> Place {
    Place::new(".github/workflows/ci.yml", 1, 1)
}
