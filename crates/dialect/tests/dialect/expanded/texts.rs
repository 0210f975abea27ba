//! What is filled in stays what it is, whatever it looks like.

use std::collections::BTreeMap;

use lockgate_pipeline::definition::{Matrix, Pipeline, Step, StepBody, TemplateValue};
use lockgate_pipeline::expression::{Template, Value};
use lockgate_pipeline::plan::{Plan, PlanRequest};

use super::project::{Project, plan};

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    let text = "\
on: push
env: { A: 'yes', B: '1.10', C: '0x10', D: 'a: b #c', E: '', F: '- x', G: ' x ', H: \"tab\\tbell\\a\", I: '*a', J: 'null' }
jobs:
  a:
    runs-on: [self-hosted, '22.04']
    strategy: { matrix: { v: ['1.10', 1.5, true, 'true', null, { k: [1, '1'] }] } }
    steps:
      - run: \"a\\n\\n  b\\n\"
      - run: \"  a\\nb\"
      - run: \"a\\n\\n\\n\"
      - run: \"echo ${{ matrix.v }} '${{ github.ref }}' ${{ github.workspace }}\"
";
    let first = plan("a.yml", text).unwrap();
    let again = plan("a.yml", &first.expanded()).unwrap();
    assert_eq!(again.pipeline.env, first.pipeline.env);
    let scripts = |plan: &Plan| -> Vec<String> {
        plan.pipeline.jobs[0].steps[..3]
            .iter()
            .map(|step| serde_json::to_string(&step.body).unwrap())
            .collect()
    };
    assert_eq!(scripts(&again), scripts(&first));
    assert_eq!(again.jobs.len(), 6);
    assert!(
        first
            .expanded()
            .contains("echo 1.10 'refs/heads/main' ${{ github.workspace }}")
    );
}

#[test]
fn what_is_no_label_fails_where_it_failed_before() {
    let text = "\
on: push
jobs:
  a:
    runs-on: ${{ matrix.os }}
    strategy: { matrix: { os: [x, null, '', true, [], [x, ''], [x, y]] } }
    steps: [{ run: a }]
  b:
    runs-on: [self-hosted, '${{ github.nothing }}']
    steps: [{ run: b }]
";
    let first = plan("a.yml", text).unwrap();
    let written = first.expanded();
    assert!(plan("a.yml", &written).is_some(), "{written}");
    for expected in [
        "runs-on: x\n",
        "runs-on: ${{ null }}\n",
        "runs-on: ${{ '' }}\n",
        "runs-on: ${{ true }}\n",
    ] {
        assert!(written.contains(expected), "{expected} is not in {written}");
    }
}

#[test]
fn a_condition_of_a_text_with_braces_stays_one() {
    let text = "\
on: push
jobs:
  a:
    runs-on: x
    steps:
      - if: ${{ runner.os }} ${HOME}
        run: a
";
    let first = plan("a.yml", text).unwrap();
    let written = first.expanded();
    let expected = "if: ${{ format('{0} ${{HOME}}', runner.os) }}\n";
    assert!(written.contains(expected), "{written}");
    super::check("a.yml", &first);
}

#[test]
fn an_environment_keeps_its_address() {
    let text = "\
on: push
jobs:
  a:
    runs-on: x
    environment: { name: 'of-${{ github.actor }}', url: 'https://${{ steps.s.outputs.host }}', deployment: false }
    steps: [{ id: s, run: a }]
  b: { runs-on: x, environment: { name: prod }, steps: [{ run: b }] }
";
    let written = plan("a.yml", text).unwrap().expanded();
    for expected in [
        "    environment:\n      name: of-mona\n      url: https://${{ steps.s.outputs.host }}\n      deployment: false\n",
        "    environment: prod\n",
    ] {
        assert!(written.contains(expected), "{expected} is not in\n{written}");
    }
    assert_eq!(plan("a.yml", &written).unwrap().expanded(), written);
}

/// Returns the templates of a step.
fn templates(step: &Step) -> Vec<&Template> {
    let env = step.env.iter().map(|(_, template)| template);
    let body: Vec<&Template> = match &step.body {
        StepBody::Run { script, .. } => vec![script],
        StepBody::Uses { with, .. } => with.iter().map(|(_, template)| template).collect(),
    };
    env.chain(body).chain(&step.name).collect()
}

