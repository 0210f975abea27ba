//! What is known of one job before it runs.

use super::yaml::Yaml;
use crate::definition::TemplateValue;
use crate::expression::{Condition, ContextUse, Expression, Function, Partial, Status, Template, Value};
use crate::plan::call::KnownInputs;
use crate::plan::known::KnownNeeds;
use crate::plan::{Leg, Plan};
use crate::scope::KnownContexts;

/// What is known of one job before it runs.
pub(super) struct Known<'p> {
    plan: &'p Plan,
    scope: KnownContexts,
    needs: KnownNeeds,
    inputs: KnownInputs,
    /// Whether the job is one leg, whose matrix is known.
    has_matrix: bool,
}

impl<'p> Known<'p> {
    /// Returns what is known of the run.
    pub(super) fn of_run(plan: &'p Plan) -> Self {
        Self {
            plan,
            scope: plan.contexts.for_jobs(),
            needs: KnownNeeds::default(),
            inputs: KnownInputs::whole(plan.contexts.inputs.clone()),
            has_matrix: false,
        }
    }

    /// Returns what is known of the job at `place`, or of one leg of it.
    pub(super) fn of_job(plan: &'p Plan, place: usize, leg: Option<usize>) -> Self {
        let call = plan.call_of(place);
        let needs = KnownNeeds::of(plan.definition(place), |need| match call {
            None => plan.known.get(need).cloned(),
            Some(_) => None,
        });
        let mut scope = plan.contexts.for_jobs().with("needs", needs.value());
        let mut inputs = KnownInputs::whole(plan.contexts.inputs.clone());
        if let Some(call) = call.map(|call| &plan.calls[call]) {
            scope = scope.with("inputs", call.inputs.clone());
            inputs = KnownInputs::part(call.inputs.clone(), call.open.clone());
        }
        let expansion = plan.jobs[place].expansion.as_ref();
        let known: Option<(usize, &Leg)> = leg.and_then(|leg| Some((leg, expansion?.legs.get(leg)?)));
        if let (Some((index, leg)), Some(expansion)) = (known, expansion) {
            scope = scope
                .with("matrix", leg.matrix.clone())
                .with("strategy", expansion.strategy_context(index));
        }
        Self {
            plan,
            scope,
            needs,
            inputs,
            has_matrix: known.is_some(),
        }
    }

    /// Returns the value of a template, of any type.
    pub(super) fn value(&self, template: &Template) -> Yaml {
        match template.as_literal() {
            // What was written without quotes, such as a number, is a text by now, and reads the same without them.
            Some(text) if is_bare(text) => Yaml::Bare(text.to_owned()),
            _ => Yaml::from(&template.fill(|expression| self.evaluated(expression))),
        }
    }

    /// Returns the value of a template that is a text whatever it says.
    pub(super) fn text(&self, template: &Template) -> Yaml {
        let value = template.fill(|expression| self.evaluated(expression));
        if value.is_primitive() {
            Yaml::Text(value.to_text())
        } else {
            Yaml::Text(template.source().to_owned())
        }
    }

    /// Returns a tree of values.
    pub(super) fn tree(&self, value: &TemplateValue) -> Yaml {
        let filled = value.resolve::<std::convert::Infallible>(&mut |template| {
            Ok(template.fill(|expression| self.evaluated(expression)))
        });
        match filled {
            Ok(value) => Yaml::from(&value),
            Err(never) => match never {},
        }
    }

    /// Returns what is left of a condition: nothing when it holds, `false` when it does not, else the whole of it.
    pub(super) fn condition(&self, condition: &Condition) -> Option<Yaml> {
        let source = || Some(Yaml::Text(condition.to_string()));
        if condition.is_text() {
            return source();
        }
        let partial = Partial {
            scope: &self.scope.standing(Status::SUCCESS),
            knows: &|found| self.knows(found),
            knows_status: false,
        };
        match condition.try_in(&partial).holds {
            Some(false) => Some(Yaml::Bare("false".to_owned())),
            Some(true) if !condition.uses_status_function() => None,
            _ => source(),
        }
    }

    fn evaluated(&self, expression: &Expression) -> Option<Value> {
        let is_fixed = |function: Function| !function.is_status() && function != Function::HashFiles;
        let is_known = expression.contexts_used().iter().all(|found| self.knows(found))
            && expression.functions_used().iter().all(|found| is_fixed(found.function));
        if is_known {
            expression.evaluate(&self.scope).ok()
        } else {
            None
        }
    }

    fn knows(&self, found: &ContextUse) -> bool {
        match found.name.as_str() {
            // What depends on the job, such as `github.workspace`, is not in the plan.
            "github" => {
                let name = found.path.first();
                name.is_some_and(|name| self.plan.contexts.github.get(name).is_some())
            }
            "vars" => true,
            "inputs" => self.inputs.knows(found),
            "needs" => !found.path.is_empty() && self.needs.knows(found),
            "matrix" | "strategy" => self.has_matrix,
            _ => false,
        }
    }
}

/// Whether a text is a number or a boolean, written as YAML writes it.
fn is_bare(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(text, "true" | "false" | "0") || (is_number && !text.starts_with('0'))
}
