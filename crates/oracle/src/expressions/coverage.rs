//! What the compared expressions met: every operator with every pair of kinds, every function with every outcome.

use std::collections::BTreeMap;

use lockgate_pipeline::expression::{Expression, Function};

use super::answer::Answer;
use super::contexts::Known;
use super::generator::Generated;
use super::term::{OPERATORS, Term};

/// The kinds of values, as they are told.
pub const KINDS: [&str; 6] = ["Null", "Boolean", "Number", "String", "Array", "Object"];

/// What the compared expressions met.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Operator, kind on its left, kind on its right (none for `!` and `.*`) → how often.
    pub pairs: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    /// Function and outcome → how often. The outcome is `value`, or the kind of mistake of the whole expression.
    pub functions: BTreeMap<(&'static str, String), u64>,
}

impl Coverage {
    /// Counts what stands in a generated expression.
    pub(super) fn meet(&mut self, generated: &Generated, ours: &Answer, scope: &Known) {
        let Some(term) = &generated.term else {
            return;
        };
        term.walk(&mut |part| match part {
            Term::Binary(operator, left, right) => self.pair(operator, left, Some(right), scope),
            Term::Index(base, index) => self.pair("[]", base, Some(index), scope),
            Term::Not(inner) => self.pair("!", inner, None, scope),
            Term::Filter(inner) => self.pair(".*", inner, None, scope),
            Term::Call(name, _) => {
                if let Some(function) = Function::named(name) {
                    let key = (function.name(), ours.outcome().to_owned());
                    *self.functions.entry(key).or_default() += 1;
                }
            }
            Term::Atom(_) | Term::Property(..) | Term::Group(_) => {}
        });
    }

    fn pair(&mut self, operator: &'static str, left: &Term, right: Option<&Term>, scope: &Known) {
        let right = match right {
            Some(right) => kind(right, scope),
            None => Some(""),
        };
        if let (Some(left), Some(right)) = (kind(left, scope), right) {
            *self.pairs.entry((operator, left, right)).or_default() += 1;
        }
    }

    /// Returns what was never met, one line each.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for operator in OPERATORS.iter().chain(["[]"].iter()) {
            for left in KINDS {
                for right in KINDS {
                    if !self.pairs.contains_key(&(operator, left, right)) {
                        missing.push(format!("{left} {operator} {right}"));
                    }
                }
            }
        }
        for operator in ["!", ".*"] {
            let unmet = KINDS
                .iter()
                .filter(|kind| !self.pairs.contains_key(&(operator, kind, "")));
            missing.extend(unmet.map(|kind| format!("{operator} of {kind}")));
        }
        for function in Function::ALL {
            for outcome in ["value", "parsing", "evaluation"] {
                if !self.functions.contains_key(&(function.name(), outcome.to_owned())) {
                    missing.push(format!("{} in an expression that ends with {outcome}", function.name()));
                }
            }
        }
        missing
    }

    /// Returns the tables as text.
    pub fn tables(&self) -> String {
        [self.table_of_pairs(), self.table_of_functions()].join("\n\n")
    }

    fn table_of_pairs(&self) -> String {
        let operators = || OPERATORS.iter().chain(["[]"].iter());
        let mut lines = vec![row("left, right", operators().map(ToString::to_string))];
        for left in KINDS {
            for right in KINDS {
                let count = |operator: &&'static str| self.pairs.get(&(*operator, left, right)).copied().unwrap_or(0);
                let counts = operators().map(|operator| count(operator).to_string());
                lines.push(row(&format!("{left}, {right}"), counts));
            }
        }
        for operator in ["!", ".*"] {
            let count = |kind: &'static str| self.pairs.get(&(operator, kind, "")).copied().unwrap_or(0);
            let counts = KINDS.iter().map(|kind| format!("{kind} {}", count(kind)));
            lines.push(format!("{operator} of {}", counts.collect::<Vec<_>>().join(", ")));
        }
        lines.join("\n")
    }

    fn table_of_functions(&self) -> String {
        const OUTCOMES: [&str; 3] = ["value", "parsing", "evaluation"];
        let mut lines = vec![row("function", OUTCOMES.iter().map(ToString::to_string))];
        for function in Function::ALL {
            let count = |outcome: &&str| {
                let key = (function.name(), (*outcome).to_owned());
                self.functions.get(&key).copied().unwrap_or(0).to_string()
            };
            lines.push(row(function.name(), OUTCOMES.iter().map(count)));
        }
        lines.join("\n")
    }
}

fn row(title: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| format!("{cell:>11}")).collect();
    format!("{title:<16}{}", cells.concat())
}

/// Returns the kind of a part's value, when it has one.
fn kind(term: &Term, scope: &Known) -> Option<&'static str> {
    let expression = Expression::parse(&term.to_string()).ok()?;
    let value = expression.evaluate(scope).ok()?;
    Some(value.kind_name())
}
