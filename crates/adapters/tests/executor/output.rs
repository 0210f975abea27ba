//! What a step says: commands, logs, annotations.

use lockgate_adapters::executor::{LogChange, LogEvent};
use lockgate_pipeline::run::input::StepExit;
use tokio::sync::mpsc;

use crate::support::{Fixture, PATIENCE, pairs, script, succeeded};

#[tokio::test]
async fn commands_are_carried_out_and_the_rest_is_logged() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let step = fixture.attempt(
        "build",
        script(
            "echo one; echo '::set-output name=a::x%0Ay' >&2; echo '::warning file=f.c,line=2::careful'\n\
             echo '::group::Build'; echo '::endgroup::'; printf 'no line end'",
        ),
    );
    let log = fixture.executor.log_of(&step);
    let end = fixture.perform(step).await;
    succeeded(&end);
    assert_eq!(end.outputs, pairs(&[("a", "x\ny")]));
    assert_eq!(end.annotations.warnings, 2);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.starts_with("##[group]Run echo one;"), "{text}");
    assert!(text.contains("bash -e {0}\n##[endgroup]\none\n"), "{text}");
    assert!(
        text.ends_with("##[warning]careful\n##[group]Build\n##[endgroup]\nno line end\n"),
        "{text}"
    );
    let annotations = std::fs::read_to_string(log.with_extension("annotations.json")).unwrap();
    assert!(annotations.contains("\"file\":\"f.c\""), "{annotations}");
    let lines = text.lines().count();
    assert_eq!(
        std::fs::metadata(log.with_extension("index")).unwrap().len(),
        16 * lines as u64
    );
}

#[tokio::test]
async fn a_failed_command_fails_the_step() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let end = fixture.sh("echo '::set-env name=A::b'").await;
    assert_eq!(end.exit, StepExit::Failure { code: 1 });
}

#[tokio::test]
async fn a_large_output_is_whole() {
    let mut fixture = Fixture::with_secrets(&[("S", "99999-secret")]);
    fixture.prepare("build").await;
    let log = fixture.log("for i in $(seq 200000); do echo line $i; done").await;
    assert_eq!(log.lines().count(), 200_000);
    assert!(log.ends_with("line 199999\nline 200000\n"));
}

#[tokio::test]
async fn what_a_step_leaves_running_is_not_waited_for() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    succeeded(
        &fixture
            .sh("(while :; do echo on and on; done) & sleep 0.05; echo end")
            .await,
    );
    succeeded(&fixture.sh("echo next").await);
    fixture.remove("build").await;
}

#[tokio::test]
async fn lines_are_shown_while_the_step_runs() {
    let (sink, mut shown) = mpsc::unbounded_channel::<LogEvent>();
    let mut fixture = Fixture::with(|options| options.sink = Some(sink));
    let place = fixture.prepare("build").await;
    let gate = format!("{}/gate", place.temp);
    let step = fixture.attempt(
        "build",
        script(&format!("mkfifo {gate}; echo waiting; cat {gate}; echo done")),
    );
    let seen = async {
        while let Some(event) = shown.recv().await {
            if event.what == LogChange::Line("waiting".into()) {
                break;
            }
        }
        std::fs::write(&gate, "opened\n").unwrap();
    };
    let both = async { tokio::join!(fixture.perform(step), seen) };
    let (end, ()) = tokio::time::timeout(PATIENCE, both)
        .await
        .expect("the step's line is shown");
    succeeded(&end);
    let rest: Vec<LogChange> = std::iter::from_fn(|| shown.try_recv().ok())
        .map(|event| event.what)
        .collect();
    let line = |text: &str| LogChange::Line(text.into());
    assert_eq!(rest, [line("opened"), line("done"), LogChange::Ended]);
}

#[tokio::test]
async fn problem_matchers_hold_for_the_job() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let matcher = r#"{"problemMatcher":[{"owner":"t","pattern":[{"regexp":"^(\\S+):(\\d+): (.*)$","file":1,"line":2,"message":3}]}]}"#;
    std::fs::write(format!("{}/m.json", place.workspace), matcher).unwrap();
    succeeded(&fixture.sh("echo '::add-matcher::m.json'").await);
    let end = fixture.sh("echo 'a.c:3: bad'").await;
    assert_eq!(end.annotations.errors, 1);
    let end = fixture.sh("echo '::remove-matcher owner=t::'; echo 'a.c:3: bad'").await;
    assert_eq!(end.annotations.errors, 0);
}
