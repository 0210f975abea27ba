//! Why there is no plan, with the codes that `lockgate check` has for the same.

use lockgate_dialect::codes;
use lockgate_pipeline::plan::{CallInputError, PlanError};

use crate::exit::Failure;

/// Returns the refusal of a workflow that cannot be planned.
pub(super) fn of(file: &str, errors: &[PlanError]) -> Failure {
    let lines: Vec<String> = errors
        .iter()
        .map(|error| match code(error) {
            Some(code) => format!("{code}: {error}"),
            None => error.to_string(),
        })
        .collect();
    let failure = Failure::usage(format!("{file} cannot be planned\n  {}", lines.join("\n  ")));
    match errors.iter().find_map(code) {
        Some(code) => failure.help(format!("`lockgate explain {code}` tells more")),
        None => failure,
    }
}

/// Returns the code of the rule that is broken; none of what only this event or this command line makes wrong.
fn code(error: &PlanError) -> Option<&'static str> {
    match error {
        PlanError::Unsupported(_) | PlanError::TooManyJobs { .. } => Some(codes::NOT_YET_SUPPORTED),
        PlanError::UnknownNeed { .. } => Some(codes::UNKNOWN_NEED),
        PlanError::Circle { .. } => Some(codes::NEEDS_CYCLE),
        PlanError::UnknownWorkflow { .. } => Some(codes::MISSING_WORKFLOW),
        PlanError::TooDeep { .. } => Some(codes::TOO_MANY_WORKFLOWS),
        PlanError::Matrix { .. } => Some(codes::WRONG_MATRIX),
        PlanError::CallInput {
            source: CallInputError::WrongType { .. },
            ..
        } => Some(codes::WRONG_CALL_INPUT),
        PlanError::UnknownJob { .. }
        | PlanError::Evaluation { .. }
        | PlanError::RunName(_)
        | PlanError::CallInput {
            source: CallInputError::Evaluation { .. },
            ..
        } => None,
    }
}

#[cfg(test)]
mod tests {
    use lockgate_pipeline::definition::Place;

    use super::*;

    #[test]
    fn what_a_rule_forbids_has_its_code() {
        let place = Place::new("ci.yml", 3, 5);
        let errors = [
            PlanError::UnknownJob {
                id: "a".into(),
                known: vec!["b".into()],
            },
            PlanError::TooManyJobs { place, most: 5 },
        ];
        let words = of("ci.yml", &errors).to_string();
        for said in [
            "error: ci.yml cannot be planned\n  there is no job `a`; the jobs are `b`",
            "\n  LG0161: ci.yml:3:5: with the jobs of called workflows there are more than 5 of them",
            "help: `lockgate explain LG0161` tells more",
        ] {
            assert!(words.contains(said), "{words}");
        }
    }
}
