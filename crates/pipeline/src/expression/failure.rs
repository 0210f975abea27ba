//! Calls that fail in every run that comes to them, for what is written in them.
//!
//! `fromJSON` of a text that is no JSON and `format` with a place for a value that it does not get are in order as far as
//! the grammar goes, so that files with them are accepted, and the job fails.

use super::evaluation::Evaluator;
use super::function::Function;
use super::syntax::{Call, Node};
use super::{EvaluationError, PlacedError, Value};
use crate::scope::KnownContexts;

/// Returns the calls that fail for the text that is their first argument.
pub(super) fn failures(root: &Node) -> Vec<PlacedError> {
    let mut found = Vec::new();
    root.walk(&mut |node| {
        if let Node::Call(call) = node
            && let Some(error) = failure(call)
        {
            found.push(PlacedError {
                error,
                position: call.name.position,
                length: call.name.text.len(),
            });
        }
    });
    found
}

fn failure(call: &Call) -> Option<EvaluationError> {
    let [first @ Node::Literal(text), others @ ..] = call.arguments.as_slice() else {
        return None;
    };
    if !matches!(call.function, Function::Format | Function::FromJson) {
        return None;
    }
    // Whether it fails does not depend on the values that are filled in.
    let filled = others.iter().map(|_| Node::Literal(Value::Null));
    let arguments = std::iter::once(first.clone()).chain(filled).collect();
    let tried = Node::from(Call {
        arguments,
        ..Call::clone(call)
    });
    let error = Evaluator::new(&KnownContexts::new([])).evaluate(&tried).err()?;
    let is_certain = match &error {
        EvaluationError::Json(mistake) => mistake.is_certain(&text.to_text()),
        _ => true,
    };
    is_certain.then_some(error)
}

#[cfg(test)]
mod tests {
    use super::super::{Condition, Template};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let of_template = Template::parse(format!("a ${{{{ {text} }}}}")).unwrap().failures();
        let of_condition = Condition::parse(format!(" {text}")).unwrap().failures();
        for (failures, before) in [(of_template, 6), (of_condition, 1)] {
            let found: Vec<String> = failures
                .iter()
                .map(|failure| format!("{} {} {}", failure.position - before, failure.length, failure.error))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_makes_a_call_fail() {
        check(
            "format('{0} {1}', github.a)",
            &["0 6 `format` cannot fill `{0} {1}`: it has more places than there are values"],
        );
        for text in [
            "format('{')",
            "format('{a}', 1)",
            "format('}')",
            "format('{0')",
            "FORMAT('{1}', 1)",
        ] {
            let failures = Condition::parse(text).unwrap().failures();
            assert_eq!(failures.len(), 1, "{text}");
        }
        check(
            "github.a && contains(fromJSON('[a]'), 'a')",
            &["21 8 `fromJSON` was given a text that is no JSON: unexpected `a` at character 2"],
        );
    }

    #[test]
    fn what_a_run_decides_is_not_told() {
        for text in [
            "format('{0} {{1}}', github.a)",
            "format('a', 1)",
            "format(github.a, 1)",
            "fromJSON('[1, \"a\"]')",
            "fromJSON(format('[{0}]', github.a))",
            "fromJSON(true)",
            // GitHub reads more than JSON.
            "fromJSON('[1, 2,]')",
            "join(github.a, '{')",
        ] {
            check(text, &[]);
        }
    }
}
