//! Generated expressions beside `@actions/expressions`.

use lockgate_oracle::expressions::{Report, compare, explanation::EXPLANATIONS, shrinking::shrink};
use lockgate_oracle::{Oracle, leave_out};

/// How many expressions are compared.
const COUNT: &str = "LOCKGATE_ORACLE_COUNT";
/// The first seed.
const SEED: &str = "LOCKGATE_ORACLE_SEED";

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn generated_expressions_give_what_the_library_gives() {
    let oracle = match Oracle::install() {
        Ok(oracle) => oracle,
        Err(error) => {
            leave_out("expressions beside GitHub's library", &error);
            return;
        }
    };
    let report = compare(&oracle, number(SEED, 1), number(COUNT, 100_000)).unwrap();
    tell(&report);
    if let Some(difference) = report.unexplained.first() {
        let smallest = shrink(&oracle, difference.clone()).unwrap();
        panic!(
            "{} differences have no explanation; seed {}, {} is the smallest part of {} that differs\n  ours:   {}\n  theirs: {}",
            report.unexplained.len(),
            smallest.seed,
            smallest.text,
            difference.text,
            smallest.ours,
            smallest.theirs
        );
    }
    if let Some(difference) = report.other_place.first() {
        panic!(
            "{} mistakes stand elsewhere; seed {}: {}\n  ours:   {:?}\n  theirs: {:?}",
            report.other_place.len(),
            difference.seed,
            difference.text,
            difference.ours,
            difference.theirs
        );
    }
    assert!(
        report.evaluated() >= 30.0,
        "only {:.1} % gave a value",
        report.evaluated()
    );
    let missing = report.coverage.missing();
    assert!(missing.is_empty(), "never met:\n{}", missing.join("\n"));
    assert!(report.same_place > 1000, "{}", report.same_place);
}

#[expect(clippy::print_stdout, reason = "what was compared is told")]
fn tell(report: &Report) {
    println!("{}", report.coverage.tables());
    println!("{} expressions, {:.1} % gave a value", report.count, report.evaluated());
    for (outcome, count) in &report.outcomes {
        println!("{outcome:>12}: {count}");
    }
    println!("{} mistakes at the same place", report.same_place);
    for (name, explained) in &report.explained {
        let reason = EXPLANATIONS.iter().find(|explanation| explanation.name == *name);
        let reason = reason.map_or("more than one of the others", |explanation| explanation.reason);
        println!("{:>7} {name}: {reason}\n        {}", explained.count, explained.example);
    }
    println!("{} not explained", report.unexplained.len());
    for difference in report.unexplained.iter().take(10) {
        let short: String = difference.text.chars().take(300).collect();
        println!("  seed {}: {short}", difference.seed);
    }
}
