//! The actions of the repository that its files reach, each read once.
//!
//! Reading is somebody else's: [`LocalActions::wanted`] names a folder, [`LocalActions::supply`] takes what lies there,
//! until nothing is wanted any more. An action is judged where it stands, its use where it is used.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::diagnostic::nearest;
use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_pipeline::definition::Unsupported;

use super::action::{self, DeclaredInput, LoweredAction};
use super::local::LocalUse;
use crate::codes;

/// The names of an action file, the first one first.
pub const ACTION_FILES: [&str; 2] = ["action.yml", "action.yaml"];

/// Returns whether the file at `path` is an action by its name and folder.
///
/// Among the workflows every file is a workflow, also one of the name of an action.
pub fn is_action_file(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_among_workflows =
        folder == WORKFLOWS || folder.strip_suffix(WORKFLOWS).is_some_and(|top| top.ends_with('/'));
    ACTION_FILES.contains(&name) && !is_among_workflows
}

/// The folder of the workflows.
const WORKFLOWS: &str = ".github/workflows";

/// What lies in the folder of an action.
#[derive(Clone, Debug)]
pub enum ActionFile {
    /// An action file.
    Text(SourceFile),
    /// An action file that is no text.
    Broken(Box<Diagnostic>),
    /// None.
    Missing,
}

/// The actions that files reach.
#[derive(Clone, Debug, Default)]
pub struct LocalActions {
    files: Vec<(SourceFile, Vec<LocalUse>)>,
    actions: BTreeMap<String, Action>,
    wanted: BTreeSet<String>,
}

#[derive(Clone, Debug)]
enum Action {
    Missing,
    Broken(Box<Diagnostic>),
    Read {
        file: SourceFile,
        lowered: Box<LoweredAction>,
    },
}

impl LocalActions {
    /// Adds a file with the actions that it uses.
    pub fn add(&mut self, file: &SourceFile, uses: Vec<LocalUse>) {
        self.want(&uses);
        if !uses.is_empty() {
            self.files.push((file.clone(), uses));
        }
    }

    /// Returns a folder whose action file is to be supplied; `None` when all are known.
    pub fn wanted(&self) -> Option<String> {
        self.wanted.first().cloned()
    }

    /// Takes what lies in a folder.
    pub fn supply(&mut self, folder: &str, found: ActionFile) {
        let mut uses = Vec::new();
        let action = match found {
            ActionFile::Missing => Action::Missing,
            ActionFile::Broken(mistake) => Action::Broken(mistake),
            ActionFile::Text(file) => {
                let lowered = Box::new(action::lower(&file));
                uses.clone_from(&lowered.uses);
                Action::Read { file, lowered }
            }
        };
        self.wanted.remove(folder);
        self.actions.insert(folder.to_owned(), action);
        self.want(&uses);
    }

    fn want(&mut self, uses: &[LocalUse]) {
        for used in uses {
            if !self.actions.contains_key(&used.folder) {
                self.wanted.insert(used.folder.clone());
            }
        }
    }

