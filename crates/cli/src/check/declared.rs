//! What the workflows of a project declare that its `lockgate.yaml` may name.
//!
//! The workflows of a round were read already, so what they declare is taken from there, and only those that are not
//! among its files are read for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_dialect::yaml::{self, Node};
use lockgate_pipeline::definition::{Pipeline, StepBody};

use crate::workflows;

/// The action by which workflows upload artifacts, without its version.
const UPLOAD: &str = "actions/upload-artifact";

/// The name of an artifact that is given none.
const UNNAMED: &str = "artifact";

/// What one workflow, or several, declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// The ids of the jobs.
    pub(super) jobs: Vec<String>,
    /// The names under which steps upload; `None` for one that is known only when it runs.
    uploads: Vec<Option<String>>,
}

impl Declared {
    /// Returns what a workflow without a mistake declares.
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let mut declared = Self::default();
        for job in &pipeline.jobs {
            declared.jobs.push(job.id.clone());
            for step in &job.steps {
                if let StepBody::Uses { reference, with } = &step.body {
                    let name = with.iter().find(|(key, _)| key.eq_ignore_ascii_case("name"));
                    declared.note(reference, name.map(|(_, name)| name.source()));
                }
            }
        }
        declared
    }

    /// Returns what a workflow declares as far as it can be read; `document` is the tree of the file.
    pub(super) fn of_broken(document: &Node) -> Self {
        let mut declared = Self::default();
        let jobs = document.get("jobs").and_then(Node::as_mapping);
        for job in jobs.unwrap_or_default() {
            declared.jobs.push(job.key.name.clone());
            for step in job.value.get("steps").and_then(Node::as_sequence).unwrap_or_default() {
                if let Some(reference) = text(step.get("uses")) {
                    declared.note(reference, text(step.get("with").and_then(|with| with.get("name"))));
                }
            }
        }
        declared
    }

    /// Returns what the workflows of the project at `root` declare; `read` are those that were read already.
    pub(super) fn by_project(root: &Path, read: &BTreeMap<PathBuf, Self>) -> Self {
        let mut all = Self::default();
        for path in workflows::in_folder(&root.join(workflows::FOLDER)).unwrap_or_default() {
            if let Some(declared) = read.get(&path) {
                all.add(declared);
                continue;
            }
            let text = workflows::read(root, &path).ok().and_then(Result::ok);
            if let Some(document) = text.and_then(|file| yaml::parse(&file).0) {
                all.add(&Self::of_broken(&document));
            }
        }
        all
    }

    /// Returns the names under which artifacts are uploaded; none when that is known only when the workflows run.
    pub(super) fn uploads(&self) -> Vec<String> {
        let all: Option<Vec<String>> = self.uploads.iter().cloned().collect();
        all.unwrap_or_default()
    }

    fn add(&mut self, other: &Self) {
        self.jobs.extend(other.jobs.iter().cloned());
        self.uploads.extend(other.uploads.iter().cloned());
    }

    /// Notes what a step with this action may upload: an action of the repository may upload anything.
    fn note(&mut self, reference: &str, name: Option<&str>) {
        if reference.starts_with("./") {
            self.uploads.push(None);
        } else if reference.starts_with(UPLOAD) {
            let name = name.unwrap_or(UNNAMED);
            self.uploads.push((!name.contains("${{")).then(|| name.to_owned()));
        }
    }
}

fn text(node: Option<&Node>) -> Option<&str> {
    node?.as_scalar().map(|scalar| scalar.text.as_str())
}

#[cfg(test)]
mod tests {
    use lockgate_core::SourceFile;
    use lockgate_dialect::github;

    use super::*;

    /// Returns what is read of a sound workflow, which is also what is read of it as of a broken one.
    fn declared(steps: &str) -> Declared {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{steps}]\n  b: {{ runs-on: x, steps: [{{ run: a }}] }}\n"
        );
        let file = SourceFile::new("a.yml", text);
        let lowered = Declared::of(&github::lower(&file).workflow.unwrap().pipeline);
        assert_eq!(lowered, Declared::of_broken(&yaml::parse(&file).0.unwrap()));
        lowered
    }

    #[test]
    fn jobs_and_uploads_are_known_by_name() {
        let upload = "{ uses: actions/upload-artifact@v4, with: { path: a, name: shop } }";
        let unnamed = "{ uses: actions/upload-artifact@v4, with: { path: a } }";
        let found = declared(&format!("{{ run: a }}, {upload}, {unnamed}"));
        assert_eq!(found.jobs, ["a", "b"]);
        assert_eq!(found.uploads(), ["shop", "artifact"]);
    }

    #[test]
    fn what_is_known_later_makes_all_of_it_unknown() {
        let upload = "{ uses: actions/upload-artifact@v4, with: { path: a, name: shop } }";
        let later = "{ uses: actions/upload-artifact@v4, with: { path: a, name: \"${{ github.sha }}\" } }";
        assert_eq!(declared(&format!("{upload}, {later}")).uploads(), [""; 0]);
        assert_eq!(
            declared(&format!("{upload}, {{ uses: ./acts/one }}")).uploads(),
            [""; 0]
        );
    }

    #[test]
    fn what_was_not_read_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let workflows = folder.path().join(workflows::FOLDER);
        std::fs::create_dir_all(&workflows).unwrap();
        for name in ["a", "b"] {
            std::fs::write(
                workflows.join(format!("{name}.yml")),
                format!("jobs: {{ {name}: {{ steps: 1 }} }}"),
            )
            .unwrap();
        }
        let known = Declared {
            jobs: vec!["known".to_owned()],
            uploads: Vec::new(),
        };
        let read = BTreeMap::from([(workflows.join("a.yml"), known)]);
        assert_eq!(Declared::by_project(folder.path(), &read).jobs, ["known", "b"]);
    }
}
