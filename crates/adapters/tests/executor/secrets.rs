//! Secrets go in, and never come out.

use std::sync::Arc;

use lockgate_adapters::clock::SystemClock;
use lockgate_adapters::run::{RunFolders, RunPerformer};
use lockgate_engine::Performer;
use lockgate_pipeline::run::Run;
use lockgate_pipeline::run::effect::AttemptBody;
use lockgate_pipeline::run::input::StepEnd;

use crate::support::{Fixture, all_files, environment, failed, marker, marker_key, script, succeeded};

const TOKEN: &str = "s3cr3t-t0k3n-value";

#[tokio::test]
async fn a_secret_is_put_in_and_never_comes_out() {
    let mut fixture = Fixture::with_secrets(&[("TOKEN", TOKEN)]);
    fixture.prepare("build").await;
    let text = format!(
        "test '{token}' = \"$FROM_ENV\"\n\
         echo {token} $FROM_ENV\n\
         printf %s {token} | base64\nprintf 'user:%s' {token} | base64\nprintf %s {token} | od -An -tx1 | tr -d ' \\n'\n\
         echo\n\
         printf %s {token} | head -c 9; sync; printf %s {token} | tail -c +10; echo\n\
         echo out={token} >> $GITHUB_OUTPUT\n\
         echo encoded=$(printf %s {token} | base64) >> $GITHUB_OUTPUT\n\
         echo ENV=x{token} >> $GITHUB_ENV\n\
         echo /opt/{token} >> $GITHUB_PATH\n\
         echo state={token} >> $GITHUB_STATE\n\
         echo '# {token}' >> $GITHUB_STEP_SUMMARY\n\
         echo '::error::{token}'\n\
         exit 1",
        token = marker("TOKEN")
    );
    let mut step = fixture.attempt("build", script(&text));
    step.name = format!("uses {}", marker("TOKEN"));
    step.env = environment(&[("FROM_ENV", &marker("TOKEN"))]);
    let log = fixture.executor.log_of(&step);
    let end = fixture.perform(step).await;
    assert_eq!(end.outputs["out"], marker("TOKEN"));
    assert_eq!(end.env["ENV"], format!("x{}", marker("TOKEN")));
    assert_eq!(end.path, [format!("/opt/{}", marker("TOKEN"))]);
    assert!(
        marker_key()
            .names(&end.outputs["encoded"])
            .any(|name| name.starts_with('~')),
        "{:?}",
        end.outputs["encoded"]
    );
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("\n*** ***\n"), "{text}");
    is_clean(&end);
    nothing_kept_outside(&fixture, &[TOKEN, "czNjcjN0LXQwazNu", "733363723374"]);
    fixture.remove("build").await;
    for (path, bytes) in all_files(&fixture.options.home) {
        let sealed = path.ends_with("private/sealed.jsonl");
        assert!(sealed || !contains(&bytes, TOKEN), "{}", path.display());
    }
}

#[tokio::test]
async fn a_name_that_holds_a_secret_is_refused_in_words() {
    let mut fixture = Fixture::with_secrets(&[("TOKEN", TOKEN)]);
    fixture.prepare("build").await;
    for (line, what) in [
        ("echo \"$T=1\" >> $GITHUB_OUTPUT", "an output"),
        ("printf '%s<<EOF\\n1\\nEOF\\n' $T >> $GITHUB_OUTPUT", "an output"),
        ("echo \"x_$T=1\" >> $GITHUB_ENV", "a variable"),
        ("echo \"$T=1\" >> $GITHUB_STATE", "a state"),
        ("echo \"::set-output name=$T::1\"", "an output"),
        ("echo \"::save-state name=$T::1\"", "a state"),
        ("echo \"$(printf %s $T | base64)=1\" >> $GITHUB_OUTPUT", "an output"),
    ] {
        let text = format!("echo kept=1 >> $GITHUB_OUTPUT\n{line}\n");
        let mut step = fixture.attempt("build", script(&text));
        step.env = environment(&[("T", &marker("TOKEN"))]);
        let log = fixture.executor.log_of(&step);
        let end = fixture.perform(step).await;
        failed(&end, &format!("the name of {what} holds a secret"));
        is_clean(&end);
        assert_eq!(
            end.outputs.into_iter().collect::<Vec<_>>(),
            [("kept".into(), "1".into())],
            "{line}"
        );
        assert!(end.env.is_empty() && end.state.is_empty(), "{line}");
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(
            text.contains(&format!("the name of {what} holds a secret (`")),
            "{text}"
        );
    }
    nothing_kept_outside(&fixture, &[TOKEN, "czNjcjN0LXQwazNu"]);
}

