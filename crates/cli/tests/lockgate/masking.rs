//! A secret's value in the words of a workflow: nothing that a run writes has it.

use std::fs;
use std::path::Path;

use super::scene::{Scene, shop};

/// Looks like no other text, so that finding it is finding the secret.
const VALUE: &str = "Correct-Horse-77";

/// Its value is in the names of a workflow, jobs, steps, groups and artifacts, in an output, and in a reason.
const WORKFLOW: &str = "name: flow
run-name: by ${{ inputs.who }}
on: { workflow_dispatch: { inputs: { who: {} } } }
jobs:
  build:
    name: build ${{ vars.WHO }}
    runs-on: ubuntu-latest
    strategy: { matrix: { who: ['${{ inputs.who }}'] } }
    outputs: { who: '${{ steps.say.outputs.who }}' }
    steps:
      - id: say
        name: say ${{ secrets.TOKEN }}
        run: |
          echo '::group::for ${{ vars.WHO }}'
          echo who=${{ vars.WHO }} >> $GITHUB_OUTPUT
          echo hello > file
      - name: keep ${{ vars.WHO }}
        uses: actions/upload-artifact@v4
        with: { name: 'dist-${{ vars.WHO }}', path: file }
      - uses: actions/upload-artifact@v4
        with: { name: 'again-${{ secrets.TOKEN }}', path: file }
      - name: fail ${{ vars.WHO }}
        uses: actions/upload-artifact@v4
        with: { name: x, path: 'none-${{ vars.WHO }}', if-no-files-found: error }
";

fn scene() -> Scene {
    let scene = Scene::of("shop");
    shop::write(&scene.project, shop::BUILD);
    fs::write(scene.project.join(".github/workflows/flow.yml"), WORKFLOW).unwrap();
    scene
}

#[test]
fn a_secret_in_the_words_of_a_workflow_is_in_nothing_that_a_run_writes() {
    let scene = scene();
    let (token, who) = (format!("TOKEN={VALUE}"), format!("WHO={VALUE}"));
    let input = format!("who={VALUE}");
    let given = [
        "--workflow",
        ".github/workflows/flow.yml",
        "--event",
        "workflow_dispatch",
        "--input",
        &input,
        "--secret",
        &token,
        "--var",
        &who,
    ];
    for form in [
        &["--json"][..],
        &["--progress", "plain"],
        &["--progress", "tty"],
        &["--json", "--progress", "quiet"],
    ] {
        let told = scene.lockgate(&[&["run"], &given[..], form].concat()).expect(1);
        assert!(!format!("{}{}", told.out, told.err).contains(VALUE), "{told}");
        told.says(&["build ***", "again: lockgate run", "--input who=***"][..if form == ["--json"] { 3 } else { 1 }]);
    }
    let told = scene.lockgate(&[&["run", "--json"], &given[..]].concat()).expect(1);
    let run = &told.json()["runs"][0];
    let names: Vec<_> = run["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| &kept["name"])
        .collect();
    assert_eq!(names, ["dist-***", "again-***"], "{told}");
    assert_eq!(run["jobs"][0]["name"], "build ***", "{told}");
    let logs = Path::new(run["logs"].as_str().unwrap());
    assert!(logs.is_dir(), "the place of the logs is what it is: {told}");
    look_into(logs);
    let told = scene
        .lockgate(&["logs", "--run", "last"])
        .expect(0)
        .says(&["▸ for ***", "say | "]);
    assert!(
        !told.out.contains(VALUE) && !told.out.contains(&VALUE.to_lowercase()),
        "{told}"
    );
}

/// Returns whether something is hidden in a text; in a flowchart of Mermaid a star is written by its number.
fn is_starred(text: &str) -> bool {
    text.contains("***") || text.contains("#42;#42;#42;")
}

/// Fails when a name or a text below a folder holds the value.
fn look_into(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_lowercase();
        assert!(!name.contains(&VALUE.to_lowercase()), "{}", path.display());
        if path.is_dir() {
            look_into(&path);
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(VALUE), "{}: {text}", path.display());
        }
    }
}

