//! What is dangerous in a workflow or an action, though it runs.
//!
//! The lowering says what cannot work; an audit says what works for the wrong people. Each audit is a function over the
//! tree of the file and its parsed expressions, in a file of its own, and gives findings: where, why, how sure, and
//! where a machine can mend it without changing what the workflow does, the edits.
//!
//! A finding is told without being asked for only when it is serious and certain ([`Level::Certain`]); a check that
//! cries wolf is switched off. All of them are errors of a strict check, but for [`Level::Advice`]. A comment
//! `# lockgate: allow LG0201 reason` on the line, or on the one above, allows one finding, and has to say why.

mod allowance;
mod artifact;
mod cache;
mod checkout;
mod command;
mod comment;
mod deployment;
mod embedded;
mod environment_file;
mod expansion;
mod fix;
mod guard;
mod injection;
mod label;
mod obsolete_action;
mod obsolete_command;
mod obsolete_runner;
mod permission;
mod pin;
mod privileged;
mod relocation;
mod room;
mod secret;
mod self_hosted;
mod service;
mod shell;
mod signs;
mod sink;
mod subject;
mod taint;
mod untrusted;
mod version_comment;
mod walk;
mod written_secret;

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};

pub use fix::{Edit, Fix, Fixed, Safety, fix};
pub use pin::{Used, versions_in, versions_used};

use crate::lock::Lock;
use crate::yaml::{self, Node};
use subject::Subject;

/// Something dangerous in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What and where; a warning, unless a strict check makes it an error.
    pub diagnostic: Diagnostic,
    /// How serious and certain it is.
    pub level: Level,
    /// How to mend it, when that is known exactly.
    pub fix: Option<Fix>,
}

/// How serious and certain a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Always told; an error of a strict check.
    Certain,
    /// Told by a strict check, as an error.
    Strict,
    /// Told by a strict check, as a warning.
    Advice,
}

/// How much of what is found is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// What is serious and certain, as warnings.
    Lenient,
    /// Everything; all but advice is an error.
    Strict,
}

impl Finding {
    fn new(level: Level, diagnostic: Diagnostic) -> Self {
        Self {
            diagnostic,
            level,
            fix: None,
        }
    }

    fn with_fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// Returns what is told of it, if anything.
    pub fn told(&self, strictness: Strictness) -> Option<Diagnostic> {
        let severity = match (strictness, self.level) {
            (Strictness::Lenient, _) | (Strictness::Strict, Level::Advice) => Severity::Warning,
            (Strictness::Strict, _) => Severity::Error,
        };
        self.level.is_told(strictness).then(|| Diagnostic {
            severity,
            ..self.diagnostic.clone()
        })
    }
}

impl Level {
    /// Returns whether what is of this level is told.
    fn is_told(self, strictness: Strictness) -> bool {
        self == Self::Certain || strictness == Strictness::Strict
    }
}

/// Returns everything dangerous in a workflow or an action, in the order of the file.
///
/// `lock` is what the project's lock file records, when it has one. A file that is no YAML has no findings.
pub fn audit(file: &SourceFile, lock: Option<&Lock>) -> Vec<Finding> {
    let root = yaml::parse(file).0;
    root.map_or_else(Vec::new, |root| audit_parsed(file, &root, lock, Strictness::Strict))
}

/// Returns what is dangerous in a workflow or an action and told at this strictness, in the order of the file.
///
/// `root` is what [`yaml::parse`] has returned of the file.
pub fn audit_parsed(file: &SourceFile, root: &Node, lock: Option<&Lock>, strictness: Strictness) -> Vec<Finding> {
    findings(&Subject::new(file, root, lock), strictness)
}

fn findings(subject: &Subject<'_>, strictness: Strictness) -> Vec<Finding> {
    let mut found = Vec::new();
    let names_strangers = taint::may_be_named(subject);
    let of_strangers = names_strangers.then_some(OF_STRANGERS).into_iter().flatten();
    let follows = names_strangers || strictness == Strictness::Strict;
    let following = follows.then_some((Level::Certain, injection::audit as Audit));
    for (highest, audit) in following.into_iter().chain(of_strangers).chain(AUDITS) {
        if highest.is_told(strictness) {
            audit(subject, &mut found);
        }
    }
    found.sort_by(|left, right| key(left).cmp(&key(right)));
    // A value behind an alias is read once per place that uses it.
    found.dedup_by(|later, earlier| key(later) == key(earlier));
    let mut found = allowance::apply(subject.file, found);
    found.retain(|finding| finding.level.is_told(strictness));
    found
}

fn key(finding: &Finding) -> (Span, &str, &str) {
    (
        finding.diagnostic.span,
        finding.diagnostic.code,
        &finding.diagnostic.message,
    )
}

type Audit = fn(&Subject<'_>, &mut Vec<Finding>);

/// The audits that tell of nothing but texts of strangers; that of scripts tells of those of members too, strictly.
const OF_STRANGERS: [(Level, Audit); 2] = [
    (Level::Certain, injection::read_again),
    (Level::Certain, environment_file::audit),
];

/// The other audits, each with the highest level of what it finds.
const AUDITS: [(Level, Audit); 18] = [
    (Level::Strict, pin::audit),
    (Level::Strict, version_comment::audit),
    (Level::Strict, permission::audit),
    (Level::Certain, privileged::audit),
    (Level::Strict, comment::audit),
    (Level::Certain, artifact::audit),
    (Level::Strict, deployment::audit),
    (Level::Strict, self_hosted::audit),
    (Level::Advice, cache::audit),
    (Level::Strict, secret::in_scripts),
    (Level::Certain, secret::all_at_once),
    (Level::Strict, secret::inherited),
    (Level::Certain, written_secret::audit),
    (Level::Certain, obsolete_command::audit),
    (Level::Certain, obsolete_action::audit),
    (Level::Certain, obsolete_runner::audit),
    (Level::Strict, checkout::audit),
    (Level::Strict, service::audit),
];
