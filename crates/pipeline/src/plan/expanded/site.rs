//! The place of an expression: what it can read there, and what of it is known before the run.

use crate::expression::tree::Node;
use crate::expression::{ContextUse, Function, Value, secret};
use crate::plan::Plan;
use crate::plan::call::KnownInputs;
use crate::plan::known::KnownNeeds;
use crate::scope::KnownContexts;

/// The place of an expression.
#[derive(Clone)]
pub(super) struct Site<'p> {
    plan: &'p Plan,
    /// The job whose key it is; none of the keys of a workflow.
    pub(super) place: Option<usize>,
    /// The call in whose workflow it stands; none of the plan's own.
    pub(super) call: Option<usize>,
    scope: KnownContexts,
    needs: KnownNeeds,
    inputs: KnownInputs,
    /// Whether the job is one leg, whose matrix is known.
    has_matrix: bool,
}

impl<'p> Site<'p> {
    /// Returns the top of the plan's own workflow.
    pub(super) fn of_run(plan: &'p Plan) -> Self {
        Self {
            plan,
            place: None,
            call: None,
            scope: plan.contexts.for_jobs(),
            needs: KnownNeeds::default(),
            inputs: KnownInputs::whole(plan.contexts.inputs.clone()),
            has_matrix: false,
        }
    }

    /// Returns the top of the workflow that a call calls.
    pub(super) fn of_call(plan: &'p Plan, index: usize) -> Self {
        let call = &plan.calls[index];
        Self {
            call: Some(index),
            scope: plan.contexts.for_jobs().with("inputs", call.inputs.clone()),
            inputs: KnownInputs::part(call.inputs.clone(), call.open.clone()),
            ..Self::of_run(plan)
        }
    }

    /// Returns the job at `place`, or one leg of it.
    pub(super) fn of_job(plan: &'p Plan, place: usize, leg: Option<usize>) -> Self {
        let call = plan.call_of(place);
        let mut site = call.map_or_else(|| Self::of_run(plan), |call| Self::of_call(plan, call));
        site.place = Some(place);
        site.needs = KnownNeeds::of(plan.definition(place), |_| None);
        site.scope = site.scope.with("needs", site.needs.value());
        if let Value::Object(mut github) = plan.contexts.github.clone() {
            github.insert("job", Value::from(plan.definition(place).id.as_str()));
            site.scope = site.scope.with("github", Value::Object(github));
        }
        let expansion = plan.jobs[place].expansion.as_ref();
        if let Some((expansion, leg, index)) =
            leg.and_then(|index| Some((expansion?, expansion?.legs.get(index)?, index)))
        {
            site.has_matrix = true;
            site.scope = site
                .scope
                .with("matrix", leg.matrix.clone())
                .with("strategy", expansion.strategy_context(index));
        }
        site
    }

    /// Returns the job that makes the call in whose workflow this stands, in the leg that makes it.
    pub(super) fn of_caller(&self) -> Option<Self> {
        let call = &self.plan.calls[self.call?];
        Some(Self::of_job(self.plan, call.caller, Some(call.leg)))
    }

    /// Returns the value of a part of an expression, when all that it reads is known; never one with a secret.
    pub(super) fn known(&self, node: &Node) -> Option<Value> {
        let is_fixed = |function: Function| !function.is_status() && function != Function::HashFiles;
        let is_known = node.contexts().iter().all(|found| self.knows(found))
            && node.functions().iter().all(|found| is_fixed(found.function));
        let value = if is_known {
            node.evaluate(&self.scope).ok()
        } else {
            None
        };
        value.filter(has_no_secret)
    }

    fn knows(&self, found: &ContextUse) -> bool {
        match found.name.as_str() {
            // What depends on the job, such as `github.workspace`, is not in the plan.
            "github" => found.path.first().is_some_and(|name| {
                let is_job = self.place.is_some() && name.eq_ignore_ascii_case("job");
                is_job || (self.plan.contexts.github.get(name).is_some() && self.scope.knows(found))
            }),
            "vars" => true,
            "inputs" => self.inputs.knows(found),
            "needs" => self.place.is_some() && !found.path.is_empty() && self.needs.knows(found),
            "matrix" | "strategy" => self.has_matrix,
            _ => false,
        }
    }
}

fn has_no_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => !secret::contains_marker(text),
        Value::Array(array) => array.items().iter().all(has_no_secret),
        Value::Object(object) => object.iter().all(|(_, field)| has_no_secret(field)),
        _ => true,
    }
}
