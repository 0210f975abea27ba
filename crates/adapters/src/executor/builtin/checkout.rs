//! `actions/checkout`: the repository's files in the workspace, with a repository of its own.
//!
//! The workspace's repository borrows the objects of the user's (`git clone --shared`), so
//! that it costs nothing and has the whole history: `git describe` and `git log` work, at
//! any `fetch-depth`. In a run of the working tree the files come with their edits, by what
//! Git lists as tracked or not ignored; otherwise a commit is checked out.

mod git;
mod push;
mod tree;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::context::{Context, Done, Failure, Flag};
use crate::executor::inside::{Outside, inside};
use crate::executor::options::Source;
use crate::executor::refusal::SystemChanges;
use git::Git;

/// What is to be brought.
enum Wanted {
    /// The user's files with their edits.
    WorkingTree,
    /// A commit, on a branch when it has one.
    Commit { sha: String, branch: Option<String> },
}

/// Brings the files.
pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Failure> {
    refuse_what_is_not_done(context)?;
    warn_of_what_has_no_effect(context);
    let target = target(context)?;
    let git = Git::new(context.run)?;
    let source = context.run.options.source.path().to_owned();
    let top = git.top(&source);
    if context.flag("clean", Flag::On)? == Flag::On {
        empty(&target)?;
    }
    fs::create_dir_all(&target)?;
    let Some(top) = top else {
        return without_repository(context, &source, &target);
    };
    let wanted = wanted(context, &git, &top)?;
    let origin = git.borrow_repository(&top, &target, &context.job.private())?;
    if context.run.options.system == SystemChanges::Refused {
        push::refuse(&target.join(".git"), &origin, context.job.root())?;
    }
    context.go_on()?;
    match &wanted {
        Wanted::WorkingTree => {
            git.adopt_index(&top, &target)?;
            let names = git.working_files(&top)?;
            let copied = tree::copy(&top, &target, &names, &Skipping::new(context))?;
            context.say(&format!(
                "{copied} {} of the working tree {}, with what is not committed",
                if copied == 1 { "file" } else { "files" },
                top.display()
            ));
        }
        Wanted::Commit { sha, branch } => {
            git.check_out(&target, sha, branch.as_deref())?;
            context.say(&format!("commit {sha}"));
        }
    }
    context.go_on()?;
    let mut done = Done::default();
    let (reference, commit) = match wanted {
        Wanted::WorkingTree => (context.variable("GITHUB_REF").to_owned(), git.head(&target)),
        Wanted::Commit { sha, branch } => (branch.unwrap_or_else(|| sha.clone()), Some(sha)),
    };
    done.outputs.insert("ref".to_owned(), reference);
    done.outputs.insert("commit".to_owned(), commit.unwrap_or_default());
    Ok(done)
}

/// Returns the folder for the files, which lies in the workspace, as with the original.
fn target(context: &Context<'_>) -> Result<PathBuf, Failure> {
    let workspace = context.job.workspace();
    inside(&workspace, &workspace, context.input("path")).map_err(|error| match error {
        Outside::Path(given) => Failure::refused(format!(
            "`path: {given}` leads out of the workspace: checkout brings files into the workspace only, so write a path \
             below it"
        )),
        error @ Outside::Look(..) => error.into(),
    })
}

/// What must not be copied, and when to stop.
struct Skipping<'a, 'c> {
    context: &'a Context<'c>,
}

impl<'a, 'c> Skipping<'a, 'c> {
    fn new(context: &'a Context<'c>) -> Self {
        Self { context }
    }
}

impl tree::Guard for Skipping<'_, '_> {
    fn skips(&self, path: &Path) -> bool {
        // A run that keeps its folder in the working tree must not copy itself.
        path.starts_with(&self.context.run.options.home) || path.starts_with(&self.context.run.options.caches)
    }

    fn go_on(&self) -> bool {
        self.context.go_on().is_ok()
    }
}

fn without_repository(context: &mut Context<'_>, source: &Path, target: &Path) -> Result<Done, Failure> {
    if !matches!(context.run.options.source, Source::WorkingTree { .. }) || !context.input("ref").is_empty() {
        return Err(Failure::refused(format!(
            "{} is no Git repository, so there is no commit to check out: create one with `git init` and a first commit",
            source.display()
        )));
    }
    let names = tree::all_files(source)?;
    let copied = tree::copy(source, target, &names, &Skipping::new(context))?;
    context.say(&format!(
        "{copied} files of {}, which is no Git repository",
        source.display()
    ));
    Ok(Done::default())
}

fn wanted(context: &Context<'_>, git: &Git, top: &Path) -> Result<Wanted, Failure> {
    let reference = context.variable("GITHUB_REF");
    let short = reference
        .strip_prefix("refs/heads/")
        .or_else(|| reference.strip_prefix("refs/tags/"));
    let given = context.input("ref");
    let own = [
        "",
        reference,
        short.unwrap_or_default(),
        context.variable("GITHUB_SHA"),
        context.variable("GITHUB_HEAD_REF"),
    ];
    if !own.contains(&given) {
        let (sha, branch) = git.resolve(top, given)?;
        return Ok(Wanted::Commit { sha, branch });
    }
    Ok(match &context.run.options.source {
        Source::WorkingTree { .. } => Wanted::WorkingTree,
        Source::Commit { sha, .. } => Wanted::Commit {
            sha: sha.clone(),
            branch: reference.strip_prefix("refs/heads/").map(str::to_owned),
        },
    })
}

fn refuse_what_is_not_done(context: &Context<'_>) -> Result<(), Failure> {
    let repository = context.input("repository");
    let own = &context.run.options.repository;
    if !repository.is_empty() && !repository.eq_ignore_ascii_case(own) {
        return Err(Failure::refused(format!(
            "`repository: {repository}` is another repository than `{own}`: fetch it with `git clone` in a `run` step"
        )));
    }
    let submodules = context.input("submodules");
    if !["", "false"].contains(&submodules.to_lowercase().as_str()) {
        return Err(Failure::refused(format!(
            "`submodules: {submodules}` is not supported: leave it out, and add a `run` step with `git submodule update \
             --init --recursive`"
        )));
    }
    Ok(())
}

fn warn_of_what_has_no_effect(context: &mut Context<'_>) {
    if !context.input("sparse-checkout").is_empty() {
        context.warning(
            "`sparse-checkout` has no effect: every file is checked out all the same, so the job has more files than it \
             asked for",
        );
    }
    if !["", "false"].contains(&context.input("lfs").to_lowercase().as_str()) {
        context.warning(
            "`lfs` has no effect: files of Git LFS are not fetched; add a `run` step with `git lfs pull`, unless the \
             files are in the working tree that is run",
        );
    }
}

/// Removes what is in the folder, as the original does before the first checkout.
fn empty(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
