//! Where the text of others goes: through `env`, the outputs of steps, and the outputs of jobs.
//!
//! Deliberately simple: an output, or a variable of later steps, is tainted when what is written as it also names a
//! tainted value, or when its action is known to give what strangers write. What a script makes of a value otherwise is
//! not followed, because a guess would be wrong more often than right.

mod declared;

use std::collections::BTreeMap;

use lockgate_core::Span;
use lockgate_pipeline::expression::Flow;

use super::command::{Part, written};
use super::embedded::expressions;
use super::subject::{Job, Kind, Step, Subject, entry};
use super::untrusted::{self, Lines, of_members, of_strangers};
use crate::yaml::{Entry, Node};
use declared::{limited, refs_are_fixed, variables};

/// A text that others write, and how it came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taint {
    pub(super) who: Who,
    /// What it is, such as `the title of an issue`.
    pub(super) words: String,
    pub(super) lines: Lines,
    pub(super) way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Anybody with an account.
    Stranger,
    /// Who may push, release, dispatch or call.
    Member,
}

/// How a text came to where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    /// By the variable that is set here.
    Variable(String, Span),
    /// By an output that is written here.
    Output(Span),
    /// By the variable that a script writes here for later steps.
    Written(String, Span),
}

/// What is tainted in a file, asked about for one.
#[derive(Clone, Copy)]
pub(super) struct Taints<'s, 'n> {
    subject: &'s Subject<'n>,
    tainted: &'s Tainted<'n>,
}

/// The tainted outputs and variables of a file, which all audits share.
pub(super) struct Tainted<'n> {
    /// By the ids of job and step, in lower case.
    steps: BTreeMap<(String, String), Taint>,
    /// By the id of the job and the name of the output, in lower case.
    jobs: BTreeMap<(String, String), Taint>,
    /// By the id of the job, in lower case, and the name of the variable: what earlier steps write to `GITHUB_ENV`.
    environment: BTreeMap<(String, &'n str), Taint>,
    /// The variables of each level that has many.
    variables: BTreeMap<*const Node, BTreeMap<&'n str, &'n Entry>>,
    /// By the name of an input, in lower case: whether its type leaves nothing to choose.
    limited: BTreeMap<String, bool>,
    refs_are_fixed: bool,
}

/// Actions whose outputs are names that strangers choose, such as those of changed files.
const GIVING: [(&str, &str); 6] = [
    ("tj-actions/changed-files", "the names of changed files"),
    ("jitterbit/get-changed-files", "the names of changed files"),
    ("tj-actions/branch-names", "the name of a pull request's branch"),
    (
        "xt0rted/pull-request-comment-branch",
        "the name of a pull request's branch",
    ),
    ("khan/pull-request-comment-trigger", "the text of a comment"),
    ("github/command", "the text of a comment"),
];

/// Returns whether a file may name a text of strangers: where none is named, there is none to be followed.
pub(super) fn may_be_named(subject: &Subject<'_>) -> bool {
    subject.lower_case().is_none_or(untrusted::may_be_named) || subject.steps().any(|(_, step)| given(step).is_some())
}

impl<'n> Tainted<'n> {
    pub(super) fn of(subject: &Subject<'n>) -> Self {
        let mut tainted = Self {
            steps: BTreeMap::new(),
            jobs: BTreeMap::new(),
            environment: BTreeMap::new(),
            variables: variables(subject),
            limited: limited(subject),
            refs_are_fixed: refs_are_fixed(subject),
        };
        // Outputs of one job reach the next, in whatever order they stand in the file.
        for _ in 0..2 {
            let before = tainted.len();
            for job in &subject.jobs {
                tainted.add_environment(subject, job);
                tainted.add_steps(subject, job);
                tainted.add_outputs(subject, job);
            }
            if tainted.len() == before {
                break;
            }
        }
        tainted
    }

    fn len(&self) -> usize {
        self.steps.len() + self.jobs.len() + self.environment.len()
    }

    fn add_steps(&mut self, subject: &Subject<'n>, job: &Job<'n>) {
        for step in job.steps.iter().copied().filter(|step| !step.id().is_empty()) {
            let taints = Taints { subject, tainted: self };
            let taint = given(step).or_else(|| taints.written(job, step));
            if let Some(taint) = taint {
                let key = (job.id.to_lowercase(), step.id().to_lowercase());
                self.steps.insert(key, taint);
            }
        }
    }

