//! Many expressions in one call, on every core.

use std::path::Path;
use std::thread::available_parallelism;

use super::answer::Answer;
use super::scope::GivenContexts;
use super::{evaluate, read};
use crate::exit::{Exit, Failure};
use crate::parallel;
use crate::render::out;

/// The fewest lines that are worth contexts of their own.
const LEAST: usize = 64;

/// How many parts each core takes, so that none waits long for another at the end.
const PARTS: usize = 4;

/// Prints the value of the expression in each line of a file, or its mistake.
pub(super) fn run(path: &Path, given: &GivenContexts) -> Result<Exit, Failure> {
    let text = read(path)?;
    let lines: Vec<&str> = text.lines().collect();
    let cores = available_parallelism().map_or(1, usize::from);
    let parts: Vec<&[&str]> = lines.chunks(lines.len().div_ceil(cores * PARTS).max(LEAST)).collect();
    let answers = parallel::map(&parts, 1, |lines| Answers::of(lines, &given.apart()));
    let mistakes: usize = answers.iter().map(|part| part.mistakes).sum();
    for part in answers {
        out::text(&part.text);
    }
    if mistakes == 0 {
        return Ok(Exit::Ok);
    }
    out::progress(format_args!(
        "expressions without a value: {mistakes} of {}",
        lines.len()
    ));
    Ok(Exit::Usage)
}

/// The answers to some lines.
#[derive(Default)]
struct Answers {
    text: String,
    mistakes: usize,
}

impl Answers {
    fn of(lines: &[&str], given: &GivenContexts) -> Self {
        let mut answers = Self::default();
        for line in lines {
            let quoted = line.starts_with('"').then(|| serde_json::from_str::<String>(line).ok());
            // What is no text of JSON is one with `${{ }}`, or an expression that begins with a wrong sign.
            let quoted = quoted.flatten();
            let text = quoted.as_deref().unwrap_or(line);
            answers.text += &match evaluate(text, given) {
                Ok(value) => out::line(&Answer::of(&value)),
                Err(mistake) => {
                    answers.mistakes += 1;
                    out::line(&mistake.to_json(text))
                }
            };
        }
        answers
    }
}