    /// Returns everything that is wrong with the actions and with how they are used.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (file, uses) in &self.files {
            self.judge(file, uses, &mut found);
        }
        for action in self.actions.values() {
            match action {
                Action::Missing => {}
                Action::Broken(mistake) => found.push(mistake.as_ref().clone()),
                Action::Read { file, lowered } => {
                    found.extend(lowered.diagnostics.iter().cloned());
                    self.judge(file, &lowered.uses, &mut found);
                }
            }
        }
        found.extend(self.circles().iter().map(Circle::diagnostic));
        found
    }

    /// Returns why the job that uses an action cannot run, as far as it is the action's doing.
    pub fn refusals(&self, used: &LocalUse) -> Vec<Unsupported> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![used];
        while let Some(used) = open.pop() {
            let first_time = seen.insert(&used.folder);
            let Some(action) = self.actions.get(&used.folder).filter(|_| first_time) else {
                continue;
            };
            match action {
                Action::Missing if used.may_be_brought => {}
                Action::Missing => found.push(used.refused(used.missing(), used.remedy())),
                Action::Broken(mistake) => found.push(used.refused(mistake.in_one_line(), SEE_CHECK)),
                Action::Read { lowered, .. } => {
                    let first = lowered
                        .diagnostics
                        .iter()
                        .find(|found| found.severity == Severity::Error);
                    found.extend(first.map(|first| used.refused(first.in_one_line(), SEE_CHECK)));
                    let unsupported = lowered.action.iter().flat_map(|action| &action.unsupported);
                    found.extend(unsupported.cloned());
                    open.extend(&lowered.uses);
                }
            }
        }
        let circles = self.circles();
        let endless = circles
            .iter()
            .filter(|circle| seen.contains(&circle.last.folder) && !circle.may_end);
        found.extend(endless.map(|circle| circle.last.refused(circle.words(), CUT_THE_CIRCLE)));
        found
    }

    /// Notes what is wrong with how the actions are used.
    fn judge(&self, file: &SourceFile, uses: &[LocalUse], found: &mut Vec<Diagnostic>) {
        for used in uses {
            match self.actions.get(&used.folder) {
                Some(Action::Missing) => found.push(used.diagnostic_of_missing(file)),
                Some(Action::Read { lowered, .. }) => used.judge_inputs(file, &lowered.inputs, found),
                Some(Action::Broken(_)) | None => {}
            }
        }
    }

    /// Returns circles of actions, in the order of where they close; none that is endless hides behind others.
    ///
    /// The endless ones are searched by themselves, because a search goes into each action only once: it may find that
    /// a way with a condition leads around, and not that another way without one does too.
    fn circles(&self) -> Vec<Circle<'_>> {
        let mut found = self.circles_along(Ways::Unconditional);
        let ended = self.circles_along(Ways::All).into_iter();
        found.extend(ended.filter(|circle| circle.may_end));
        found.sort_by_key(|circle| (&circle.file.path, circle.last.span.start));
        found
    }

    fn circles_along(&self, ways: Ways) -> Vec<Circle<'_>> {
        let mut search = Search {
            ways,
            done: BTreeSet::new(),
            path: Vec::new(),
            found: Vec::new(),
        };
        for folder in self.actions.keys() {
            search.visit(self, folder);
        }
        search.found
    }
}

const SEE_CHECK: &str = "`lockgate check` shows every mistake";
const CHECK_THE_PATH: &str = "the path begins at the top of the repository";
const CUT_THE_CIRCLE: &str = "remove one of the steps, or give it an `if` that ends it";

/// Actions that use each other.
struct Circle<'a> {
    file: &'a SourceFile,
    /// The use that closes the circle.
    last: &'a LocalUse,
    folders: Vec<&'a str>,
    /// Whether a condition may end it.
    may_end: bool,
}

impl Circle<'_> {
    fn words(&self) -> String {
        match self.folders.as_slice() {
            [single] => format!("the action `./{single}` uses itself"),
            folders => {
                let names: Vec<String> = folders
                    .iter()
                    .chain(folders.first())
                    .map(|folder| format!("`./{folder}`"))
                    .collect();
                format!("these actions use each other: {}", names.join(" → "))
            }
        }
    }

    fn diagnostic(&self) -> Diagnostic {
        let (code, span, words) = (codes::ACTIONS_CYCLE, self.last.span, self.words());
        if self.may_end {
            let help = "GitHub allows ten of them inside each other; be sure that the `if` ends it before";
            Diagnostic::warning(code, self.file, span, words).help(help)
        } else {
            Diagnostic::error(code, self.file, span, words).help(CUT_THE_CIRCLE)
        }
    }
}

/// Which ways from an action to others a search follows.
#[derive(Clone, Copy)]
enum Ways {
    All,
    /// Those that are taken always.
    Unconditional,
}

impl Ways {
    /// Returns one use for each action that is used; one with a condition only where all have one.
    fn of(self, uses: &[LocalUse]) -> Vec<&LocalUse> {
        let mut ways: BTreeMap<&str, &LocalUse> = BTreeMap::new();
        for used in uses {
            let way = ways.entry(&used.folder).or_insert(used);
            if way.is_conditional && !used.is_conditional {
                *way = used;
            }
        }
        let mut ways: Vec<&LocalUse> = ways.into_values().collect();
        ways.retain(|way| matches!(self, Self::All) || !way.is_conditional);
        ways.sort_by_key(|way| way.span.start);
        ways
    }
}

