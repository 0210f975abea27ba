//! Action files.

use super::{USES, with};
use crate::github::availability::{
    ACTION_IF, ACTION_INPUT_DEFAULT, ACTION_OUTPUT as AT_OUTPUT, COMPOSITE_IF, COMPOSITE_KEY, DOCKER_ARGUMENT,
};
use crate::shape::{Key, Local, Shape};

pub(in crate::github) static ACTION: Shape = Shape {
    what: "an action",
    path: "the action",
    keys: &[
        Key::new("name", "a text").required("name: Greet"),
        Key::new("description", "a text")
            .required("description: Says hello")
            .local(Local::ReadOnly),
        Key::new("author", "a text").local(Local::ReadOnly),
        Key::new("inputs", "a mapping of names to inputs"),
        Key::new("outputs", "a mapping of names to outputs"),
        Key::new("runs", "a mapping").required("runs: { using: composite, steps: [{ run: make, shell: bash }] }"),
        Key::new("branding", "a mapping").local(Local::ReadOnly),
    ],
};

pub(in crate::github) static ACTION_INPUT: Shape = Shape {
    what: "an input",
    path: "inputs.<input_id>",
    keys: &[
        Key::new("description", "a text").local(Local::ReadOnly),
        Key::new("required", "`true` or `false`"),
        Key::new("default", "a text").at(&ACTION_INPUT_DEFAULT),
        Key::new("deprecationMessage", "a text"),
        Key::new("<name>", "anything")
            .local(Local::ReadOnly)
            .note("Other keys describe the input to other programs."),
    ],
};

pub(in crate::github) static ACTION_OUTPUT: Shape = Shape {
    what: "an output",
    path: "outputs.<output_id>",
    keys: &[
        Key::new("description", "a text").local(Local::ReadOnly),
        Key::new("value", "a text")
            .at(&AT_OUTPUT)
            .note("A composite action has to have it."),
    ],
};

pub(in crate::github) static BRANDING: Shape = Shape {
    what: "`branding`",
    path: "branding",
    keys: &[
        Key::new("icon", "the name of an icon").local(Local::ReadOnly),
        Key::new(
            "color",
            "`white`, `yellow`, `blue`, `green`, `orange`, `red`, `purple` or `gray-dark`",
        )
        .local(Local::ReadOnly),
    ],
};

const USING: Key =
    Key::new("using", "`composite`, `docker`, `node20`, `node24`, or an older Node").required("using: composite");

pub(in crate::github) static COMPOSITE_RUNS: Shape = Shape {
    what: "`runs` of a composite action",
    path: "runs of a composite action",
    keys: &[
        USING,
        Key::new("steps", "a list of steps").required("steps: [{ run: make, shell: bash }]"),
    ],
};

pub(in crate::github) static NODE_RUNS: Shape = Shape {
    what: "`runs` of a JavaScript action",
    path: "runs of a JavaScript action",
    keys: &[
        USING,
        Key::new("main", "a file").required("main: dist/index.js"),
        Key::new("pre", "a file").note("Not run of an action of the repository itself, as on GitHub."),
        Key::new("pre-if", "a condition").at(&ACTION_IF),
        Key::new("post", "a file"),
        Key::new("post-if", "a condition").at(&ACTION_IF),
    ],
};

pub(in crate::github) static DOCKER_RUNS: Shape = Shape {
    what: "`runs` of a container action",
    path: "runs of a container action",
    keys: &[
        USING.local(Local::Refused),
        refused("image", "`Dockerfile`, or `docker://` and an image").required("image: Dockerfile"),
        refused("entrypoint", "a program"),
        refused("args", "a list of texts").at(&DOCKER_ARGUMENT),
        refused("env", "a mapping of names to texts").at(&DOCKER_ARGUMENT),
        refused("pre-entrypoint", "a program"),
        refused("pre-if", "a condition").at(&ACTION_IF),
        refused("post-entrypoint", "a program"),
        refused("post-if", "a condition").at(&ACTION_IF),
    ],
};

const ID: Key = Key::new("id", "an id");
const NAME: Key = Key::new("name", "a text").at(&COMPOSITE_KEY);
const IF: Key = Key::new("if", "a condition").at(&COMPOSITE_IF);
const ENV: Key = Key::new("env", "a mapping of names to texts")
    .at(&COMPOSITE_KEY)
    .note("One expression for the whole mapping is refused.");
const CONTINUE_ON_ERROR: Key = Key::new("continue-on-error", "`true` or `false`").at(&COMPOSITE_KEY);

pub(in crate::github) static COMPOSITE_RUN_STEP: Shape = Shape {
    what: "a composite action's step with `run`",
    path: "runs.steps[*] with run",
    keys: &[
        ID,
        NAME,
        IF,
        Key::new("run", "a script").required("run: make").at(&COMPOSITE_KEY),
        Key::new("shell", "the name of a shell, or a command line with `{0}`")
            .required("shell: bash")
            .at(&COMPOSITE_KEY),
        Key::new("working-directory", "a path").at(&COMPOSITE_KEY),
        ENV,
        CONTINUE_ON_ERROR,
    ],
};

pub(in crate::github) static COMPOSITE_USES_STEP: Shape = Shape {
    what: "a composite action's step with `uses`",
    path: "runs.steps[*] with uses",
    keys: &[ID, NAME, IF, USES, with(&COMPOSITE_KEY), ENV, CONTINUE_ON_ERROR],
};

const fn refused(name: &'static str, takes: &'static str) -> Key {
    Key::new(name, takes).local(Local::Refused)
}
