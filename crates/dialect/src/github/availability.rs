//! Which contexts and functions an expression can use at which key.
//!
//! After GitHub's workflow schema, which lists them per key.

use lockgate_pipeline::expression::Function;

/// What an expression can use at one kind of key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Availability {
    /// The key in words, such as "`if` of a step".
    pub(super) key: &'static str,
    pub(super) contexts: &'static [&'static str],
    /// The functions that are not available everywhere.
    pub(super) functions: &'static [Function],
}

const STATUS: &[Function] = &[
    Function::Always,
    Function::Cancelled,
    Function::Failure,
    Function::Success,
];
const STATUS_AND_HASH: &[Function] = &[
    Function::Always,
    Function::Cancelled,
    Function::Failure,
    Function::Success,
    Function::HashFiles,
];
const HASH: &[Function] = &[Function::HashFiles];
const NONE: &[Function] = &[];

const RUN: &[&str] = &["github", "inputs", "vars"];
const RUN_WITH_SECRETS: &[&str] = &["github", "inputs", "vars", "secrets"];
const NEEDS: &[&str] = &["github", "inputs", "vars", "needs"];
const JOB: &[&str] = &["github", "inputs", "vars", "needs", "strategy", "matrix"];
const JOB_WITH_SECRETS: &[&str] = &["github", "inputs", "vars", "needs", "strategy", "matrix", "secrets"];
const JOB_WITH_ENV: &[&str] = &["github", "inputs", "vars", "needs", "strategy", "matrix", "env"];
const STEP: &[&str] = &[
    "github", "inputs", "vars", "needs", "strategy", "matrix", "secrets", "steps", "job", "runner", "env",
];
const STEP_WITHOUT_SECRETS: &[&str] = &[
    "github", "inputs", "vars", "needs", "strategy", "matrix", "steps", "job", "runner", "env",
];
const COMPOSITE: &[&str] = &[
    "github", "inputs", "strategy", "matrix", "steps", "job", "runner", "env",
];

pub(super) const RUN_NAME: Availability = of("`run-name`", RUN, NONE);
pub(super) const WORKFLOW_ENV: Availability = of("`env` of the workflow", RUN_WITH_SECRETS, NONE);
pub(super) const WORKFLOW_CONCURRENCY: Availability = of("`concurrency` of the workflow", RUN, NONE);
pub(super) const CALL_INPUT_DEFAULT: Availability = of("`default` of an input", RUN, NONE);
pub(super) const CALL_OUTPUT: Availability =
    of("an output of the workflow", &["github", "inputs", "vars", "jobs"], NONE);
pub(super) const JOB_IF: Availability = of("`if` of a job", NEEDS, STATUS);
pub(super) const STRATEGY: Availability = of("`strategy`", NEEDS, NONE);
pub(super) const JOB_KEY: Availability = of("this key of a job", JOB, NONE);
pub(super) const JOB_ENV: Availability = of("`env` of a job", JOB_WITH_SECRETS, NONE);
pub(super) const JOB_SECRETS: Availability = of("`secrets` of a job", JOB_WITH_SECRETS, NONE);
pub(super) const JOB_DEFAULTS: Availability = of("`defaults` of a job", JOB_WITH_ENV, NONE);
pub(super) const JOB_OUTPUT: Availability = of("`outputs` of a job", STEP, NONE);
pub(super) const ENVIRONMENT_URL: Availability = of("`url` of an environment", STEP_WITHOUT_SECRETS, NONE);
pub(super) const CONTAINER: Availability = of("a container", STEP, NONE);
pub(super) const STEP_KEY: Availability = of("this key of a step", STEP, HASH);
pub(super) const STEP_IF: Availability = of("`if` of a step", STEP_WITHOUT_SECRETS, STATUS_AND_HASH);
pub(super) const COMPOSITE_KEY: Availability = of("this key of a composite action's step", COMPOSITE, HASH);
pub(super) const COMPOSITE_IF: Availability = of("`if` of a composite action's step", COMPOSITE, STATUS_AND_HASH);
pub(super) const ACTION_OUTPUT: Availability = of("an output of an action", COMPOSITE, NONE);
pub(super) const ACTION_INPUT_DEFAULT: Availability = of(
    "`default` of an action's input",
    &["github", "strategy", "matrix", "job", "runner"],
    HASH,
);
pub(super) const ACTION_IF: Availability = of(
    "`pre-if` and `post-if` of an action",
    &["runner", "github", "job", "strategy", "matrix", "env", "inputs"],
    STATUS_AND_HASH,
);

const fn of(key: &'static str, contexts: &'static [&'static str], functions: &'static [Function]) -> Availability {
    Availability {
        key,
        contexts,
        functions,
    }
}

impl Availability {
    pub(super) fn has_function(&self, function: Function) -> bool {
        let is_everywhere = !STATUS_AND_HASH.contains(&function);
        is_everywhere || self.functions.contains(&function)
    }
}