#[test]
fn a_short_secret_leaves_a_document_readable() {
    let scene = scene();
    let given = [
        "--workflow",
        ".github/workflows/flow.yml",
        "--event",
        "workflow_dispatch",
        "--input",
        "who=1",
        "--secret",
        "TOKEN=1",
        "--var",
        "WHO=me",
        "--json",
    ];
    let told = scene.lockgate(&[&["run"], &given[..]].concat()).expect(1);
    let run = &told.json()["runs"][0];
    assert!(Path::new(run["logs"].as_str().unwrap()).is_dir(), "{told}");
    assert_eq!(run["conclusion"], "failure");
    let plan = scene.lockgate(&[&["plan"], &given[..]].concat()).expect(0).json();
    assert_eq!(plan["workflows"][0]["starts"], true);
}

#[test]
fn a_secret_that_was_given_as_one_is_nowhere_in_the_state() {
    let scene = scene();
    let workflow = "on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: { o: '${{ steps.say.outputs.o }}' }
    steps:
      - id: say
        name: say ${{ secrets.TOKEN }}
        run: |
          echo '::group::for ${{ secrets.TOKEN }}'
          echo '::error file=${{ secrets.TOKEN }}::bad ${{ secrets.TOKEN }}'
          echo 'o=x${{ secrets.TOKEN }}' >> $GITHUB_OUTPUT
          echo '# ${{ secrets.TOKEN }}' >> $GITHUB_STEP_SUMMARY
          echo hello > file
      - uses: actions/upload-artifact@v4
        with: { name: 'dist-${{ secrets.TOKEN }}', path: file }
";
    fs::write(scene.project.join(".github/workflows/flow.yml"), workflow).unwrap();
    let token = format!("TOKEN={VALUE}");
    let run = [
        "run",
        "--workflow",
        ".github/workflows/flow.yml",
        "--secret",
        &token,
        "--json",
    ];
    let told = scene.lockgate(&run).expect(0).says(&["say ***: ok", "dist-***"]);
    assert!(!format!("{}{}", told.out, told.err).contains(VALUE), "{told}");
    let logs = told.json()["runs"][0]["logs"].as_str().unwrap().to_owned();
    // An artifact is found again by its name, whatever that is.
    fs::remove_dir_all(Path::new(&logs).with_file_name("artifacts")).unwrap();
    look_into(&scene.home);
    let told = scene.lockgate(&["run", "--resume", "last", "--json"]).expect(0);
    assert!(!told.out.contains(VALUE), "nobody gave the secret again: {told}");
    told.says(&["dist-***"]);
}

#[test]
fn a_run_that_is_over_is_not_shown_without_the_secrets_in_its_names() {
    let scene = scene();
    let given = [
        "--workflow",
        ".github/workflows/flow.yml",
        "--event",
        "workflow_dispatch",
    ];
    let (token, input) = (format!("TOKEN={VALUE}"), format!("who={VALUE}"));
    let begun = ["--input", &input, "--secret", &token, "--var", "WHO=me"];
    scene
        .lockgate(&[&["run"], &given[..], &begun].concat())
        .expect(1)
        .says(&["by ***: failure"]);
    let resume = ["run", "--resume", "last"];
    for arguments in [&[][..], &["--json"], &["--secret", "TOKEN=another-value"]] {
        let told = scene.lockgate(&[&resume[..], arguments].concat()).expect(2);
        assert!(!format!("{}{}", told.out, told.err).contains(VALUE), "{told}");
        told.says(&["names of the run hold secrets", "TOKEN"]);
    }
    let told = scene.lockgate(&[&resume[..], &["--secret", &token]].concat()).expect(1);
    assert!(!format!("{}{}", told.out, told.err).contains(VALUE), "{told}");
    told.says(&["by ***: failure"]);
}

#[test]
fn a_short_secret_leaves_yaml_and_pictures_readable() {
    let scene = scene();
    let given = [
        "plan",
        "--workflow",
        ".github/workflows/flow.yml",
        "--event",
        "workflow_dispatch",
    ];
    let given = [
        &given[..],
        &["--input", "who=on", "--var", "WHO=me", "--secret", "REAL=on"],
    ]
    .concat();
    for form in [&["--expanded"][..], &["--format", "svg"], &["--format", "mermaid"]] {
        let told = scene.lockgate(&[&given[..], form].concat()).expect(0);
        assert!(!told.out.contains("***"), "{told}");
        let long = ["--var", &format!("WHO={VALUE}"), "--secret", &format!("LONG={VALUE}")];
        let told = scene.lockgate(&[&given[..], form, &long].concat()).expect(0);
        assert!(is_starred(&told.out) && !told.out.contains(VALUE), "{told}");
    }
    let expanded = scene.lockgate(&[&given[..], &["--expanded"]].concat()).expect(0);
    assert!(expanded.out.contains("\non:\n"), "{expanded}");
}

