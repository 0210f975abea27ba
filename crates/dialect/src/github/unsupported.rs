//! What is valid on GitHub and not supported by this version: read, noted, refused when it would run.

use lockgate_core::Span;
use lockgate_pipeline::definition::Unsupported;

use super::lowering::Lowering;
use crate::codes;

impl Lowering {
    /// Warns about `what` and keeps it for the job or workflow that is being read.
    pub(super) fn note_unsupported(&mut self, span: Span, what: &str, why: &str, remedy: &str) {
        self.warn_unsupported(span, what, why, remedy);
        let place = self.place(span);
        self.unsupported.push(Unsupported {
            what: what.trim_matches('`').to_owned(),
            why: why.to_owned(),
            remedy: remedy.to_owned(),
            place,
        });
    }

    /// Warns about `what`, which a plan refuses by itself when it comes to it.
    pub(super) fn warn_unsupported(&mut self, span: Span, what: &str, why: &str, remedy: &str) {
        let message = format!("{}: {why}", quoted(what));
        let help = format!("the file is valid, but a job that reaches this is refused; {remedy}");
        let warning = self.reader.warning(codes::NOT_YET_SUPPORTED, span, message);
        self.reader.report_kind(why, warning.help(help), &quoted(what));
    }
}

fn quoted(what: &str) -> String {
    if what.starts_with('`') {
        what.to_owned()
    } else {
        format!("`{what}`")
    }
}
