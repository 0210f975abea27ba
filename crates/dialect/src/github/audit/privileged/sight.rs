//! Which values name the code of strangers: themselves, by a variable, or by an output.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::command::{Command, Part, unquoted};
use super::super::embedded::{Embedded, expressions};
use super::super::subject::{Job, Step, Subject};
use super::outputs::{self, Output};
use crate::yaml::Node;

/// What is seen of strangers' code in a file, by one event.
pub(super) struct Sight<'s, 'n> {
    pub(super) subject: &'s Subject<'n>,
    event: &'s str,
    /// The variables of each level that was looked at.
    variables: RefCell<BTreeMap<*const Node, Rc<Variables<'n>>>>,
    /// Those that name the code of strangers; not known until asked for.
    outputs: OnceCell<BTreeSet<Output>>,
}

type Variables<'n> = BTreeMap<&'n str, Origin>;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// Whether it names the code of strangers itself.
    is_strange: bool,
    /// The variables in its expressions.
    variables: Vec<String>,
    /// The outputs of steps in its expressions: id and name.
    steps: Vec<(String, String)>,
    /// The outputs of jobs in its expressions: id and name.
    jobs: Vec<(String, String)>,
}

/// The outputs that are known to name the code of strangers.
#[derive(Clone, Copy)]
pub(super) enum Known<'k> {
    /// All that there are, which are looked for when one is asked about.
    All,
    /// These, among which others are looked for.
    These(&'k BTreeSet<Output>),
}

impl<'s, 'n> Sight<'s, 'n> {
    pub(super) fn of(subject: &'s Subject<'n>, event: &'s str) -> Self {
        Self {
            subject,
            event,
            variables: RefCell::default(),
            outputs: OnceCell::new(),
        }
    }

    /// Returns whether a value of a step names the code of strangers.
    pub(super) fn is_strange(&self, value: &str, job: &Job<'n>, step: Step<'n>) -> bool {
        self.comes_from_strangers(&self.origin(value), job, Some(step), Known::All)
    }

