//! The expanded workflow means what the plan means: whatever fails, the same scripts run with the same values.

use std::collections::BTreeSet;

use lockgate_pipeline::plan::{Plan, PlanRequest};

use super::generated::{self, Chance};
use super::project::plan;
use super::running::story;

const TOP: &str = ".github/workflows/top.yml";
const PROJECTS: u64 = 200;
const WORLDS: usize = 5;

#[test]
fn whatever_fails_the_same_scripts_run_with_the_same_values() {
    let (mut compared, mut called, mut performed) = (0, 0, 0);
    let (mut too_long, mut untyped) = (0, 0);
    for seed in 0..PROJECTS {
        let mut chance = Chance::of(seed);
        let generated = generated::project(&mut chance);
        let request = PlanRequest {
            secrets: BTreeSet::from(["TOKEN".to_owned(), "key".to_owned()]),
            ..PlanRequest::default()
        };
        let planned = generated.project().plan(TOP, "push", request.clone());
        let Some(first) = planned.filter(Plan::has_work) else {
            continue;
        };
        let written = first.expanded();
        if !written.contains("jobs:") {
            continue;
        }
        let mut again = plan(TOP, &written).unwrap_or_else(|| panic!("{seed} cannot be planned again:\n{written}"));
        again.contexts.secrets = request.secrets;
        if written.contains("GitHub allows") {
            too_long += 1;
            continue;
        }
        if written.contains("the input `flag` takes a boolean") {
            untyped += 1;
            continue;
        }
        assert!(
            !written.contains("cannot be written") && !written.contains("left out"),
            "{written}"
        );
        for _ in 0..WORLDS {
            let fails: BTreeSet<String> = generated
                .names
                .iter()
                .filter(|_| chance.below(3) == 0)
                .cloned()
                .collect();
            let expected = story(first.clone(), &fails);
            let told = story(again.clone(), &fails);
            let files: Vec<String> = generated
                .files
                .iter()
                .map(|(path, text)| format!("{path}:\n{text}"))
                .collect();
            assert!(
                told == expected,
                "seed {seed}, failing {fails:?}, of\n{}\nexpanded to\n{written}\n\nwas {expected:#?}\nand is {told:#?}",
                files.join("\n")
            );
            compared += 1;
            performed += expected.scripts.len();
        }
        called += usize::from(!first.calls.is_empty());
    }
    assert!(
        compared >= 800 && called >= 100 && performed >= 4_000 && too_long * 20 <= called && untyped * 10 <= called,
        "{compared} stories, {called} plans with calls, {performed} scripts, {too_long} with too long ones, {untyped} with inputs of no sure type"
    );
}
