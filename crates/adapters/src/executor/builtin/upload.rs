//! `actions/upload-artifact`.

use std::path::{Path, PathBuf};

use super::context::{Context, Done, Failure, Flag};
use crate::executor::archive::{Times, pack};
use crate::executor::artifact::{ArtifactStore, Taken};
use crate::executor::glob::{Found, Globs, Kind, Links};
use crate::executor::inside::check_links;
use lockgate_pipeline::run::input::UploadedArtifact;

/// Stores what the patterns find.
pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Failure> {
    let name = match context.input("name") {
        "" => "artifact".to_owned(),
        name => name.to_owned(),
    };
    let patterns = context.required("path")?;
    let missing = context.input("if-no-files-found").to_owned();
    if !["", "warn", "error", "ignore"].contains(&missing.as_str()) {
        return Err(Failure::refused(format!(
            "Unrecognized if-no-files-found input `{missing}`: it must be warn, error or ignore"
        )));
    }
    let taken = match context.flag("overwrite", Flag::Off)? {
        Flag::On => Taken::Overwrite,
        Flag::Off => Taken::Refuse,
    };
    let hidden = context.flag("include-hidden-files", Flag::Off)?;
    let (root, files) = search(context, &patterns, hidden)?;
    if files.is_empty() {
        return nothing_found(context, &patterns, &missing);
    }
    context.say(&format!(
        "With the provided path, there will be {} file{} uploaded",
        files.len(),
        if files.len() == 1 { "" } else { "s" }
    ));
    store(context, &name, (&root, &files), taken)
}

fn store(
    context: &mut Context<'_>,
    name: &str,
    (root, files): (&Path, &[Found]),
    taken: Taken,
) -> Result<Done, Failure> {
    context.go_on()?;
    let store = ArtifactStore::new(context.run.options.artifacts.clone());
    let draft = store.draft(context.step.attempt.as_str())?;
    let packed = pack(root, files, &draft, Times::Drop)?;
    let names = files
        .iter()
        .filter_map(|file| file.path.strip_prefix(root).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    context.go_on()?;
    let stored = store.put(name, &draft, &packed, (names, taken))?;
    context.say(&format!(
        "Artifact {name} has been stored: {} bytes, {}",
        stored.size, stored.digest
    ));
    let mut done = Done::default();
    let url = format!("file://{}", store.bytes_of(&stored).display());
    done.outputs.insert("artifact-id".to_owned(), stored.id().to_string());
    done.outputs.insert("artifact-url".to_owned(), url);
    let digest = stored.digest.trim_start_matches("sha256:").to_owned();
    done.outputs.insert("artifact-digest".to_owned(), digest);
    done.artifacts.push(UploadedArtifact::from(&stored));
    Ok(done)
}

/// Returns the files, and the folder that their names in the artifact are relative to.
fn search(context: &Context<'_>, patterns: &str, hidden: Flag) -> Result<(PathBuf, Vec<Found>), Failure> {
    let job = context.job.root();
    let globs = Globs::parse(patterns, &context.job.workspace(), &context.run.options.user.home)?;
    let starts = globs.search_paths();
    for start in &starts {
        if !start.starts_with(job) {
            return Err(Failure::refused(format!(
                "`{}` lies outside of the job's folder: copy what is to be uploaded into the workspace or into the \
                 folder for temporary files (`runner.temp`)",
                start.display()
            )));
        }
    }
    let mut files: Vec<Found> = globs.find(Links::Follow)?;
    files.retain(|found| found.kind == Kind::File);
    if hidden == Flag::Off {
        files.retain(|found| !is_hidden(&found.path, &starts, &context.job.workspace()));
    }
    for file in &files {
        check_links(job, &file.path, &file.path.to_string_lossy())?;
    }
    let root = match (starts.as_slice(), files.as_slice()) {
        ([start], [file]) if *start == file.path => file.path.parent().unwrap_or(start).to_owned(),
        ([start], _) => start.clone(),
        _ => common_folder(&starts),
    };
    Ok((root, files))
}

/// A file is hidden when it, or a folder from the start of the search on, begins with a point.
fn is_hidden(path: &Path, starts: &[PathBuf], workspace: &Path) -> bool {
    let Some(start) = starts.iter().find(|start| path.starts_with(start)) else {
        return false;
    };
    let above = if start == workspace {
        workspace
    } else {
        start.parent().unwrap_or(start)
    };
    path.strip_prefix(above)
        .unwrap_or(path)
        .components()
        .any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}

/// The least common ancestor of where the searches begin.
fn common_folder(starts: &[PathBuf]) -> PathBuf {
    let Some((first, rest)) = starts.split_first() else {
        return PathBuf::from("/");
    };
    first
        .ancestors()
        .find(|ancestor| rest.iter().all(|start| start.starts_with(ancestor)))
        .unwrap_or(Path::new("/"))
        .to_owned()
}

fn nothing_found(context: &mut Context<'_>, patterns: &str, missing: &str) -> Result<Done, Failure> {
    let message = format!("No files were found with the provided path: {patterns}. No artifacts will be uploaded.");
    match missing {
        "error" => return Err(Failure::refused(message)),
        "ignore" => context.say(&message),
        _ => context.warning(&message),
    }
    Ok(Done::default())
}
