//! `actions/cache`, and its halves `restore` and `save`.
//!
//! An entry belongs to a key and to a version, which is a digest of the paths: the same
//! key with other paths is another entry. Entries never change. They are published by
//! renaming a finished folder, so that a reader sees all of one or nothing.
//!
//! A path under the user's home is on this machine already and stays between runs: it is
//! kept in place, neither packed nor overwritten. A hit means that it is still there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use lockgate_host::durable;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::context::{Context, Done, Failure, Flag};
use crate::executor::archive::{Times, pack, unpack};
use crate::executor::glob::{Found, Globs, Links};
use crate::executor::hash_files::hexadecimal;
use crate::executor::workspace::private_folder;

/// GitHub's own limits.
const LONGEST_KEY: usize = 512;
const MOST_KEYS: usize = 10;

const PRIMARY: &str = "cache_key";
const MATCHED: &str = "cache_result";

/// Which outputs an action has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outputs {
    /// `cache-hit`.
    Hit,
    /// `cache-hit`, `cache-primary-key` and `cache-matched-key`.
    All,
}

/// One entry, as `entry.json` beside its archive says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    key: String,
    /// In milliseconds since 1970.
    created: u64,
    size: u64,
    /// Paths under the user's home.
    in_place: Vec<PathBuf>,
}

struct Paths {
    packed: Option<Globs>,
    in_place: Vec<PathBuf>,
    version: String,
}

/// Restores the entry of the key, or the newest of the first restore key that has one.
pub(super) fn restore(context: &mut Context<'_>, outputs: Outputs) -> Result<Done, Failure> {
    let key = context.required("key")?;
    let restore_keys: Vec<String> = context
        .input("restore-keys")
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    check_keys(&key, &restore_keys)?;
    let paths = paths(context)?;
    let folder = version_folder(context, &paths);
    let found = find(&folder, &key, &restore_keys)?;
    let mut done = Done::default();
    done.state.insert(PRIMARY.to_uppercase(), key.clone());
    if outputs == Outputs::All {
        done.outputs.insert("cache-primary-key".to_owned(), key.clone());
    }
    let Some(entry) = found else {
        return missed(context, done, &key, &restore_keys);
    };
    if context.flag("lookup-only", Flag::Off)? == Flag::Off {
        context.go_on()?;
        if let Err(cause) = unpack(&archive(&folder, &entry.key), context.job.root(), Times::Keep) {
            context.warning(&format!("Failed to restore: {cause}"));
            return missed(context, done, &key, &restore_keys);
        }
        context.say(&format!(
            "Cache restored from key: {} ({} bytes)",
            entry.key, entry.size
        ));
    } else {
        context.say(&format!("Cache found and can be restored from key: {}", entry.key));
    }
    let hit = if entry.key.eq_ignore_ascii_case(&key) {
        "true"
    } else {
        "false"
    };
    done.outputs.insert("cache-hit".to_owned(), hit.to_owned());
    if outputs == Outputs::All {
        done.outputs.insert("cache-matched-key".to_owned(), entry.key.clone());
    }
    done.state.insert(MATCHED.to_uppercase(), entry.key);
    Ok(done)
}

/// Saves now.
pub(super) fn save(context: &mut Context<'_>) -> Result<Done, Failure> {
    let key = context.required("key")?;
    publish(context, &key)?;
    Ok(Done::default())
}

/// Saves after the job what was not restored under the very key.
pub(super) fn save_after(context: &mut Context<'_>) -> Result<Done, Failure> {
    let key = match context.state.get(PRIMARY) {
        Some(key) => key.clone(),
        None => context.required("key")?,
    };
    if context
        .state
        .get(MATCHED)
        .is_some_and(|matched| matched.eq_ignore_ascii_case(&key))
    {
        context.say(&format!(
            "Cache hit occurred on the primary key {key}, not saving cache."
        ));
    } else if context.flag("lookup-only", Flag::Off)? == Flag::On {
        context.say("Only a lookup was wanted, not saving cache.");
    } else {
        publish(context, &key)?;
    }
    Ok(Done::default())
}

fn missed(context: &mut Context<'_>, done: Done, key: &str, restore_keys: &[String]) -> Result<Done, Failure> {
    if context.flag("fail-on-cache-miss", Flag::Off)? == Flag::On {
        return Err(Failure::refused(format!(
            "Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {key}"
        )));
    }
    let keys: Vec<&str> = std::iter::once(key)
        .chain(restore_keys.iter().map(String::as_str))
        .collect();
    context.say(&format!("Cache not found for input keys: {}", keys.join(", ")));
    Ok(done)
}

