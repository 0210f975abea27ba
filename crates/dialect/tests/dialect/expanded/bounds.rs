//! Legs multiply what is written, up to a bound.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::project::{Project, plan};
use lockgate_pipeline::plan::Plan;

/// Returns the plan of `count` jobs of 256 legs each, of which every one has `rest` of the id of the one before it.
fn plan_of(count: usize, rest: impl Fn(usize) -> String) -> Plan {
    let values: Vec<String> = (0..256).map(|value| value.to_string()).collect();
    let mut text = "on: push\njobs:\n".to_owned();
    for job in 0..count {
        let long = "x".repeat(90);
        _ = write!(
            text,
            "  {long}{job}:\n    strategy: {{ matrix: {{ m: [{}] }} }}\n    runs-on: x\n{}",
            values.join(", "),
            rest(job)
        );
    }
    Project::of_file("a.yml", &text).plans("a.yml").remove(0)
}

fn id(job: usize) -> String {
    format!("{}{job}", "x".repeat(90))
}

#[test]
fn ids_with_the_same_beginning_are_told_apart() {
    let plan = plan_of(12, |_| "    steps: [{ run: a }]\n".to_owned());
    let written = plan.expanded();
    let ids = written.lines().filter(|line| line.starts_with("  x"));
    assert_eq!(ids.collect::<BTreeSet<_>>().len(), 12 * 256);
}

#[test]
fn what_each_leg_waits_for_is_counted_before_it_is_written() {
    let plan = plan_of(20, |job| {
        let needs: Vec<String> = (0..job).map(id).collect();
        format!("    needs: [{}]\n    steps: [{{ run: a }}]\n", needs.join(", "))
    });
    let written = plan.expanded();
    assert!(
        written.starts_with("# it cannot be written as one workflow: ") && written.lines().count() == 1,
        "{}",
        &written[..1_000]
    );
}

#[test]
fn a_text_that_grows_too_long_is_left_before_it_has_grown() {
    let text = "on: push
jobs:
  a: { strategy: { matrix: { m: [LEGS] } }, runs-on: x, steps: [{ run: a }] }
  b:
    needs: a
    runs-on: x
    strategy: { matrix: { m: [1, 2, 3] } }
    steps: [{ run: 'READS' }]
";
    let legs: Vec<String> = (0..256).map(|value| value.to_string()).collect();
    let of = |legs: &str| {
        let text = text.replace("LEGS", legs);
        text.replace("READS", &"${{ needs.a.result }}".repeat(500))
    };
    let written = plan("a.yml", &of(&legs.join(", "))).unwrap().expanded();
    assert_eq!(
        written
            .matches("`steps[0]` cannot be written, and fails instead: written out it is longer")
            .count(),
        3,
        "{written}"
    );
    assert_eq!(written.matches("run: exit 1").count(), 3);
    assert!(plan("a.yml", &of("1")).unwrap().expanded().contains("needs.a.result"));
}
