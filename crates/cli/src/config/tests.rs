//! What a `lockgate.yaml` means, and how its mistakes read.

use std::time::Duration;

use lockgate_core::SourceFile;
use lockgate_delivery::definition::{Command, Probe};

use super::{Soundness, read};

#[track_caller]
fn mistakes(text: &str, expected: &[&str]) {
    let file = SourceFile::new("lockgate.yaml", text);
    let (configuration, diagnostics) = read(&file, "shop");
    assert!(configuration.is_none());
    let rows: Vec<String> = diagnostics
        .iter()
        .map(|d| {
            let (line, column) = file.position(d.span.start);
            format!(
                "{line}:{column} {} {} | {}",
                d.code,
                d.message,
                d.help.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn two_lines_are_enough() {
    let (configuration, diagnostics) = read(
        &SourceFile::new("lockgate.yaml", "run: ./server --port $PORT\nhealth: /health\n"),
        "shop",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let configuration = configuration.unwrap();
    let (name, definition) = configuration.environment(None).unwrap();
    assert_eq!(name, "production");
    assert_eq!(definition.application, "shop");
    assert_eq!(definition.command, Command::Shell("./server --port $PORT".into()));
    assert_eq!(definition.health.probe, Probe::Http { path: "/health".into() });
    assert_eq!(definition.strategy.soak, Duration::from_mins(15));
}

#[test]
fn an_environment_says_it_again_and_wins() {
    let text = "run: ./a\nenv: { A: one, B: two }\nenvironments:\n  staging:\n  production:\n    run: [./b, --loud]\n    env: { B: three }\n    strategy: { blue-green: { soak: 30s } }\n";
    let configuration = read(&SourceFile::new("lockgate.yaml", text), "shop").0.unwrap();
    let staging = configuration.environment(Some("staging")).unwrap().1;
    assert_eq!(staging.command, Command::Shell("./a".into()));
    let production = configuration.environment(Some("production")).unwrap().1;
    assert_eq!(
        production.command,
        Command::Arguments(vec!["./b".into(), "--loud".into()])
    );
    assert_eq!(production.variables.len(), 2);
    assert_eq!(production.strategy.soak, Duration::from_secs(30));
    assert!(configuration.environment(None).is_err(), "which of the two?");
}

#[test]
fn a_mistake_is_told_once() {
    mistakes(
        "run: ./a\nsmoke: [{ get: health }, { gett: /a }, {}, { get: [1], json: 1, expect: { stats: 5 } }]\n",
        &[
            "2:16 LG0114 `health` is no path | a path begins with `/`; the instance is filled in",
            "2:28 LG0111 a smoke check has no key `gett` | did you mean `get`?",
            "2:40 LG0112 a smoke check asks with either `get` or `post` | write `get: /path` or `post: /path`",
            "2:51 LG0113 `get` must be a text, not a list | such as: `smoke: [{ get: /version }]`",
            "2:62 LG0114 a `GET` has no body | ask with `post`, or put what is expected of the answer below `expect`",
            "2:75 LG0111 `expect` has no key `stats` | did you mean `status`?",
        ],
    );
    mistakes(
        "environments: { production: { runs: ./a } }\n",
        &["1:31 LG0111 an environment has no key `runs` | did you mean `run`?"],
    );
}

#[test]
fn all_mistakes_come_at_once() {
    mistakes(
        "version: 2\nrunn: ./a\nhealth: health\ninstances: 0\nstrategy: { blue-green: { soak: 30 } }\nlisten: nowhere\n",
        &[
            "1:10 LG0114 this version of lockgate reads `version: 1` only | write `version: 1`",
            "2:1 LG0111 lockgate.yaml has no key `runn` | did you mean `run`?",
            "3:9 LG0114 `health` is no health check | write a path such as `/health`, or `tcp`",
            "4:12 LG0114 `instances` cannot be 0 | 1 to 100 are possible",
            "5:33 LG0114 `soak`: `30` is not a duration: expected a number with a unit, such as 500ms, 30s, 5m, 1h or 2d | say the unit: `soak: 30s` for seconds, `soak: 30m` for minutes",
            "6:9 LG0114 `nowhere` is not an address to listen at | write it as `127.0.0.1:8080`, or as a port of the loopback",
        ],
    );
}

#[test]
fn every_mistake_has_a_way_out() {
    mistakes(
        "run: {}\ninstances: [1]\nhealth: { interval: 1 s }\nstrategy: { blue-green: { soak: soon } }\nrollback-when: { http-5xx: 0.05 }\n",
        &[
            "1:6 LG0113 `run` must be a text, not a mapping | such as: `run: ./server --port $PORT`",
            "2:12 LG0113 `instances` must be a whole number, not a list | such as: `instances: 2`",
            "3:21 LG0114 `interval`: `1 s` is not a duration: expected a number with a unit, such as 500ms, 30s, 5m, 1h or 2d | write it without spaces and fractions, such as `interval: 1s`",
            "4:33 LG0114 `soak`: `soon` is not a duration: expected a number with a unit, such as 500ms, 30s, 5m, 1h or 2d | write it without spaces and fractions, such as `soak: 15m`",
            "5:28 LG0114 `0.05` is not a percentage: expected 0% to 100% with at most two decimals, such as 5% or 0.25% | a share is written in percent: `http-5xx: 5%`",
        ],
    );
    mistakes(
        "run: ./a\nreplaces: [a]\nsmoke: [{ get: /, expect: { status: ok, json: { a: 1 } } }]\nrollback-when: { http-5xx: { over: 5 } }\nenvironments: { a: { listen: [] }, b: x }\n",
        &[
            "2:11 LG0113 `replaces` must be a mapping of keys to values, not a list | such as: `replaces: { jobs: [deploy] }`",
            "3:37 LG0113 `status` must be a whole number, not the text `ok` | such as: `smoke: [{ get: /gone, expect: { status: 410 } }]`",
            "3:49 LG0114 `a` is no place in a JSON document | write `$` and then steps such as `.key`, `[0]` or `[\"key\"]`",
            "4:30 LG0112 `http-5xx` needs the key `share` | such as: `rollback-when: { http-5xx: { share: 5%, over: 100 } }`",
            "5:30 LG0113 `listen` must be a text, not a list | such as: `listen: 127.0.0.1:8080`",
            "5:39 LG0113 an environment must be a mapping of keys to values, not the text `x` | such as: `environments: { staging: {}, production: {} }`",
        ],
    );
}

#[test]
fn what_is_still_to_come_is_said() {
    mistakes(
        "run: ./a\ncompose: compose.yml\nstrategy: canary\n",
        &[
            "2:1 LG0161 `compose` is not supported by this version of lockgate | until then: run the application as a process with `run:`",
            "3:11 LG0161 the strategy `canary` is not supported by this version of lockgate | write `strategy: blue-green`, or leave it out",
        ],
    );
}

#[test]
fn a_project_is_named_plainly() {
    mistakes(
        "project: ../other shop\nrun: ./a\n",
        &[
            "1:10 LG0114 `../other shop` cannot name a project | begin with a letter, a digit or `_`, and go on with those, `.` and `-`",
        ],
    );
    let (configuration, _) = read(
        &SourceFile::new("lockgate.yaml", "project: doc-server_1.x\nrun: ./a\n"),
        "",
    );
    assert_eq!(configuration.unwrap().project.as_deref(), Some("doc-server_1.x"));
}

#[test]
fn only_what_is_supported_is_suggested() {
    let file = SourceFile::new(
        "lockgate.yaml",
        "run: ./a\nrollback-when: { latency: 5 }\nzzzzzzzz: 1\n",
    );
    let helps: Vec<_> = read(&file, "shop").1.into_iter().filter_map(|d| d.help).collect();
    assert_eq!(helps[0], "possible is only `http-5xx`");
    assert!(
        helps[1].starts_with("possible are ") && !helps[1].contains("compose"),
        "{helps:?}"
    );
}

#[test]
fn a_broken_file_gives_no_identity() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(super::project_name(folder.path()).unwrap(), None);
    let path = folder.path().join("lockgate.yaml");
    std::fs::write(&path, "project: shop\nrun: ./a\n").unwrap();
    assert_eq!(super::project_name(folder.path()).unwrap().as_deref(), Some("shop"));
    std::fs::write(&path, "project: shop\nrunn: ./a\n").unwrap();
    assert_eq!(
        super::project_name(folder.path()).unwrap_err().exit,
        crate::exit::Exit::Usage
    );
}

#[test]
fn a_broken_file_still_tells_the_name_to_who_needs_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let name = || super::project_name_of_any(folder.path());
    assert_eq!(name(), (None, Soundness::Sound));
    for (text, expected) in [
        ("project: shop\nrun: ./a\n", (Some("shop"), Soundness::Sound)),
        ("project: shop\nrunn: ./a\n", (Some("shop"), Soundness::Broken)),
        ("project: \"shop\"  # ours\nrun: [\n", (Some("shop"), Soundness::Broken)),
        ("project: ../shop\nrun: ./a\n", (None, Soundness::Broken)),
        ("runn: ./a\n", (None, Soundness::Broken)),
    ] {
        std::fs::write(folder.path().join("lockgate.yaml"), text).unwrap();
        assert_eq!(name(), (expected.0.map(str::to_owned), expected.1), "{text}");
    }
}

#[test]
fn what_cannot_work_is_refused_before_it_is_tried() {
    mistakes(
        "",
        &[
            "1:1 LG0112 lockgate.yaml is empty | add `run:` with the command that starts the application, or let `lockgate init --force` write it",
        ],
    );
    mistakes(
        "run: ./a\nenvironments: {}\n",
        &[
            "2:15 LG0114 `environments` names none | name one, such as `production: {}`, or leave it out, which means just that",
        ],
    );
    let time =
        "cannot be 0: nothing is done in no time | write some time, such as `5s`, or leave it out for the default";
    mistakes(
        "run: ./a\nhealth: { interval: 0s, timeout: 0s, deadline: 0s, passes: 0, failures: 0 }\nstrategy: { blue-green: { deadline: 0s } }\nrollback-when: { http-5xx: { share: 5%, over: 0 } }\n",
        &[
            &format!("2:21 LG0114 `interval` {time}"),
            &format!("2:34 LG0114 `timeout` {time}"),
            &format!("2:48 LG0114 `deadline` {time}"),
            "2:60 LG0114 `passes` cannot be 0 | write 1 or more",
            "2:73 LG0114 `failures` cannot be 0 | write 1 or more",
            &format!("3:37 LG0114 `deadline` {time}"),
            "4:47 LG0114 `over` cannot be 0 | write 1 or more",
        ],
    );
    mistakes(
        "run: ./a\nartifact: ../x\nsmoke: [{ get: /, json: {} }]\nlisten: 0\n",
        &[
            "2:11 LG0114 `../x` cannot name an artifact | write the `name` under which the workflow uploads it, not a path",
            "3:25 LG0114 a `GET` has no body | ask with `post`, or put what is expected of the answer below `expect`",
            "4:9 LG0114 `0` is not an address to listen at | leave `listen` out for a free port of the loopback, which is chosen once",
        ],
    );
    let name = "cannot name a variable | begin with a letter or `_`, and go on with those and digits";
    let own = "is set by Lockgate itself | leave it out; the instance gets the port to listen at in `PORT`";
    mistakes(
        "run: ./a\nenv:\n  B=C: x\n  '': y\n  PORT: '80'\n  LOCKGATE_VERSION: q\n  OK_1: z\n",
        &[
            &format!("3:3 LG0114 `B=C` {name}"),
            &format!("4:3 LG0114 `` {name}"),
            &format!("5:3 LG0114 `PORT` {own}"),
            &format!("6:3 LG0114 `LOCKGATE_VERSION` {own}"),
        ],
    );
}

#[test]
fn two_environments_listen_at_two_addresses() {
    let help = "give each environment an address of its own, or leave `listen` out for a port that is chosen once";
    mistakes(
        "run: ./a\nenvironments:\n  staging: { listen: 8080 }\n  production: { listen: 127.0.0.1:8080 }\n",
        &[&format!(
            "4:25 LG0114 `production` would listen at 127.0.0.1:8080, where `staging` does | {help}"
        )],
    );
    mistakes(
        "run: ./a\nlisten: 8080\nenvironments: { staging: {}, production: {}, test: { listen: 8081 } }\n",
        &[&format!(
            "2:9 LG0114 `production` would listen at 127.0.0.1:8080, where `staging` does | {help}"
        )],
    );
}

#[test]
fn an_artifact_that_nobody_uploads_is_a_warning() {
    let file = SourceFile::new(
        "lockgate.yaml",
        "run: ./a\nartifact: shop\nenvironments:\n  staging: { artifact: shpo }\n  production:\n",
    );
    let found = super::strange_artifacts(&file, &["shop".to_owned(), "docs".to_owned()]);
    let words: Vec<_> = found.iter().map(|d| (d.message.as_str(), d.help.as_deref())).collect();
    assert_eq!(
        words,
        [(
            "no workflow uploads an artifact `shpo`",
            Some("uploaded are: shop, docs")
        )]
    );
}

#[test]
fn a_replaced_job_that_no_workflow_has_is_a_mistake() {
    let file = SourceFile::new("lockgate.yaml", "run: ./a\nreplaces: { jobs: [deply, deploy, x] }\n");
    let found = super::strange_jobs(&file, &["build".to_owned(), "deploy".to_owned()]);
    let words: Vec<_> = found.iter().map(|d| (d.in_one_line(), d.help.as_deref())).collect();
    let none = |at: &str, name: &str| format!("lockgate.yaml:{at}: no workflow has a job `{name}` to replace");
    assert_eq!(
        words,
        [
            (none("2:20", "deply"), Some("did you mean `deploy`?")),
            (none("2:35", "x"), Some("the jobs are: build, deploy")),
        ]
    );
    assert!(
        super::strange_jobs(
            &SourceFile::new("lockgate.yaml", "run: ./a\nreplaces: { jobs: build }\n"),
            &["build".to_owned()]
        )
        .is_empty()
    );
}
