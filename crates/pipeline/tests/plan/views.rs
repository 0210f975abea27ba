//! The plan as pictures and as YAML.

use std::sync::Arc;

use insta::assert_snapshot;
use lockgate_pipeline::definition::{Pipeline, StepBody};
use lockgate_pipeline::expression::{Condition, Template};
use lockgate_pipeline::plan::Plan;
use lockgate_pipeline::plan::picture::{Panel, mermaid, svg};

use super::{job, matrix, pipeline, request};

fn shop() -> Plan {
    let mut build = job("build", &[], "");
    build.name = Some(Template::parse("build <${{ github.ref_name }}> & \"co\"").unwrap());
    build.env = vec![
        ("SHA".to_owned(), Template::parse("${{ github.sha }}").unwrap()),
        (
            "HOME_OF".to_owned(),
            Template::parse("${{ runner.temp }}/${{ github.actor }}").unwrap(),
        ),
    ];
    build.outputs = vec![("go".to_owned(), Template::parse("${{ steps.x.outputs.go }}").unwrap())];
    build.steps[0].body = StepBody::Run {
        script: Template::parse("echo ${{ github.ref }}\necho ${{ secrets.TOKEN }}\n").unwrap(),
        shell: Some(Template::literal("bash")),
        working_directory: None,
    };
    build.steps[0].condition = Some(Condition::parse("github.actor == 'mona'").unwrap());
    let mut never = build.steps[0].clone();
    never.condition = Some(Condition::parse("github.actor == 'hubot'").unwrap());
    let mut maybe = build.steps[0].clone();
    maybe.condition = Some(Condition::parse("failure() && steps.x.outputs.go == '1'").unwrap());
    maybe.body = StepBody::Uses {
        reference: "actions/cache@v4".to_owned(),
        with: vec![(
            "key".to_owned(),
            Template::parse("k-${{ hashFiles('a') }}-${{ github.sha }}").unwrap(),
        )],
    };
    build.steps.extend([never, maybe]);
    let mut test = matrix(
        job("test", &["build"], ""),
        &[("os", r#"["linux", "macos"]"#), ("v", "[1, 2]")],
        Some(r#"[{"os": "macos", "v": 1}]"#),
    );
    test.runs_on.labels = Some(lockgate_pipeline::definition::TemplateValue::Template(
        Template::parse("${{ matrix.os }}-${{ matrix.v }}").unwrap(),
    ));
    let jobs = vec![
        build,
        test,
        job("alarm", &["test"], "failure()"),
        job("gated", &["build"], "needs.build.outputs.go == 'yes'"),
        job("release", &["test", "build"], "github.ref == 'refs/heads/main'"),
        job("last", &["test"], "always()"),
    ];
    let mut own = Pipeline::clone(&pipeline(jobs));
    own.env = vec![("LEVEL".to_owned(), Template::literal("1"))];
    Plan::make(Arc::new(own), request()).unwrap()
}

fn panels() -> Vec<Panel> {
    vec![
        Panel {
            title: ".github/workflows/ci.yml".to_owned(),
            reason: "the workflow starts on `push`".to_owned(),
            outline: Some(shop().outline()),
        },
        Panel {
            title: ".github/workflows/docs.yml".to_owned(),
            reason: "the branch `x` does not match `branches`: `main`".to_owned(),
            outline: None,
        },
    ]
}

#[test]
fn a_picture_says_what_runs_and_why() {
    let text = svg(&panels());
    assert_snapshot!(text);
    assert_eq!(svg(&panels()), text, "the same plan gives the same picture");
}

#[test]
fn a_flowchart_escapes_what_would_mean_something() {
    assert_snapshot!(mermaid(&panels()));
}

#[test]
fn the_expanded_workflow_has_what_is_known_filled_in() {
    assert_snapshot!(shop().expanded());
}

#[test]
fn the_outline_is_a_contract() {
    let outline = shop().outline();
    assert_snapshot!(serde_json::to_string_pretty(&outline).unwrap());
}

#[test]
fn a_large_plan_has_all_its_jobs_in_every_view() {
    let id = |number: usize| format!("job-{number}");
    let jobs = (0..500)
        .map(|number| {
            let needs: Vec<String> = [number / 2, number / 3]
                .into_iter()
                .filter(|need| *need < number)
                .map(id)
                .collect();
            let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
            job(&id(number), &needs, "github.ref != 'x' && !cancelled()")
        })
        .collect();
    let plan = Plan::make(pipeline(jobs), request()).unwrap();
    let panel = Panel {
        title: "large".to_owned(),
        reason: String::new(),
        outline: Some(plan.outline()),
    };
    assert_eq!(plan.tree().len(), 501);
    assert_eq!(svg(std::slice::from_ref(&panel)).matches("<g>").count(), 500);
    assert_eq!(mermaid(&[panel]).matches(":::yes").count(), 500);
    assert_eq!(plan.expanded().matches("\n  job-").count(), 500);
}
