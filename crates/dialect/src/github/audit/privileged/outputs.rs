//! The outputs of steps and jobs that name the code of strangers.

use std::collections::BTreeSet;

use super::super::command::written;
use super::super::subject::{Job, Step};
use super::super::taint::assignments;
use super::sight::{Known, Names, Sight};
use crate::yaml::Node;

/// An output of a step, or of a job; all in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Output {
    job: String,
    /// Empty for one of the job.
    step: String,
    name: String,
}

/// Actions that tell where the code of a pull request is.
const GIVING: [&str; 5] = [
    "xt0rted/pull-request-comment-branch",
    "alessbell/pull-request-comment-branch",
    "gotson/pull-request-comment-branch",
    "eficode/resolve-pr-refs",
    "potiuk/get-workflow-origin",
];

/// The outputs of those actions that are about the pull request, and not about what it goes to.
const OF_HEAD: &str = "\u{1}head";

impl Output {
    pub(super) fn of_job(job: &str, name: &str) -> Self {
        Self::of_step(job, "", name)
    }

    fn of_step(job: &str, step: &str, name: &str) -> Self {
        Self {
            job: job.to_ascii_lowercase(),
            step: step.to_ascii_lowercase(),
            name: name.to_ascii_lowercase(),
        }
    }
}

/// Returns whether an output of a step of this job is among them.
pub(super) fn is_strange_step(outputs: &BTreeSet<Output>, job: &Job<'_>, step: &str, name: &str) -> bool {
    let is_of_head = name.contains("head") || matches!(name, "ref" | "sha");
    outputs.contains(&Output::of_step(job.id, step, name))
        || (is_of_head && outputs.contains(&Output::of_step(job.id, step, OF_HEAD)))
}

/// Returns the outputs of a file that name the code of strangers.
pub(super) fn strange(sight: &Sight<'_, '_>) -> BTreeSet<Output> {
    let mut found = BTreeSet::new();
    // Outputs of one job reach the next, in whatever order they stand in the file.
    for _ in 0..2 {
        let before = found.len();
        for job in &sight.subject.jobs {
            for step in job.steps.iter().copied().filter(|step| !step.id().is_empty()) {
                add_step(sight, job, step, &mut found);
            }
            add_job(sight, job, &mut found);
        }
        if found.len() == before {
            break;
        }
    }
    found
}

fn add_job<'n>(sight: &Sight<'_, 'n>, job: &Job<'n>, found: &mut BTreeSet<Output>) {
    let outputs = job.node.get("outputs").and_then(Node::as_mapping).unwrap_or_default();
    for output in outputs {
        let value = output.value.as_scalar().map_or("", |scalar| scalar.text.as_str());
        if sight.comes_from_strangers(&sight.origin(value), job, None, Known::These(found)) {
            found.insert(Output::of_job(job.id, &output.key.name));
        }
    }
}

fn add_step<'n>(sight: &Sight<'_, 'n>, job: &Job<'n>, step: Step<'n>, found: &mut BTreeSet<Output>) {
    let of_step = |name: &str| Output::of_step(job.id, step.id(), name);
    if GIVING.iter().any(|action| step.uses_action(action)) {
        found.insert(of_step(OF_HEAD));
    }
    if step.uses_action("actions/github-script") {
        found.extend(said_by_script(step.input_text("script")).map(of_step));
    }
    let names = written_names(sight, job, step, found);
    found.extend(names.into_iter().map(of_step));
}

/// Returns the outputs that a script writes with what names the code of strangers.
fn written_names<'n>(sight: &Sight<'_, 'n>, job: &Job<'n>, step: Step<'n>, known: &BTreeSet<Output>) -> Vec<&'n str> {
    let groups = written(sight.subject, job, step, &["GITHUB_OUTPUT", "::set-output"]);
    if groups.is_empty() {
        return Vec::new();
    }
    let mut names = Names::with(sight, job, step, Known::These(known));
    for command in sight.subject.commands(job, step).iter() {
        names.follow(command);
    }
    let mut found = Vec::new();
    for parts in groups {
        let mut name = None;
        for part in parts {
            for (next, text) in assignments(part.text) {
                name = next.or(name);
                // `::set-output name=NAME::VALUE`
                let old = text.strip_prefix('=').and_then(|text| text.split_once("::"));
                let named = old.filter(|_| name == Some("name")).map(|(name, _)| name).or(name);
                found.extend(named.filter(|_| names.is_strange_part(&part.part(text))));
            }
        }
    }
    found
}

/// Returns the outputs that a script in JavaScript sets to what GitHub says of the code of a pull request.
fn said_by_script(script: &str) -> impl Iterator<Item = &str> {
    const ASKED: [&str; 4] = ["head.sha", "head.ref", "head_sha", "headRefOid"];
    let told = script
        .lines()
        .filter(|line| ASKED.iter().any(|word| line.contains(word)));
    told.filter_map(|line| match line.split_once("setOutput(") {
        Some((_, behind)) => behind.split(['\'', '"', '`']).nth(1),
        None => line.trim_start().starts_with("return ").then_some("result"),
    })
}
