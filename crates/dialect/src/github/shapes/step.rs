//! The forms of a step.

use super::{USES, with};
use crate::github::availability::{STEP_IF, STEP_KEY};
use crate::shape::{Key, Local, Shape};

const ID: Key = Key::new("id", "an id");
const NAME: Key = Key::new("name", "a text").at(&STEP_KEY);
const IF: Key = Key::new("if", "a condition").at(&STEP_IF);
const ENV: Key = Key::new("env", "a mapping of names to texts")
    .at(&STEP_KEY)
    .note("One expression for the whole mapping is refused.");
const CONTINUE_ON_ERROR: Key = Key::new("continue-on-error", "`true` or `false`").at(&STEP_KEY);
const TIMEOUT_MINUTES: Key = Key::new("timeout-minutes", "a number")
    .at(&STEP_KEY)
    .note("Only whole minutes count; less than 1 is no limit, and so is a value that is no number.");
const BACKGROUND: Key = Key::new("background", "`true` or `false`").local(Local::Refused);

pub(in crate::github) static RUN_STEP: Shape = Shape {
    what: "a step with `run`",
    path: "jobs.<job_id>.steps[*] with run",
    keys: &[
        ID,
        NAME,
        IF,
        Key::new("run", "a script").required("run: make").at(&STEP_KEY),
        Key::new("shell", "the name of a shell, or a command line with `{0}`")
            .note("`bash`, `sh`, `pwsh`, `python`, or a line with `{0}`; the program has to be installed."),
        Key::new("working-directory", "a path").at(&STEP_KEY),
        ENV,
        CONTINUE_ON_ERROR,
        TIMEOUT_MINUTES,
        BACKGROUND,
    ],
};

pub(in crate::github) static USES_STEP: Shape = Shape {
    what: "a step with `uses`",
    path: "jobs.<job_id>.steps[*] with uses",
    keys: &[
        ID,
        NAME,
        IF,
        USES,
        with(&STEP_KEY),
        ENV,
        CONTINUE_ON_ERROR,
        TIMEOUT_MINUTES,
        BACKGROUND,
    ],
};

pub(in crate::github) static WAIT_STEP: Shape = Shape {
    what: "a step with `wait`",
    path: "jobs.<job_id>.steps[*] with wait",
    keys: &[
        ID,
        NAME,
        CONTINUE_ON_ERROR,
        Key::new("wait", "the id of a step in the background, or a list of them")
            .required("wait: server")
            .local(Local::Refused),
    ],
};

pub(in crate::github) static WAIT_ALL_STEP: Shape = Shape {
    what: "a step with `wait-all`",
    path: "jobs.<job_id>.steps[*] with wait-all",
    keys: &[
        ID,
        NAME,
        CONTINUE_ON_ERROR,
        Key::new("wait-all", "nothing or `true`")
            .required("wait-all: true")
            .local(Local::Refused),
    ],
};

pub(in crate::github) static CANCEL_STEP: Shape = Shape {
    what: "a step with `cancel`",
    path: "jobs.<job_id>.steps[*] with cancel",
    keys: &[
        ID,
        NAME,
        CONTINUE_ON_ERROR,
        Key::new("cancel", "the id of a step in the background")
            .required("cancel: server")
            .local(Local::Refused),
    ],
};

pub(in crate::github) static PARALLEL_STEP: Shape = Shape {
    what: "a step with `parallel`",
    path: "jobs.<job_id>.steps[*] with parallel",
    keys: &[Key::new("parallel", "a list of steps")
        .required("parallel: [{ run: make }]")
        .local(Local::Refused)],
};
