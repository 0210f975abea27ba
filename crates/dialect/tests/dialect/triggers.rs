//! Whether an event starts a workflow, and what is said about it.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use lockgate_core::SourceFile;
use lockgate_dialect::github::{self, Event, Reference, triggered};

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
    let reason = "the branch `release/1` does not match `branches`: `**`, `!release/**`, `release/keep`";
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
        Err("the branch `wip/a/b` is left out by `branches-ignore`: `wip/**`"),
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
    let reason = "the only changed file, `src/a.md`, does not match `paths`: `src/**`, `!src/**/*.md`";
    check(on, &push(branch("main"), &["src/a.md"]), Err(reason));
    let reason = "no changed file of 2 matches `paths`: `src/**`, `!src/**/*.md`";
    check(on, &push(branch("main"), &["src/a.md", "b"]), Err(reason));
    check(
        on,
        &push(branch("main"), &[]),
        Err("it filters paths, and no file changed"),
    );

    let on = "{ push: { paths-ignore: ['docs/**'] } }";
    check(on, &push(branch("main"), &["docs/a", "src/b"]), Ok(()));
    let reason = "`paths-ignore` leaves out everything that changed: `docs/**`";
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
