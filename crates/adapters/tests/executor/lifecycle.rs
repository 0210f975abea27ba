//! Steps outlive the futures and processes that watch them, and end once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::EffectKey;
use lockgate_pipeline::builtin::BuiltinAction;
use lockgate_pipeline::run::StopReason;
use lockgate_pipeline::run::effect::{AttemptBody, RunEffect, StepAttempt};
use lockgate_pipeline::run::input::{RunInput, RunResult, StepExit};
use tokio::sync::mpsc;

use crate::support::{Fixture, body_of, builtin, is_alive, number_in, script, script_in, succeeded, until};

/// Performs a step until it has begun and the condition holds, then drops the future.
async fn perform_until(fixture: &Fixture, step: &StepAttempt, mut condition: impl FnMut() -> bool) {
    let (sender, mut results) = mpsc::unbounded_channel();
    let key = EffectKey::new("step/build/1#1");
    let effect = RunEffect::Step(Arc::new(step.clone()));
    let mut begun = false;
    let progress = until("the step's progress", || {
        while let Ok(RunInput::Result { result, .. }) = results.try_recv() {
            assert_eq!(result, RunResult::StepStarted);
            begun = true;
        }
        begun && condition()
    });
    tokio::select! {
        biased;
        () = progress => {}
        () = fixture.executor.perform(&key, &effect, &sender) => panic!("the step ended too early"),
    }
}

#[tokio::test]
async fn a_step_is_attached_to_again_and_runs_once() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let temp = Path::new(&place.temp);
    let (begun, gate) = (temp.join("begun"), temp.join("gate"));
    let text = format!(
        "echo x >> {begun}; mkfifo {gate}; echo before; touch {begun}.ready; cat {gate}; echo after; echo v=1 >> $GITHUB_OUTPUT",
        begun = begun.display(),
        gate = gate.display()
    );
    let step = fixture.attempt("build", script(&text));
    let ready = temp.join("begun.ready");
    perform_until(&fixture, &step, || ready.exists()).await;
    perform_until(&fixture, &step, || true).await;
    fixture.restart();
    let opened = async { std::fs::write(&gate, "opened\n").unwrap() };
    let (end, ()) = tokio::join!(fixture.perform(step.clone()), opened);
    succeeded(&end);
    assert_eq!(end.outputs["v"], "1");
    assert_eq!(std::fs::read_to_string(&begun).unwrap(), "x\n", "the step began once");
    assert_eq!(body_of(&fixture.executor.log_of(&step)), "before\nopened\nafter\n");
    assert_eq!(fixture.perform(step.clone()).await, end, "its end is told again");
    fixture.restart();
    assert_eq!(fixture.perform(step).await, end);
    assert_eq!(std::fs::read_to_string(&begun).unwrap(), "x\n");
}

#[tokio::test]
async fn a_step_that_ends_while_nobody_watches_is_read_later() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let done = Path::new(&place.temp).join("done");
    let step = fixture.attempt(
        "build",
        script(&format!(
            "echo said; sleep 0.05; echo v=2 >> $GITHUB_OUTPUT; touch {}",
            done.display()
        )),
    );
    perform_until(&fixture, &step, || true).await;
    until("the step's end", || done.exists()).await;
    fixture.restart();
    let end = fixture.perform(step.clone()).await;
    succeeded(&end);
    assert_eq!(end.outputs["v"], "2");
    assert_eq!(body_of(&fixture.executor.log_of(&step)), "said\n");
}

#[tokio::test]
async fn a_stop_ends_all_processes_of_the_step_after_its_grace() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let temp = Path::new(&place.temp);
    let text = format!(
        "trap '' INT; trap 'echo asked' TERM\n(trap '' TERM; echo $BASHPID > {child}; while :; do sleep 1; done) &\n\
         echo $$ > {parent}\necho before\nwhile :; do sleep 0.05; done",
        child = temp.join("child").display(),
        parent = temp.join("parent").display()
    );
    let step = fixture.attempt("build", script(&text));
    let (child, parent) = (temp.join("child"), temp.join("parent"));
    perform_until(&fixture, &step, || child.exists() && parent.exists()).await;
    let (child, parent) = (number_in(&child).await, number_in(&parent).await);
    assert!(is_alive(child) && is_alive(parent));
    fixture.restart();
    let end = fixture.stop(&step, Duration::from_millis(800)).await;
    assert_eq!(end.exit, StepExit::Cancelled);
    assert!(!is_alive(child) && !is_alive(parent));
    let log = body_of(&fixture.executor.log_of(&step));
    assert!(log.starts_with("before\n"), "{log}");
    assert!(log.contains("asked\n"), "{log}");
    assert!(log.ends_with("##[error]The operation was canceled.\n"), "{log}");
    assert_eq!(
        fixture.stop(&step, Duration::ZERO).await,
        end,
        "stopping again changes nothing"
    );
}

#[tokio::test]
async fn a_step_that_was_never_begun_is_stopped_and_stays_so() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let mark = Path::new(&place.temp).join("mark");
    let step = fixture.attempt("build", script(&format!("touch {}", mark.display())));
    assert_eq!(
        fixture.stop(&step, Duration::from_secs(1)).await.exit,
        StepExit::Cancelled
    );
    assert_eq!(fixture.perform(step).await.exit, StepExit::Cancelled);
    assert!(!mark.exists());
}