    fn add_environment(&mut self, subject: &Subject<'n>, job: &Job<'n>) {
        for step in job.steps.iter().copied() {
            let Some(place) = step.node.get("run").map(|run| run.span) else {
                continue;
            };
            for parts in written(subject, job, step, &["GITHUB_ENV"]) {
                let mut name = None;
                for part in parts {
                    for (next, text) in assignments(part.text) {
                        name = next.or(name);
                        let Some(name) = name else {
                            continue;
                        };
                        let taint = Taints { subject, tainted: self }.of_text(part.part(text), job, step);
                        if let Some(taint) =
                            taint.filter(|taint| !matches!(&taint.way, Way::Written(of, _) if of == name))
                        {
                            let way = Way::Written(name.to_owned(), place);
                            let key = (job.id.to_lowercase(), name);
                            self.environment.entry(key).or_insert(Taint { way, ..taint });
                        }
                    }
                }
            }
        }
    }

    fn add_outputs(&mut self, subject: &Subject<'n>, job: &Job<'n>) {
        let outputs = job.node.get("outputs").and_then(Node::as_mapping).unwrap_or_default();
        for output in outputs {
            if let Some(taint) = (Taints { subject, tainted: self }).of_node(&output.value, job, None) {
                let key = (job.id.to_lowercase(), output.key.name.to_lowercase());
                let way = Way::Output(output.key.span);
                self.jobs.insert(key, Taint { way, ..taint });
            }
        }
    }
}

impl<'s, 'n> Taints<'s, 'n> {
    pub(super) fn of_file(subject: &'s Subject<'n>) -> Self {
        Self {
            subject,
            tainted: subject.tainted(),
        }
    }

    /// Returns the taint of what a script writes as an output.
    fn written(&self, job: &Job<'n>, step: Step<'n>) -> Option<Taint> {
        let place = step.node.get("run").map(|run| run.span)?;
        let parts = written(self.subject, job, step, &["GITHUB_OUTPUT", "::set-output"]);
        let taint = parts
            .into_iter()
            .flatten()
            .find_map(|part| self.of_text(part, job, step))?;
        let way = Way::Output(place);
        Some(Taint { way, ..taint })
    }

    /// Returns what strangers write of a part of a script: by its variables, or by its expressions.
    fn of_text(&self, part: Part<'n>, job: &Job<'n>, step: Step<'n>) -> Option<Taint> {
        let is_strange = |taint: &Taint| taint.who == Who::Stranger;
        let variable = part
            .variables()
            .into_iter()
            .find_map(|(_, name)| self.of_shell_variable(name, job, step).filter(is_strange));
        variable.or_else(|| {
            let found = expressions(part.text);
            let mut flows = found.iter().flat_map(super::embedded::Embedded::flows);
            flows.find_map(|flow| self.of(&flow, job, Some(step)).filter(is_strange))
        })
    }

    /// Returns the taint of what `flow` lets out in a step.
    pub(super) fn of(&self, flow: &Flow, job: &Job<'n>, step: Option<Step<'n>>) -> Option<Taint> {
        let name = |at: usize| flow.path.get(at).map_or("", String::as_str);
        match name(0) {
            "env" if flow.path.len() == 2 => self.of_variable(name(1), job, step),
            "inputs" if flow.path.len() == 2 => self.of_input(name(1)),
            "steps" if name(2).eq_ignore_ascii_case("outputs") => {
                let key = (job.id.to_lowercase(), name(1).to_lowercase());
                self.tainted.steps.get(&key).cloned()
            }
            "needs" if name(2).eq_ignore_ascii_case("outputs") => {
                let key = (name(1).to_lowercase(), name(3).to_lowercase());
                self.tainted.jobs.get(&key).cloned()
            }
            "github" => self.of_github(flow),
            _ => None,
        }
    }

    fn of_github(&self, flow: &Flow) -> Option<Taint> {
        let direct = |who, found: super::untrusted::Untrusted| Taint {
            who,
            words: found.words.to_owned(),
            lines: found.lines,
            way: Way::Direct,
        };
        if let Some(found) = of_strangers(flow) {
            return Some(direct(Who::Stranger, found));
        }
        let found = of_members(flow)?;
        let last = flow.path.last().map_or("", String::as_str);
        if matches!(last, "ref" | "ref_name") && self.tainted.refs_are_fixed {
            return None;
        }
        if flow.path.get(2).is_some_and(|name| name == "inputs") {
            return self.of_input(last);
        }
        Some(direct(Who::Member, found))
    }

