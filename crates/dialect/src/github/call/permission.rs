//! What a called workflow may do: never more than its caller.
//!
//! What nobody says is the repository's setting, which is not known here and therefore not judged.

use std::collections::BTreeSet;

use lockgate_core::Diagnostic;
use lockgate_pipeline::definition::Permissions;

use super::super::permission::SCOPES;
use super::WorkflowCall;
use super::known::{CalledWorkflows, Facts};
use crate::codes;

/// How many ways through called workflows are compared for one file: far more than a run may call.
const MOST_COMPARED: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    None,
    Read,
    Write,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// One call with all that it reaches.
struct Asking<'f, 'a> {
    facts: &'f Facts,
    root: &'f WorkflowCall,
    /// The workflows that were looked at, each with what it was allowed: many ways may lead to one.
    seen: BTreeSet<(&'a str, String)>,
    found: &'f mut Vec<Diagnostic>,
}

/// What asks for more than it is allowed.
struct Asked<'a> {
    /// The job; `None` of the whole workflow.
    job: Option<&'a str>,
    path: &'a str,
    permissions: &'a Permissions,
}

impl CalledWorkflows {
    /// Notes the calls of a file that reach a workflow which asks for more than the file allows.
    pub(super) fn judge_permissions(&self, facts: &Facts, found: &mut Vec<Diagnostic>) {
        let of_file = facts.permissions.as_ref();
        for call in &facts.calls {
            if let Some(allowed) = call.permissions.as_ref().or(of_file) {
                let mut asking = Asking {
                    facts,
                    root: call,
                    seen: BTreeSet::new(),
                    found,
                };
                self.compare(&mut asking, &call.path, allowed);
            }
        }
    }

    /// Compares what the workflow at `path` asks for with what the `root` call allows.
    fn compare<'a>(&'a self, asking: &mut Asking<'_, 'a>, path: &'a str, allowed: &'a Permissions) {
        if asking.seen.len() > MOST_COMPARED || !asking.seen.insert((path, words(allowed))) {
            return;
        }
        let Some((called, workflow)) = self
            .file(path)
            .and_then(|called| Some((called, called.workflow.as_ref()?)))
        else {
            return;
        };
        let pipeline = &workflow.pipeline;
        let of_workflow = pipeline.permissions.as_ref().map(|permissions| (None, permissions));
        let of_jobs = pipeline
            .jobs
            .iter()
            .filter_map(|job| Some((Some(job.id.as_str()), job.permissions.as_ref()?)));
        for (job, permissions) in of_workflow.into_iter().chain(of_jobs) {
            let asked = Asked { job, path, permissions };
            asking.found.extend(asked.too_much(asking.facts, asking.root, allowed));
        }
        for call in &called.calls {
            let own = call.permissions.as_ref().or(pipeline.permissions.as_ref());
            self.compare(asking, &call.path, own.unwrap_or(allowed));
        }
    }
}

impl Asked<'_> {
    fn too_much(&self, facts: &Facts, root: &WorkflowCall, allowed: &Permissions) -> Option<Diagnostic> {
        let mut asked = Vec::new();
        let mut given = Vec::new();
        for (scope, levels) in SCOPES {
            let levels = levels.all();
            let (wanted, limit) = (level(self.permissions, scope, levels), level(allowed, scope, levels));
            if wanted > limit {
                asked.push(format!("`{scope}: {}`", wanted.word()));
                given.push(format!("`{scope}: {}`", limit.word()));
            }
        }
        if asked.is_empty() {
            return None;
        }
        let (asked, given) = match self.permissions {
            Permissions::Scopes(_) => (asked.join(", "), given.join(", ")),
            all => (words(all), words(allowed)),
        };
        let who = match self.job {
            Some(job) => format!("the job `{job}` of `{}`", self.path),
            None => format!("`{}`", self.path),
        };
        let message = format!("{who} asks for {asked}, but is allowed only {given} here");
        let help = "a called workflow keeps or lowers what its caller may do: allow it under `permissions` here, or ask \
                    for less there";
        Some(Diagnostic::error(codes::RAISED_PERMISSIONS, &facts.file, root.span, message).help(help))
    }
}

/// Returns permissions as they are written.
fn words(permissions: &Permissions) -> String {
    match permissions {
        Permissions::ReadAll => "`read-all`".to_owned(),
        Permissions::WriteAll => "`write-all`".to_owned(),
        Permissions::Scopes(scopes) => {
            let named = scopes.iter().filter(|(_, level)| level != "none");
            let named: Vec<String> = named.map(|(scope, level)| format!("`{scope}: {level}`")).collect();
            if named.is_empty() {
                "nothing".to_owned()
            } else {
                named.join(", ")
            }
        }
    }
}

/// Returns what `permissions` say of a scope that knows these levels.
fn level(permissions: &Permissions, scope: &str, levels: &[&str]) -> Level {
    let knows = |level: &str| levels.contains(&level);
    match permissions {
        Permissions::WriteAll if knows("write") => Level::Write,
        Permissions::WriteAll | Permissions::ReadAll if knows("read") => Level::Read,
        Permissions::WriteAll | Permissions::ReadAll => Level::None,
        Permissions::Scopes(scopes) => {
            let found = scopes.iter().find(|(name, _)| name == scope);
            match found.map(|(_, level)| level.as_str()) {
                Some("write") => Level::Write,
                Some("read") => Level::Read,
                _ => Level::None,
            }
        }
    }
}
