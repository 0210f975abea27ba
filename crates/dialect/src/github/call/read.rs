//! The outputs of jobs that expressions of a file read.

use std::sync::Arc;

use lockgate_core::Span;
use lockgate_core::diagnostic::nearest;
use lockgate_pipeline::definition::Job;
use lockgate_pipeline::expression::ContextUse;

use super::super::lowering::Lowering;
use crate::codes;

/// An expression that reads from the result of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputRead {
    context: Context,
    job: String,
    /// The output; `None` when it reads something else.
    output: Option<String>,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    Needs,
    Jobs,
}

impl Lowering {
    /// Notes that an expression reads from the result of a job.
    pub(in super::super) fn note_read(&mut self, found: &ContextUse, span: Span) {
        let context = match found.name.as_str() {
            "needs" => Context::Needs,
            "jobs" => Context::Jobs,
            _ => return,
        };
        let [job, rest @ ..] = found.path.as_slice() else {
            return;
        };
        let output = match rest {
            [property, name, ..] if property.eq_ignore_ascii_case("outputs") => Some(name.clone()),
            _ => None,
        };
        self.reads.push(OutputRead {
            context,
            job: job.clone(),
            output,
            span,
        });
    }

    /// Checks what the outputs of the workflow read of its jobs, and gives each call what is read of it.
    pub(in super::super) fn check_reads(&mut self, jobs: &[Arc<Job>]) {
        for read in std::mem::take(&mut self.reads) {
            let named = |job: &&Arc<Job>| job.id.eq_ignore_ascii_case(&read.job);
            match jobs.iter().find(named) {
                None if read.context == Context::Jobs => {
                    let near = nearest(&read.job, jobs.iter().map(|job| job.id.as_str()));
                    let help = near.map_or_else(
                        || "an output of the workflow reads the outputs of its jobs".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("the workflow has no job `{}`, so that this is empty", read.job);
                    self.warning(codes::UNKNOWN_REFERENCE, read.span, message, help);
                }
                None => {}
                Some(job) => self.check_read(&read, job),
            }
        }
    }

    fn check_read(&mut self, read: &OutputRead, job: &Job) {
        let Some(output) = &read.output else {
            return;
        };
        if let Some(call) = self.calls.iter_mut().find(|call| call.job == job.id) {
            call.reads.push((output.clone(), read.span));
            return;
        }
        let Some(declared) = self.outputs.get(&job.id) else {
            return;
        };
        if declared.iter().any(|name| name.eq_ignore_ascii_case(output)) {
            return;
        }
        let near = nearest(output, declared.iter().map(String::as_str));
        let help = near.map_or_else(
            || format!("declare it under `outputs` of the job `{}`", job.id),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("the job `{}` has no output `{output}`, so that this is empty", job.id);
        self.warning(codes::UNKNOWN_REFERENCE, read.span, message, help);
    }
}
