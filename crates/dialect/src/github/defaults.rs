//! `defaults` of a workflow and of a job.

use lockgate_core::diagnostic::nearest;
use lockgate_pipeline::definition::Defaults;
use lockgate_pipeline::expression::Template;

use super::availability::JOB_DEFAULTS as AT_JOB;
use super::lowering::Lowering;
use super::shapes::{JOB_DEFAULTS, JOB_DEFAULTS_RUN, WORKFLOW_DEFAULTS, WORKFLOW_DEFAULTS_RUN};
use crate::codes;
use crate::shape::{Availability, Shape};
use crate::yaml::Node;

impl Lowering {
    /// Returns `defaults` of a workflow, in which no expression is evaluated.
    pub(super) fn workflow_defaults(&mut self, node: &Node) -> Defaults {
        self.defaults(node, (&WORKFLOW_DEFAULTS, &WORKFLOW_DEFAULTS_RUN), None)
            .unwrap_or_default()
    }

    /// Returns `defaults` of a job.
    pub(super) fn job_defaults(&mut self, node: &Node) -> Defaults {
        self.defaults(node, (&JOB_DEFAULTS, &JOB_DEFAULTS_RUN), Some(&AT_JOB))
            .unwrap_or_default()
    }

    fn defaults(
        &mut self,
        node: &Node,
        (outer, inner): (&'static Shape, &'static Shape),
        at: Option<&Availability>,
    ) -> Option<Defaults> {
        let mut fields = self.reader.shaped(node, outer)?;
        let run = fields.take("run");
        fields.finish(&mut self.reader);
        if at.is_some_and(|at| run.is_some_and(|run| self.note_whole_expression(run, "run", at))) {
            return None;
        }
        let mut fields = self.reader.shaped(run?, inner)?;
        let mut read = |node: Option<&Node>, what: &str| match at {
            Some(at) => self.filled_template(node?, what, at),
            None => self.plain(node?, what).map(Template::literal),
        };
        let shell = fields.take("shell");
        let defaults = Defaults {
            shell: read(shell, "`shell`"),
            working_directory: read(fields.take("working-directory"), "`working-directory`"),
        };
        fields.finish(&mut self.reader);
        if let Some(shell) = shell {
            self.check_shell(shell);
        }
        Some(defaults)
    }

    /// Warns of a shell that no runner has: every step that it gets fails. Empty is the default one.
    pub(super) fn check_shell(&mut self, node: &Node) {
        let Some(text) = node.as_scalar().map(|scalar| scalar.text.trim()) else {
            return;
        };
        let is_known = SHELLS.iter().any(|known| known.eq_ignore_ascii_case(text));
        if is_known || text.is_empty() || text.contains("{0}") || text.contains("${{") {
            return;
        }
        let help = match nearest(text, SHELLS) {
            Some(near) => format!("did you mean `{near}`?"),
            None if text.contains(' ') => format!("say where the script stands in it: `{text} {{0}}`"),
            None => {
                let known = SHELLS.map(|shell| format!("`{shell}`")).join(", ");
                format!("it is one of {known}, or a command line with `{{0}}` in the place of the script")
            }
        };
        let message = format!("there is no shell `{text}`, so that its steps fail");
        self.warning(codes::WRONG_VALUE, node.span, message, help);
    }
}

/// The shells that runners know by name; `cmd` and `powershell` on Windows only.
const SHELLS: [&str; 6] = ["bash", "cmd", "powershell", "pwsh", "python", "sh"];
