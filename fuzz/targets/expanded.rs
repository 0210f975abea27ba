//! What holds of every plan: written out as a workflow it is a workflow, unless it says that it cannot be written.

use lockgate_core::{Severity, SourceFile};
use lockgate_dialect::{github, yaml};
use lockgate_pipeline::plan::Plan;

pub fn check(plan: &Plan) {
    let written = plan.expanded();
    let runs = written.lines().any(|line| !line.trim_start().starts_with('#'));
    if !runs || written.len() > yaml::MAX_BYTES {
        return;
    }
    let file = SourceFile::new("expanded.yml", written);
    let found = github::lower(&file).diagnostics;
    let error = found.iter().find(|found| found.severity == Severity::Error);
    assert!(error.is_none(), "{error:?}\n{}", file.text);
}
