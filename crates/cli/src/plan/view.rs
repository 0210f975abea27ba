//! Plans as text.

mod next;

use lockgate_pipeline::plan::picture::{self, Panel};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::planning::Candidate;
use crate::render::out;

/// Returns lines for a terminal.
pub(super) fn tree(candidates: &[Candidate], event: &str, now: jiff::Timestamp) -> String {
    let mut lines = Vec::new();
    for candidate in candidates {
        lines.push(format!("{}: {}", candidate.file, candidate.decision.reason()));
        if let Some(plan) = &candidate.plan {
            lines.extend(
                plan.tree_hiding(&out::of_people)
                    .iter()
                    .map(|line| out::name(line).into_owned()),
            );
        }
        if event == "schedule" {
            lines.extend(next::lines(&candidate.schedules, now));
        }
    }
    lines.join("\n")
}

/// Returns a text without secrets, as [`out::of_people`] does, for a document that programs read.
fn of_programs(text: &str) -> String {
    out::in_document(text).into_owned()
}

/// Returns one JSON document, as `docs/reference/plan-json.md` describes it.
pub(super) fn json(candidates: &[Candidate]) -> Value {
    let workflows: Vec<Value> = candidates.iter().map(workflow).collect();
    json!({ "workflows": workflows })
}

fn workflow(candidate: &Candidate) -> Value {
    let checks: Vec<Value> = candidate
        .checks
        .iter()
        .map(|check| json!({ "filter": check.key, "line": check.line, "passes": check.passes, "words": check.words }))
        .collect();
    json!({
        "file": candidate.file,
        "starts": candidate.decision.is_yes(),
        "reason": candidate.decision.reason(),
        "checks": checks,
        "plan": candidate.plan.as_deref().map(|plan| json!(plan.outline_hiding(&of_programs))),
    })
}

/// Returns one picture.
pub(super) fn svg(candidates: &[Candidate]) -> String {
    with_panels(candidates, picture::svg)
}

/// Returns one flowchart for Mermaid.
pub(super) fn mermaid(candidates: &[Candidate]) -> String {
    with_panels(candidates, picture::mermaid)
}

fn with_panels(candidates: &[Candidate], draw: impl Fn(&[Panel]) -> String) -> String {
    let panels: Vec<Panel> = candidates
        .iter()
        .map(|candidate| Panel {
            title: candidate.file.clone(),
            reason: of_programs(candidate.decision.reason()),
            outline: candidate.plan.as_deref().map(|plan| plan.outline_hiding(&of_programs)),
        })
        .collect();
    draw(&panels)
}

/// Returns the workflow that starts as it would run; what is said of the others stands before it.
pub(super) fn expanded(candidates: &[Candidate]) -> Result<String, Failure> {
    let starting = candidates.iter().filter(|candidate| candidate.plan.is_some());
    let starting: Vec<&str> = starting.map(|candidate| candidate.file.as_str()).collect();
    if starting.len() > 1 {
        let message = format!(
            "{} workflows start, and an expanded plan is the file of one: {}",
            starting.len(),
            starting.join(", ")
        );
        return Err(Failure::usage(message).help("choose one with --workflow FILE"));
    }
    let mut documents = Vec::new();
    for candidate in candidates {
        let head = format!(
            "# {}: {}",
            candidate.file,
            candidate.decision.reason().replace('\n', " ")
        );
        documents.push(match &candidate.plan {
            Some(plan) => format!("---\n{head}\n{}", plan.expanded_hiding(&of_programs)),
            None => head,
        });
    }
    Ok(documents.join("\n").trim_end().to_owned())
}
