//! A job and what stands in it, without its containers and steps.

use super::concurrency;
use super::workflow::CACHE_MODE;
use crate::github::availability::{
    ENVIRONMENT_URL, JOB_CONCURRENCY as AT_CONCURRENCY, JOB_DEFAULTS as AT_DEFAULTS, JOB_ENV, JOB_IF, JOB_KEY,
    JOB_OUTPUT, JOB_SECRETS, RUNNER, SERVICES, SNAPSHOT_IF, STRATEGY as AT_STRATEGY,
};
use crate::shape::{Key, Local, Shape};

const NAME: Key = Key::new("name", "a text").at(&JOB_KEY);
const NEEDS: Key = Key::new("needs", "the id of a job, or a list of them");
const IF: Key = Key::new("if", "a condition").at(&JOB_IF);
const PERMISSIONS: Key = Key::new(
    "permissions",
    "`read-all`, `write-all`, or a mapping of scopes to levels",
)
.local(Local::ReadOnly)
.note("There is no token unless `--secret GITHUB_TOKEN` gives one.");
const CONCURRENCY: Key = Key::new("concurrency", "the name of a group, or a mapping")
    .at(&AT_CONCURRENCY)
    .local(Local::ReadOnly)
    .note("Jobs of one group do not wait for each other.");
const STRATEGY_KEY: Key = Key::new("strategy", "a mapping")
    .at(&AT_STRATEGY)
    .note("One expression for the whole mapping is refused.");

pub(in crate::github) static JOB: Shape = Shape {
    what: "a job",
    path: "jobs.<job_id>",
    keys: &[
        NAME,
        NEEDS,
        IF,
        Key::new("runs-on", "a label, a list of labels, or a mapping")
            .required("runs-on: ubuntu-latest")
            .at(&JOB_KEY)
            .local(Local::ReadOnly)
            .note("Every job runs on this machine, whatever the label; a label for Windows or macOS is a warning."),
        PERMISSIONS,
        CACHE_MODE,
        Key::new("environment", "a name, or a mapping")
            .at(&JOB_KEY)
            .local(Local::ReadOnly),
        CONCURRENCY,
        Key::new("outputs", "a mapping of names to texts").at(&JOB_OUTPUT),
        Key::new("env", "a mapping of names to texts")
            .at(&JOB_ENV)
            .note("One expression for the whole mapping is refused."),
        Key::new("defaults", "a mapping"),
        Key::new("steps", "a list of steps"),
        Key::new("timeout-minutes", "a number above 0").at(&JOB_KEY),
        Key::new("cancel-timeout-minutes", "a number above 0")
            .at(&JOB_KEY)
            .local(Local::Refused),
        STRATEGY_KEY,
        Key::new("continue-on-error", "`true` or `false`").at(&JOB_KEY),
        Key::new("container", "an image, or a mapping")
            .at(&RUNNER)
            .local(Local::Refused),
        Key::new("services", "a mapping of names to services")
            .at(&SERVICES)
            .local(Local::Refused),
        Key::new("snapshot", "the name of an image, or a mapping").local(Local::Refused),
    ],
};

pub(in crate::github) static CALLING_JOB: Shape = Shape {
    what: "a job with `uses`",
    path: "jobs.<job_id> with uses",
    keys: &[
        NAME,
        NEEDS,
        IF,
        PERMISSIONS,
        CACHE_MODE,
        CONCURRENCY,
        STRATEGY_KEY,
        Key::new("uses", "a workflow of this repository or of another one")
            .required("uses: ./.github/workflows/build.yml")
            .note("A workflow of another repository is refused."),
        Key::new("with", "a mapping of inputs to values").at(&JOB_KEY),
        Key::new("secrets", "`inherit`, or a mapping of names to texts").at(&JOB_SECRETS),
    ],
};

pub(in crate::github) static STRATEGY: Shape = Shape {
    what: "`strategy`",
    path: "jobs.<job_id>.strategy",
    keys: &[
        Key::new("matrix", "a mapping")
            .at(&AT_STRATEGY)
            .note("Also one expression for all of it, such as `fromJSON(…)`."),
        Key::new("fail-fast", "`true` or `false`").at(&AT_STRATEGY),
        Key::new("max-parallel", "a number above 0").at(&AT_STRATEGY),
    ],
};

pub(in crate::github) static MATRIX: Shape = Shape {
    what: "`matrix`",
    path: "jobs.<job_id>.strategy.matrix",
    keys: &[
        Key::new("include", "a list of mappings of names to values").at(&AT_STRATEGY),
        Key::new("exclude", "a list of mappings of names to values").at(&AT_STRATEGY),
        Key::new("<name>", "a list of values").at(&AT_STRATEGY),
    ],
};

pub(in crate::github) static RUNS_ON: Shape = Shape {
    what: "`runs-on`",
    path: "jobs.<job_id>.runs-on",
    keys: &[
        Key::new("group", "the name of a group of runners")
            .at(&JOB_KEY)
            .local(Local::ReadOnly),
        Key::new("labels", "a label, or a list of labels")
            .at(&JOB_KEY)
            .local(Local::ReadOnly),
    ],
};

pub(in crate::github) static ENVIRONMENT: Shape = Shape {
    what: "`environment`",
    path: "jobs.<job_id>.environment",
    keys: &[
        Key::new("name", "a text")
            .required("name: production")
            .at(&JOB_KEY)
            .local(Local::ReadOnly),
        Key::new("url", "a text").at(&ENVIRONMENT_URL).local(Local::ReadOnly),
        Key::new("deployment", "`true` or `false`")
            .at(&JOB_KEY)
            .local(Local::ReadOnly),
    ],
};

pub(in crate::github) static JOB_CONCURRENCY: Shape = Shape {
    what: "`concurrency`",
    path: "jobs.<job_id>.concurrency",
    keys: &concurrency(&AT_CONCURRENCY),
};

pub(in crate::github) static JOB_DEFAULTS: Shape = Shape {
    what: "`defaults`",
    path: "jobs.<job_id>.defaults",
    keys: &[Key::new("run", "a mapping").at(&AT_DEFAULTS)],
};

pub(in crate::github) static JOB_DEFAULTS_RUN: Shape = Shape {
    what: "`run` of `defaults`",
    path: "jobs.<job_id>.defaults.run",
    keys: &[
        Key::new("shell", "the name of a shell, or a command line with `{0}`").at(&AT_DEFAULTS),
        Key::new("working-directory", "a path").at(&AT_DEFAULTS),
    ],
};

pub(in crate::github) static SNAPSHOT: Shape = Shape {
    what: "`snapshot`",
    path: "jobs.<job_id>.snapshot",
    keys: &[
        Key::new("image-name", "a text")
            .required("image-name: build-tools")
            .local(Local::Refused),
        Key::new("version", "a text").local(Local::Refused),
        Key::new("if", "a condition").at(&SNAPSHOT_IF).local(Local::Refused),
    ],
};
