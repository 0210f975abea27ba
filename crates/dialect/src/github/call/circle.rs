//! Workflows that call each other in a circle, or too many of them.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::Diagnostic;
use lockgate_pipeline::plan::MOST_LEVELS;

use super::WorkflowCall;
use super::known::{CalledWorkflows, Facts};
use super::size::Sizes;
use crate::codes;

/// The most different workflows that one file calls, itself and through others, as GitHub documents it.
const MOST_WORKFLOWS: usize = 50;

/// How far calls in calls are followed: what is deeper is refused anyway, and a chain of thousands needs no stack.
const DEEPEST: usize = 100;

/// How many workflows lie in each other from a file on: each is counted once, however many ways lead to it.
type Levels<'a> = BTreeMap<&'a str, usize>;

/// What was counted already.
#[derive(Default)]
pub(super) struct Counts<'a> {
    levels: Levels<'a>,
    jobs: Sizes<'a>,
}

impl CalledWorkflows {
    /// Returns the circles, each once, at the call that closes it.
    pub(super) fn circles(&self) -> Vec<Diagnostic> {
        let mut search = Search {
            all: self,
            done: BTreeSet::new(),
            path: Vec::new(),
            found: Vec::new(),
        };
        for path in self.files.keys() {
            search.visit(path);
        }
        search.found
    }

    /// Notes where a file that is in no circle calls more than is possible, or allows less than what it calls asks for.
    pub(super) fn judge_tree<'a>(&'a self, facts: &'a Facts, counts: &mut Counts<'a>, found: &mut Vec<Diagnostic>) {
        self.judge_permissions(facts, found);
        let mut is_too_deep = false;
        for call in &facts.calls {
            let levels = 1 + self.levels(&call.path, 1, &mut counts.levels);
            if levels > MOST_LEVELS {
                is_too_deep = true;
                let message = format!("{levels} workflows lie in each other here, but {MOST_LEVELS} is the most");
                let help = "let a workflow call another one directly that now lies deeper";
                found.push(Diagnostic::error(codes::TOO_MANY_WORKFLOWS, &facts.file, call.span, message).help(help));
            }
        }
        if !is_too_deep {
            self.judge_size(facts, &mut counts.jobs, found);
        }
        let mut called = BTreeSet::new();
        self.collect(&facts.calls, &mut called);
        if let Some(last) = facts.calls.last().filter(|_| called.len() > MOST_WORKFLOWS) {
            let count = called.len();
            let message = format!(
                "the file calls {count} different workflows, also through others, but {MOST_WORKFLOWS} is the most"
            );
            let help = "split the file, or make actions of small workflows";
            found.push(Diagnostic::error(codes::TOO_MANY_WORKFLOWS, &facts.file, last.span, message).help(help));
        }
    }

    /// Returns how many workflows lie in each other from the one at `path` on.
    fn levels<'a>(&'a self, path: &'a str, above: usize, known: &mut Levels<'a>) -> usize {
        if let Some(levels) = known.get(path) {
            return *levels;
        }
        let calls = self
            .file(path)
            .filter(|_| above <= DEEPEST)
            .map_or(&[][..], |facts| &facts.calls);
        let below = calls.iter().map(|call| self.levels(&call.path, above + 1, known)).max();
        let levels = 1 + below.unwrap_or(0);
        known.insert(path, levels);
        levels
    }

    fn collect<'a>(&'a self, calls: &'a [WorkflowCall], called: &mut BTreeSet<&'a str>) {
        for call in calls {
            if called.len() <= DEEPEST
                && called.insert(&call.path)
                && let Some(facts) = self.file(&call.path)
            {
                self.collect(&facts.calls, called);
            }
        }
    }
}

struct Search<'a> {
    all: &'a CalledWorkflows,
    done: BTreeSet<&'a str>,
    path: Vec<&'a str>,
    found: Vec<Diagnostic>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, path: &'a str) {
        let Some(facts) = self.all.file(path).filter(|_| self.done.insert(path)) else {
            return;
        };
        if self.path.len() > DEEPEST {
            return;
        }
        self.path.push(path);
        for call in &facts.calls {
            match self.path.iter().position(|open| *open == call.path) {
                Some(from) => self.found.push(circle(facts, call, &self.path[from..])),
                None => self.visit(&call.path),
            }
        }
        self.path.pop();
    }
}

fn circle(facts: &Facts, last: &WorkflowCall, paths: &[&str]) -> Diagnostic {
    let message = match paths {
        [single] => format!("the workflow `{single}` calls itself"),
        paths => {
            let names: Vec<String> = paths
                .iter()
                .chain(paths.first())
                .map(|path| format!("`{path}`"))
                .collect();
            format!("these workflows call each other: {}", names.join(" → "))
        }
    };
    Diagnostic::error(codes::WORKFLOWS_CYCLE, &facts.file, last.span, message)
        .help("remove one of the calls; a circle has no end, whatever its conditions say")
}
