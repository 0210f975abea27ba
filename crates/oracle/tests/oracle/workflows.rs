//! Workflow and action files: accepted or refused as GitHub's own reader does.
//!
//! Compared is the verdict. Where it differs, every mistake that the refusing side names has to be one of the known
//! [`disagreement`]s, each of which says what GitHub documents.

mod disagreement;
mod mutant;
mod package;
mod schema;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_dialect::github::{self, action};
use lockgate_oracle::{Oracle, OracleError, Script, leave_out};
use serde_json::json;

use disagreement::DISAGREEMENTS;

/// The wish to compare every mutant, which takes minutes.
const ALL: &str = "LOCKGATE_ALL_MUTANTS";

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Workflow,
    Action,
}

/// A file that both read.
#[derive(Clone, Debug)]
struct Case {
    name: String,
    kind: Kind,
    text: String,
}

/// A mistake that one of the two names.
#[derive(Clone, Debug)]
struct Mistake {
    code: &'static str,
    message: String,
    line: usize,
}

/// What both say about the same file.
struct Pair<'a> {
    case: &'a Case,
    ours: Vec<Mistake>,
    theirs: Vec<Mistake>,
}

impl Kind {
    fn of(file: &str) -> Self {
        let is_action = file.starts_with("action");
        if is_action { Self::Action } else { Self::Workflow }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Action => "action",
        }
    }
}

impl Case {
    fn ours(&self) -> Vec<Mistake> {
        let file = SourceFile::new(format!("{}.yml", self.kind.word()), self.text.as_str());
        let diagnostics = match self.kind {
            Kind::Workflow => github::lower(&file).diagnostics,
            Kind::Action => action::lower(&file).diagnostics,
        };
        let errors = diagnostics
            .into_iter()
            .filter(|found| found.severity == Severity::Error);
        errors
            .map(|found: Diagnostic| Mistake {
                code: found.code,
                line: found.file.position(found.span.start).0,
                message: found.message,
            })
            .collect()
    }
}

impl Pair<'_> {
    /// Returns the mistakes of the side that refuses while the other accepts.
    fn disputed(&self) -> &[Mistake] {
        match (self.ours.is_empty(), self.theirs.is_empty()) {
            (true, false) => &self.theirs,
            (false, true) => &self.ours,
            _ => &[],
        }
    }

    fn tell(&self) -> String {
        let side = if self.ours.is_empty() {
            "only they refuse"
        } else {
            "only we refuse"
        };
        let mistakes: Vec<String> = self
            .disputed()
            .iter()
            .map(|found| format!("    {} line {}: {}", found.code, found.line, found.message))
            .collect();
        format!("{}: {side}\n{}", self.case.name, mistakes.join("\n"))
    }
}

/// Returns the reference implementation, or notes that `what` is left out for want of it.
fn oracle(what: &str) -> Option<Oracle> {
    Oracle::install().map_err(|error| leave_out(what, &error)).ok()
}

/// Compares the verdicts on `cases`, prints the counts, and fails at a difference that has no name.
#[track_caller]
fn compare(oracle: &Oracle, what: &str, cases: &[Case]) {
    let pairs = judge(oracle, cases);
    let accepted = pairs
        .iter()
        .filter(|pair| pair.ours.is_empty() && pair.theirs.is_empty());
    let refused = pairs
        .iter()
        .filter(|pair| !pair.ours.is_empty() && !pair.theirs.is_empty());
    println!(
        "{what}: {} files, accepted by both {}, refused by both {}",
        pairs.len(),
        accepted.count(),
        refused.count()
    );
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained: Vec<String> = Vec::new();
    for pair in pairs.iter().filter(|pair| !pair.disputed().is_empty()) {
        let names: Option<Vec<&str>> = pair
            .disputed()
            .iter()
            .map(|mistake| {
                let known = DISAGREEMENTS.iter().find(|known| known.explains(pair, mistake));
                known.map(|known| known.name)
            })
            .collect();
        match names {
            Some(names) => *named.entry(names[0]).or_default() += 1,
            None => unexplained.push(pair.tell()),
        }
    }
    for (name, count) in &named {
        let known = DISAGREEMENTS.iter().find(|known| known.name == *name);
        println!("  {count:6} {name}: {}", known.map_or("", |known| known.reason));
    }
    assert!(
        unexplained.is_empty(),
        "{} of {} have no explanation:\n{}",
        unexplained.len(),
        pairs.len(),
        unexplained.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}

fn judge<'a>(oracle: &Oracle, cases: &'a [Case]) -> Vec<Pair<'a>> {
    let questions: Vec<_> = cases
        .iter()
        .map(|case| json!({ "kind": case.kind.word(), "text": case.text }))
        .collect();
    let answers = oracle.ask(Script::WORKFLOWS, &questions).unwrap();
    let pairs = cases.iter().zip(answers).map(|(case, answer)| Pair {
        case,
        ours: case.ours(),
        theirs: answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| Mistake {
                code: "theirs",
                message: error["message"].as_str().unwrap().to_owned(),
                line: error["line"].as_u64().unwrap() as usize,
            })
            .collect(),
    });
    pairs.collect()
}

/// Returns the files of our own corpus in `folder`.
fn corpus(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../dialect/tests/corpus")
        .join(folder);
    let mut cases: Vec<Case> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            Case {
                kind: Kind::of(&name),
                name,
                text: std::fs::read_to_string(path).unwrap(),
            }
        })
        .collect();
    cases.sort_by(|left, right| left.name.cmp(&right.name));
    cases
}

#[test]
fn our_own_corpus_has_the_same_verdicts() {
    let mut cases = [corpus("ok"), corpus("err")].concat();
    // It writes out every alias, and would not end.
    cases.retain(|case| case.name != "yaml_alias_bomb.yml");
    assert!(cases.len() > 50);
    let Some(oracle) = oracle("our own corpus") else { return };
    compare(&oracle, "our own corpus", &cases);
}

#[test]
fn mutated_files_have_the_same_verdicts() {
    let Some(oracle) = oracle("mutated files") else { return };
    let mut cases: Vec<Case> = corpus("ok").iter().flat_map(mutant::of).collect();
    println!("{} mutants; {ALL}=1 compares all of them", cases.len());
    if std::env::var_os(ALL).is_none() {
        cases.retain(|case| mutant::is_chosen(&case.name));
    }
    assert!(cases.len() >= 5_000, "only {} files", cases.len());
    compare(&oracle, "mutated files", &cases);
}

#[test]
fn the_workflows_of_packages_have_the_same_verdicts() {
    let what = "the workflow files of packages";
    let Some(oracle) = oracle(what) else { return };
    let folder = oracle.folder().with_file_name("packages");
    if let Err(told) = package::fetch(&folder) {
        leave_out(what, &OracleError::Install(told));
        return;
    }
    let cases = package::files(&package::npm_folder(&folder));
    let packages: BTreeSet<&str> = cases.iter().filter_map(|case| case.name.split('/').next()).collect();
    println!("{} distinct files of {} packages", cases.len(), packages.len());
    assert!(cases.len() >= 300, "only {} distinct files", cases.len());
    compare(&oracle, what, &cases);
}
