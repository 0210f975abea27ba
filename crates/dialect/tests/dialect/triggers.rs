//! Whether an event starts a workflow, and what is said about it.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use lockgate_core::SourceFile;
use lockgate_dialect::github::{self, Event, Reference, judged, triggered};

fn branch(name: &str) -> Reference {
    Reference::Branch(name.to_owned())
}

fn tag(name: &str) -> Reference {
    Reference::Tag(name.to_owned())
}

fn push(reference: Reference, paths: &[&str]) -> Event {
    Event {
        name: "push".to_owned(),
        reference: Some(reference),
        changed_paths: Some(paths.iter().map(|path| (*path).to_owned()).collect()),
        ..Event::default()
    }
}

fn event(name: &str, activity: &str, reference: Option<Reference>) -> Event {
    Event {
        name: name.to_owned(),
        activity: Some(activity.to_owned()),
        reference,
        ..Event::default()
    }
}

#[track_caller]
fn check(on: &str, event: &Event, expected: Result<(), &str>) {
    let text = format!("on: {on}\njobs: {{ a: {{ runs-on: x, steps: [{{ run: echo }}] }} }}\n");
    let lowered = github::lower(&SourceFile::new("a.yml", text));
    assert_eq!(lowered.diagnostics, []);
    let decision = triggered(&lowered.workflow.unwrap(), event);
    let found = if decision.is_yes() {
        Ok(())
    } else {
        Err(decision.reason())
    };
    assert_eq!(found, expected, "{on} {event:?}");
}

#[test]
fn the_event_must_be_named() {
    check("push", &push(branch("main"), &[]), Ok(()));
    check("[pull_request, push]", &push(branch("main"), &[]), Ok(()));
    check(
        "[pull_request, workflow_dispatch]",
        &push(branch("main"), &[]),
        Err("the workflow does not start on `push`, only on `pull_request`, `workflow_dispatch`"),
    );
}

#[test]
fn branches_and_tags_are_filtered_in_order() {
    let on = "{ push: { branches: ['**', '!release/**', 'release/keep'] } }";
    check(on, &push(branch("main"), &[]), Ok(()));
    check(on, &push(branch("release/keep"), &[]), Ok(()));
    let reason = "the branch `release/1` is excluded by `!release/**` of `branches` (line 1)";
    check(on, &push(branch("release/1"), &[]), Err(reason));
    check(
        on,
        &push(tag("v1"), &[]),
        Err("it filters branches only, and `v1` is a tag"),
    );

    let on = "{ push: { tags: ['v[0-9]+.*'] } }";
    check(on, &push(tag("v12.1"), &[]), Ok(()));
    check(
        on,
        &push(tag("vx.1"), &[]),
        Err("the tag `vx.1` does not match `tags`: `v[0-9]+.*`"),
    );
    check(
        on,
        &push(branch("main"), &[]),
        Err("it filters tags only, and `main` is a branch"),
    );

    let on = "{ push: { branches-ignore: ['wip/**'], tags: ['v*'] } }";
    check(on, &push(branch("main"), &[]), Ok(()));
    check(on, &push(tag("v1"), &[]), Ok(()));
    check(
        on,
        &push(branch("wip/a/b"), &[]),
        Err("the branch `wip/a/b` is left out by `wip/**` of `branches-ignore` (line 1)"),
    );
}

#[test]
fn changed_files_are_filtered_and_both_filters_must_pass() {
    let on = "{ push: { branches: [main], paths: ['src/**', '!src/**/*.md'] } }";
    check(on, &push(branch("main"), &["README.md", "src/a.rs"]), Ok(()));
    check(
        on,
        &push(branch("dev"), &["src/a.rs"]),
        Err("the branch `dev` does not match `branches`: `main`"),
    );
    let reason = "the only changed file, `src/a.md`, is excluded by `!src/**/*.md` of `paths` (line 1)";
    check(on, &push(branch("main"), &["src/a.md"]), Err(reason));
    let reason = "none of 2 changed files matches `paths`: `src/**`, `!src/**/*.md`";
    check(on, &push(branch("main"), &["src/a.md", "b"]), Err(reason));
    check(
        on,
        &push(branch("main"), &[]),
        Err("it filters paths, and no file changed"),
    );

    let on = "{ push: { paths-ignore: ['docs/**'] } }";
    check(on, &push(branch("main"), &["docs/a", "src/b"]), Ok(()));
    let reason = "`paths-ignore` leaves out all 2 files that changed: `docs/**`";
    check(on, &push(branch("main"), &["docs/a", "docs/b"]), Err(reason));
    // What is not known holds nothing back, and a tag has no changed files.
    let unknown = Event {
        changed_paths: None,
        ..push(branch("main"), &[])
    };
    check(on, &unknown, Ok(()));
    check("{ push: { paths: [a] } }", &push(tag("v1"), &["b"]), Ok(()));
}

