//! What checkout asks of the `git` program.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lockgate_host::sys;

use super::super::context::Failure;
use crate::executor::run::Run;

/// The `git` program, with an environment of its own: no hooks, no questions, no ambient repository.
pub(super) struct Git {
    program: PathBuf,
    path: String,
    home: PathBuf,
}

impl Git {
    pub(super) fn new(run: &Run) -> Result<Self, Failure> {
        let program = run
            .program("git")
            .ok_or_else(|| Failure::refused("checkout needs `git`, which is not on the PATH: install it"))?;
        Ok(Self {
            program,
            path: run.options.user.path.clone(),
            home: run.options.user.home.clone(),
        })
    }

    /// Returns the top of the repository that holds `folder`.
    pub(super) fn top(&self, folder: &Path) -> Option<PathBuf> {
        let text = self.ask(folder, ["rev-parse", "--show-toplevel"]).ok()?;
        Some(PathBuf::from(text))
    }

    /// Returns the commit at HEAD.
    pub(super) fn head(&self, folder: &Path) -> Option<String> {
        self.ask(folder, ["rev-parse", "--verify", "--quiet", "HEAD"]).ok()
    }

    /// Puts a repository into `target` that borrows the objects of the one in `top`; returns the address of its origin.
    pub(super) fn borrow_repository(&self, top: &Path, target: &Path, private: &Path) -> Result<String, Failure> {
        let clone = private.join("clone");
        remove(&clone)?;
        let arguments = [
            OsStr::new("clone"),
            OsStr::new("--quiet"),
            OsStr::new("--shared"),
            OsStr::new("--no-checkout"),
            OsStr::new("--template="),
            OsStr::new("--"),
            top.as_os_str(),
            clone.as_os_str(),
        ];
        self.ask(private, arguments)?;
        let mut address = top.to_string_lossy().into_owned();
        if let Ok(origin) = self.ask(top, ["config", "--get", "remote.origin.url"]) {
            address = without_password(&origin);
            self.ask(&clone, ["config", "remote.origin.url", &address])?;
        }
        let own = target.join(".git");
        remove(&own)?;
        fs::rename(clone.join(".git"), own)?;
        remove(&clone)?;
        Ok(address)
    }

    /// Takes the index over, so that `git status` says what it says in the working tree.
    pub(super) fn adopt_index(&self, top: &Path, target: &Path) -> Result<(), Failure> {
        let index = self.ask(top, ["rev-parse", "--git-path", "index"])?;
        let index = top.join(index);
        if index.exists() {
            fs::copy(index, target.join(".git/index"))?;
        }
        Ok(())
    }

    /// Returns the paths, relative to `top`, that are tracked or not ignored.
    pub(super) fn working_files(&self, top: &Path) -> Result<Vec<PathBuf>, Failure> {
        let arguments = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--deduplicate",
        ];
        let output = self.output(top, arguments)?;
        let names = output.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect())
    }

    /// Returns the commit that `given` names, and the branch when it is one.
    pub(super) fn resolve(&self, top: &Path, given: &str) -> Result<(String, Option<String>), Failure> {
        let name = given.strip_prefix("refs/heads/").unwrap_or(given);
        let branches = [format!("refs/heads/{name}"), format!("refs/remotes/origin/{name}")];
        let others = [format!("refs/tags/{given}"), given.to_owned()];
        for (candidates, branch) in [(branches, Some(name.to_owned())), (others, None)] {
            for candidate in candidates {
                let commit = format!("{candidate}^{{commit}}");
                if let Ok(sha) = self.ask(top, ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]) {
                    return Ok((sha.lines().last().unwrap_or_default().to_owned(), branch));
                }
            }
        }
        Err(Failure::refused(format!(
            "`ref: {given}` names no branch, tag or commit of {}: fetch it with `git fetch origin {given}`",
            top.display()
        )))
    }

    /// Brings the files of a commit.
    pub(super) fn check_out(&self, target: &Path, sha: &str, branch: Option<&str>) -> Result<(), Failure> {
        match branch {
            Some(branch) => self.ask(target, ["checkout", "--quiet", "--force", "-B", branch, sha])?,
            None => self.ask(target, ["checkout", "--quiet", "--force", "--detach", sha])?,
        };
        Ok(())
    }

    fn ask<A: AsRef<OsStr>>(&self, folder: &Path, arguments: impl IntoIterator<Item = A>) -> Result<String, Failure> {
        let output = self.output(folder, arguments)?;
        Ok(String::from_utf8_lossy(&output).trim_end().to_owned())
    }

    fn output<A: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Vec<u8>, Failure> {
        let mut command = Command::new(&self.program);
        command
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "advice.detachedHead=false",
                "-C",
            ])
            .arg(folder)
            .args(arguments)
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", &self.home)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::null());
        sys::bound_to_parent(&mut command);
        let output = command.output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Failure::refused(format!("git could not do it: {said}")))
    }
}

fn without_password(url: &str) -> String {
    match url
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?.1)))
    {
        Some((scheme, rest)) => format!("{scheme}://{rest}"),
        None => url.to_owned(),
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => Ok(other?),
    }
}