struct Search<'a> {
    ways: Ways,
    done: BTreeSet<&'a str>,
    /// The folders on the way, each with whether its step has a condition.
    path: Vec<(&'a str, bool)>,
    found: Vec<Circle<'a>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, all: &'a LocalActions, folder: &'a str) {
        let Some(Action::Read { file, lowered }) = all.actions.get(folder) else {
            return;
        };
        if !self.done.insert(folder) {
            return;
        }
        self.path.push((folder, false));
        for used in self.ways.of(&lowered.uses) {
            if let Some(last) = self.path.last_mut() {
                last.1 = used.is_conditional;
            }
            match self.path.iter().position(|(open, _)| *open == used.folder) {
                Some(from) => self.found.push(Circle {
                    file,
                    last: used,
                    folders: self.path[from..].iter().map(|(folder, _)| *folder).collect(),
                    may_end: self.path[from..].iter().any(|(_, is_conditional)| *is_conditional),
                }),
                None => self.visit(all, &used.folder),
            }
        }
        self.path.pop();
    }
}

impl LocalUse {
    fn missing(&self) -> String {
        let folder = if self.folder.is_empty() {
            String::new()
        } else {
            format!("{}/", self.folder)
        };
        format!("there is no `{folder}{}`", ACTION_FILES[0])
    }

    fn refused(&self, why: String, remedy: &str) -> Unsupported {
        Unsupported {
            what: format!("uses: {}", self.reference),
            why,
            remedy: remedy.to_owned(),
            place: self.place.clone(),
        }
    }

    fn diagnostic_of_missing(&self, file: &SourceFile) -> Diagnostic {
        let message = format!("`{}`: {}", self.reference, self.missing());
        if self.may_be_brought {
            let help = "this is well when a step before it brings the action";
            return Diagnostic::warning(codes::MISSING_ACTION, file, self.span, message).help(help);
        }
        Diagnostic::error(codes::MISSING_ACTION, file, self.span, message).help(self.remedy())
    }

    /// Returns what helps where the folder has no action.
    fn remedy(&self) -> &'static str {
        let path = std::path::Path::new(&self.folder);
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yml" || extension == "yaml");
        if self.folder.starts_with(".github/workflows/") && is_yaml {
            return "a workflow is called by a job, and not by a step: write `uses` in place of the job's `steps`";
        }
        if ACTION_FILES.iter().any(|file| path.ends_with(file)) {
            return "name the folder, without the file in it";
        }
        if self.folder.contains('@') {
            return "leave out what stands behind `@`: an action of the repository itself is that of the same commit";
        }
        CHECK_THE_PATH
    }

    fn judge_inputs(&self, file: &SourceFile, declared: &[DeclaredInput], found: &mut Vec<Diagnostic>) {
        let Some(given) = &self.inputs else {
            return;
        };
        let names = || declared.iter().map(|input| input.name.as_str());
        for (name, span) in given {
            if !names().any(|known| known.eq_ignore_ascii_case(name)) {
                found.push(unknown_input(file, *span, (&self.reference, name), names()));
            }
        }
        for input in declared.iter().filter(|input| input.is_required && !input.has_default) {
            if !given.iter().any(|(name, _)| name.eq_ignore_ascii_case(&input.name)) {
                let message = format!("the action `{}` requires the input `{}`", self.reference, input.name);
                let warning = Diagnostic::warning(codes::MISSING_ACTION_INPUT, file, self.span, message);
                found.push(warning.help(format!("give it: `with: {{ {}: … }}`", input.name)));
            }
        }
    }
}

/// Returns the warning of an input that an action does not have; `valid` are those that it has.
pub(super) fn unknown_input<'a>(
    file: &SourceFile,
    span: lockgate_core::Span,
    (action, name): (&str, &str),
    valid: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let message = format!("the action `{action}` has no input `{name}`");
    let listed: Vec<String> = valid.clone().map(|name| format!("`{name}`")).collect();
    let help = match (nearest(name, valid), listed.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "it has no inputs".to_owned(),
        (None, listed) => format!("its inputs are {}", listed.join(", ")),
    };
    Diagnostic::warning(codes::UNKNOWN_ACTION_INPUT, file, span, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_known_by_name_and_folder() {
        for path in [
            "action.yml",
            "./a/action.yaml",
            ".github/action.yml",
            ".github/workflows/a/action.yml",
            "x.github/workflows/action.yml",
        ] {
            assert!(is_action_file(path), "{path}");
        }
        for path in [
            ".github/workflows/action.yml",
            "/a/.github/workflows/action.yaml",
            "a/action.json",
            "my-action.yml",
        ] {
            assert!(!is_action_file(path), "{path}");
        }
    }
}
