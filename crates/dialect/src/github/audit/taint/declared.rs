//! What a file itself says of its variables, inputs and branches.

use std::collections::BTreeMap;

use super::super::subject::{Kind, Subject, text, texts};
use crate::yaml::{Entry, Node};

/// Returns the variables of each level that has too many to look through for every name.
pub(super) fn variables<'n>(subject: &Subject<'n>) -> BTreeMap<*const Node, BTreeMap<&'n str, &'n Entry>> {
    const FEW: usize = 32;
    let jobs = subject.jobs.iter().map(|job| job.node);
    let steps = subject.steps().map(|(_, step)| step.node);
    let levels = std::iter::once(subject.root).chain(jobs).chain(steps);
    let many = levels.filter_map(|level| {
        let entries = level.get("env")?.as_mapping().filter(|entries| entries.len() > FEW)?;
        let named = entries.iter().map(|entry| (entry.key.name.as_str(), entry));
        Some((std::ptr::from_ref(level), named.collect()))
    });
    many.collect()
}

/// Returns for each declared input whether its types leave nothing to choose.
pub(super) fn limited(subject: &Subject<'_>) -> BTreeMap<String, bool> {
    let mut limited = BTreeMap::new();
    for event in ["workflow_dispatch", "workflow_call"] {
        let options = subject.trigger(event).and_then(|trigger| trigger.options);
        let inputs = options.and_then(|options| options.get("inputs")?.as_mapping());
        for input in inputs.unwrap_or_default() {
            let kind = text(&input.value, "type");
            let is_limited = matches!(kind, "boolean" | "number" | "choice" | "environment");
            let all = limited.entry(input.key.name.to_ascii_lowercase()).or_insert(true);
            *all &= is_limited;
        }
    }
    limited
}

/// Returns whether every event of the workflow comes from branches that the file names in full.
pub(super) fn refs_are_fixed(subject: &Subject<'_>) -> bool {
    subject.kind == Kind::Workflow
        && subject.triggers.iter().all(|trigger| match trigger.name {
            // The ref of a pull request has its number, and the others run for the default branch.
            "pull_request" | "schedule" | "issues" | "issue_comment" | "discussion" | "workflow_run" | "watch" => true,
            "push" | "pull_request_target" => trigger.options.is_some_and(|options| {
                let is_plain = |node: &Node| {
                    let names = texts(node);
                    !names.is_empty() && !names.iter().any(|name| name.contains(['*', '?', '[', '+', '!']))
                };
                let (branches, tags) = (options.get("branches"), options.get("tags"));
                (branches.is_some() || tags.is_some()) && branches.is_none_or(is_plain) && tags.is_none_or(is_plain)
            }),
            _ => false,
        })
}