#[tokio::test]
async fn what_was_sealed_is_put_in_and_hidden_by_other_jobs_and_processes() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let end = fixture
        .sh("echo ::add-mask::dynamic-value; echo v=x=dynamic-value >> $GITHUB_OUTPUT; echo dynamic-value")
        .await;
    is_clean_of(&end, "dynamic-value");
    let sealed = end.outputs["v"].clone();
    fixture.prepare("other").await;
    assert_eq!(fixture.log_in("other", "echo dynamic-value").await, "dynamic-value\n");
    let text = format!("v='{sealed}'; test \"$v\" = x=dynamic-$(echo value) && echo \"$v ${{v#x=}}\"");
    assert_eq!(fixture.log_in("other", &text).await, "*** ***\n");
    fixture.restart();
    assert_eq!(fixture.log_in("other", "echo dynamic-value").await, "***\n");
    assert_eq!(fixture.log_in("build", "echo dynamic-value").await, "***\n");
    assert_eq!(fixture.log_in("other", &text).await, "*** ***\n");
}

#[tokio::test]
async fn a_run_that_is_over_keeps_no_secret_on_disk_and_still_tells_its_end() {
    let stream = RunFolders::stream("shop", "r1");
    let mut fixture = Fixture::with(|options| {
        options.home = RunFolders::new(options.caches.parent().unwrap()).of(&stream);
    });
    fixture.prepare("build").await;
    let step = fixture.attempt(
        "build",
        script("v=dynamic-$(echo value); echo ::add-mask::$v; echo v=x=$v | tee $RUNNER_TEMP/kept >> $GITHUB_OUTPUT"),
    );
    let end = fixture.perform(step.clone()).await;
    let home = fixture.options.home.clone();
    let holds = || {
        all_files(&home)
            .iter()
            .any(|(_, bytes)| contains(bytes, "dynamic-value"))
    };
    assert!(holds(), "a later step of the run gets the value");
    let folders = RunFolders::new(fixture.options.caches.parent().unwrap());
    let performer = RunPerformer::new(folders, fixture.options.roles.clone(), Arc::new(SystemClock::new()));
    Performer::<Run>::forget(&performer, &stream);
    assert!(!holds(), "nothing needs the value any more");
    fixture.restart();
    assert_eq!(fixture.perform(step.clone()).await, end);
    assert!(fixture.executor.log_of(&step).exists());
}

#[tokio::test]
async fn a_secret_without_a_value_is_refused_in_words() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let end = fixture.sh(&format!("echo {}", marker("MISSING"))).await;
    failed(&end, "no value for the secret `MISSING`");
}

#[tokio::test]
async fn working_directories_and_inputs_get_values_too() {
    let mut fixture = Fixture::with_secrets(&[("TOKEN", TOKEN)]);
    fixture.prepare("build").await;
    succeeded(&fixture.sh(&format!("mkdir {}", marker("TOKEN"))).await);
    let step = fixture.attempt(
        "build",
        AttemptBody::Run {
            script: "basename $PWD".into(),
            shell: None,
            working_directory: Some(marker("TOKEN")),
        },
    );
    let log = fixture.executor.log_of(&step);
    succeeded(&fixture.perform(step).await);
    assert_eq!(crate::support::body_of(&log), "***\n");
}

#[track_caller]
fn is_clean(end: &StepEnd) {
    is_clean_of(end, TOKEN);
}

#[track_caller]
fn is_clean_of(end: &StepEnd, secret: &str) {
    let text = serde_json::to_string(end).unwrap();
    assert!(!text.contains(secret), "{text}");
}

#[track_caller]
fn nothing_kept_outside(fixture: &Fixture, secrets: &[&str]) {
    for folder in ["logs", "steps", "attempts"] {
        let files = all_files(&fixture.options.home.join(folder));
        assert!(!files.is_empty());
        for (path, bytes) in files {
            for secret in secrets {
                assert!(!contains(&bytes, secret), "{secret} in {}", path.display());
            }
        }
    }
}

fn contains(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}
