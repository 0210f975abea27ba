//! Containers of jobs and services.

use crate::github::availability::{CONTAINER_ENV, CREDENTIALS as AT_CREDENTIALS, RUNNER, SERVICES};
use crate::shape::{Availability, Key, Local, Shape};

pub(in crate::github) static CONTAINER: Shape = Shape {
    what: "`container`",
    path: "jobs.<job_id>.container",
    keys: &[
        image(&RUNNER),
        CREDENTIALS_KEY,
        ENV,
        ports(&RUNNER),
        volumes(&RUNNER),
        options(&RUNNER),
    ],
};

pub(in crate::github) static SERVICE: Shape = Shape {
    what: "a service",
    path: "jobs.<job_id>.services.<service_id>",
    keys: &[
        image(&SERVICES),
        CREDENTIALS_KEY,
        ENV,
        ports(&SERVICES),
        volumes(&SERVICES),
        options(&SERVICES),
        refused("command", "a text").at(&SERVICES),
        refused("entrypoint", "a text").at(&SERVICES),
    ],
};

pub(in crate::github) static CREDENTIALS: Shape = Shape {
    what: "`credentials`",
    path: "jobs.<job_id>.container.credentials",
    keys: USER,
};

pub(in crate::github) static SERVICE_CREDENTIALS: Shape = Shape {
    what: "`credentials`",
    path: "jobs.<job_id>.services.<service_id>.credentials",
    keys: USER,
};

const USER: &[Key] = &[
    refused("username", "a text").at(&AT_CREDENTIALS),
    refused("password", "a text").at(&AT_CREDENTIALS),
];
const CREDENTIALS_KEY: Key = refused("credentials", "a mapping").at(&AT_CREDENTIALS);
const ENV: Key = refused("env", "a mapping of names to texts").at(&CONTAINER_ENV);

const fn image(at: &'static Availability) -> Key {
    refused("image", "an image").required("image: node:22").at(at)
}

const fn ports(at: &'static Availability) -> Key {
    refused("ports", "a list of texts").at(at)
}

const fn volumes(at: &'static Availability) -> Key {
    refused("volumes", "a list of texts").at(at)
}

const fn options(at: &'static Availability) -> Key {
    refused("options", "a text").at(at)
}

const fn refused(name: &'static str, takes: &'static str) -> Key {
    Key::new(name, takes).local(Local::Refused)
}