fn publish(context: &mut Context<'_>, key: &str) -> Result<(), Failure> {
    check_keys(key, &[])?;
    let paths = paths(context)?;
    let target = version_folder(context, &paths).join(folder_of(key));
    if target.exists() {
        context.say(&format!("The cache with key {key} is there already, not saving cache."));
        return Ok(());
    }
    let found: Vec<Found> = match &paths.packed {
        Some(globs) => globs.find(Links::Keep)?,
        None => Vec::new(),
    };
    if found.is_empty() && !paths.in_place.iter().any(|path| path.exists()) {
        context.warning(
            "Path Validation Error: Path(s) specified in the action for caching do(es) not exist, hence no cache is \
             being saved.",
        );
        return Ok(());
    }
    context.go_on()?;
    let draft = context
        .run
        .options
        .caches
        .join("drafts")
        .join(context.step.attempt.as_str());
    remove_folder(&draft)?;
    private_folder(&draft)?;
    let packed = pack(context.job.root(), &found, &draft.join("archive.tar.zst"), Times::Keep)?;
    let entry = Entry {
        key: key.to_owned(),
        created: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis() as u64,
        size: packed.size,
        in_place: paths.in_place,
    };
    fs::write(draft.join("entry.json"), serde_json::to_vec(&entry)?)?;
    if let Some(folder) = target.parent() {
        private_folder(folder)?;
    }
    context.go_on()?;
    match fs::rename(&draft, &target) {
        Ok(()) => context.say(&format!("Cache saved with key: {key} ({} bytes)", entry.size)),
        // Another job was first: its entry is as good.
        Err(_) if target.exists() => {
            remove_folder(&draft)?;
            context.say(&format!("The cache with key {key} is there already, not saving cache."));
        }
        Err(cause) => return Err(cause.into()),
    }
    Ok(())
}

fn find(folder: &Path, key: &str, restore_keys: &[String]) -> io::Result<Option<Entry>> {
    let mut entries = Vec::new();
    match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        all => {
            for entry in all? {
                let note = entry?.path().join("entry.json");
                match durable::read_json::<Entry>(&note) {
                    Ok(entry) => entries.extend(entry),
                    Err(cause) => tracing::warn!(path = %note.display(), %cause, "a cache entry is unreadable"),
                }
            }
        }
    }
    entries.retain(|entry| entry.in_place.iter().all(|path| path.exists()));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.created));
    let same = |entry: &&Entry| entry.key.eq_ignore_ascii_case(key);
    let like = |prefix: &str| {
        let prefix = prefix.to_lowercase();
        entries
            .iter()
            .find(|entry| entry.key.to_lowercase().starts_with(&prefix))
    };
    let found = entries.iter().find(same).or_else(|| like(key));
    let found = found.or_else(|| restore_keys.iter().find_map(|prefix| like(prefix)));
    Ok(found.cloned())
}

fn paths(context: &mut Context<'_>) -> Result<Paths, Failure> {
    let written = context.required("path")?;
    let home = context.run.options.user.home.clone();
    let workspace = context.job.workspace();
    let lines: Vec<&str> = written.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut packed = Vec::new();
    let mut in_place = Vec::new();
    for line in &lines {
        let positive = line.trim_start_matches('!').trim_start();
        let starts = Globs::parse(positive, &workspace, &home)?.search_paths();
        if starts.iter().all(|start| start.starts_with(context.job.root())) {
            packed.push(*line);
        } else if !line.starts_with('!') && starts.iter().all(|start| start.starts_with(&home)) {
            in_place.extend(starts);
        } else if !line.starts_with('!') {
            return Err(Failure::refused(format!(
                "`{line}` lies outside of the job's folder and of the home folder: cache a path in the workspace or in \
                 the folder for temporary files (`runner.temp`)"
            )));
        }
    }
    for path in &in_place {
        context.say(&format!(
            "{} stays on this machine between runs: kept in place",
            path.display()
        ));
    }
    let any_packed = packed
        .iter()
        .any(|line| !line.starts_with('!') && !line.starts_with('#'));
    let text = format!("{}|zstd-without-long|1.0", lines.join("|"));
    Ok(Paths {
        packed: any_packed
            .then(|| Globs::parse(&packed.join("\n"), &workspace, &home))
            .transpose()?,
        in_place,
        version: hexadecimal(&Sha256::digest(text)),
    })
}

fn check_keys(key: &str, restore_keys: &[String]) -> Result<(), Failure> {
    if restore_keys.len() + 1 > MOST_KEYS {
        return Err(Failure::refused(format!(
            "Key Validation Error: Keys are limited to a maximum of {MOST_KEYS}."
        )));
    }
    for key in std::iter::once(key).chain(restore_keys.iter().map(String::as_str)) {
        if key.len() > LONGEST_KEY {
            return Err(Failure::refused(format!(
                "Key Validation Error: {key} cannot be larger than {LONGEST_KEY} characters."
            )));
        }
        if key.contains(',') {
            return Err(Failure::refused(format!(
                "Key Validation Error: {key} cannot contain commas."
            )));
        }
    }
    Ok(())
}

fn version_folder(context: &Context<'_>, paths: &Paths) -> PathBuf {
    context.run.options.caches.join("entries").join(&paths.version)
}

fn folder_of(key: &str) -> String {
    hexadecimal(&Sha256::digest(key.to_lowercase()))
}

fn archive(folder: &Path, key: &str) -> PathBuf {
    folder.join(folder_of(key)).join("archive.tar.zst")
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
