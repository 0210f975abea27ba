//! Which actions of the repository itself the steps of a file use.

use lockgate_core::Span;
use lockgate_pipeline::builtin::BuiltinAction;
use lockgate_pipeline::definition::Place;

use super::lowering::Lowering;
use crate::codes;
use crate::yaml::{Node, Resolved};

/// A step that uses an action of the repository itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalUse {
    /// The job whose step it is; `None` in an action file.
    pub job: Option<String>,
    /// The folder of the action, relative to the repository's top; empty for the top itself.
    pub folder: String,
    /// What `uses` says.
    pub reference: String,
    /// Where `uses` says it.
    pub place: Place,
    pub(super) span: Span,
    /// The names of the inputs that are given; `None` when they are known only later.
    pub(super) inputs: Option<Vec<(String, Span)>>,
    /// Whether the step has an `if`.
    pub(super) is_conditional: bool,
    /// Whether a step before it may bring the action.
    pub(super) may_be_brought: bool,
}

/// What the steps before one have brought into the workspace.
#[derive(Clone, Debug, Default)]
pub(super) struct Brought {
    /// Whether there may be files that the repository does not have.
    others: bool,
    /// The folders into which the repository was checked out.
    folders: Vec<String>,
}

/// What a script says when it brings files that the repository does not have.
const BRINGING: [&str; 3] = ["action.y", "tar ", "unzip "];
const BRINGING_BY_GIT: [&str; 5] = [
    "git clone",
    "git submodule",
    "git worktree",
    "git checkout",
    "git switch",
];

impl Lowering {
    /// Notes which action of the repository a step uses, or that it names a place outside of it.
    pub(super) fn note_local_use(&mut self, step: &Node, brought: &Brought) {
        let Some(uses) = step.get("uses") else {
            return;
        };
        let reference = uses.as_scalar().map_or("", |scalar| scalar.text.as_str());
        if !(reference == "." || reference.starts_with("./")) || reference.contains("${{") {
            return;
        }
        let Some(folder) = normal(reference) else {
            let message = format!("`{reference}` lies outside of the repository");
            let help = "write the path from the top of the repository, such as `./.github/actions/greet`";
            return self.error_with_help(codes::WRONG_ACTION, uses.span, message, help);
        };
        self.uses.push(LocalUse {
            job: self.job.clone(),
            folder: brought.in_repository(folder),
            reference: reference.to_owned(),
            place: self.place(uses.span),
            span: uses.span,
            inputs: given(step.get("with")),
            is_conditional: step.get("if").is_some(),
            may_be_brought: brought.others,
        });
    }
}

fn brings(script: &str) -> bool {
    let says = |word: &&str| script.contains(*word);
    BRINGING.iter().any(&says) || (says(&"git ") && BRINGING_BY_GIT.iter().any(says))
}

impl Brought {
    /// Takes in what a step brings.
    pub(super) fn add(&mut self, step: &Node) {
        let text = |key: &str| {
            step.get(key)
                .and_then(Node::as_scalar)
                .map(|scalar| scalar.text.as_str())
        };
        if let Some(script) = text("run") {
            self.others = self.others || brings(script);
        }
        let Some(action) = text("uses").and_then(BuiltinAction::named) else {
            return;
        };
        match action {
            BuiltinAction::Checkout => self.add_checkout(step.get("with")),
            BuiltinAction::Cache | BuiltinAction::CacheRestore | BuiltinAction::DownloadArtifact => self.others = true,
            BuiltinAction::CacheSave | BuiltinAction::UploadArtifact => {}
        }
    }

    fn add_checkout(&mut self, with: Option<&Node>) {
        let given = |name: &str| {
            let entries = with.and_then(Node::as_mapping).unwrap_or_default();
            let entry = entries.iter().find(|entry| entry.key.name.eq_ignore_ascii_case(name))?;
            Some(entry.value.as_scalar().map_or("", |scalar| scalar.text.as_str())).filter(|text| !text.is_empty())
        };
        self.others |= with.is_some_and(|with| with.as_mapping().is_none());
        self.others |= given("repository").is_some() || given("ref").is_some();
        match given("path").map(normal) {
            Some(Some(folder)) if !folder.contains("${{") => self.folders.push(folder),
            Some(_) => self.others = true,
            None => {}
        }
    }

    /// Returns where a folder of the workspace lies in the repository.
    fn in_repository(&self, folder: String) -> String {
        let inside = self.folders.iter().find_map(|top| {
            let rest = folder.strip_prefix(top.as_str())?;
            if rest.is_empty() || top.is_empty() {
                return Some(rest);
            }
            rest.strip_prefix('/')
        });
        inside.map(str::to_owned).unwrap_or(folder)
    }
}

/// Returns a path without `.` and `..`, or `None` when it leads outside.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn given(with: Option<&Node>) -> Option<Vec<(String, Span)>> {
    let Some(with) = with else {
        return Some(Vec::new());
    };
    if with.as_scalar().is_some_and(|scalar| scalar.resolved == Resolved::Null) {
        return Some(Vec::new());
    }
    let entries = with.as_mapping()?;
    Some(
        entries
            .iter()
            .map(|entry| (entry.key.name.clone(), entry.key.span))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_normal_and_stays_inside() {
        assert_eq!(normal("./acts//a/../b/").as_deref(), Some("acts/b"));
        assert_eq!(normal(".").as_deref(), Some(""));
        assert_eq!(normal("./../a"), None);
    }

    #[test]
    fn a_checkout_into_a_folder_moves_the_actions() {
        let brought = Brought {
            folders: vec!["src".to_owned()],
            others: false,
        };
        for (folder, expected) in [
            ("src/act", "act"),
            ("src", ""),
            ("srcs/act", "srcs/act"),
            ("act", "act"),
        ] {
            assert_eq!(brought.in_repository(folder.to_owned()), expected);
        }
    }

    #[test]
    fn a_checkout_into_a_folder_does_not_hide_one_whose_name_begins_alike() {
        let brought = Brought {
            folders: vec!["lib".to_owned(), "library".to_owned()],
            others: false,
        };
        for (folder, expected) in [("library/act", "act"), ("lib/act", "act"), ("library", "")] {
            assert_eq!(brought.in_repository(folder.to_owned()), expected);
        }
    }
}
