//! How long both sides take for the same expressions.

use std::time::{Duration, Instant};

use lockgate_pipeline::expression::Expression;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::contexts::{CONTEXTS, Known};
use super::generator::generate;
use crate::{Oracle, OracleError, Script};

/// The script that only measures, without corrections and without telling values.
const BENCH: Script = Script {
    name: "bench.mjs",
    text: include_str!("../../npm/bench.mjs"),
    imports: &[LIBRARY],
};

pub(super) const LIBRARY: (&str, &str) = ("library.mjs", include_str!("../../npm/library.mjs"));

/// How often both sides are measured, in turn: a machine is slower at one time than at another.
pub(super) const ROUNDS: usize = 9;

/// What both sides took, each the median of several rounds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How many expressions each round parsed and evaluated.
    pub expressions: usize,
    /// Ours, in this process.
    pub ours: Duration,
    /// Theirs, inside of a new node process and without its start.
    pub theirs: Duration,
    /// What theirs took of all processors: its compiler and its memory have threads of their own.
    pub theirs_of_processors: Duration,
    /// Theirs, inside of a process that has done the same round four times before.
    pub theirs_warm: Duration,
    /// Theirs, from the start of the process to its end.
    pub theirs_with_start: Duration,
}

/// Measures `count` generated expressions that have a value.
///
/// # Errors
/// Returns why the library did not answer.
pub fn measure(oracle: &Oracle, first: u64, count: usize) -> Result<Times, OracleError> {
    let scope = Known::new();
    let texts: Vec<String> = sound(first).take(count).collect();
    let question = [json!({"expressions": texts, "contexts": CONTEXTS, "rounds": 5})];
    let (mut own, mut inside, mut warm, mut whole) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut of_processors = Vec::new();
    for _ in 0..ROUNDS {
        own.push(ours(&texts, &scope));
        let begun = Instant::now();
        let answers = oracle.ask(BENCH, &question)?;
        of_processors.extend(rounds(&answers[0]["processor"]).first());
        let rounds = rounds(&answers[0]["milliseconds"]);
        let later: Duration = rounds.iter().skip(1).sum();
        whole.push(begun.elapsed().saturating_sub(later));
        inside.push(rounds[0]);
        warm.push(rounds[rounds.len() - 1]);
    }
    Ok(Times {
        expressions: texts.len(),
        ours: median(own),
        theirs: median(inside),
        theirs_of_processors: median(of_processors),
        theirs_warm: median(warm),
        theirs_with_start: median(whole),
    })
}

/// Returns generated expressions that have a value, without end.
pub(super) fn sound(first: u64) -> impl Iterator<Item = String> {
    let scope = Known::new();
    let texts = (first..).map(|seed| generate(seed).text);
    texts
        .filter(|text| text.len() < 1000)
        .filter(move |text| matches!(Answer::ours(text, &scope), Answer::Value(_)))
}

fn ours(texts: &[String], scope: &Known) -> Duration {
    let begun = Instant::now();
    for text in texts {
        if let Ok(expression) = Expression::parse(text) {
            drop(std::hint::black_box(expression.evaluate(scope)));
        }
    }
    begun.elapsed()
}

fn rounds(answer: &Json) -> Vec<Duration> {
    let milliseconds = answer.as_array().into_iter().flatten();
    let rounds = milliseconds.filter_map(Json::as_f64);
    rounds.map(|time| Duration::from_secs_f64(time / 1000.0)).collect()
}

pub(super) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
