//! `lockgate lock`: records which commit each version of a remote action is.
//!
//! What is recorded stays, whatever becomes of the tag: only `--update` takes another commit over, and `--check` tells
//! which versions have moved. So a change of the file is always somebody's wish, and one that a reviewer sees.
//!
//! A version that is removed and comes back is recorded as what it is then. So nothing is removed while a file has
//! mistakes that may hide its use: breaking a file and mending it again takes no moved tag over.

mod asking;
mod checking;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockgate_core::{Diagnostic, SourceFile, Span};
use lockgate_dialect::lock::{ActionVersion, FILE_NAME, Lock, Locked};

use crate::arguments::LockArguments;
use crate::exit::{Exit, Failure};
use crate::project::Folders;
use crate::render::{diagnostics, out};
use crate::replace::replace;
use crate::workflows;

use asking::Answer;
use used::UsedVersions;

pub(crate) fn run(directory: &Path, arguments: &LockArguments) -> Result<Exit, Failure> {
    let folders = Folders::find(directory)?;
    let used = UsedVersions::of_project(&folders)?;
    let path = folders.root.join(FILE_NAME);
    let recorded = Recorded::read(&folders.root, &path)?;
    if arguments.check {
        return checking::check(&recorded, &used, &arguments.actions_url);
    }
    if !used.unread().is_empty() {
        let help = "nothing is changed: nobody knows what a file uses that is no YAML; mend it first";
        return Err(diagnostics::failure(used.unread()).help(help));
    }
    let wanted = wanted(&recorded.lock, &used, arguments)?;
    let answers = asking::ask(&arguments.actions_url, &wanted);
    let mut lock = recorded.lock.clone();
    let mut changes = Changes::default();
    for (version, answer) in answers {
        let found = answer.map_err(|refused| used.place_of(&version, refused.into()))?;
        changes.note(&version, lock.get(&version), &found);
        lock.insert(version, found.into());
    }
    let unused: Vec<ActionVersion> = lock.iter().map(|(version, _)| version.clone()).collect();
    for version in unused.iter().filter(|version| !used.contains(version)) {
        if let Some(doubt) = used.doubt_about_rest() {
            changes.keep(version, doubt);
            continue;
        }
        changes.lines.push(format!("- {version}"));
        lock.remove(version);
    }
    write(&path, &recorded, &lock, &changes)?;
    Ok(Exit::Ok)
}

/// The lock file as it is.
struct Recorded {
    /// What was read; none when there is no file.
    file: Option<SourceFile>,
    lock: Lock,
}

impl Recorded {
    fn read(root: &Path, path: &Path) -> Result<Self, Failure> {
        if !path.exists() {
            return Ok(Self {
                file: None,
                lock: Lock::default(),
            });
        }
        let file = workflows::read(root, path)?.map_err(|mistake| diagnostics::failure(&[*mistake]))?;
        let (lock, mistakes) = Lock::read(&file);
        if mistakes.is_empty() {
            return Ok(Self { file: Some(file), lock });
        }
        // What cannot be read would be lost, and with it what it was.
        let help = format!(
            "mend it, or remove `{}` to have every version asked for anew",
            path.display()
        );
        Err(diagnostics::failure(&mistakes).help(help))
    }
}

/// Returns the versions to ask for: those that are not recorded, and those that are to be updated.
fn wanted(lock: &Lock, used: &UsedVersions, arguments: &LockArguments) -> Result<BTreeSet<ActionVersion>, Failure> {
    let Some(named) = &arguments.update else {
        return Ok(used
            .iter()
            .filter(|version| lock.get(version).is_none())
            .cloned()
            .collect());
    };
    if named.is_empty() {
        return Ok(used.iter().cloned().collect());
    }
    let mut wanted: BTreeSet<ActionVersion> = used
        .iter()
        .filter(|version| lock.get(version).is_none())
        .cloned()
        .collect();
    for name in named {
        let asked = ActionVersion::parse(name);
        let is_meant = |version: &&ActionVersion| {
            asked.as_ref() == Some(*version) || version.repository.eq_ignore_ascii_case(name)
        };
        let matching: Vec<&ActionVersion> = used.iter().filter(is_meant).collect();
        if matching.is_empty() {
            let failure = Failure::usage(format!("no workflow and no action of the project uses `{name}`"));
            let known: Vec<String> = used.iter().map(|version| format!("`{version}`")).collect();
            return Err(failure.help(match known.as_slice() {
                [] => "none uses any action of another repository by a tag or a branch".to_owned(),
                known => format!("used are {}", known.join(", ")),
            }));
        }
        wanted.extend(matching.into_iter().cloned());
    }
    Ok(wanted)
}

/// What becomes of the file, as lines.
#[derive(Default)]
struct Changes {
    lines: Vec<String>,
}

impl Changes {
    fn note(&mut self, version: &ActionVersion, before: Option<&Locked>, now: &Answer) {
        let short = |commit: &str| commit.get(..10).unwrap_or(commit).to_owned();
        let commit = short(&now.commit);
        match before {
            None => self.lines.push(format!("+ {version}  {commit} ({})", now.reference)),
            Some(before) if before.commit != now.commit => {
                self.lines.push(format!(
                    "~ {version}  {} → {commit} ({})",
                    short(&before.commit),
                    now.reference
                ));
            }
            Some(_) => {}
        }
    }

    fn keep(&mut self, version: &ActionVersion, doubt: &Diagnostic) {
        self.lines.push(format!(
            "= {version}  kept: nothing that was read uses it, but a file with a mistake may: {}",
            doubt.in_one_line()
        ));
    }
}

fn write(path: &Path, recorded: &Recorded, lock: &Lock, changes: &Changes) -> Result<(), Failure> {
    for line in &changes.lines {
        out::result(line);
    }
    let count = lock.iter().count();
    let versions = if count == 1 {
        "1 version".to_owned()
    } else {
        format!("{count} versions")
    };
    // A file that records the same stays as its people have written it.
    if lock.records_same(&recorded.lock) {
        out::result(format_args!("{FILE_NAME}: nothing to change, {versions}"));
        return Ok(());
    }
    replace(path, &lock.to_text())
        .map_err(|error| Failure::usage(format!("cannot write `{}`", path.display())).because(&error))?;
    out::result(format_args!("{FILE_NAME}: written, {versions}"));
    Ok(())
}

impl From<Answer> for Locked {
    fn from(answer: Answer) -> Self {
        Self {
            reference: Some(answer.reference),
            commit: answer.commit,
            tree: answer.tree,
            span: Span::default(),
        }
    }
}

/// Versions by the repository that they are of.
fn by_repository<'v>(
    versions: impl IntoIterator<Item = &'v ActionVersion>,
) -> BTreeMap<&'v str, Vec<&'v ActionVersion>> {
    let mut grouped: BTreeMap<&str, Vec<&ActionVersion>> = BTreeMap::new();
    for version in versions {
        grouped.entry(&version.repository).or_default().push(version);
    }
    grouped
}