#[test]
fn activity_types_have_defaults() {
    check(
        "pull_request",
        &event("pull_request", "opened", Some(branch("main"))),
        Ok(()),
    );
    check(
        "pull_request",
        &event("pull_request", "labeled", Some(branch("main"))),
        Err("`labeled` is not among the types when none are given: opened, synchronize, reopened"),
    );
    let on = "{ pull_request: { types: [labeled], branches: main } }";
    check(on, &event("pull_request", "labeled", Some(branch("main"))), Ok(()));
    check(
        on,
        &event("pull_request", "opened", Some(branch("main"))),
        Err("`opened` is not among its types: labeled"),
    );
    check(
        on,
        &event("pull_request", "labeled", Some(branch("dev"))),
        Err("the branch `dev` does not match `branches`: `main`"),
    );
    check("issues", &event("issues", "pinned", None), Ok(()));
    check(
        "{ repository_dispatch: { types: [go] } }",
        &event("repository_dispatch", "go", None),
        Ok(()),
    );
}

#[test]
fn a_run_of_another_workflow_is_told_by_its_name() {
    let on = "{ workflow_run: { workflows: [CI] } }";
    let run = |workflow: &str| Event {
        workflow: Some(workflow.to_owned()),
        ..event("workflow_run", "completed", Some(branch("main")))
    };
    check(on, &run("CI"), Ok(()));
    check(on, &run("Docs"), Err("it waits for runs of CI, not of `Docs`"));
}

fn read(on: &str) -> github::Workflow {
    let text = format!("on:\n{on}jobs: {{ a: {{ runs-on: x, steps: [{{ run: echo }}] }} }}\n");
    let lowered = github::lower(&SourceFile::new("a.yml", text));
    assert_eq!(lowered.diagnostics, []);
    lowered.workflow.unwrap()
}

#[track_caller]
fn says(on: &str, event: &Event, expected: &str) {
    assert_eq!(triggered(&read(on), event).reason(), expected);
}

/// The rows of GitHub's table on paths in which several patterns work together.
#[test]
fn patterns_of_paths_are_read_in_order() {
    let starts = |patterns: &str, path: &str| {
        let workflow = read(&format!("  push: {{ paths: [{patterns}] }}\n"));
        triggered(&workflow, &push(branch("main"), &[path])).is_yes()
    };
    for (patterns, matching, other) in [
        (
            "'*.md', '!README.md'",
            &["hello.md"][..],
            &["README.md", "docs/hello.md"][..],
        ),
        (
            "'*.md', '!README.md', 'README*'",
            &["hello.md", "README.md", "README.doc"],
            &["a/README.md", "x.txt"],
        ),
        ("'!README.md', '*.md'", &["README.md"], &["a.txt"]),
        (
            "'**', '!**/*.md', '!docs/**'",
            &["src/a.rs", ".env"],
            &["a.md", "docs/a.rs"],
        ),
    ] {
        for path in matching {
            assert!(starts(patterns, path), "{patterns} {path}");
        }
        for path in other {
            assert!(!starts(patterns, path), "{patterns} {path}");
        }
    }
}

#[test]
fn what_let_an_event_through_is_told_with_its_line() {
    let on = "  push:\n    branches:\n      - main\n      - 'release/**'\n    paths:\n      - src/**\n";
    says(
        on,
        &push(branch("release/1"), &["README.md", "src/a.rs"]),
        "the workflow starts on `push`: the branch `release/1` matches `release/**` of `branches` (line 5); \
         `src/a.rs` matches `src/**` of `paths` (line 7)",
    );
    let unknown = Event {
        changed_paths: None,
        ..push(branch("main"), &[])
    };
    says(
        on,
        &unknown,
        "the workflow starts on `push`: the branch `main` matches `main` of `branches` (line 4); \
         the changed files are not known, so `paths` does not hold it back",
    );
    let checks = judged(&read(on), &push(branch("dev"), &["src/a.rs"])).checks;
    let checks: Vec<_> = checks
        .iter()
        .map(|check| (check.key, check.line, check.passes))
        .collect();
    assert_eq!(checks, [("branches", Some(3), false), ("paths", Some(7), true)]);
    says(
        "  push: { tags: ['v*'], paths: [src/**] }\n",
        &push(tag("v1"), &["docs/a"]),
        "the workflow starts on `push`: the tag `v1` matches `v*` of `tags` (line 2); `paths` is not looked at for a tag",
    );
    says(
        "  push: { branches-ignore: [wip], paths-ignore: [docs/**] }\n",
        &push(branch("main"), &["docs/a", "src/b"]),
        "the workflow starts on `push`: the branch `main` is not left out by `branches-ignore`; \
         `src/b` is not left out by `paths-ignore`",
    );
}

#[test]
fn a_match_that_github_would_not_see_is_told() {
    let paths: Vec<String> = (0..400).map(|number| format!("docs/{number:03}")).collect();
    let mut paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    paths.insert(0, "src/a.rs");
    says(
        "  push: { paths: [src/**] }\n",
        &push(branch("main"), &paths),
        "the workflow starts on `push`: `src/a.rs` matches `src/**` of `paths` (line 2); \
         it is number 401 of 401 changed files, and GitHub looks at the first 300 only",
    );
}