/// Returns the contexts that the expressions of a pipeline read.
fn contexts(pipeline: &Pipeline) -> Vec<String> {
    let steps = pipeline.jobs.iter().flat_map(|job| &job.steps);
    let templates = steps.flat_map(templates);
    templates
        .flat_map(Template::contexts_used)
        .map(|found| found.name)
        .collect()
}

const HOSTILE: [&str; 8] = [
    "${{ secrets.TOKEN }}",
    "${{",
    "a $${{ 'it''s' }} }}",
    "'}} ${{ secrets['TOKEN'] }}",
    "$",
    "x\n${{ github.token }}\ny",
    "{0} {{ ${{ format('{0}', secrets.TOKEN) }}",
    "#${{ toJSON(secrets) }}: y",
];

/// What a stranger wrote is never run, and reads the same as before: alone, in a text, beside text that would complete
/// it, in a condition beside what is not known, in a name, in the name of the run, and as a label.
#[test]
fn a_strangers_text_is_never_an_expression() {
    let text = "\
on: pull_request
run-name: 'of ${{ github.event.pull_request.title }}'
env: { TITLE: '${{ github.event.pull_request.title }}' }
concurrency: '${{ github.event.pull_request.title }}'
jobs:
  a:
    name: 'job ${{ github.event.pull_request.title }}'
    strategy: { matrix: { t: ['${{ github.event.pull_request.title }}'] } }
    runs-on: ['${{ github.event.pull_request.title }}']
    steps:
      - name: ${{ github.event.pull_request.title }}
        run: echo '${{ github.event.pull_request.title }}{{ secrets.TOKEN }}' ${{ matrix.t }}
        env:
          ALONE: ${{ github.event.pull_request.title }}
          MIXED: ${{ github.event.pull_request.title }}{{ github.token }}${{ github.event.pull_request.title }}
          OPEN: ${{ format('{0} {1}', github.event.pull_request.title, runner.os) }}
      - if: github.event.pull_request.title != runner.os
        uses: actions/cache@v4
        with: { path: a, key: '${{ runner.os }}-${{ github.event.pull_request.title }}' }
";
    let project = Project::of_file("a.yml", text);
    for title in HOSTILE {
        let request = PlanRequest {
            trigger: lockgate_pipeline::plan::Trigger {
                payload: Value::object([("pull_request", Value::object([("title", Value::from(title))]))]),
                ..Default::default()
            },
            ..PlanRequest::default()
        };
        let first = project.plan("a.yml", "pull_request", request).unwrap();
        let written = first.expanded();
        let again = plan("a.yml", &written).unwrap();
        assert_eq!(again.run_name, format!("of {title}"), "{written}");
        let read = contexts(&again.pipeline);
        assert!(read.iter().all(|context| context == "runner"), "{read:?} in\n{written}");
        assert_eq!(
            again.jobs[0].expansion.as_ref().unwrap().legs[0].name,
            format!("job {title}"),
            "{written}"
        );
        let scope = Known(BTreeMap::from([(
            "runner",
            Value::object([("os", Value::from("Linux"))]),
        )]));
        let text_of = |template: &Template| template.evaluate_to_string(&scope).unwrap();
        let step = &again.pipeline.jobs[0].steps[0];
        let env: BTreeMap<&str, String> = step
            .env
            .iter()
            .map(|(name, value)| (name.as_str(), text_of(value)))
            .collect();
        assert_eq!(env["ALONE"], title);
        assert_eq!(env["MIXED"], format!("{title}{{{{ github.token }}}}{title}"));
        assert_eq!(env["OPEN"], format!("{title} Linux"));
        let StepBody::Run { script, .. } = &step.body else {
            panic!("{written}");
        };
        assert_eq!(
            text_of(script),
            format!("echo '{title}{{{{ secrets.TOKEN }}}}' {title}")
        );
        assert_eq!(text_of(&again.pipeline.env[0].1), title);
        let condition = again.pipeline.jobs[0].steps[1].condition.as_ref().unwrap();
        assert_eq!(condition.evaluate(&scope), Ok(true));
        assert!(!condition.is_text());
        assert_eq!(
            super::without_comments(&again.expanded()),
            super::without_comments(&written)
        );
    }
}

