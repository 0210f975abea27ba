//! Releases that are built from a cache.
//!
//! A cache can be written by every run of the branch that it is read from; who gets into one of them puts what he wants
//! into the release. Builds of releases are rare enough to begin from nothing.

use super::subject::{Kind, Step, Subject};
use super::{Finding, Level};
use crate::codes;

/// Commands and actions after which others have the release.
const PUBLISHING: [&str; 12] = [
    "cargo publish",
    "npm publish",
    "yarn publish",
    "twine upload",
    "docker push",
    "gh release",
    "goreleaser",
    "softprops/action-gh-release",
    "pypa/gh-action-pypi-publish",
    "svenstaro/upload-release-action",
    "ncipollo/release-action",
    "taiki-e/upload-rust-binary-action",
];

const CACHING: [&str; 3] = ["actions/cache", "actions/cache/restore", "swatinem/rust-cache"];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Action || !is_release(subject) {
        return;
    }
    for job in &subject.jobs {
        let publishes = job.steps.iter().any(|step| is_publishing(*step));
        let cached = job.steps.iter().find(|step| is_caching(**step));
        if let Some(step) = cached.filter(|_| publishes) {
            let diagnostic = subject
                .warning(
                    codes::CACHE_IN_RELEASE,
                    step.place(),
                    format!(
                        "the job `{}` publishes what is built from a cache that other runs write",
                        job.id
                    ),
                )
                .help("leave the cache out where a release is built");
            found.push(Finding::new(Level::Advice, diagnostic));
        }
    }
}

/// Returns whether only releases and tags start it.
fn is_release(subject: &Subject<'_>) -> bool {
    let is_of_release = |trigger: &super::subject::Trigger<'_>| match trigger.name {
        "release" => true,
        "push" => trigger
            .options
            .is_some_and(|options| options.get("tags").is_some() && options.get("branches").is_none()),
        _ => false,
    };
    subject.triggers.iter().any(is_of_release)
        && subject
            .triggers
            .iter()
            .all(|trigger| is_of_release(trigger) || trigger.name == "workflow_dispatch")
}

fn is_publishing(step: Step<'_>) -> bool {
    let uses = step.uses().map_or(String::new(), |(uses, _)| uses.to_ascii_lowercase());
    PUBLISHING
        .iter()
        .any(|word| step.script().contains(word) || uses.contains(word))
}

fn is_caching(step: Step<'_>) -> bool {
    let is_setup = step.uses().is_some_and(|(uses, _)| uses.starts_with("actions/setup-"));
    CACHING.iter().any(|name| step.uses_action(name)) || (is_setup && !matches!(step.input_text("cache"), "" | "false"))
}