    /// Returns the taint of the input `name`, unless its type leaves nothing to choose.
    fn of_input(&self, name: &str) -> Option<Taint> {
        let words = match self.subject.kind {
            Kind::Action => format!("the input `{name}` of the action"),
            Kind::Workflow if self.tainted.limited.get(&name.to_ascii_lowercase()) == Some(&true) => return None,
            Kind::Workflow => format!("the input `{name}`"),
        };
        Some(Taint {
            who: Who::Member,
            words,
            lines: Lines::One,
            way: Way::Direct,
        })
    }

    /// Returns the taint of the variable `name` of a script, also of those that the runner sets.
    pub(super) fn of_shell_variable(&self, name: &str, job: &Job<'n>, step: Step<'n>) -> Option<Taint> {
        let set = self.of_variable(name, job, Some(step));
        set.or_else(|| (name == "GITHUB_HEAD_REF").then(of_strangers_branch))
    }

    /// Returns the taint of the variable `name` where a step runs.
    pub(super) fn of_variable(&self, name: &str, job: &Job<'n>, step: Option<Step<'n>>) -> Option<Taint> {
        let at = |level: &'n Node| match self.tainted.variables.get(&std::ptr::from_ref(level)) {
            Some(variables) => variables.get(name).copied(),
            None => entry(level.get("env")?, name),
        };
        let own = step.and_then(|step| at(step.node));
        if let (None, Some(step), false) = (own, step, self.tainted.environment.is_empty()) {
            // What an earlier step has written stands before what the job and the workflow say.
            let known = self.tainted.environment.get(&(job.id.to_lowercase(), name));
            let is_earlier =
                |taint: &&Taint| matches!(taint.way, Way::Written(_, place) if place.start < step.node.span.start);
            if let Some(taint) = known.filter(is_earlier) {
                return Some(taint.clone());
            }
        }
        let variable = own.or_else(|| at(job.node)).or_else(|| at(self.subject.root))?;
        // A variable of a variable is followed once, so that no file can lead in a circle.
        let value = variable.value.as_scalar()?;
        let taint = expressions(&value.text)
            .iter()
            .flat_map(super::embedded::Embedded::flows)
            .filter(|flow| flow.path.first().is_some_and(|context| context != "env"))
            .find_map(|flow| self.of(&flow, job, step))?;
        let way = Way::Variable(name.to_owned(), variable.key.span);
        Some(Taint { way, ..taint })
    }

    fn of_node(&self, node: &Node, job: &Job<'n>, step: Option<Step<'n>>) -> Option<Taint> {
        expressions(&node.as_scalar()?.text)
            .iter()
            .flat_map(super::embedded::Embedded::flows)
            .find_map(|flow| self.of(&flow, job, step).filter(|taint| taint.who == Who::Stranger))
    }
}

/// Returns the parts of a text, each with the name of the variable that begins before it: `NAME=` or `NAME<<`.
pub(super) fn assignments(text: &str) -> Vec<(Option<&str>, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let (mut name, mut from) = (None, 0);
    for (at, sign) in text.match_indices(['=', '<']) {
        let before = &text[..at];
        let start = before.trim_end_matches(is_word).len();
        let is_name = before[start..].starts_with(|c: char| !c.is_ascii_digit()) && start >= from;
        let is_first = start == 0 || text[..start].ends_with(['"', '\'', ' ', '\n', '\t']);
        if is_name && is_first && (sign == "=" || text[at..].starts_with("<<")) {
            found.push((name, &text[from..start]));
            name = Some(&text[start..at]);
            from = at;
        }
    }
    found.push((name, &text[from..]));
    found
}

fn of_strangers_branch() -> Taint {
    Taint {
        who: Who::Stranger,
        words: "the name of a pull request's branch".to_owned(),
        lines: Lines::One,
        way: Way::Direct,
    }
}

/// Returns the taint of the outputs of an action that is known for it.
fn given(step: Step<'_>) -> Option<Taint> {
    let (_, words) = GIVING.iter().find(|(name, _)| step.uses_action(name))?;
    Some(Taint {
        who: Who::Stranger,
        words: (*words).to_owned(),
        lines: Lines::One,
        way: Way::Output(step.place()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_apart_by_the_variables_that_begin_in_it() {
        let told = assignments("echo \"A=$T\"\nä=1 ü<<EOF B<<EOF\n$U == é");
        assert_eq!(
            told,
            [
                (None, "echo \""),
                (Some("A"), "=$T\"\nä=1 ü<<EOF "),
                (Some("B"), "<<EOF\n$U == é")
            ]
        );
    }
}
