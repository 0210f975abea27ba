//! Which contexts and functions an expression can use at which key.
//!
//! After GitHub's workflow schema, which lists them per key.

use lockgate_pipeline::expression::Function;

use crate::shape::Availability;

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
const CREDENTIAL: &[&str] = &[
    "github", "inputs", "vars", "needs", "strategy", "matrix", "secrets", "env",
];
const IN_CONTAINER: &[&str] = &[
    "github", "inputs", "vars", "needs", "strategy", "matrix", "secrets", "job", "runner", "env",
];
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

pub(super) static RUN_NAME: Availability = of("`run-name`", RUN, NONE);
pub(super) static WORKFLOW_ENV: Availability = of("`env` of the workflow", RUN_WITH_SECRETS, NONE);
pub(super) static WORKFLOW_CONCURRENCY: Availability = of("`concurrency` of the workflow", RUN, NONE);
pub(super) static CALL_INPUT_DEFAULT: Availability = of("`default` of an input", RUN, NONE);
pub(super) static CALL_OUTPUT: Availability =
    of("an output of the workflow", &["github", "inputs", "vars", "jobs"], NONE);
pub(super) static JOB_IF: Availability = Availability {
    names_jobs: true,
    ..of("`if` of a job", NEEDS, STATUS)
};
pub(super) static STRATEGY: Availability = of("`strategy`", NEEDS, NONE);
pub(super) static JOB_KEY: Availability = of("this key of a job", JOB, NONE);
pub(super) static JOB_CONCURRENCY: Availability = of("`concurrency` of a job", JOB, NONE);
pub(super) static JOB_ENV: Availability = of("`env` of a job", JOB_WITH_SECRETS, NONE);
pub(super) static JOB_SECRETS: Availability = of("`secrets` of a job", JOB_WITH_SECRETS, NONE);
pub(super) static JOB_DEFAULTS: Availability = of("`defaults` of a job", JOB_WITH_ENV, NONE);
pub(super) static JOB_OUTPUT: Availability = of("`outputs` of a job", STEP, NONE);
pub(super) static ENVIRONMENT_URL: Availability = of("`url` of an environment", STEP_WITHOUT_SECRETS, NONE);
pub(super) static RUNNER: Availability = of("`container`", JOB, NONE);
pub(super) static SERVICES: Availability = of("`services`", JOB, NONE);
pub(super) static CONTAINER_ENV: Availability = of("`env` of a container", IN_CONTAINER, NONE);
pub(super) static CREDENTIALS: Availability = of("`credentials` of a container", CREDENTIAL, NONE);
pub(super) static SNAPSHOT_IF: Availability = of("`if` of a snapshot", JOB, NONE);
pub(super) static STEP_KEY: Availability = of("this key of a step", STEP, HASH);
pub(super) static STEP_IF: Availability = of("`if` of a step", STEP_WITHOUT_SECRETS, STATUS_AND_HASH);
pub(super) static COMPOSITE_KEY: Availability = of("this key of a composite action's step", COMPOSITE, HASH);
pub(super) static COMPOSITE_IF: Availability = of("`if` of a composite action's step", COMPOSITE, STATUS_AND_HASH);
pub(super) static ACTION_OUTPUT: Availability = of("an output of an action", COMPOSITE, NONE);
pub(super) static ACTION_INPUT_DEFAULT: Availability = of(
    "`default` of an action's input",
    &["github", "strategy", "matrix", "job", "runner"],
    HASH,
);
pub(super) static ACTION_IF: Availability = of(
    "`pre-if` and `post-if` of an action",
    &["runner", "github", "job", "strategy", "matrix", "env", "inputs"],
    STATUS_AND_HASH,
);

pub(super) static DOCKER_ARGUMENT: Availability = of("`args` and `env` of a container action", &["inputs"], NONE);

const fn of(key: &'static str, contexts: &'static [&'static str], functions: &'static [Function]) -> Availability {
    Availability {
        key,
        contexts,
        functions,
        names_jobs: false,
    }
}