#[test]
fn names_are_matched_with_their_case() {
    let on = "{ push: { branches: [main], paths: ['src/**'] } }";
    check(
        on,
        &push(branch("Main"), &["src/a"]),
        Err("the branch `Main` does not match `branches`: `main`"),
    );
    check(
        on,
        &push(branch("main"), &["Src/a"]),
        Err("the only changed file, `Src/a`, does not match `paths`: `src/**`"),
    );
}

#[test]
fn a_schedule_is_told_by_its_text() {
    let on = "  schedule:\n    - cron: '30 5 * * 1'\n    - { cron: '0 0 1 * *', timezone: Europe/Berlin }\n";
    let came = |cron: Option<&str>| Event {
        name: "schedule".to_owned(),
        schedule: cron.map(str::to_owned),
        ..Event::default()
    };
    let starts = "the workflow starts on `schedule`: ";
    says(
        on,
        &came(Some("0 0 1 * *")),
        &format!("{starts}`0 0 1 * *` is its schedule of line 4"),
    );
    says(
        on,
        &came(None),
        &format!("{starts}as if `30 5 * * 1` of line 3 had come, the first of 2"),
    );
    says(
        on,
        &came(Some("0 0 2 * *")),
        "`0 0 2 * *` is none of its schedules: `30 5 * * 1`, `0 0 1 * *`",
    );
}

#[test]
fn a_run_of_another_workflow_is_filtered_by_the_branch_that_it_ran_for() {
    let on = "{ workflow_run: { workflows: [CI], branches: ['releases/**', '!releases/**-alpha'] } }";
    let run = |name: &str| Event {
        workflow: Some("CI".to_owned()),
        ..event("workflow_run", "completed", Some(branch(name)))
    };
    check(on, &run("releases/10"), Ok(()));
    check(on, &run("releases/beta/mona"), Ok(()));
    let excluded = "is excluded by `!releases/**-alpha` of `branches` (line 1)";
    check(
        on,
        &run("releases/beta/3-alpha"),
        Err(&format!("the branch `releases/beta/3-alpha` {excluded}")),
    );
    check(
        on,
        &run("main"),
        Err("the branch `main` does not match `branches`: `releases/**`, `!releases/**-alpha`"),
    );
}

#[test]
fn every_event_takes_the_types_that_it_starts_on() {
    check(
        "pull_request_target",
        &event("pull_request_target", "synchronize", None),
        Ok(()),
    );
    check(
        "pull_request_target",
        &event("pull_request_target", "closed", None),
        Err("`closed` is not among the types when none are given: opened, synchronize, reopened"),
    );
    for (name, activity) in [
        ("release", "prereleased"),
        ("issue_comment", "deleted"),
        ("check_suite", "completed"),
        ("merge_group", "checks_requested"),
        ("workflow_run", "requested"),
        ("repository_dispatch", "anything"),
        ("watch", "started"),
    ] {
        let on = if name == "workflow_run" {
            "{ workflow_run: { workflows: [CI] } }".to_owned()
        } else {
            name.to_owned()
        };
        check(&on, &event(name, activity, None), Ok(()));
    }
    check(
        "{ repository_dispatch: { types: [go] } }",
        &event("repository_dispatch", "stop", None),
        Err("`stop` is not among its types: go"),
    );
    // Nothing says what happened, so nothing holds back.
    let silent = Event {
        activity: None,
        ..event("issues", "", None)
    };
    says(
        "  issues: { types: [opened, closed] }\n",
        &silent,
        "the workflow starts on `issues`: nothing says which of its types it is (opened, closed), so none holds it back",
    );
}

#[test]
fn a_commit_can_ask_for_no_run() {
    let saying = |name: &str, message: &str| Event {
        messages: vec!["first".to_owned(), message.to_owned()],
        ..event(name, "opened", Some(branch("main")))
    };
    let refusal = |on: &str| {
        format!(
            "the message of a commit says `[skip ci]`, so no workflow starts on `{on}`; other events do not look at it"
        )
    };
    check("push", &saying("push", "fix [skip ci]"), Err(&refusal("push")));
    check(
        "pull_request",
        &saying("pull_request", "fix [skip ci]"),
        Err(&refusal("pull_request")),
    );
    check(
        "pull_request_target",
        &saying("pull_request_target", "fix [skip ci]"),
        Ok(()),
    );
    check(
        "workflow_dispatch",
        &saying("workflow_dispatch", "fix [skip ci]"),
        Ok(()),
    );
}

#[test]
fn all_inputs_together_have_a_limit() {
    let given = |length: usize| std::collections::BTreeMap::from([("a".to_owned(), "é".repeat(length))]);
    // `{"a":""}` is part of it.
    assert_eq!(github::too_long(&given(65_527)), None);
    let told = github::too_long(&given(65_528)).unwrap().to_string();
    assert_eq!(
        told,
        "the inputs are 65536 characters long together, but GitHub takes 65535 at most"
    );
}
