//! Secrets that called workflows require and that nobody gave.

use super::Foreseen;
use crate::definition::PassedSecrets;
use crate::expression::Template;
use crate::plan::Plan;

/// Returns the required secrets that are empty in the workflows that `plan` calls.
pub(super) fn missing(plan: &Plan) -> Vec<Foreseen> {
    let mut found = Vec::new();
    for (number, call) in plan.calls.iter().enumerate() {
        let called = plan.called.get(&call.workflow);
        let is_first_leg = plan.calls[..number].iter().all(|before| before.caller != call.caller);
        let Some(called) = called.filter(|_| is_first_leg && plan.jobs[call.caller].fate.may_run()) else {
            continue;
        };
        let required = called.interface.secrets.iter().filter(|secret| secret.is_required);
        let empty = required.filter(|secret| !is_given(plan, Some(number), &secret.name));
        found.extend(empty.map(|secret| Foreseen {
            at: plan.definition(call.caller).place_of("uses").to_string(),
            words: format!(
                "`{}` requires the secret `{}`, which was not given: it is empty there",
                call.workflow, secret.name
            ),
        }));
    }
    found
}

/// Returns whether the workflow of `call`, or the plan's own, may get a secret of this name that is not empty.
fn is_given(plan: &Plan, call: Option<usize>, name: &str) -> bool {
    let Some(caller) = call.map(|call| plan.calls[call].caller) else {
        return plan
            .contexts
            .secrets
            .iter()
            .any(|given| given.eq_ignore_ascii_case(name));
    };
    match plan.definition(caller).call.as_ref().map(|call| &call.secrets) {
        Some(PassedSecrets::Given(given)) => given
            .iter()
            .filter(|(passed, _)| passed.eq_ignore_ascii_case(name))
            .any(|(_, value)| of_secret(value).is_none_or(|name| is_given(plan, plan.call_of(caller), &name))),
        _ => is_given(plan, plan.call_of(caller), name),
    }
}

/// Returns the name of the secret whose value this is, as in `${{ secrets.TOKEN }}`; none of anything else.
fn of_secret(value: &Template) -> Option<String> {
    let source = value.as_expression()?.source();
    match value.contexts_used().as_slice() {
        [only] if only.name == "secrets" && only.path.len() == 1 => {
            let name = &only.path[0];
            let is_all = source.trim().len() == only.name.len() + ".".len() + name.len();
            is_all.then(|| name.clone())
        }
        _ => None,
    }
}
