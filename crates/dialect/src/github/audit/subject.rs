//! A file as audits look at it: its triggers, jobs and steps, each with its place in the tree.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lockgate_core::{Diagnostic, SourceFile, Span};

use super::command::Commands;
use super::relocation::Naming;
use super::shell::{self, Shell};
use super::taint::Tainted;
use crate::lock::Lock;
use crate::yaml::{Entry, Node};

/// A workflow, or an action whose steps look like one job.
pub(super) struct Subject<'n> {
    pub(super) file: &'n SourceFile,
    pub(super) root: &'n Node,
    pub(super) lock: Option<&'n Lock>,
    pub(super) kind: Kind,
    pub(super) triggers: Vec<Trigger<'n>>,
    pub(super) jobs: Vec<Job<'n>>,
    /// How many places of one script are looked at.
    pub(super) most_places: usize,
    /// How many bytes of scripts may still be read for how a place in them is quoted.
    unread: Cell<usize>,
    /// For each job the places in `jobs` of those that it waits for.
    needed: Vec<Vec<usize>>,
    /// Its text in lower case, unless names in it may be spelt by escapes; not made until asked for.
    lower: OnceCell<Option<String>>,
    /// What is tainted; not known until asked for.
    tainted: OnceCell<Tainted<'n>>,
    /// The commands of the scripts that were looked into, by where the script stands in memory and what reads it.
    commands: RefCell<BTreeMap<(*const u8, Shell), Rc<Commands<'n>>>>,
    /// The variables that fixes give to steps.
    pub(super) naming: Naming,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Workflow,
    Action,
}

/// An event that starts the workflow.
pub(super) struct Trigger<'n> {
    pub(super) name: &'n str,
    pub(super) span: Span,
    /// What stands behind the name.
    pub(super) options: Option<&'n Node>,
}

/// A job, or the `runs` of a composite action.
pub(super) struct Job<'n> {
    pub(super) id: &'n str,
    /// Where its id stands.
    pub(super) span: Span,
    pub(super) node: &'n Node,
    pub(super) steps: Vec<Step<'n>>,
}

/// A step.
#[derive(Clone, Copy)]
pub(super) struct Step<'n> {
    pub(super) node: &'n Node,
}

/// More dangerous places of one script than this are those of a generator, which has one mistake to mend.
const MOST_TOLD: usize = 100;

/// More bytes of scripts than this are not read for the quotes around the places in them, each of which needs all that
/// stands before it.
const MOST_READ: usize = 8 << 20;

/// Events that anybody with an account can cause.
const OF_STRANGERS: [&str; 12] = [
    "pull_request",
    "pull_request_target",
    "pull_request_review",
    "pull_request_review_comment",
    "issues",
    "issue_comment",
    "discussion",
    "discussion_comment",
    "workflow_run",
    "fork",
    "watch",
    "gollum",
];

