//! The workflow files that packages carry in their sources: in cargo's cache and in npm's installed packages.
//!
//! Which packages is fixed by the locks in `packages`, which pin each of them by digest, and by the lock of this
//! workspace; cargo brings into its cache what is not there, npm into the target folder, and nothing of it is built. The files are read where they
//! lie and are no part of this repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::{Case, Kind};

const MANIFEST: &str = include_str!("../../../packages/packages.toml");
const LOCK: &str = include_str!("../../../packages/packages.lock");
const OWN_LOCK: &str = include_str!("../../../../../Cargo.lock");

/// The system whose packages are fetched; those of others would only be more.
const TARGET: &str = "x86_64-unknown-linux-gnu";

const NPM_MANIFEST: &str = include_str!("../../../packages/npm/package.json");
const NPM_LOCK: &str = include_str!("../../../packages/npm/package-lock.json");

/// Brings the packages into cargo's cache, and those of npm below `folder`.
///
/// # Errors
/// Returns what cargo or npm said.
pub(super) fn fetch(folder: &Path) -> Result<(), String> {
    let crates = Installation {
        folder: folder.join("crates"),
        files: &[("Cargo.toml", MANIFEST), ("Cargo.lock", LOCK), ("src/lib.rs", "")],
        program: env!("CARGO"),
        arguments: &["fetch", "--locked", "--quiet", "--target", TARGET],
    };
    if !crates.is_done() || !missing().is_empty() {
        crates.run()?;
    }
    let npm = Installation {
        folder: npm_folder(folder),
        files: &[("package.json", NPM_MANIFEST), ("package-lock.json", NPM_LOCK)],
        program: "npm",
        arguments: &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    };
    if npm.is_done() { Ok(()) } else { npm.run() }
}

/// Returns where the packages of npm lie.
pub(super) fn npm_folder(folder: &Path) -> PathBuf {
    folder.join("npm")
}

/// Returns the direct packages that are not in the cache.
fn missing() -> Vec<String> {
    let sources = sources();
    let direct = MANIFEST.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" = ")?;
        let version = rest.split('"').find(|part| part.starts_with('='))?;
        Some(format!("{name}-{}", &version[1..]))
    });
    direct
        .filter(|package| !sources.iter().any(|source| source.join(package).is_dir()))
        .collect()
}

/// Returns every workflow and action file below the `.github` of the packages, each content once.
pub(super) fn files(npm: &Path) -> Vec<Case> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    let sources = sources();
    for package in packages() {
        for source in &sources {
            let folder = source.join(&package);
            collect(&folder, &package, &mut found);
        }
    }
    collect(npm, "npm", &mut found);
    let mut contents = BTreeSet::new();
    let mut cases = Vec::new();
    for (name, path) in found {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if contents.insert(Sha256::digest(&text).to_vec()) {
            let file = path.file_name().unwrap().to_str().unwrap();
            let is_workflow = name.contains(".github/workflows/");
            let kind = if is_workflow { Kind::Workflow } else { Kind::of(file) };
            cases.push(Case { name, kind, text });
        }
    }
    cases
}

/// Returns the folders into which cargo unpacks packages.
fn sources() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let folders = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    folders
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect()
}

/// Packages that a program brings for the files in a folder.
struct Installation<'a> {
    folder: PathBuf,
    files: &'a [(&'a str, &'a str)],
    program: &'a str,
    arguments: &'a [&'a str],
}

impl Installation<'_> {
    fn digest(&self) -> String {
        let texts: Vec<&str> = self.files.iter().map(|(_, text)| *text).collect();
        format!("{:x}", Sha256::digest(texts.concat()))
    }

    fn is_done(&self) -> bool {
        fs::read_to_string(self.folder.join("installed")).is_ok_and(|digest| digest == self.digest())
    }

    fn run(&self) -> Result<(), String> {
        for (name, text) in self.files {
            let path = self.folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let output = Command::new(self.program)
            .args(self.arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", self.program))?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            return Err(told.lines().take(3).collect::<Vec<_>>().join("; "));
        }
        fs::write(self.folder.join("installed"), self.digest()).unwrap();
        Ok(())
    }
}

/// Returns `NAME-VERSION` of every package of both locks.
fn packages() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for lock in [LOCK, OWN_LOCK] {
        let mut name = "";
        for line in lock.lines() {
            let value = |key: &str| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"');
            if let Some(text) = value("name") {
                name = text;
            } else if let Some(version) = value("version") {
                found.insert(format!("{name}-{version}"));
            }
        }
    }
    found
}

/// Adds the files of `folder` that GitHub would read, by names that begin with `name`.
fn collect(folder: &Path, name: &str, found: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let (path, own) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let name = format!("{name}/{own}");
        if entry.file_type().unwrap().is_dir() {
            collect(&path, &name, found);
        } else if is_read(&name, &own) {
            found.insert(name, path);
        }
    }
}

fn is_read(path: &str, file: &str) -> bool {
    let extension = Path::new(file).extension();
    let is_yaml = extension.is_some_and(|extension| extension == "yml" || extension == "yaml");
    let in_workflows = path
        .rsplit_once('/')
        .is_some_and(|(folder, _)| folder.ends_with(".github/workflows"));
    is_yaml && (in_workflows || matches!(file, "action.yml" | "action.yaml"))
}
