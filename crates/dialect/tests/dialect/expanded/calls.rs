//! What reads jobs that have other ids, or are several, and what called workflows get.

use lockgate_pipeline::plan::{Plan, PlanRequest};

use super::project::Project;

/// Returns the expanded plan of `top.yml`, which has to be a workflow of the same jobs.
#[track_caller]
fn expanded(files: &[(&str, &str)]) -> String {
    let first = plan_of(files);
    super::check("top.yml", &first);
    first.expanded()
}

#[track_caller]
fn plan_of(files: &[(&str, &str)]) -> Plan {
    let path = |name: &str| match name {
        "top" => "top.yml".to_owned(),
        name => format!(".github/workflows/{name}.yml"),
    };
    let files: Vec<(String, &str)> = files.iter().map(|(name, text)| (path(name), *text)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let project = Project::of(&files);
    project.plan("top.yml", "push", PlanRequest::default()).unwrap()
}

#[track_caller]
fn has(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

const BUILD: &str = "\
on:
  workflow_call:
    inputs:
      level: { type: string, default: '${{ github.ref_name }}' }
      go: { type: boolean }
    secrets: { key: {} }
    outputs:
      v: { value: '${{ jobs.compile.outputs.v }}' }
      said: { value: '${{ jobs.compile.result }} at ${{ inputs.level }}' }
env: { TARGET: linux, LEVEL: '${{ inputs.level }}' }
defaults: { run: { shell: sh } }
permissions: { contents: read }
jobs:
  compile:
    runs-on: x
    outputs: { v: '${{ steps.s.outputs.v }}' }
    steps:
      - id: s
        run: make ${{ inputs.level }}
        env: { KEY: '${{ secrets.key }}', OTHER: '${{ secrets.OTHER }}', TOKEN: '${{ secrets.GITHUB_TOKEN }}' }
  check:
    needs: compile
    if: needs.compile.outputs.v == 'ok' && inputs.go
    runs-on: x
    steps:
      - run: check ${{ needs.compile.outputs.v }}
";

#[test]
fn several_jobs_are_read_together() {
    let text = expanded(&[(
        "top",
        "\
on: push
jobs:
  build:
    strategy: { max-parallel: 1, matrix: { os: [a, b] } }
    runs-on: x
    outputs: { v: '${{ steps.s.outputs.v }}' }
    steps: [{ id: s, run: 'make ${{ matrix.os }}' }]
  after:
    needs: build
    if: needs.build.result == 'success' && needs.build.outputs.v
    runs-on: x
    steps:
      - run: echo ${{ needs.build.outputs.v }} ${{ join(needs.*.result) }}
  alarm:
    needs: build
    if: failure()
    runs-on: x
    steps: [{ run: ring }]
",
    )]);
    has(
        &text,
        &[
            "# build is 2 jobs; lost is that the first failure cancels the others and that no more than 1 run at once\n",
            "# the output `v` of `build`, which is several jobs, is that of the last of them",
            "echo ${{ needs.build-2.outputs.v || needs.build-1.outputs.v }} ",
            "    needs:\n      - build-1\n      - build-2\n    if: failure()\n",
            "if: ((needs.build-1.result == 'failure' || needs.build-2.result == 'failure') && 'failure' || \
             (needs.build-1.result == 'cancelled' || needs.build-2.result == 'cancelled') && 'cancelled' || \
             needs.build-1.result) == 'success' && (needs.build-2.outputs.v || needs.build-1.outputs.v)\n",
        ],
    );
}

#[test]
fn a_called_workflow_gets_what_its_caller_gives() {
    let text = expanded(&[
        ("build", BUILD),
        (
            "top",
            "\
on: push
env: { TARGET: mac, OWN: top }
permissions: { issues: write, contents: write }
jobs:
  first:
    runs-on: x
    outputs: { level: '${{ steps.s.outputs.level }}' }
    steps: [{ id: s, run: make }]
  call:
    needs: first
    if: github.actor == 'mona'
    uses: ./.github/workflows/build.yml
    with: { level: '${{ needs.first.outputs.level }}', go: true }
    secrets: { key: 'k-${{ secrets.REAL }}' }
  last:
    needs: call
    runs-on: x
    steps:
      - run: echo ${{ needs.call.outputs.v }} ${{ needs.call.outputs.said }} ${{ needs.call.outputs.none }}
  always:
    needs: call
    if: always()
    runs-on: x
    steps:
      - run: echo ${{ needs.call.result }} ${{ needs.call.outputs.v }}
",
        ),
    ]);
    has(
        &text,
        &[
            "  call-compile:\n    name: call / compile\n    needs:\n      - first\n    runs-on: x\n",
            "    permissions:\n      contents: read\n",
            "    env:\n      TARGET: linux\n      LEVEL: ${{ needs.first.outputs.level }}\n    defaults:\n      run:\n        shell: sh\n",
            "run: make ${{ needs.first.outputs.level }}\n",
            "KEY: ${{ format('k-{0}', secrets.REAL) }}\n          OTHER: ''\n          TOKEN: ${{ secrets.GITHUB_TOKEN }}\n",
            "    needs:\n      - first\n      - call-compile\n    if: needs.call-compile.outputs.v == 'ok'\n",
            "run: check ${{ needs.call-compile.outputs.v }}\n",
            // `check` may be skipped, and the call succeeds all the same: `success()` would say no.
            "    if: '!cancelled() && needs.call-compile.result != ''failure'' && \
             needs.call-compile.result != ''cancelled'' && needs.call-check.result != ''failure'' && \
             needs.call-check.result != ''cancelled'' && needs.call-compile.result != ''skipped'''\n",
            "    env:\n      TARGET: mac\n      OWN: top\n",
            "    if: always()\n",
        ],
    );
    has(
        &text,
        &[
            "run: 'echo ${{ needs.call-compile.outputs.v }} ${{ format(''{0} at {1}'', needs.call-compile.result, \
           needs.first.outputs.level) }} '\n",
        ],
    );
    assert!(!text.contains("inputs.") && !text.contains("needs.call."), "{text}");
}

/// Inside a called workflow, the status functions know only its own jobs.
#[test]
fn status_functions_keep_to_their_workflow() {
    let inner = "\
on: workflow_call
jobs:
  a: { runs-on: x, steps: [{ run: a }] }
  b: { runs-on: x, needs: a, if: failure(), steps: [{ run: b }] }
  c: { runs-on: x, if: failure(), steps: [{ run: c }] }
  d: { runs-on: x, if: always(), steps: [{ run: d }] }
";
    let top = |condition: &str| {
        format!(
            "on: push\njobs:\n  first: {{ runs-on: x, steps: [{{ run: first }}] }}\n  \
             call: {{ needs: first, if: {condition}, uses: ./.github/workflows/inner.yml }}\n"
        )
    };
    let text = expanded(&[("inner", inner), ("top", &top("always()"))]);
    has(
        &text,
        &[
            "  call-a:\n    name: call / a\n    needs:\n      - first\n    if: '!cancelled()'\n",
            "  call-b:\n    name: call / b\n    needs:\n      - call-a\n    \
             if: always() && needs.call-a.result != 'skipped' && needs.call-a.result == 'failure'\n",
            "  # call / c will not run",
            "  call-d:\n    name: call / d\n    needs:\n      - first\n    if: always()\n",
        ],
    );
    let text = expanded(&[("inner", inner), ("top", &top("github.actor == 'mona'"))]);
    has(
        &text,
        &[
            "  call-d:\n    name: call / d\n    needs:\n      - first\n    if: always() && needs.first.result == 'success'\n",
        ],
    );
}

/// A job that does not run is gone; who needed it waits for what it would have waited for.
#[test]
fn a_job_that_is_gone_leaves_its_place() {
    let text = expanded(&[(
        "top",
        "\
on: push
jobs:
  a: { runs-on: x, steps: [{ run: a }] }
  gone: { needs: a, if: github.actor == 'hubot', runs-on: x, steps: [{ run: gone }] }
  b:
    needs: gone
    if: always() && needs.gone.result == 'skipped' && !needs.gone.outputs.x
    runs-on: x
    steps: [{ run: 'echo ${{ needs.gone.result }} ${{ join(needs.*.result) }} ${{ toJSON(needs.gone) }}' }]
  c: { needs: [a, gone], if: success() || failure(), runs-on: x, steps: [{ run: c }] }
",
    )]);
    has(
        &text,
        &[
            "  b:\n    needs:\n      - a\n    if: always()\n",
            "echo skipped skipped ",
            "  c:\n    needs:\n      - a\n    if: always() && needs.a.result == 'failure'\n",
        ],
    );
}

#[test]
fn what_has_no_equivalent_is_left_out_in_words() {
    let inner = "\
on: { workflow_call: { inputs: { x: { type: string } }, secrets: { key: {} } } }
concurrency: one
jobs:
  a:
    runs-on: x
    env: { ALL: '${{ toJSON(inputs) }}', X: '${{ inputs.x }}' }
    steps:
      - run: echo ${{ toJSON(secrets) }}
      - run: fine
  b:
    needs: a
    if: contains(toJSON(needs), 'x')
    runs-on: x
    steps: [{ run: b }]
";
    let top = "\
on: push
jobs:
  first: { runs-on: x, outputs: { o: '1' }, steps: [{ run: first }] }
  call:
    needs: first
    uses: ./.github/workflows/inner.yml
    with: { x: '${{ needs.first.outputs.o }}' }
";
    let text = plan_of(&[("inner", inner), ("top", top)]).expanded();
    has(
        &text,
        &[
            "# lost is that all of its jobs are in the concurrency group `one` together\n",
            "# `env.ALL` is left out: `inputs` as a whole holds values that only the run knows",
            "    env:\n      X: ${{ needs.first.outputs.o }}\n",
            "# `steps[0]` cannot be written, and fails instead: `secrets` as a whole is only what the caller passes",
            "    steps:\n      - run: exit 1\n      - run: fine\n",
            "# it does not run, because its condition cannot be written: `needs` as a whole is another one",
            "    if: false\n",
        ],
    );
    super::project::plan("top.yml", &text).unwrap();
}

/// What fits only with less filled in is written with less; what does not fit at all is left out.
#[test]
fn an_expression_that_would_be_too_long_is_written_shorter() {
    use lockgate_pipeline::expression::Value;
    use lockgate_pipeline::plan::Trigger;

    let text = "\
on: push
jobs:
  a:
    strategy: { matrix: { v: [1] } }
    runs-on: x
    steps:
      - run: echo ${{ contains(github.event.text, format('{0}{1}', matrix.v, runner.os)) }}
";
    let request = PlanRequest {
        trigger: Trigger {
            payload: Value::object([("text", Value::from("x".repeat(30_000)))]),
            ..Trigger::default()
        },
        ..PlanRequest::default()
    };
    let first = Project::of_file("top.yml", text)
        .plan("top.yml", "push", request)
        .unwrap();
    has(
        &first.expanded(),
        &["echo ${{ contains(github.event.text, format('{0}{1}', 1, runner.os)) }}"],
    );
}

#[test]
fn nothing_is_a_comment() {
    let text = "on: push\njobs:\n  a: { if: github.actor == 'hubot', runs-on: x, steps: [{ run: a }] }\n";
    let text = plan_of(&[("top", text)]).expanded();
    assert!(text.lines().all(|line| line.trim_start().starts_with("# ")), "{text}");
    assert!(text.contains("a will not run"), "{text}");
}

/// A matrix that only the run knows stays one, made of what stands for the jobs that it reads.
#[test]
fn a_matrix_that_is_not_known_reads_the_jobs_that_there_are() {
    let inner = "\
on: { workflow_call: { inputs: { list: { type: string } } } }
jobs:
  each:
    name: each ${{ matrix.v }}
    strategy: { matrix: { v: '${{ fromJSON(inputs.list) }}' } }
    runs-on: ${{ matrix.v }}
    outputs: { o: '${{ matrix.v }}' }
    steps: [{ run: 'echo ${{ matrix.v }} ${{ strategy.job-index }}' }]
  after:
    needs: each
    runs-on: x
    steps: [{ run: 'echo ${{ needs.each.outputs.o }}' }]
";
    let top = "\
on: push
jobs:
  lists:
    strategy: { matrix: { n: [1, 2] } }
    runs-on: x
    outputs: { list: '[${{ matrix.n }}]' }
    steps: [{ run: list }]
  call:
    needs: lists
    uses: ./.github/workflows/inner.yml
    with: { list: '${{ needs.lists.outputs.list }}' }
";
    let text = expanded(&[("inner", inner), ("top", top)]);
    has(
        &text,
        &[
            "  call-each:\n    name: call / each ${{ matrix.v }}\n    needs:\n      - lists-1\n      - lists-2\n",
            "v: ${{ fromJSON(needs.lists-2.outputs.list || needs.lists-1.outputs.list) }}\n    runs-on: ${{ matrix.v }}\n",
            "run: echo ${{ matrix.v }} ${{ strategy.job-index }}\n",
            "run: echo ${{ needs.call-each.outputs.o }}\n",
        ],
    );
}

/// What is told of a job decides a plan. The workflow begins afresh, where `needs` and `failure()` have to tell the same.
#[test]
fn what_is_told_of_a_job_is_not_filled_in() {
    let top = "\
on: push
jobs:
  build: { runs-on: x, outputs: { list: x, go: x }, steps: [{ run: build }] }
  each:
    needs: build
    if: needs.build.outputs.go == 'yes'
    strategy: { matrix: { v: '${{ fromJSON(needs.build.outputs.list) }}' } }
    runs-on: x
    steps: [{ run: 'echo ${{ matrix.v }} ${{ needs.build.result }}' }]
  alarm: { needs: build, if: failure(), runs-on: x, steps: [{ run: ring }] }
  other: { runs-on: x, steps: [{ run: other }] }
";
    let project = Project::of_file("top.yml", top);
    let plan = |told: &str, selected: &[&str]| {
        let request = PlanRequest {
            known: serde_json::from_str(told).unwrap(),
            selected: selected.iter().map(ToString::to_string).collect(),
            ..PlanRequest::default()
        };
        project.plan("top.yml", "push", request).unwrap()
    };
    for told in [
        r#"{"build": {"outputs": {"list": "[\"a\", \"${{ secrets.X }}\"]", "go": "yes"}}}"#,
        r#"{"build": {"result": "failure", "outputs": {"list": "[1]"}}}"#,
    ] {
        for selected in [&[][..], &["each", "alarm"]] {
            let text = plan(told, selected).expanded();
            let (head, rest) = text.split_once('\n').unwrap();
            assert!(head.starts_with("# how `build` ended is not filled in"), "{text}");
            assert_eq!(rest, plan("{}", selected).expanded());
        }
    }
}

#[test]
fn what_cannot_be_planned_without_what_is_told_is_not_written() {
    let inner = "on: workflow_call\njobs: { a: { runs-on: x, steps: [{ run: a }] } }\n";
    let top = "\
on: push
jobs:
  build: { runs-on: x, outputs: { list: x }, steps: [{ run: build }] }
  call:
    needs: build
    strategy: { matrix: { v: '${{ fromJSON(needs.build.outputs.list) }}' } }
    uses: ./.github/workflows/inner.yml
";
    let project = Project::of(&[("top.yml", top), (".github/workflows/inner.yml", inner)]);
    let request = PlanRequest {
        known: serde_json::from_str(r#"{"build": {"outputs": {"list": "[1, 2]"}}}"#).unwrap(),
        ..PlanRequest::default()
    };
    let text = project.plan("top.yml", "push", request).unwrap().expanded();
    assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
    has(&text, &["# it cannot be written without that: ", "strategy.matrix"]);
}

/// A run calls nothing with an input of another type, where an expression would take the text `false` for true.
#[test]
fn an_input_that_may_be_of_another_type_is_refused() {
    let inner = "\
on:
  workflow_call:
    inputs: { flag: { type: boolean }, count: { type: number } }
jobs:
  reads: { if: inputs.flag, runs-on: x, steps: [{ run: reads }] }
  other: { runs-on: x, steps: [{ run: other }] }
";
    let top = |flag: &str, count: &str| {
        format!(
            "\
on: push
jobs:
  a: {{ runs-on: x, outputs: {{ o: x }}, steps: [{{ run: a }}] }}
  call:
    needs: a
    uses: ./.github/workflows/inner.yml
    with: {{ flag: '${{{{ {flag} }}}}', count: '${{{{ {count} }}}}' }}
"
        )
    };
    for (flag, count, name) in [
        ("needs.a.outputs.o", "1", "flag"),
        ("needs.a.result == 1", "needs.a.outputs.o || 1", "count"),
    ] {
        let text = plan_of(&[("inner", inner), ("top", &top(flag, count))]).expanded();
        assert_eq!(text.matches("    if: false\n").count(), 2, "{text}");
        let words = format!("its condition cannot be written: the input `{name}` takes a ");
        assert_eq!(text.matches(&words).count(), 2, "{text}");
    }
    let sure = top("fromJSON(needs.a.outputs.o)", "needs.a.result == 1 && 1 || 2");
    let text = expanded(&[("inner", inner), ("top", &sure)]);
    has(&text, &["    if: fromJSON(needs.a.outputs.o)\n"]);
}