/// GitHub evaluates keys, too.
#[test]
fn a_key_of_a_strangers_value_is_never_an_expression() {
    let text = "\
on: pull_request
jobs:
  prep:
    runs-on: x
    outputs: { l: '${{ steps.s.outputs.l }}' }
    steps: [{ id: s, run: prep }]
  a:
    needs: prep
    runs-on: x
    strategy:
      matrix:
        a: ${{ fromJSON(needs.prep.outputs.l) }}
        include: ${{ fromJSON(github.event.pull_request.body) }}
    steps: [{ run: a }]
";
    let project = Project::of_file("a.yml", text);
    let body = r#"[{"${{ github.token }}": "v", "it's": {"${{": 1}}]"#;
    let request = PlanRequest {
        trigger: lockgate_pipeline::plan::Trigger {
            payload: Value::object([("pull_request", Value::object([("body", Value::from(body))]))]),
            ..Default::default()
        },
        ..PlanRequest::default()
    };
    let first = project.plan("a.yml", "pull_request", request).unwrap();
    let written = first.expanded();
    let again = plan("a.yml", &written).unwrap();
    let Some(Matrix::Written {
        include: Some(TemplateValue::Template(include)),
        ..
    }) = &again.pipeline.jobs[1].strategy.matrix
    else {
        panic!("{written}");
    };
    assert!(include.contexts_used().is_empty(), "{written}");
    let value = include.evaluate(&Known(BTreeMap::new())).unwrap();
    let expected: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), expected, "{written}");
    assert_eq!(
        super::without_comments(&again.expanded()),
        super::without_comments(&written)
    );
}

struct Known(BTreeMap<&'static str, Value>);

impl lockgate_pipeline::expression::Scope for Known {
    fn context(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn status(&self) -> lockgate_pipeline::expression::Status {
        lockgate_pipeline::expression::Status::SUCCESS
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, lockgate_pipeline::expression::Need> {
        Err(lockgate_pipeline::expression::Need::HashFiles(patterns.to_vec()))
    }
}

#[test]
fn inputs_are_declared_and_filled_in_also_beside_what_is_not_known() {
    let text = "\
on:
  workflow_dispatch:
    inputs:
      level: { type: choice, options: [low, high], default: high }
      dry: { type: boolean, default: true }
      count: { type: number, default: 3 }
      minutes: { default: '10' }
      who: { default: 'a''b' }
jobs:
  a:
    runs-on: x
    timeout-minutes: ${{ fromJSON(inputs.minutes) }}
    continue-on-error: ${{ inputs.dry }}
    steps:
      - if: inputs.dry && steps.x.outputs.go == inputs.level
        run: echo ${{ inputs.count }} ${{ github.event.inputs.level }}
      - run: echo ${{ format('{0} {1}', inputs.who, runner.os) }} ${{ inputs[env.NAME] }}
        timeout-minutes: ${{ inputs.count }}
";
    let inputs = |level: &str| PlanRequest {
        inputs: Value::object([
            ("level", Value::from(level)),
            ("dry", Value::Boolean(true)),
            ("count", Value::Number(3.0)),
            ("minutes", Value::from("10")),
            ("who", Value::from("a'b")),
        ]),
        ..PlanRequest::default()
    };
    let project = Project::of_file("a.yml", text);
    let first = project.plan("a.yml", "workflow_dispatch", inputs("low")).unwrap();
    let written = first.expanded();
    for expected in [
        "      level:\n        type: string\n        default: low\n",
        "      dry:\n        type: boolean\n        default: true\n",
        "      count:\n        type: number\n        default: 3\n",
        "      minutes:\n        type: string\n        default: '10'\n",
        "    timeout-minutes: 10\n    continue-on-error: true\n",
        "if: steps.x.outputs.go == 'low'\n",
        "run: 'echo 3 '\n",
        "${{ format('{0} {1}', 'a''b', runner.os) }}",
        "${{ fromJSON('{\"level\":\"low\",\"dry\":true,\"count\":3,\"minutes\":\"10\",\"who\":\"a''b\"}')[env.NAME] }}",
        "        timeout-minutes: 3\n",
    ] {
        assert!(written.contains(expected), "{expected} is not in\n{written}");
    }
    let again = plan("a.yml", &written).unwrap();
    assert_eq!(again.contexts.inputs, first.contexts.inputs);
    assert_eq!(again.expanded(), written);
}