impl<'n> Subject<'n> {
    pub(super) fn new(file: &'n SourceFile, root: &'n Node, lock: Option<&'n Lock>) -> Self {
        let is_action = root.get("runs").is_some() && root.get("jobs").is_none();
        let jobs: Vec<Job<'n>> = if is_action {
            root.as_mapping()
                .unwrap_or_default()
                .iter()
                .filter(|entry| entry.key.name == "runs")
                .map(Job::new)
                .collect()
        } else {
            let jobs = root.get("jobs").and_then(Node::as_mapping).unwrap_or_default();
            jobs.iter().map(Job::new).collect()
        };
        Self {
            file,
            root,
            lock,
            kind: if is_action { Kind::Action } else { Kind::Workflow },
            triggers: root.get("on").map(triggers).unwrap_or_default(),
            needed: needed(&jobs),
            jobs,
            most_places: MOST_TOLD,
            unread: Cell::new(MOST_READ),
            lower: OnceCell::new(),
            tainted: OnceCell::new(),
            commands: RefCell::default(),
            naming: Naming::default(),
        }
    }

    /// Returns the text of the file in lower case, in which names can be looked for; `None` when they may be spelt by
    /// escapes, as is possible in double quotes.
    pub(super) fn lower_case(&self) -> Option<&str> {
        const ESCAPES: [&str; 5] = ["\\x", "\\u", "\\U", "\\\n", "\\\r"];
        let text = &self.file.text;
        let make = || {
            let is_spelt = ESCAPES.iter().any(|escape| text.contains(escape));
            (!is_spelt).then(|| text.to_ascii_lowercase())
        };
        self.lower.get_or_init(make).as_deref()
    }

    /// Returns what is tainted in the file.
    pub(super) fn tainted(&self) -> &Tainted<'n> {
        self.tainted.get_or_init(|| Tainted::of(self))
    }

    /// Returns the commands of the script of a step.
    pub(super) fn commands(&self, job: &Job<'n>, step: Step<'n>) -> Rc<Commands<'n>> {
        let script = step.script();
        // Nothing but the backquote is read in another way.
        let shell = if script.contains('`') {
            shell::of(self, job, step)
        } else {
            Shell::Posix
        };
        let mut known = self.commands.borrow_mut();
        let of_script = known
            .entry((script.as_ptr(), shell))
            .or_insert_with(|| Rc::new(Commands::of(script, shell)));
        Rc::clone(of_script)
    }

    /// Returns the trigger of this name.
    pub(super) fn trigger(&self, name: &str) -> Option<&Trigger<'n>> {
        self.triggers.iter().find(|trigger| trigger.name == name)
    }

    /// Returns the triggers that strangers can cause.
    pub(super) fn triggers_of_strangers(&self) -> impl Iterator<Item = &Trigger<'n>> {
        self.triggers
            .iter()
            .filter(|trigger| OF_STRANGERS.contains(&trigger.name))
    }

    /// Returns every job with each of its steps.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&Job<'n>, Step<'n>)> {
        self.jobs
            .iter()
            .flat_map(|job| job.steps.iter().map(move |step| (job, *step)))
    }

    /// Returns a job, then those that it waits for, then those that they wait for; each once, and no more than anybody
    /// has.
    pub(super) fn with_needed<'s>(&'s self, job: &Job<'_>) -> Vec<&'s Job<'n>> {
        const MOST: usize = 500;
        let mut queue: Vec<usize> = self
            .jobs
            .iter()
            .position(|other| std::ptr::eq(other, job))
            .into_iter()
            .collect();
        let mut seen: BTreeSet<usize> = queue.iter().copied().collect();
        let mut next = 0;
        while let Some(at) = queue.get(next).copied().filter(|_| queue.len() < MOST) {
            queue.extend(self.needed[at].iter().filter(|needed| seen.insert(**needed)));
            next += 1;
        }
        queue.into_iter().map(|at| &self.jobs[at]).collect()
    }

    /// Takes the reading of `bytes` from what may still be read; returns whether there was as much.
    pub(super) fn may_read(&self, bytes: usize) -> bool {
        let left = self.unread.get().checked_sub(bytes);
        self.unread.set(left.unwrap_or(0));
        left.is_some()
    }

    pub(super) fn warning(&self, code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, self.file, span, message)
    }
}

fn needed(jobs: &[Job<'_>]) -> Vec<Vec<usize>> {
    let places: BTreeMap<String, usize> = jobs
        .iter()
        .enumerate()
        .map(|(at, job)| (job.id.to_ascii_lowercase(), at))
        .collect();
    let of_job = |job: &Job<'_>| {
        let ids = job.node.get("needs").map(texts).unwrap_or_default();
        ids.into_iter()
            .filter_map(|id| places.get(&id.to_ascii_lowercase()).copied())
            .collect()
    };
    jobs.iter().map(of_job).collect()
}

fn triggers(on: &Node) -> Vec<Trigger<'_>> {
    let plain = |node: &'_ Node| -> Option<(Span, usize)> { Some((node.span, node.as_scalar()?.text.len())) };
    let named = |node| {
        let node: &Node = node;
        plain(node)?;
        Some(Trigger {
            name: node.as_scalar()?.text.as_str(),
            span: node.span,
            options: None,
        })
    };
    if let Some(entries) = on.as_mapping() {
        let of_entry = |entry| {
            let entry: &Entry = entry;
            Trigger {
                name: entry.key.name.as_str(),
                span: entry.key.span,
                options: Some(&entry.value),
            }
        };
        return entries.iter().map(of_entry).collect();
    }
    match on.as_sequence() {
        Some(items) => items.iter().filter_map(named).collect(),
        None => named(on).into_iter().collect(),
    }
}

