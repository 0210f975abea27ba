//! Both sides over many seeds.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::answer::{Answer, Mistake};
use super::contexts::{CONTEXTS, Known};
use super::coverage::Coverage;
use super::explanation::{EXPLANATIONS, SEVERAL};
use super::generator::{Generated, generate};
use crate::{Oracle, OracleError, Script};

/// How many expressions are asked at once.
const BATCH: u64 = 20_000;

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many expressions were compared.
    pub count: u64,
    /// How many gave a value on our side.
    pub values: u64,
    /// How often each outcome came.
    pub outcomes: BTreeMap<String, u64>,
    /// What the expressions met.
    pub coverage: Coverage,
    /// How many differences each explanation explains.
    pub explained: BTreeMap<&'static str, Explained>,
    /// The differences that nothing explains.
    pub unexplained: Vec<Difference>,
    /// How many mistakes stand at the same place on both sides.
    pub same_place: u64,
    /// Mistakes of the same kind at different places.
    pub other_place: Vec<Difference>,
}

/// The differences of one explanation.
#[derive(Debug, Default)]
pub struct Explained {
    /// How many there are.
    pub count: u64,
    /// The shortest.
    pub example: String,
}

/// What differs in one batch.
#[derive(Default)]
struct Differences {
    answers: Vec<Difference>,
    /// Mistakes of the same kind at different places.
    elsewhere: Vec<Difference>,
}

/// An expression that both sides see differently.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The seed of the expression.
    pub seed: u64,
    /// Its text.
    pub text: String,
    /// What Lockgate says.
    pub ours: Answer,
    /// What the library says.
    pub theirs: Answer,
}

/// Compares the expressions of `count` seeds from `first`.
///
/// # Errors
/// Returns why the library did not answer.
pub fn compare(oracle: &Oracle, first: u64, count: u64) -> Result<Report, OracleError> {
    let scope = Known::new();
    let mut report = Report::default();
    let mut from = first;
    while from < first + count {
        let to = (from + BATCH).min(first + count);
        let batch: Vec<(u64, Generated)> = (from..to).map(|seed| (seed, generate(seed))).collect();
        let texts = batch.iter().map(|(_, generated)| generated.text.as_str());
        let answers = theirs(oracle, texts)?;
        let mut differences = Differences::default();
        for ((seed, generated), theirs) in batch.into_iter().zip(answers) {
            let ours = Answer::ours(&generated.text, &scope);
            report.coverage.meet(&generated, &ours, &scope);
            let difference = Difference {
                seed,
                text: generated.text,
                ours,
                theirs,
            };
            report.take(difference, &mut differences);
        }
        report.explain(oracle, differences.answers)?;
        report.place(oracle, &differences.elsewhere)?;
        from = to;
    }
    Ok(report)
}

/// Returns what the library says of each text.
///
/// # Errors
/// Returns why it did not answer.
pub fn theirs<'t>(oracle: &Oracle, texts: impl IntoIterator<Item = &'t str>) -> Result<Vec<Answer>, OracleError> {
    ask(oracle, texts.into_iter().map(|text| json!({"expr": text})).collect())
}

/// Returns which explanation explains each of `differences`, if any.
///
/// # Errors
/// Returns why the library did not answer.
pub fn explanations(oracle: &Oracle, differences: &[Difference]) -> Result<Vec<Option<&'static str>>, OracleError> {
    let names: Vec<&'static str> = EXPLANATIONS.iter().map(|explanation| explanation.name).collect();
    let alone = names.iter().map(|name| (*name, vec![*name]));
    let ways: Vec<(&'static str, Vec<&str>)> = alone.chain([(SEVERAL, names.clone())]).collect();
    let mut questions = Vec::new();
    for difference in differences {
        questions.extend(
            ways.iter()
                .map(|(_, names)| json!({"expr": difference.text, "corrections": names})),
        );
    }
    let answers = ask(oracle, questions)?;
    let of_each = differences.iter().zip(answers.chunks(ways.len()));
    let explained = of_each.map(|(difference, corrected)| {
        let agreed = corrected.iter().position(|answer| answer.agrees(&difference.ours));
        agreed.map(|at| ways[at].0)
    });
    Ok(explained.collect())
}

fn ask(oracle: &Oracle, mut questions: Vec<Json>) -> Result<Vec<Answer>, OracleError> {
    let Some(first) = questions.first_mut() else {
        return Ok(Vec::new());
    };
    first["contexts"] = Json::from(CONTEXTS);
    let answers = oracle.ask(Script::EXPRESSIONS, &questions)?;
    Ok(answers.into_iter().map(Answer::theirs).collect())
}

impl Report {
    fn take(&mut self, found: Difference, differences: &mut Differences) {
        self.count += 1;
        self.values += u64::from(matches!(found.ours, Answer::Value(_)));
        *self.outcomes.entry(found.ours.outcome().to_owned()).or_default() += 1;
        if !found.ours.agrees(&found.theirs) {
            differences.answers.push(found);
            return;
        }
        let (Answer::Mistake(ours), Answer::Mistake(theirs)) = (&found.ours, &found.theirs) else {
            return;
        };
        if tells_its_place(theirs, &found.text) {
            if ours.offset == theirs.offset {
                self.same_place += 1;
            } else {
                differences.elsewhere.push(found);
            }
        }
    }

    fn explain(&mut self, oracle: &Oracle, differences: Vec<Difference>) -> Result<(), OracleError> {
        let names = explanations(oracle, &differences)?;
        for (difference, name) in differences.into_iter().zip(names) {
            let Some(name) = name else {
                self.unexplained.push(difference);
                continue;
            };
            let explained = self.explained.entry(name).or_default();
            explained.count += 1;
            if explained.example.is_empty() || difference.text.len() < explained.example.len() {
                explained.example = difference.text;
            }
        }
        Ok(())
    }

    /// Keeps what stands elsewhere for the corrected library too: what the library overlooks may come first.
    fn place(&mut self, oracle: &Oracle, elsewhere: &[Difference]) -> Result<(), OracleError> {
        let names: Vec<&str> = EXPLANATIONS.iter().map(|explanation| explanation.name).collect();
        let questions = elsewhere.iter();
        let questions = questions.map(|found| json!({"expr": found.text, "corrections": names}));
        for (found, corrected) in elsewhere.iter().zip(ask(oracle, questions.collect())?) {
            let place = |answer: &Answer| match answer {
                Answer::Mistake(mistake) => mistake.offset,
                Answer::Value(_) => None,
            };
            if place(&corrected).is_some_and(|corrected| Some(corrected) != place(&found.ours)) {
                self.other_place.push(found.clone());
            }
        }
        Ok(())
    }

    /// Returns the share of expressions that gave a value, in percent.
    pub fn evaluated(&self) -> f64 {
        100.0 * self.values as f64 / self.count.max(1) as f64
    }
}

/// Whether the library says where the mistake is: not behind a line end in a text, which it miscounts, not when it is
/// too deep, which it counts otherwise, not at the end, for which it has no place of its own, and not where white space
/// ends a word for it only.
fn tells_its_place(theirs: &Mistake, text: &str) -> bool {
    let is_strange = |c: char| matches!(c, '\n' | '\u{feff}') || c.is_whitespace() && !matches!(c, ' ' | '\t' | '\r');
    theirs.offset.is_some()
        && !text.contains(is_strange)
        && !theirs.message.starts_with("Exceeded")
        && !theirs.message.ends_with("'EOF'")
}
