//! The top of a workflow file.

use super::concurrency;
use crate::github::availability::{RUN_NAME, WORKFLOW_CONCURRENCY as AT_CONCURRENCY, WORKFLOW_ENV};
use crate::shape::{Key, Local, Shape};

pub(in crate::github) static WORKFLOW: Shape = Shape {
    what: "a workflow",
    path: "the workflow",
    keys: &[
        Key::new(
            "on",
            "an event, a list of events, or a mapping of events to their filters",
        )
        .required("on: push"),
        Key::new("name", "a text"),
        Key::new("description", "a text")
            .local(Local::ReadOnly)
            .note("It describes the workflow."),
        Key::new("run-name", "a text")
            .at(&RUN_NAME)
            .note("Shown as the name of the run."),
        Key::new(
            "permissions",
            "`read-all`, `write-all`, or a mapping of scopes to levels",
        )
        .local(Local::ReadOnly)
        .note("There is no token unless `--secret GITHUB_TOKEN` gives one."),
        CACHE_MODE,
        Key::new("env", "a mapping of names to texts")
            .at(&WORKFLOW_ENV)
            .note("One expression for the whole mapping is refused."),
        Key::new("defaults", "a mapping"),
        Key::new("concurrency", "the name of a group, or a mapping")
            .at(&AT_CONCURRENCY)
            .local(Local::ReadOnly)
            .note("Runs of one group do not wait for each other."),
        Key::new("jobs", "a mapping of ids to jobs")
            .required("jobs: { build: { runs-on: ubuntu-latest, steps: [{ run: make }] } }"),
    ],
};

/// What jobs may do with caches, of a workflow and of a job.
pub(super) const CACHE_MODE: Key = Key::new("cache-mode", "`read`, `write`, `write-only` or `none`")
    .local(Local::ReadOnly)
    .note("The caches of this machine are open to every job.");

pub(in crate::github) static WORKFLOW_DEFAULTS: Shape = Shape {
    what: "`defaults`",
    path: "defaults",
    keys: &[Key::new("run", "a mapping")],
};

pub(in crate::github) static WORKFLOW_DEFAULTS_RUN: Shape = Shape {
    what: "`run` of `defaults`",
    path: "defaults.run",
    keys: &[
        Key::new("shell", "the name of a shell, or a command line with `{0}`"),
        Key::new("working-directory", "a path"),
    ],
};

pub(in crate::github) static WORKFLOW_CONCURRENCY: Shape = Shape {
    what: "`concurrency`",
    path: "concurrency",
    keys: &concurrency(&AT_CONCURRENCY),
};