impl<'n> Job<'n> {
    fn new(entry: &'n Entry) -> Self {
        let steps = entry.value.get("steps").and_then(Node::as_sequence).unwrap_or_default();
        Self {
            id: &entry.key.name,
            span: entry.key.span,
            node: &entry.value,
            steps: steps.iter().map(|node| Step { node }).collect(),
        }
    }

    /// Returns the text of its `if`, empty without one.
    pub(super) fn condition(&self) -> &'n str {
        text(self.node, "if")
    }
}

impl<'n> Step<'n> {
    /// Returns the text of its `if`, empty without one.
    pub(super) fn condition(self) -> &'n str {
        text(self.node, "if")
    }

    /// Returns its script, empty without one.
    pub(super) fn script(self) -> &'n str {
        text(self.node, "run")
    }

    /// Returns the action that it uses, with its place.
    pub(super) fn uses(self) -> Option<(&'n str, Span)> {
        let node = self.node.get("uses")?;
        Some((node.as_scalar()?.text.as_str(), node.span))
    }

    /// Returns the action that it uses, without the version.
    pub(super) fn action(self) -> Option<&'n str> {
        self.uses().map(|(uses, _)| uses.split('@').next().unwrap_or_default())
    }

    /// Returns whether it uses the action `owner/name`, of any version.
    pub(super) fn uses_action(self, name: &str) -> bool {
        self.action().is_some_and(|used| used.eq_ignore_ascii_case(name))
    }

    /// Returns the value of an input of its action; the case of the name does not matter.
    pub(super) fn input(self, name: &str) -> Option<&'n Node> {
        let inputs = self.node.get("with")?.as_mapping()?;
        inputs
            .iter()
            .find(|entry| entry.key.name.eq_ignore_ascii_case(name))
            .map(|entry| &entry.value)
    }

    /// Returns the text of an input of its action, empty without one.
    pub(super) fn input_text(self, name: &str) -> &'n str {
        self.input(name)
            .and_then(Node::as_scalar)
            .map_or("", |scalar| scalar.text.as_str())
    }

    /// Returns its `id`, empty without one.
    pub(super) fn id(self) -> &'n str {
        text(self.node, "id")
    }

    /// Returns where its first key stands.
    pub(super) fn place(self) -> Span {
        let first = self.node.as_mapping().and_then(<[Entry]>::first);
        first.map_or(self.node.span, |entry| entry.key.span)
    }
}

/// Returns the key and value of a mapping.
pub(super) fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.as_mapping()?.iter().find(|entry| entry.key.name == key)
}

/// Returns the text behind a key, empty without one.
pub(super) fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key)
        .and_then(Node::as_scalar)
        .map_or("", |scalar| scalar.text.as_str())
}

/// Returns one text, or the texts of a list.
pub(super) fn texts(node: &Node) -> Vec<&str> {
    let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    items
        .iter()
        .filter_map(|item| item.as_scalar().map(|scalar| scalar.text.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Strictness, findings};
    use super::*;
    use crate::yaml;

    #[test]
    fn a_script_is_read_once_and_only_when_it_may_say_something() {
        let text = "on: issues\njobs:\n  a:\n    runs-on: a\n    steps:\n      - run: make ${{ github.sha }}\n      - id: b\n        run: \
                    echo \"a=$T\" >> $GITHUB_OUTPUT\n      - run: echo \"a=$T\" >> $GITHUB_ENV; bash -c \"$T\"\n";
        let file = SourceFile::new("a.yml", text);
        let root = yaml::parse(&file).0.unwrap();
        let subject = Subject::new(&file, &root, None);
        findings(&subject, Strictness::Strict);
        assert_eq!(subject.commands.borrow().len(), 2);
        let job = &subject.jobs[0];
        let commands = || subject.commands(job, job.steps[1]);
        assert!(Rc::ptr_eq(&commands(), &commands()));
    }
}
