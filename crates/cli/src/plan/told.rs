//! How jobs ended, as a file tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockgate_pipeline::plan::Ended;

use crate::exit::Failure;
use crate::planning::Candidate;

/// What helps when the file cannot be read.
const EXAMPLE: &str = r#"for example {"build": {"result": "success", "outputs": {"version": "1.2"}}}; results are success, failure, cancelled and skipped"#;

/// Returns the ends that the file tells, by the ids of the jobs.
pub(super) fn read(file: &Path) -> Result<BTreeMap<String, Ended>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("read `{}`", file.display())).because(&error))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("`{}` does not tell how jobs ended", file.display()))
            .because(&error)
            .help(EXAMPLE)
    })
}

/// Refuses ends of jobs that no workflow of the plan has: misspelt, they would decide nothing.
pub(super) fn refuse_unknown(known: &BTreeMap<String, Ended>, candidates: &[Candidate]) -> Result<(), Failure> {
    let plans = candidates.iter().filter_map(|candidate| candidate.plan.as_deref());
    let jobs: BTreeSet<&str> = plans
        .flat_map(|plan| plan.pipeline.jobs.iter().map(|job| job.id.as_str()))
        .collect();
    let Some(id) = known.keys().find(|id| !jobs.contains(id.as_str())) else {
        return Ok(());
    };
    let jobs: Vec<String> = jobs.iter().map(|id| format!("`{id}`")).collect();
    let failure = Failure::usage(format!(
        "--outputs tells of a job `{id}`, which no workflow of the plan has"
    ));
    Err(if jobs.is_empty() {
        failure.help("no workflow starts on this event")
    } else {
        failure.help(format!("the jobs are {}", jobs.join(", ")))
    })
}
