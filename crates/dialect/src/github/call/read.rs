//! The outputs of jobs that expressions of a file read.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::Span;
use lockgate_pipeline::definition::Job;
use lockgate_pipeline::expression::ContextUse;

use super::super::lowering::Lowering;
use super::super::reference::Names;
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
        let by_id: BTreeMap<String, &Job> = jobs
            .iter()
            .rev()
            .map(|job| (job.id.to_ascii_lowercase(), job.as_ref()))
            .collect();
        let calls = self.calls.iter().enumerate().rev();
        let calls: BTreeMap<String, usize> = calls.map(|(at, call)| (call.job.clone(), at)).collect();
        let names: Names = jobs.iter().map(|job| job.id.clone()).collect();
        for read in std::mem::take(&mut self.reads) {
            match by_id.get(&read.job.to_ascii_lowercase()) {
                None if read.context == Context::Jobs && !self.reader.is_full() => self.tell_missing_job(&read, &names),
                None => {}
                Some(job) => match (calls.get(&job.id), &read.output) {
                    (Some(call), Some(output)) => self.calls[*call].reads.push((output.clone(), read.span)),
                    (None, Some(output)) if !self.reader.is_full() => self.check_output(job, output, read.span),
                    _ => {}
                },
            }
        }
    }

    fn tell_missing_job(&mut self, read: &OutputRead, names: &Names) {
        let help = names.nearest(&read.job).map_or_else(
            || "an output of the workflow reads the outputs of its jobs".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("the workflow has no job `{}`, so that this is empty", read.job);
        self.warning(codes::UNKNOWN_REFERENCE, read.span, message, help);
    }

    fn check_output(&mut self, job: &Job, output: &str, span: Span) {
        let Some(declared) = self.outputs.get(&job.id).filter(|declared| !declared.has(output)) else {
            return;
        };
        let help = declared.nearest(output).map_or_else(
            || format!("declare it under `outputs` of the job `{}`", job.id),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("the job `{}` has no output `{output}`, so that this is empty", job.id);
        self.warning(codes::UNKNOWN_REFERENCE, span, message, help);
    }
}
