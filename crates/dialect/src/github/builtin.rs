//! The inputs of built-in actions: which they have, which this version cannot honour, which change nothing.

use lockgate_core::Span;
use lockgate_pipeline::builtin::BuiltinAction;

use super::lowering::Lowering;
use super::reach::unknown_input;
use crate::codes;
use crate::yaml::{Entry, Node, Scalar};

/// What an input asks for that is not done as asked.
enum Verdict {
    /// The step would fail.
    Refused { why: &'static str, remedy: &'static str },
    /// The step fails unless the input names the run's own repository, which only the run knows.
    OnlyOwn,
    /// The step goes on as if the input were not there.
    NoEffect { why: &'static str, remedy: &'static str },
}

impl Lowering {
    /// Notes which inputs of a built-in action are unknown, missing or not done.
    pub(super) fn check_builtin_inputs(&mut self, action: BuiltinAction, uses: Span, with: Option<&Node>) {
        let entries = match with {
            Some(node) if node.as_scalar().is_some_and(|scalar| scalar.text.contains("${{")) => return,
            Some(node) => node.as_mapping().unwrap_or_default(),
            None => &[],
        };
        for entry in entries {
            self.check_builtin_input(action, entry);
        }
        for name in action.required_inputs() {
            if !entries.iter().any(|entry| entry.key.name.eq_ignore_ascii_case(name)) {
                let message = format!("the action `{action}` requires the input `{name}`");
                let help = format!("give it: `with: {{ {name}: … }}`");
                self.error_with_help(codes::MISSING_ACTION_INPUT, uses, message, help);
            }
        }
    }

    fn check_builtin_input(&mut self, action: BuiltinAction, entry: &Entry) {
        let name = &entry.key.name;
        if !action.inputs().iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let valid = action.inputs().iter().copied();
            let warning = unknown_input(self.reader.file(), entry.key.span, (action.name(), name), valid);
            return self.reader.report(warning);
        }
        let text = entry.value.as_scalar().map(Scalar::to_text).unwrap_or_default();
        let text = text.trim();
        let Some(verdict) = verdict(action, &name.to_ascii_lowercase(), text) else {
            return;
        };
        let shown = text.lines().next().unwrap_or_default();
        let what = format!("{name}: {shown}");
        match verdict {
            Verdict::Refused { why, remedy } => self.note_unsupported(entry.key.span, &what, why, remedy),
            Verdict::OnlyOwn => {
                let message = format!("`{what}`: only the repository of the run itself is at hand");
                let help = "the step fails when this names another one; fetch that with `git clone` in a `run` step";
                self.warning(codes::NOT_YET_SUPPORTED, entry.key.span, message, help);
            }
            Verdict::NoEffect { why, remedy } => {
                self.caution(codes::NO_EFFECT, entry.key.span, &format!("`{what}`: {why}"), remedy);
            }
        }
    }
}

fn verdict(action: BuiltinAction, name: &str, text: &str) -> Option<Verdict> {
    let is_off = text.is_empty() || text.eq_ignore_ascii_case("false");
    let is_expression = text.contains("${{");
    match (action, name) {
        (BuiltinAction::Checkout, _) => checkout(name, text, is_off),
        (BuiltinAction::UploadArtifact, "archive") if text.eq_ignore_ascii_case("false") => Some(Verdict::NoEffect {
            why: "the artifact is an archive under its `name` all the same",
            remedy: "remove the input; who downloads the artifact gets the file as it is",
        }),
        (BuiltinAction::DownloadArtifact, "artifact-ids") if !text.is_empty() => Some(Verdict::Refused {
            why: "artifacts are found by their names only in this version",
            remedy: "name the artifact with `name` or `pattern`",
        }),
        (BuiltinAction::DownloadArtifact, "run-id") if is_other_run(text) => Some(Verdict::Refused {
            why: "only artifacts of the same run can be downloaded in this version",
            remedy: "upload the artifact in this run, or fetch it in a `run` step",
        }),
        (BuiltinAction::DownloadArtifact, "repository") if !text.is_empty() && !is_expression => Some(Verdict::OnlyOwn),
        _ => None,
    }
}

fn checkout(name: &str, text: &str, is_off: bool) -> Option<Verdict> {
    let is_expression = text.contains("${{");
    match name {
        "repository" if !text.is_empty() && !is_expression => Some(Verdict::OnlyOwn),
        "submodules" if !is_off && !is_expression => Some(Verdict::Refused {
            why: "submodules are not checked out by this version",
            remedy: "add a `run` step with `git submodule update --init --recursive`",
        }),
        "sparse-checkout" if !text.is_empty() => Some(Verdict::NoEffect {
            why: "every file is checked out all the same",
            remedy: "the job has more files than it asked for; remove the input when that is well",
        }),
        "lfs" if !is_off => Some(Verdict::NoEffect {
            why: "files of Git LFS are not fetched",
            remedy: "add a `run` step with `git lfs pull`, unless the files are in the working tree that is run",
        }),
        _ => None,
    }
}

/// Returns whether `run-id` certainly names another run: as a number, or as the run that started this one.
fn is_other_run(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number || (text.contains("${{") && text.contains("github.event.workflow_run.id"))
}
