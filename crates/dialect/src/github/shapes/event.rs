//! What stands below the events that are no filters.

use crate::github::availability::{CALL_INPUT_DEFAULT, CALL_OUTPUT as AT_OUTPUT};
use crate::shape::{Key, Local, Shape};

pub(in crate::github) static SCHEDULE: Shape = Shape {
    what: "a schedule",
    path: "on.schedule[*]",
    keys: &[
        Key::new("cron", "five fields").required("cron: '30 5 * * 1-5'"),
        Key::new("timezone", "the name of a time zone"),
    ],
};

pub(in crate::github) static DISPATCH: Shape = Shape {
    what: "`workflow_dispatch`",
    path: "on.workflow_dispatch",
    keys: &[Key::new("inputs", "a mapping of names to inputs")],
};

pub(in crate::github) static DISPATCH_INPUT: Shape = Shape {
    what: "an input",
    path: "on.workflow_dispatch.inputs.<input_id>",
    keys: &[
        Key::new("description", "a text").local(Local::ReadOnly),
        Key::new("type", "`string`, `boolean`, `number`, `choice` or `environment`"),
        Key::new("required", "`true` or `false`"),
        Key::new("default", "a value of the type"),
        Key::new("options", "a list of texts").note("Only of a choice, which has to have it."),
    ],
};

pub(in crate::github) static CALL: Shape = Shape {
    what: "`workflow_call`",
    path: "on.workflow_call",
    keys: &[
        Key::new("inputs", "a mapping of names to inputs"),
        Key::new("secrets", "a mapping of names to secrets"),
        Key::new("outputs", "a mapping of names to outputs"),
    ],
};

pub(in crate::github) static CALL_INPUT: Shape = Shape {
    what: "an input",
    path: "on.workflow_call.inputs.<input_id>",
    keys: &[
        Key::new("description", "a text").local(Local::ReadOnly),
        Key::new("type", "`string`, `boolean` or `number`").required("type: string"),
        Key::new("required", "`true` or `false`"),
        Key::new("default", "a value of the type").at(&CALL_INPUT_DEFAULT),
    ],
};

pub(in crate::github) static CALL_SECRET: Shape = Shape {
    what: "a secret",
    path: "on.workflow_call.secrets.<secret_id>",
    keys: &[
        Key::new("description", "a text").local(Local::ReadOnly),
        Key::new("required", "`true` or `false`"),
    ],
};

pub(in crate::github) static CALL_OUTPUT: Shape = Shape {
    what: "an output",
    path: "on.workflow_call.outputs.<output_id>",
    keys: &[
        Key::new("description", "a text").local(Local::ReadOnly),
        Key::new("value", "a text")
            .required("value: ${{ jobs.build.outputs.digest }}")
            .at(&AT_OUTPUT),
    ],
};
