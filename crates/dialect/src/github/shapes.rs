//! The keys of GitHub's language, mapping by mapping.
//!
//! After GitHub's workflow syntax and its metadata syntax of actions. A mapping of which the form depends on one of its
//! keys, such as a step with `run` and one with `uses`, has a shape for each form.

mod action;
mod container;
mod event;
mod job;
mod step;
mod workflow;

use super::permission::PERMISSIONS;
use crate::shape::{Availability, Key, Local, Shape};

pub(super) use action::{
    ACTION, ACTION_INPUT, ACTION_OUTPUT, BRANDING, COMPOSITE_RUN_STEP, COMPOSITE_RUNS, COMPOSITE_USES_STEP,
    DOCKER_RUNS, NODE_RUNS,
};
pub(super) use container::{CONTAINER, CREDENTIALS, SERVICE, SERVICE_CREDENTIALS};
pub(super) use event::{CALL, CALL_INPUT, CALL_OUTPUT, CALL_SECRET, DISPATCH, DISPATCH_INPUT, SCHEDULE};
pub(super) use job::{
    CALLING_JOB, ENVIRONMENT, JOB, JOB_CONCURRENCY, JOB_DEFAULTS, JOB_DEFAULTS_RUN, MATRIX, RUNS_ON, SNAPSHOT, STRATEGY,
};
pub(super) use step::{CANCEL_STEP, PARALLEL_STEP, RUN_STEP, USES_STEP, WAIT_ALL_STEP, WAIT_STEP};
pub(super) use workflow::{WORKFLOW, WORKFLOW_CONCURRENCY, WORKFLOW_DEFAULTS, WORKFLOW_DEFAULTS_RUN};

/// Every kind of mapping of a workflow file, from the top down, without the events.
pub const OF_WORKFLOWS: &[&Shape] = &[
    &WORKFLOW,
    &SCHEDULE,
    &DISPATCH,
    &DISPATCH_INPUT,
    &CALL,
    &CALL_INPUT,
    &CALL_SECRET,
    &CALL_OUTPUT,
    &PERMISSIONS,
    &WORKFLOW_DEFAULTS,
    &WORKFLOW_DEFAULTS_RUN,
    &WORKFLOW_CONCURRENCY,
    &JOB,
    &CALLING_JOB,
    &STRATEGY,
    &MATRIX,
    &RUNS_ON,
    &ENVIRONMENT,
    &JOB_CONCURRENCY,
    &JOB_DEFAULTS,
    &JOB_DEFAULTS_RUN,
    &CONTAINER,
    &CREDENTIALS,
    &SERVICE,
    &SERVICE_CREDENTIALS,
    &SNAPSHOT,
    &RUN_STEP,
    &USES_STEP,
    &WAIT_STEP,
    &WAIT_ALL_STEP,
    &CANCEL_STEP,
    &PARALLEL_STEP,
];

/// Every kind of mapping of an action file, from the top down.
pub const OF_ACTIONS: &[&Shape] = &[
    &ACTION,
    &ACTION_INPUT,
    &ACTION_OUTPUT,
    &BRANDING,
    &COMPOSITE_RUNS,
    &NODE_RUNS,
    &DOCKER_RUNS,
    &COMPOSITE_RUN_STEP,
    &COMPOSITE_USES_STEP,
];

/// The action that a step uses.
const USES: Key = Key::new("uses", "an action")
    .required("uses: actions/checkout@v4")
    .note("One of another repository is refused; some are [built in](workflow-support.md#actions).");

/// Returns the key with the inputs of an action.
const fn with(at: &'static Availability) -> Key {
    Key::new("with", "a mapping of inputs to texts")
        .at(at)
        .note("One expression for the whole mapping is refused.")
}

/// Returns the keys of `concurrency`, which differ in what their expressions can use.
const fn concurrency(at: &'static Availability) -> [Key; 3] {
    [
        Key::new("group", "a text")
            .required("group: production")
            .at(at)
            .local(Local::ReadOnly),
        Key::new("cancel-in-progress", "`true` or `false`")
            .at(at)
            .local(Local::ReadOnly),
        Key::new("queue", "`single` or `max`")
            .at(at)
            .local(Local::ReadOnly)
            .note("`queue: max` is refused."),
    ]
}
