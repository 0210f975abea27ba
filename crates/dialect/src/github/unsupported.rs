//! What is valid on GitHub and not supported by this version: read, noted, refused when it would run.

use lockgate_core::Span;
use lockgate_pipeline::definition::Unsupported;
use lockgate_pipeline::expression::Template;

use super::lowering::Lowering;
use crate::codes;
use crate::yaml::Scalar;

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
        self.reader.report_kind(why, span, quoted(what), |reader| {
            let message = format!("{}: {why}", quoted(what));
            let help = format!("the file is valid, but a job that reaches this is refused; {remedy}");
            reader.warning(codes::NOT_YET_SUPPORTED, span, message).help(help)
        });
    }

    /// Warns of expressions that look into a secret: what reads them fails, when it is reached.
    pub(super) fn note_examined_secrets(&mut self, scalar: &Scalar, span: Span, template: &Template) {
        let examined = template.secrets_examined();
        if examined.is_empty() {
            return;
        }
        let file = self.reader.file().clone();
        let mut parts = scalar.parts(&file.text, span);
        for found in examined {
            let place = parts.part(found.position, found.length);
            let name = found.path.first().map_or("", String::as_str);
            let message =
                format!("this looks into the secret `{name}`: expressions know its name here, not its value, and fail");
            let help = "pass the secret to a script by `env`, and look into it there; whether it is empty can be asked";
            self.caution(codes::NOT_YET_SUPPORTED, place, &message, help);
        }
    }
}

pub(super) fn quoted(what: &str) -> String {
    if what.starts_with('`') {
        what.to_owned()
    } else {
        format!("`{what}`")
    }
}