#[test]
fn a_text_that_looks_like_the_mark_of_a_secret_gets_no_secret() {
    let scene = scene();
    let mark = "x\u{E000}secret:TOKEN\u{E001}y";
    let workflow = format!(
        "on: pull_request
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {{ said: '${{{{ steps.say.outputs.said }}}}' }}
    steps:
      - id: say
        run: |
          printf 'said={mark}\\n' >> $GITHUB_OUTPUT
          printf 'VARIABLE={mark}\\n' >> $GITHUB_ENV
      - env:
          TITLE: ${{{{ github.event.pull_request.title }}}}
          LITERAL: {mark}
          OUTPUT: ${{{{ steps.say.outputs.said }}}}
          REAL: ${{{{ secrets.TOKEN }}}}
        run: |
          printf '%s' \"$REAL\" > real
          for text in \"$TITLE\" \"$LITERAL\" \"$OUTPUT\" \"$VARIABLE\" '{mark}'; do
            test \"$text\" = \"$(printf 'x\\356\\200\\200secret:TOKEN\\356\\200\\201y')\" || exit 7
          done
          grep -q Horse real && echo all is as it came
"
    );
    fs::write(scene.project.join(".github/workflows/forged.yml"), workflow).unwrap();
    let event = scene.project.join("event.json");
    let payload = serde_json::json!({ "action": "opened", "pull_request": { "title": mark } });
    fs::write(&event, payload.to_string()).unwrap();
    let given = [
        "run",
        "--workflow",
        ".github/workflows/forged.yml",
        "--event",
        "pull_request",
        "--event-file",
        "event.json",
        "--secret",
        &format!("TOKEN={VALUE}"),
    ];
    let told = scene.lockgate(&given).expect(0).says(&["all is as it came"]);
    assert!(!format!("{}{}", told.out, told.err).contains(VALUE), "{told}");
}

#[test]
fn a_plan_shows_no_part_of_a_secret_and_no_other_spelling() {
    let scene = scene();
    let workflow = "on: { workflow_dispatch: { inputs: { key: {} } } }
jobs:
  build:
    name: build ${{ inputs.key }}
    if: inputs.key == 'a'
    runs-on: ubuntu-latest
    strategy: { matrix: { key: ['${{ inputs.key }}'] } }
    steps: [{ run: echo }]
  other:
    name: other ${{ inputs.key }}
    runs-on: ubuntu-latest
    steps: [{ run: echo }]
";
    fs::write(scene.project.join(".github/workflows/key.yml"), workflow).unwrap();
    let long = format!("ghp_{}", "0123456789".repeat(7));
    let (spelt, around) = (
        "it's&pass#wo+rd",
        format!("{}long-secret-0123456789-end", "x".repeat(40)),
    );
    for (secret, value, shown) in [
        (long.as_str(), long.as_str(), "ghp_01"),
        (spelt, spelt, "pass"),
        (&around[40..], &around, "long-secret"),
    ] {
        let (secret, input) = (format!("TOKEN={secret}"), format!("key={value}"));
        let given = [
            "--workflow",
            ".github/workflows/key.yml",
            "--event",
            "workflow_dispatch",
            "--secret",
            &secret,
            "--input",
            &input,
        ];
        for form in [
            &["plan"][..],
            &["plan", "--json"],
            &["plan", "--format", "svg"],
            &["plan", "--format", "mermaid"],
            &["plan", "--expanded"],
            &["run", "--job", "build"],
        ] {
            let told = scene.lockgate(&[form, &given[..]].concat());
            let said = format!("{}{}", told.out, told.err);
            assert!(!said.contains(shown), "{form:?}: {told}");
            assert!(is_starred(&said), "{form:?}: {told}");
        }
    }
}
