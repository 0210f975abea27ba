//! Jobs that call a workflow of the repository.
//!
//! A call is read where it stands and judged where the called file is known ([`CalledWorkflows`]): what it takes is the
//! other file's to say. Remote workflows are refused, because reading them needs the network.

mod circle;
mod interface;
mod judgement;
mod known;
mod permission;
mod read;
mod size;

use lockgate_core::Span;
use lockgate_pipeline::definition::{Call, Job, PassedSecrets, Permissions, Place};
use lockgate_pipeline::expression::Template;

pub use interface::Callable;
pub use known::{CalledWorkflows, ReachedWorkflow, WorkflowFile};

pub(super) use read::OutputRead;

use super::availability::{JOB_KEY, JOB_SECRETS};
use super::lowering::Lowering;
use crate::codes;
use crate::yaml::{Entry, Fields, Node, Resolved};

/// The folder in which workflows have to lie, also to be called.
const FOLDER: &str = ".github/workflows/";

/// Keys that a job of its own has and one that calls a workflow has not.
const OWN_KEYS: [&str; 12] = [
    "runs-on",
    "steps",
    "env",
    "defaults",
    "outputs",
    "environment",
    "container",
    "services",
    "timeout-minutes",
    "cancel-timeout-minutes",
    "continue-on-error",
    "snapshot",
];

/// A job that calls a workflow of the repository.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowCall {
    /// The job.
    pub job: String,
    /// The file that it calls, relative to the repository's top.
    pub path: String,
    /// What `uses` says.
    pub reference: String,
    /// Where `uses` says it.
    pub place: Place,
    span: Span,
    /// The inputs that are given; `None` when their names are known only later.
    inputs: Option<Vec<Given>>,
    secrets: GivenSecrets,
    /// What the job allows the workflow that it calls.
    permissions: Option<Permissions>,
    /// The outputs of the call that the file reads, each with its place.
    reads: Vec<(String, Span)>,
}

/// An input that a call gives.
#[derive(Clone, Debug, PartialEq)]
struct Given {
    name: String,
    name_span: Span,
    value_span: Span,
    /// What it is in words.
    words: String,
    written: Written,
    /// A number that looks different as a text: as it is written, and as the text.
    changes: Option<(String, String)>,
}

/// What a file says of the type of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Written {
    /// A boolean.
    Boolean,
    /// A number.
    Number,
    /// A text, also one in which an expression stands beside other text.
    Text,
    /// Only a run knows: it is one expression.
    Expression,
}

/// The secrets that a call gives.
#[derive(Clone, Debug, PartialEq)]
enum GivenSecrets {
    /// All.
    Inherited,
    /// These.
    Named(Vec<(String, Span)>),
    /// Their names are known only later.
    Unknown,
}

/// What `uses` of a job names.
enum Target<'a> {
    /// A file of the repository.
    Local(&'a str),
    /// A file of another repository.
    Remote,
}

impl Lowering {
    /// Reads the keys of a job that calls a workflow.
    pub(super) fn called_workflow(&mut self, mut fields: Fields<'_>, uses: &Entry, job: &mut Job) {
        let reference = self.plain(&uses.value, "`uses`");
        let with_node = fields.take("with");
        let with = with_node.map(|with| self.typed_values(with, "`with`", &JOB_KEY));
        let secrets_node = fields.take("secrets");
        let secrets = secrets_node.map(|node| self.passed_secrets(node));
        fields.finish_with(&mut self.reader, |entry, diagnostic| {
            if OWN_KEYS.contains(&entry.key.name.as_str()) {
                diagnostic.help("a job with `uses` runs the jobs of another workflow and has none of its own")
            } else {
                diagnostic
            }
        });
        let Some(reference) = reference else {
            return;
        };
        match target(&reference) {
            Ok(Target::Local(path)) => {
                self.calls.push(WorkflowCall {
                    job: job.id.clone(),
                    path: path.to_owned(),
                    place: self.place(uses.value.span),
                    span: uses.value.span,
                    inputs: given_inputs(with_node),
                    secrets: given_secrets(secrets_node),
                    permissions: job.permissions.clone(),
                    reads: Vec::new(),
                    reference: reference.clone(),
                });
                job.call = Some(Box::new(Call {
                    workflow: path.to_owned(),
                    with: with.unwrap_or_default(),
                    secrets: secrets.unwrap_or_default(),
                }));
            }
            Ok(Target::Remote) => {
                let why = "workflows of other repositories are not supported by this version";
                let remedy = "copy the file into the repository and use `./.github/workflows/FILE.yml`";
                self.note_unsupported(uses.value.span, &format!("uses: {reference}"), why, remedy);
            }
            Err((message, help)) => self.error_with_help(codes::WRONG_ACTION, uses.value.span, message, help),
        }
    }

    fn passed_secrets(&mut self, node: &Node) -> PassedSecrets {
        match node.as_scalar() {
            Some(scalar) if scalar.text == "inherit" => PassedSecrets::Inherit,
            Some(scalar) if !node.is_null() => {
                let message = format!("`secrets` must be `inherit` or a mapping, not `{}`", scalar.text);
                let help = "`secrets: inherit` passes all of them on, and a mapping those that it names";
                self.error_with_help(codes::WRONG_TYPE, node.span, message, help);
                PassedSecrets::default()
            }
            _ => PassedSecrets::Given(self.values(node, "`secrets`", &JOB_SECRETS)),
        }
    }
}

