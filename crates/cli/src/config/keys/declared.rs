//! Every key of the file, section by section, in the order of the reference.

use super::form::{
    ANY_TEXT, ARTIFACT, ENVIRONMENT, FREE_VARIABLE, INSIDE, JSON_PLACE, PATH, PROBE_TEXT, PROJECT, STRATEGY_NAME,
};
use super::{Fallback, Key, Section, Shape};

/// Declares keys: name, shape, what holds without it, an example, and what it means.
macro_rules! keys {
    ($($key:ident = $name:literal: $shape:expr, $fallback:expr, $example:literal, $meaning:literal;)+) => {
        $(
            #[doc = $meaning]
            pub(in crate::config) static $key: Key = Key {
                name: $name,
                shape: $shape,
                fallback: $fallback,
                example: $example,
                meaning: $meaning,
            };
        )+
    };
}

/// Declares the sections that the keys make.
macro_rules! sections {
    ($($section:ident = $title:literal, $what:literal: $($key:ident)+;)+) => {
        $(
            #[doc = $title]
            pub(in crate::config) static $section: Section = Section {
                title: $title,
                what: $what,
                keys: &[$(&$key),+],
            };
        )+
    };
}

sections! {
    TOP = "At the top of the file", "lockgate.yaml": VERSION PROJECT_NAME REPLACES ENVIRONMENTS;
    EACH = "At the top and in each environment", "an environment":
        RUN ARTIFACT_NAME DIRECTORY ENV INSTANCES HEALTH SMOKE STRATEGY ROLLBACK_WHEN LISTEN STOP_TIMEOUT;
    OF_REPLACES = "`replaces`", "`replaces`": JOBS;
    OF_HEALTH = "`health`", "`health`": PROBE INTERVAL TIMEOUT DEADLINE PASSES FAILURES;
    OF_SMOKE = "`smoke`", "a smoke check": CHECK_NAME GET POST JSON HEADERS CHECK_TIMEOUT EXPECT;
    OF_EXPECT = "`expect`", "`expect`": STATUS EXPECTED_JSON;
    OF_STRATEGY = "`strategy`", "`strategy`": BLUE_GREEN;
    OF_BLUE_GREEN = "`blue-green`", "`blue-green`": SOAK DRAIN PROGRESS;
    OF_ROLLBACK_WHEN = "`rollback-when`", "`rollback-when`": HTTP_5XX;
    OF_HTTP_5XX = "`http-5xx`", "`http-5xx`": SHARE OVER;
    WHOLE = "The whole file", "lockgate.yaml":
        VERSION PROJECT_NAME REPLACES ENVIRONMENTS
        RUN ARTIFACT_NAME DIRECTORY ENV INSTANCES HEALTH SMOKE STRATEGY ROLLBACK_WHEN LISTEN STOP_TIMEOUT;
}

/// Every section of the reference, in its order.
#[cfg(test)]
pub(in crate::config) static SECTIONS: [&Section; 10] = [
    &TOP,
    &EACH,
    &OF_REPLACES,
    &OF_HEALTH,
    &OF_SMOKE,
    &OF_EXPECT,
    &OF_STRATEGY,
    &OF_BLUE_GREEN,
    &OF_ROLLBACK_WHEN,
    &OF_HTTP_5XX,
];

