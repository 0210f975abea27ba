//! `success('build')` and `failure('build', 'test')`: how the jobs stand that are named.
//!
//! GitHub's schema gives both functions any number of arguments in the `if` of a job, and its documentation does not
//! say what they mean. Here they mean what the same functions mean where they come from, in Azure Pipelines: whether all
//! of the named jobs have succeeded, or any of them has failed. What is known of a job is what `needs` says, so they
//! become that, and whatever reads a condition has one form less to know. Like every status function they do away with
//! the implied `success()`; a run that was cancelled starts nothing by them.

use super::function::Function;
use super::syntax::{Call, Comparison, Name, Node};
use super::value::Value;
use super::{Expression, FunctionUse};

impl Expression {
    /// Puts what `needs` says of them in the place of jobs that are named; returns where that was.
    pub(super) fn resolve_named_jobs(&mut self) -> Vec<FunctionUse> {
        let found = named(&self.root);
        if !found.is_empty() {
            let root = std::mem::replace(&mut self.root, Node::Literal(Value::Null));
            self.root = resolved(root);
        }
        found
    }
}

fn named(root: &Node) -> Vec<FunctionUse> {
    let mut found = Vec::new();
    root.walk(&mut |node| {
        if let Node::Call(call) = node
            && call.names_jobs()
        {
            found.push(FunctionUse {
                function: call.function,
                position: call.name.position,
                length: call.name.text.len(),
            });
        }
    });
    found
}

impl Call {
    fn names_jobs(&self) -> bool {
        matches!(self.function, Function::Failure | Function::Success) && !self.arguments.is_empty()
    }
}

fn resolved(node: Node) -> Node {
    let all = |nodes: Vec<Node>| nodes.into_iter().map(resolved).collect();
    let one = |node: Box<Node>| Box::new(resolved(*node));
    match node {
        Node::Call(call) if call.names_jobs() => standing(*call),
        Node::Call(call) => Node::from(Call {
            arguments: all(call.arguments),
            ..*call
        }),
        Node::Index(parts) => Node::Index(Box::new((*parts).map(resolved))),
        Node::Filter(inner) => Node::Filter(one(inner)),
        Node::Not(inner) => Node::Not(one(inner)),
        Node::And(parts) => Node::And(all(parts)),
        Node::Or(parts) => Node::Or(all(parts)),
        Node::Compare(comparison, sides) => Node::Compare(comparison, Box::new((*sides).map(resolved))),
        leaf @ (Node::Literal(_) | Node::Context(_)) => leaf,
    }
}

fn standing(call: Call) -> Node {
    let Call {
        function,
        name,
        arguments,
    } = call;
    let position = name.position;
    let word = |text: &str| Node::Literal(Value::from(text));
    let result = function.name();
    let ended = arguments.into_iter().map(|job| {
        let needs = Node::Context(Name {
            text: "needs".into(),
            position,
        });
        let job = Node::Index(Box::new([needs, resolved(job)]));
        let found = Node::Index(Box::new([job, word("result")]));
        Node::Compare(Comparison::Equal, Box::new([found, word(result)]))
    });
    let mut ended: Vec<Node> = ended.collect();
    let cancelled = Node::from(Call {
        function: Function::Cancelled,
        name: Name {
            text: Function::Cancelled.name().into(),
            position,
        },
        arguments: Vec::new(),
    });
    let mut parts = vec![Node::Not(Box::new(cancelled))];
    match function {
        Function::Failure if ended.len() > 1 => parts.push(Node::Or(ended)),
        _ => parts.append(&mut ended),
    }
    Node::And(parts)
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;
    use crate::expression::{Condition, Status};
    use crate::scope::KnownContexts;

    #[track_caller]
    fn check(condition: &str, expected: &str) {
        let condition = Condition::parse(condition).unwrap();
        assert!(condition.uses_status_function());
        assert_eq!(condition.named_jobs().len(), 1);
        assert_eq!(text::of(condition.root().unwrap()), expected);
    }

    #[test]
    fn a_named_job_stands_as_needs_says() {
        check("success('a')", "!cancelled() && needs.a.result == 'success'");
        check(
            "${{ Failure('a', 'b c') || always() }}",
            "!cancelled() && (needs.a.result == 'failure' || needs['b c'].result == 'failure') || always()",
        );
        check("failure('a')", "!cancelled() && needs.a.result == 'failure'");
        check(
            "!success(github.job)",
            "!(!cancelled() && needs[github.job].result == 'success')",
        );
    }

    #[test]
    fn they_hold_by_the_results_of_those_jobs_alone() {
        let ended = |result: &str| Value::object([("result", Value::from(result))]);
        let needs = [("a", "success"), ("b", "failure"), ("c", "skipped")];
        let needs = needs.map(|(job, result)| (job, ended(result)));
        let scope = KnownContexts::new([("needs", Value::object(needs))]);
        let cancelled = Status {
            cancelled: true,
            ..Status::FAILURE
        };
        for (text, holds) in [
            ("success('a')", true),
            ("success('A', 'b')", false),
            ("success('c')", false),
            ("success('nobody')", false),
            ("failure('a', 'b')", true),
            ("failure('a', 'c')", false),
        ] {
            let condition = Condition::parse(text).unwrap();
            for (status, expected) in [(Status::SUCCESS, holds), (Status::FAILURE, holds), (cancelled, false)] {
                let scope = scope.standing(status);
                assert_eq!(condition.evaluate(&scope), Ok(expected), "{text} {status:?}");
            }
        }
    }

    #[test]
    fn jobs_are_named_in_conditions_only() {
        for text in ["success('a')", "1 && failure('a', 'b')"] {
            let mistake = Expression::parse(text).unwrap_err();
            assert!(mistake.message.ends_with("` takes no arguments"), "{mistake:?}");
            assert!(Condition::parse(text).is_ok());
        }
        assert!(Condition::parse("always('a')").is_err() && Condition::parse("cancelled('a')").is_err());
    }
}