#[tokio::test]
async fn a_built_in_action_is_done_once_and_stopped_when_it_has_not_begun() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    std::fs::write(fixture.source().join("file"), "1").unwrap();
    let checkout = fixture.attempt("build", builtin(BuiltinAction::Checkout, &[]));
    let (first, second) = tokio::join!(fixture.perform(checkout.clone()), fixture.perform(checkout.clone()));
    succeeded(&first);
    assert_eq!(first, second);
    std::fs::write(fixture.source().join("file"), "2").unwrap();
    fixture.restart();
    assert_eq!(fixture.perform(checkout.clone()).await, first);
    assert_eq!(fixture.stop(&checkout, Duration::ZERO).await, first);
    let file = Path::new(&place.workspace).join("file");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "1", "it was not done again");
    let later = fixture.attempt("build", builtin(BuiltinAction::Checkout, &[]));
    assert_eq!(fixture.stop(&later, Duration::ZERO).await.exit, StepExit::Cancelled);
    assert_eq!(fixture.perform(later).await.exit, StepExit::Cancelled);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "1");
}

#[tokio::test]
async fn a_stop_after_the_end_leaves_the_end_as_it_was() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let step = fixture.attempt("build", script("exit 3"));
    let end = fixture.perform(step.clone()).await;
    assert_eq!(fixture.stop(&step, Duration::ZERO).await, end);
    assert_eq!(end.exit, StepExit::Failure { code: 3 });
}

#[tokio::test]
async fn what_a_step_leaves_running_lives_until_the_job_is_over() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let file = Path::new(&place.temp).join("server");
    succeeded(&fixture.sh(&format!("sleep 600 & echo $! > {}", file.display())).await);
    let server = number_in(&file).await;
    assert!(is_alive(server));
    succeeded(&fixture.sh(&format!("kill -0 {server}")).await);
    fixture.remove("build").await;
    until("the server's end", || !is_alive(server)).await;
    assert!(!Path::new(&place.workspace).exists());
    assert!(fixture.options.home.join("logs/build").exists());
}

#[tokio::test]
async fn what_left_the_session_of_its_step_ends_with_the_job_too() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let temp = place.temp.as_str();
    let text = format!(
        "setsid sleep 600 & echo $! > {temp}/one\n(setsid nohup sleep 601 >/dev/null 2>&1 & echo $! > {temp}/two)\n\
         (RUNNER_TRACKING_ID= setsid sleep 602 & echo $! > {temp}/three)\n\
         for f in one two three; do until grep -q sleep /proc/$(cat {temp}/$f)/cmdline; do :; done; done"
    );
    succeeded(&fixture.sh(&text).await);
    let mut pids = Vec::new();
    for name in ["one", "two", "three"] {
        pids.push(number_in(&Path::new(temp).join(name)).await);
    }
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    fixture.remove("build").await;
    until("the ends of those who left", || {
        !is_alive(pids[0]) && !is_alive(pids[1])
    })
    .await;
    assert!(
        is_alive(pids[2]),
        "as on GitHub, whoever takes the id away outlives the job"
    );
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pids[2]), nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_stopped_step_is_interrupted_first() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let ready = Path::new(&place.temp).join("ready");
    let text = format!(
        "trap 'echo cleaned up; exit 1' INT; touch {}; while :; do sleep 0.01; done",
        ready.display()
    );
    let step = fixture.attempt("build", script_in("bash", &text));
    perform_until(&fixture, &step, || ready.exists()).await;
    let end = fixture.stop(&step, Duration::from_mins(10)).await;
    assert_eq!(end.exit, StepExit::Cancelled);
    let log = body_of(&fixture.executor.log_of(&step));
    assert_eq!(log, "cleaned up\n##[error]The operation was canceled.\n");
}

#[tokio::test]
async fn the_log_of_a_step_says_why_it_did_not_go_on() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let ready = Path::new(&place.temp).join("ready");
    let text = format!("echo > {}; sleep 600", ready.display());
    let after = Duration::from_mins(2);
    for (why, words) in [
        (
            StopReason::StepTimedOut { after },
            "##[error]The action 'a step' has timed out after 2 minutes.\n",
        ),
        (
            StopReason::JobTimedOut { after },
            "##[error]The job has exceeded the maximum execution time of 2 minutes.\n",
        ),
    ] {
        let step = fixture.attempt("build", script(&text));
        perform_until(&fixture, &step, || ready.exists()).await;
        fixture.restart();
        fixture.stop_for(&step, Duration::ZERO, why).await;
        assert_eq!(body_of(&fixture.executor.log_of(&step)), words);
        std::fs::remove_file(&ready).unwrap();
    }
    let nowhere = AttemptBody::Run {
        script: "true".into(),
        shell: None,
        working_directory: Some("nowhere".into()),
    };
    let step = fixture.attempt("build", nowhere);
    let end = fixture.perform(step.clone()).await;
    assert_eq!(end.annotations.errors, 1);
    let log = body_of(&fixture.executor.log_of(&step));
    assert!(
        log.starts_with("##[error]could not start: its working directory "),
        "{log}"
    );
    assert_eq!(log.lines().count(), 1, "what did not start has no exit code: {log}");
}

#[tokio::test]
async fn a_step_whose_shim_was_killed_is_unknown_and_not_repeated() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let temp = Path::new(&place.temp).to_owned();
    let text = format!(
        "echo x >> {0}/count; echo $PPID > {0}/shim.new; mv {0}/shim.new {0}/shim; sleep 600",
        temp.display()
    );
    let step = fixture.attempt("build", script(&text));
    perform_until(&fixture, &step, || temp.join("shim").exists()).await;
    let shim = number_in(&temp.join("shim")).await;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(shim), nix::sys::signal::Signal::SIGKILL).unwrap();
    let end = fixture.perform(step.clone()).await;
    assert_eq!(end.exit, StepExit::Unknown);
    assert_eq!(fixture.perform(step).await.exit, StepExit::Unknown);
    assert_eq!(std::fs::read_to_string(temp.join("count")).unwrap(), "x\n");
}