/// Returns what a reference names, or what is wrong with it and what to do.
fn target(reference: &str) -> Result<Target<'_>, (String, String)> {
    let (path, version) = match reference.split_once('@') {
        Some((path, version)) => (path, Some(version)),
        None => (reference, None),
    };
    let is_file = |file: &str| {
        let stem = file.strip_suffix(".yml").or_else(|| file.strip_suffix(".yaml"));
        stem.is_some_and(|stem| !stem.is_empty()) && !file.contains('/')
    };
    let refuse = |help: String| Err((format!("`{reference}` names no workflow"), help));
    if let Some(local) = path.strip_prefix("./") {
        return match (local.strip_prefix(FOLDER), version) {
            (Some(file), None) if is_file(file) => Ok(Target::Local(local)),
            (Some(file), Some(version)) if is_file(file) => refuse(format!(
                "a workflow of the same repository is always of the same commit; remove `@{version}`"
            )),
            (Some(file), _) if file.contains('/') => {
                refuse("a workflow lies directly in `.github/workflows`, in no folder below it".to_owned())
            }
            _ => refuse(FORMS.to_owned()),
        };
    }
    let remote = path.split_once(&format!("/{FOLDER}"));
    let names_repository = |repository: &str| {
        repository
            .split_once('/')
            .is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
    };
    match (remote, version) {
        (Some((repository, file)), Some(version)) if names_repository(repository) && is_file(file) => {
            if version.is_empty() {
                return refuse("name a branch, a tag or a commit behind the `@`".to_owned());
            }
            Ok(Target::Remote)
        }
        (Some((repository, file)), None) if names_repository(repository) && is_file(file) => {
            refuse(format!("add a branch, a tag or a commit: `{reference}@main`"))
        }
        _ if path.strip_prefix(FOLDER).is_some_and(is_file) && version.is_none() => {
            refuse(format!("did you mean `./{reference}`?"))
        }
        _ => refuse(FORMS.to_owned()),
    }
}

const FORMS: &str = "a job uses `./.github/workflows/FILE.yml` or `owner/repository/.github/workflows/FILE.yml@ref`; \
                     an action belongs into `steps`";

fn given_inputs(with: Option<&Node>) -> Option<Vec<Given>> {
    let Some(with) = with.filter(|with| !with.is_null()) else {
        return Some(Vec::new());
    };
    let given = with.as_mapping()?.iter().map(|entry| Given {
        name: entry.key.name.clone(),
        name_span: entry.key.span,
        value_span: entry.value.span,
        words: entry.value.kind(),
        written: written(&entry.value),
        changes: changes(&entry.value),
    });
    Some(given.collect())
}

fn changes(value: &Node) -> Option<(String, String)> {
    let scalar = value.as_scalar()?;
    let text = scalar.to_text();
    let is_changed = matches!(scalar.resolved, Resolved::Number(_)) && text != scalar.text;
    is_changed.then(|| (scalar.text.clone(), text))
}

fn written(value: &Node) -> Written {
    let Some(scalar) = value.as_scalar() else {
        return Written::Text;
    };
    let template = Template::parse(scalar.to_text());
    match (template, scalar.resolved) {
        (Ok(template), Resolved::Boolean(_)) if template.as_literal().is_some() => Written::Boolean,
        (Ok(template), Resolved::Number(_)) if template.as_literal().is_some() => Written::Number,
        (Ok(template), _) if template.as_expression().is_none() => Written::Text,
        // What is no expression is told where it is read.
        _ => Written::Expression,
    }
}

fn given_secrets(secrets: Option<&Node>) -> GivenSecrets {
    let Some(secrets) = secrets.filter(|secrets| !secrets.is_null()) else {
        return GivenSecrets::Named(Vec::new());
    };
    if secrets.as_scalar().is_some_and(|scalar| scalar.text == "inherit") {
        return GivenSecrets::Inherited;
    }
    let Some(entries) = secrets.as_mapping() else {
        return GivenSecrets::Unknown;
    };
    let named = entries.iter().map(|entry| (entry.key.name.clone(), entry.key.span));
    GivenSecrets::Named(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, expected: Result<Option<&str>, &str>) {
        let found = match target(reference) {
            Ok(Target::Local(path)) => Ok(Some(path)),
            Ok(Target::Remote) => Ok(None),
            Err((message, help)) => {
                assert_eq!(message, format!("`{reference}` names no workflow"));
                Err(help)
            }
        };
        assert_eq!(found.as_ref().map(|path| *path).map_err(String::as_str), expected);
    }

    #[test]
    fn a_call_names_a_file_of_the_folder() {
        check("./.github/workflows/a.yml", Ok(Some(".github/workflows/a.yml")));
        check("./.github/workflows/a.b.yaml", Ok(Some(".github/workflows/a.b.yaml")));
        check("o/r/.github/workflows/a.yml@v1", Ok(None));
        check(
            "./.github/workflows/a.yml@main",
            Err("a workflow of the same repository is always of the same commit; remove `@main`"),
        );
        check(
            "./.github/workflows/sub/a.yml",
            Err("a workflow lies directly in `.github/workflows`, in no folder below it"),
        );
        check(
            ".github/workflows/a.yml",
            Err("did you mean `./.github/workflows/a.yml`?"),
        );
        check(
            "o/r/.github/workflows/a.yml",
            Err("add a branch, a tag or a commit: `o/r/.github/workflows/a.yml@main`"),
        );
        check(
            "o/r/.github/workflows/a.yml@",
            Err("name a branch, a tag or a commit behind the `@`"),
        );
        for wrong in [
            "actions/checkout@v4",
            "./a.yml",
            "./.github/workflows/a.json",
            "./.github/workflows/.yml",
            "o/.github/workflows/a.yml@v1",
        ] {
            check(wrong, Err(FORMS));
        }
    }
}
