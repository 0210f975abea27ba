//! Actions, workflows and images whose owner decides tomorrow what they are.
//!
//! A branch moves with every commit and a tag can be moved; a commit cannot. What `lockgate.lock` records is as good:
//! Lockgate runs that commit, and refuses a tag that has moved.

use lockgate_core::{Diagnostic, SourceFile, Span};

use super::embedded::{expressions, scalars};
use super::subject::{Kind, Step, Subject};
use super::{Finding, Level};
use crate::codes;
use crate::lock::ActionVersion;
use crate::yaml::{self, Node};

/// A version of a remote action or workflow that a file uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The version.
    pub version: ActionVersion,
    /// Where the file names it.
    pub span: Span,
}

/// Versions that are branches wherever one looks.
const BRANCHES: [&str; 12] = [
    "main",
    "master",
    "develop",
    "development",
    "dev",
    "trunk",
    "head",
    "next",
    "nightly",
    "edge",
    "latest",
    "stable",
];

/// Owners whose tags GitHub itself moves.
const GITHUB: [&str; 2] = ["actions", "github"];

/// Returns every version of a remote action or workflow that a file uses, in the order of the file.
pub fn versions_used(file: &SourceFile) -> Vec<Used> {
    let root = yaml::parse(file).0;
    root.map_or_else(Vec::new, |root| versions_in(file, &root))
}

/// Returns every version of a remote action or workflow that a file uses; `root` is what [`yaml::parse`] has returned.
pub fn versions_in(file: &SourceFile, root: &Node) -> Vec<Used> {
    let subject = Subject::new(file, root, None);
    let versions = uses(&subject).into_iter().filter_map(|(node, _)| {
        Some(Used {
            version: ActionVersion::parse(&node.as_scalar()?.text)?,
            span: node.span,
        })
    });
    versions.collect()
}

/// Returns the value of every `uses`, with the step that it is of, if it is of one.
fn uses<'n>(subject: &Subject<'n>) -> Vec<(&'n Node, Option<Step<'n>>)> {
    let mut found = Vec::new();
    for job in &subject.jobs {
        found.extend(job.node.get("uses").map(|node| (node, None)));
        found.extend(
            job.steps
                .iter()
                .filter_map(|step| Some((step.node.get("uses")?, Some(*step)))),
        );
    }
    found
}

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, step) in uses(subject) {
        let text = node.as_scalar().map_or("", |scalar| scalar.text.as_str());
        if let Some(image) = text.strip_prefix("docker://") {
            found.extend(of_image(subject, node.span, image, Level::Strict));
        } else if let Some(version) = ActionVersion::parse(text) {
            found.extend(of_version(subject, node, step, &version));
        }
    }
    for (node, level) in images(subject) {
        let text = node.as_scalar().map_or("", |scalar| scalar.text.as_str());
        found.extend(of_image(subject, node.span, text, level));
    }
}

fn of_version(subject: &Subject<'_>, node: &Node, step: Option<Step<'_>>, version: &ActionVersion) -> Option<Finding> {
    if version.is_commit() || subject.lock.is_some_and(|lock| lock.get(version).is_some()) {
        return None;
    }
    let is_branch = BRANCHES.contains(&version.version.to_ascii_lowercase().as_str());
    let is_short =
        (7..40).contains(&version.version.len()) && version.version.bytes().all(|byte| byte.is_ascii_hexdigit());
    let owner = version.repository.split('/').next().unwrap_or_default();
    let level = if GITHUB.contains(&owner) && !is_branch {
        Level::Advice
    } else {
        Level::Strict
    };
    let (code, message) = if subject.lock.is_some() {
        (codes::NOT_LOCKED, format!("`{version}` is not in `lockgate.lock`"))
    } else if is_branch {
        let message = format!(
            "`{}` is a branch of `{}`: its next commit runs here",
            version.version, version.repository
        );
        (codes::BRANCH_ACTION, message)
    } else if is_short {
        let message = format!(
            "`{}` is a part of a commit's digest, and another commit can get the same",
            version.version
        );
        (codes::UNPINNED_ACTION, message)
    } else {
        let message = format!(
            "`{version}` is what the owner of `{}` says that it is today",
            version.repository
        );
        (codes::UNPINNED_ACTION, message)
    };
    let help = match code {
        codes::NOT_LOCKED => "`lockgate lock` adds it",
        _ => {
            "pin it by the 40 digits of a commit with the version behind it (`@… # v1.2.3`), or record it with `lockgate lock`"
        }
    };
    let mut diagnostic = subject.warning(code, node.span, message).help(help);
    if let Some(secret) = step.and_then(|step| first_secret(step)) {
        diagnostic = diagnostic.related(secret, "it gets this secret");
    }
    Some(Finding::new(level, diagnostic))
}

/// Returns where the first secret is given to a step.
fn first_secret(step: Step<'_>) -> Option<Span> {
    let mut first = None;
    for key in ["with", "env"] {
        let Some(node) = step.node.get(key) else {
            continue;
        };
        scalars(node, &mut |scalar| {
            let text = scalar.as_scalar().map_or("", |scalar| scalar.text.as_str());
            let is_secret =
                |flow: &lockgate_pipeline::expression::Flow| flow.path.first().is_some_and(|name| name == "secrets");
            if first.is_none()
                && expressions(text)
                    .iter()
                    .any(|found| found.flows().iter().any(is_secret))
            {
                first = Some(scalar.span);
            }
        });
    }
    first
}

/// Returns every image that is named outside of `uses`.
fn images<'n>(subject: &Subject<'n>) -> Vec<(&'n Node, Level)> {
    if subject.kind == Kind::Action {
        let image = subject.root.get("runs").and_then(|runs| runs.get("image"));
        let is_remote = |node: &&Node| {
            node.as_scalar()
                .is_some_and(|scalar| scalar.text.starts_with("docker://"))
        };
        return image
            .filter(is_remote)
            .map(|node| (node, Level::Strict))
            .into_iter()
            .collect();
    }
    let mut found = Vec::new();
    for job in &subject.jobs {
        let container = job.node.get("container");
        let image = container.and_then(|node| node.get("image").or(Some(node)));
        let services = job.node.get("services").and_then(Node::as_mapping).unwrap_or_default();
        let of_services = services.iter().filter_map(|service| service.value.get("image"));
        found.extend(image.into_iter().chain(of_services).map(|node| (node, Level::Advice)));
    }
    found
}

fn of_image(subject: &Subject<'_>, span: Span, image: &str, level: Level) -> Option<Finding> {
    let image = image.strip_prefix("docker://").unwrap_or(image);
    if image.is_empty() || image.contains("@sha256:") || image.contains("${{") {
        return None;
    }
    let message = format!("`{image}` is whatever image has this name when the job starts");
    let diagnostic: Diagnostic = subject
        .warning(codes::UNPINNED_IMAGE, span, message)
        .help("add its digest: `docker buildx imagetools inspect IMAGE` prints it, and `IMAGE:TAG@sha256:…` pins it");
    Some(Finding::new(level, diagnostic))
}
