//! Local actions: their definitions, and those in JavaScript.

use lockgate_pipeline::action::ActionRuns;
use lockgate_pipeline::run::effect::{AttemptBody, JobKey, Phase, RunEffect};
use lockgate_pipeline::run::input::RunResult;

use crate::support::{Fixture, environment, failed, is_installed, pairs, succeeded};

const SCRIPT: &str = r"
const fs = require('fs');
console.log(`hello ${process.env['INPUT_WHO-TO-GREET']} of ${process.env.STATE_before}`);
fs.appendFileSync(process.env.GITHUB_OUTPUT, `time<<X\nnow\nX\n`);
fs.appendFileSync(process.env.GITHUB_STATE, `seen=1\n`);
console.log('::notice title=T::from node');
";

#[tokio::test]
async fn a_javascript_action_runs_with_the_installed_node() {
    if !is_installed("node") {
        return;
    }
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let folder = format!("{}/act", place.workspace);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(format!("{folder}/index.js"), SCRIPT).unwrap();
    let body = |entry: &str| AttemptBody::Node {
        directory: folder.clone(),
        entry: entry.into(),
        version: 99,
        phase: Phase::Main,
    };
    let mut step = fixture.attempt("build", body("index.js"));
    step.env = environment(&[("INPUT_WHO-TO-GREET", "world"), ("STATE_before", "then")]);
    let log = fixture.executor.log_of(&step);
    let end = fixture.perform(step).await;
    succeeded(&end);
    assert_eq!(end.outputs, pairs(&[("time", "now")]));
    assert_eq!(end.state, pairs(&[("seen", "1")]));
    assert_eq!(end.annotations.notices, 1);
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.contains("asks for Node 99; Node "), "{text}");
    assert!(text.ends_with("hello world of then\n##[notice]from node\n"), "{text}");
    assert!(text.starts_with("##[group]Run ./act\n"), "{text}");
    std::fs::write(
        format!("{folder}/action.yml"),
        "name: A\ndescription: d\nruns: { using: node20, pre: pre.js, main: index.js, post: index.js }\n",
    )
    .unwrap();
    for (phase, warnings, begin) in [
        (Phase::Main, 1, "##[group]Run ./act\n"),
        (Phase::Post, 0, "Post job cleanup.\n"),
    ] {
        let node = AttemptBody::Node {
            directory: folder.clone(),
            entry: "index.js".into(),
            version: 1,
            phase,
        };
        let step = fixture.attempt("build", node);
        let log = fixture.executor.log_of(&step);
        assert_eq!(fixture.perform(step).await.annotations.warnings, warnings, "{phase:?}");
        let text = std::fs::read_to_string(log).unwrap();
        assert!(text.starts_with(begin), "{text}");
        let warning = "##[endgroup]\n##[warning]`pre` execution is not supported for local action from './act'\n";
        assert_eq!(text.contains(warning), warnings == 1, "{text}");
    }
    for entry in ["missing.js", "../../../../../../etc/passwd"] {
        let step = fixture.attempt("build", body(entry));
        failed(&fixture.perform(step).await, "is not a file in it");
    }
}

#[tokio::test]
async fn a_definition_is_read_from_the_workspace() {
    let fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let load = async |reference: &str| {
        let effect = RunEffect::LoadAction {
            job: JobKey::new("build"),
            reference: reference.into(),
        };
        fixture.results("action/build/1", &effect).await.remove(0)
    };
    match load("./.github/actions/setup").await {
        RunResult::ActionMissing { reason } => assert!(reason.contains("actions/checkout"), "{reason}"),
        other => panic!("{other:?}"),
    }
    let folder = format!("{}/.github/actions/setup", place.workspace);
    std::fs::create_dir_all(&folder).unwrap();
    let text =
        "name: Setup\ndescription: d\nruns:\n  using: composite\n  steps:\n    - run: echo hi\n      shell: bash\n";
    std::fs::write(format!("{folder}/action.yaml"), text).unwrap();
    match load("./.github/actions/setup").await {
        RunResult::ActionLoaded { definition, directory } => {
            assert_eq!(definition.name, "Setup");
            assert!(matches!(&definition.runs, ActionRuns::Composite { steps, .. } if steps.len() == 1));
            assert_eq!(directory, folder);
        }
        other => panic!("{other:?}"),
    }
    std::fs::write(format!("{folder}/action.yml"), "name: Setup\nruns: 5\n").unwrap();
    match load("./.github/actions/setup").await {
        RunResult::ActionMissing { reason } => assert!(reason.contains("action.yml:2:"), "{reason}"),
        other => panic!("{other:?}"),
    }
    match load("../../../../../..").await {
        RunResult::ActionMissing { reason } => assert!(reason.contains("leads out"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn files_are_hashed_in_the_workspace() {
    let fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    std::fs::write(format!("{}/lock", place.workspace), "hello\n").unwrap();
    let hash = async |job: &str, patterns: &[&str]| {
        let effect = RunEffect::HashFiles {
            job: JobKey::new(job),
            patterns: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
        };
        fixture.results("hash/build/1", &effect).await.remove(0)
    };
    // printf 'hello\n' | sha256sum | cut -c-64 | xxd -r -p | sha256sum
    let digest = "ecb65bb98f9d905b70458986c39fcbad7715e5f2fcc3b1f07767d7c83e2438cc".to_owned();
    assert_eq!(hash("build", &["**/lock"]).await, RunResult::Hashed { digest });
    assert_eq!(
        hash("build", &["none"]).await,
        RunResult::Hashed { digest: String::new() }
    );
    assert!(matches!(hash("build", &["../x"]).await, RunResult::HashFailed { .. }));
    assert!(matches!(hash("nobody", &["x"]).await, RunResult::HashFailed { .. }));
}