    /// Returns where a value comes from.
    pub(super) fn origin(&self, value: &str) -> Origin {
        let mut origin = Origin {
            is_strange: value.contains("refs/pull/"),
            ..Origin::default()
        };
        let of_strangers: &[&str] = match self.event {
            "workflow_run" => &[
                "github.event.workflow_run.head_",
                "github.event.workflow_run.pull_requests.",
            ],
            "issue_comment" => &[],
            _ => &[
                "github.event.pull_request.head.",
                "github.head_ref",
                "github.event.pull_request.merge_commit_sha",
            ],
        };
        for flow in expressions(value).iter().flat_map(Embedded::flows) {
            let names: Vec<String> = flow.path.iter().map(|name| name.to_ascii_lowercase()).collect();
            let path = names.join(".");
            origin.is_strange |= of_strangers.iter().any(|start| path.starts_with(start));
            match (names.as_slice(), flow.path.as_slice()) {
                ([context, _], [_, name]) if context == "env" => origin.variables.push(name.clone()),
                ([context, id, outputs, name], _) if outputs == "outputs" => {
                    let pair = (id.clone(), name.clone());
                    match context.as_str() {
                        "steps" => origin.steps.push(pair),
                        "needs" => origin.jobs.push(pair),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        origin
    }

    /// Returns whether something names the code of strangers, as far as these outputs are known.
    pub(super) fn comes_from_strangers(
        &self,
        origin: &Origin,
        job: &Job<'n>,
        step: Option<Step<'n>>,
        known: Known<'_>,
    ) -> bool {
        let mut variables = origin.variables.iter();
        self.is_direct(origin, job, known) || variables.any(|name| self.is_strange_variable(name, job, step, known))
    }

    /// Returns whether a variable names the code of strangers.
    pub(super) fn is_strange_variable(
        &self,
        name: &str,
        job: &Job<'n>,
        step: Option<Step<'n>>,
        known: Known<'_>,
    ) -> bool {
        let levels = step
            .map(|step| step.node)
            .into_iter()
            .chain([job.node, self.subject.root]);
        let found = levels
            .map(|level| self.variables(level))
            .find(|level| level.contains_key(name));
        // A variable of a variable is not followed, so that no file can lead in a circle.
        found.is_some_and(|level| self.is_direct(&level[name], job, known))
    }

    fn is_direct(&self, origin: &Origin, job: &Job<'n>, known: Known<'_>) -> bool {
        if origin.is_strange || (origin.steps.is_empty() && origin.jobs.is_empty()) {
            return origin.is_strange;
        }
        let outputs = match known {
            Known::All => self.outputs.get_or_init(|| outputs::strange(self)),
            Known::These(outputs) => outputs,
        };
        let of_steps = |(id, name): &(String, String)| outputs::is_strange_step(outputs, job, id, name);
        let of_jobs = |(id, name): &(String, String)| outputs.contains(&Output::of_job(id, name));
        origin.steps.iter().any(of_steps) || origin.jobs.iter().any(of_jobs)
    }

    fn variables(&self, level: &'n Node) -> Rc<Variables<'n>> {
        let mut known = self.variables.borrow_mut();
        let of_level = || {
            let entries = level.get("env").and_then(Node::as_mapping).unwrap_or_default();
            let named = entries.iter().map(|entry| {
                let value = entry.value.as_scalar().map_or("", |scalar| scalar.text.as_str());
                (entry.key.name.as_str(), self.origin(value))
            });
            Rc::new(named.collect())
        };
        Rc::clone(known.entry(std::ptr::from_ref(level)).or_insert_with(of_level))
    }
}

/// The variables of a script that name the code of strangers, as it is read.
pub(super) struct Names<'a, 's, 'n> {
    sight: &'a Sight<'s, 'n>,
    job: &'a Job<'n>,
    step: Step<'n>,
    known: Known<'a>,
    own: BTreeMap<&'n str, bool>,
}

impl<'a, 's, 'n> Names<'a, 's, 'n> {
    pub(super) fn of(sight: &'a Sight<'s, 'n>, job: &'a Job<'n>, step: Step<'n>) -> Self {
        Self::with(sight, job, step, Known::All)
    }

    pub(super) fn with(sight: &'a Sight<'s, 'n>, job: &'a Job<'n>, step: Step<'n>, known: Known<'a>) -> Self {
        Self {
            sight,
            job,
            step,
            known,
            own: BTreeMap::new(),
        }
    }

    /// Notes what a command sets.
    pub(super) fn follow(&mut self, command: &Command<'n>) {
        if let Some((name, value)) = command.assignment() {
            let is_strange = self.is_strange(value);
            self.own.insert(name, is_strange);
        }
    }

    /// Returns whether a word has a value that only the run knows: neither a variable of the workflow nor one of the
    /// runner.
    pub(super) fn may_be_any(&self, word: &str) -> bool {
        let levels = [self.step.node, self.job.node, self.sight.subject.root];
        let is_known = |name: &str| {
            let is_set = |level: &&Node| level.get("env").is_some_and(|env| env.get(name).is_some());
            name.starts_with("GITHUB_") || (levels.iter().any(is_set) && !self.own.contains_key(name))
        };
        let parts = unquoted(word, 0);
        let mut variables = parts.iter().flat_map(Part::variables);
        word.contains('`') || word.contains("$(") || variables.any(|(_, name)| !is_known(name))
    }

    /// Returns whether a text of the script names the code of strangers.
    pub(super) fn is_strange(&self, text: &str) -> bool {
        unquoted(text, 0).iter().any(|part| self.is_strange_part(part))
    }

    /// Returns whether a part of the script names the code of strangers.
    pub(super) fn is_strange_part(&self, part: &Part<'_>) -> bool {
        /// What GitHub's answers call the code of a pull request.
        const ASKED: [&str; 4] = ["headRefOid", "headRefName", ".head.sha", ".head.ref"];
        let is_strange_variable = |name: &str| {
            let own = self.own.get(name).copied();
            own.unwrap_or_else(|| {
                self.sight
                    .is_strange_variable(name, self.job, Some(self.step), self.known)
            })
        };
        let origin = self.sight.origin(part.text);
        ASKED.iter().any(|word| part.text.contains(word))
            || self
                .sight
                .comes_from_strangers(&origin, self.job, Some(self.step), self.known)
            || part.variables().into_iter().any(|(_, name)| is_strange_variable(name))
    }
}