keys! {
    VERSION = "version": Shape::Version, Fallback::Value("1"), "version: 1",
        "The version of this format. Only `1` is read.";
    PROJECT_NAME = "project": Shape::Text(&PROJECT), Fallback::Words("the folder's name"), "project: shop",
        "The name of the project and of its application. Clones with the same name share their environments on this machine; without it, clones with the same first commit do. So the line begins a project of its own: what was deployed before it was written does not belong to it. A shallow clone and a folder without a repository need it.";
    REPLACES = "replaces": Shape::Mapping(&OF_REPLACES), Fallback::Words("nothing"), "replaces: { jobs: [deploy] }",
        "What Lockgate does itself, see [`replaces`](#replaces).";
    ENVIRONMENTS = "environments": Shape::Named(&ENVIRONMENT, &EACH), Fallback::Words("one, `production`"),
        "environments: { staging: {}, production: {} }",
        "The environments by name, at least one. A name has letters, digits, `-` and `_`.";

    RUN = "run": Shape::Command, Fallback::Words("none, required"), "run: ./server --port $PORT",
        "What starts one instance. A text is a line for `sh`; a list is a program and its arguments without a shell, in which `$PORT` is replaced. The instance listens on the loopback at the port in `PORT`.";
    ARTIFACT_NAME = "artifact": Shape::Text(&ARTIFACT), Fallback::Words("the name of the project"), "artifact: server",
        "The artifact of the workflow that is released and unpacked, by the name under which it is uploaded; `check` warns of one that no workflow uploads. A workflow that uploads none releases the files of its commit.";
    DIRECTORY = "directory": Shape::Text(&INSIDE), Fallback::Words("the artifact's root"), "directory: app",
        "The working directory of an instance, inside the artifact.";
    ENV = "env": Shape::Variables(&FREE_VARIABLE), Fallback::Words("empty"), "env: { LOG: info }",
        "Environment variables of an instance. `PORT` and names that begin with `LOCKGATE_` are Lockgate's own.";
    INSTANCES = "instances": Shape::Number { least: 1, most: Some(100) }, Fallback::Value("1"), "instances: 2",
        "How many instances run.";
    HEALTH = "health": Shape::TextOr(&PROBE_TEXT, &OF_HEALTH), Fallback::Value("tcp"), "health: /health",
        "How an instance is found ready and well, see [`health`](#health).";
    SMOKE = "smoke": Shape::List(&OF_SMOKE), Fallback::Words("empty"), "smoke: [{ get: / }]",
        "What a revision must answer before it gets traffic, see [`smoke`](#smoke).";
    STRATEGY = "strategy": Shape::TextOr(&STRATEGY_NAME, &OF_STRATEGY), Fallback::Value("blue-green"),
        "strategy: blue-green", "How a candidate takes over, see [`strategy`](#strategy).";
    ROLLBACK_WHEN = "rollback-when": Shape::Mapping(&OF_ROLLBACK_WHEN), Fallback::Value("{ http-5xx: 5% }"),
        "rollback-when: { http-5xx: 1% }",
        "What brings the previous revision back during the soak, see [`rollback-when`](#rollback-when).";
    LISTEN = "listen": Shape::Address, Fallback::Words("a port of the loopback, chosen once"),
        "listen: 127.0.0.1:8080",
        "The address of the environment's proxy. A number is a port of the loopback. It is fixed by the first deploy: another one is refused from then on, as is one where another environment listens.";
    STOP_TIMEOUT = "stop-timeout": Shape::Duration, Fallback::Value("10s"), "stop-timeout: 30s",
        "How long an instance may take to end after TERM, before it is killed.";

    JOBS = "jobs": Shape::Texts, Fallback::Words("empty"), "replaces: { jobs: [deploy, notify] }",
        "Jobs of the workflow that `lockgate run` and `lockgate ship` leave out. `lockgate run --with-replaced-jobs` runs them.";

    PROBE = "probe": Shape::Text(&PROBE_TEXT), Fallback::Value("tcp"), "health: { probe: /health }",
        "The path, or `tcp`.";
    INTERVAL = "interval": Shape::SomeTime, Fallback::Value("1s"), "health: { probe: /health, interval: 500ms }",
        "The pause between two probes.";
    TIMEOUT = "timeout": Shape::SomeTime, Fallback::Value("2s"), "health: { probe: /health, timeout: 1s }",
        "How long one probe may take.";
    DEADLINE = "deadline": Shape::SomeTime, Fallback::Value("1m"), "health: { probe: /health, deadline: 2m }",
        "How long the instances may take to become ready.";
    PASSES = "passes": Shape::Number { least: 1, most: None }, Fallback::Value("1"),
        "health: { probe: /health, passes: 2 }", "How many passes in a row make an instance ready.";
    FAILURES = "failures": Shape::Number { least: 1, most: None }, Fallback::Value("3"),
        "health: { probe: /health, failures: 5 }", "How many failures in a row make it unwell.";

    CHECK_NAME = "name": Shape::Text(&ANY_TEXT), Fallback::Words("`check 1`, `check 2`, …"),
        "smoke: [{ name: front page, get: / }]", "The name that is shown.";
    GET = "get": Shape::Text(&PATH), Fallback::Words("none"), "smoke: [{ get: /version }]",
        "The path of a `GET`. A check has either `get` or `post`.";
    POST = "post": Shape::Text(&PATH), Fallback::Words("none"), "smoke: [{ post: /orders, json: { id: 1 } }]",
        "The path of a `POST`.";
    JSON = "json": Shape::Any, Fallback::Words("none"), "smoke: [{ post: /rpc, json: { method: ping } }]",
        "The body of a `POST`, as JSON.";
    HEADERS = "headers": Shape::Variables(&ANY_TEXT), Fallback::Words("empty"),
        "smoke: [{ get: /, headers: { Accept: text/html } }]", "Headers of the request.";
    CHECK_TIMEOUT = "timeout": Shape::SomeTime, Fallback::Value("5s"), "smoke: [{ get: /, timeout: 1s }]",
        "How long the answer may take.";
    EXPECT = "expect": Shape::Mapping(&OF_EXPECT), Fallback::Value("{ status: 200 }"),
        "smoke: [{ get: /old, expect: { status: 301 } }]", "What the answer must be.";

    STATUS = "status": Shape::Number { least: 100, most: Some(599) }, Fallback::Value("200"),
        "smoke: [{ get: /gone, expect: { status: 410 } }]", "The status.";
    EXPECTED_JSON = "json": Shape::Places(&JSON_PLACE), Fallback::Words("empty"),
        "smoke: [{ get: /, expect: { json: { \"$.items[0].id\": number } } }]",
        "What stands at places of the JSON body. A place begins with `$` and goes on with `.key`, `[0]` or `[\"key\"]`. `array`, `object`, `string`, `number`, `boolean` and `null` stand for any value of that type; everything else is the value itself.";

    BLUE_GREEN = "blue-green": Shape::MappingOrNothing(&OF_BLUE_GREEN), Fallback::Words("its defaults"),
        "strategy: { blue-green: { soak: 5m } }", "See [`blue-green`](#blue-green).";

    SOAK = "soak": Shape::Duration, Fallback::Value("15m"), "strategy: { blue-green: { soak: 30s } }",
        "How long the candidate is watched after it has all traffic.";
    DRAIN = "drain": Shape::Duration, Fallback::Value("30s"), "strategy: { blue-green: { drain: 10s } }",
        "How long requests in flight may take to end on the side that lost the traffic.";
    PROGRESS = "deadline": Shape::SomeTime, Fallback::Value("10m"), "strategy: { blue-green: { deadline: 3m } }",
        "How long everything before the promotion may take; then the rollout is rolled back.";

    HTTP_5XX = "http-5xx": Shape::ShareOr(&OF_HTTP_5XX), Fallback::Value("5%"), "rollback-when: { http-5xx: 2% }",
        "The share of requests that the application answers with a status from 500 on.";

    SHARE = "share": Shape::Share, Fallback::Required, "rollback-when: { http-5xx: { share: 0.5% } }",
        "Above this share the rule is broken.";
    OVER = "over": Shape::Number { least: 1, most: None }, Fallback::Value("20"),
        "rollback-when: { http-5xx: { share: 5%, over: 100 } }",
        "The rule is not broken before it has seen this many requests.";
}
