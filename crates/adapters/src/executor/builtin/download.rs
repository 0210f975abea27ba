//! `actions/download-artifact`.

use globset::GlobBuilder;

use super::context::{Context, Done, Failure, Flag};
use crate::executor::artifact::{ArtifactStore, StoredArtifact};
use crate::executor::inside::inside;

/// Unpacks one artifact, those of a pattern, or all.
pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Failure> {
    refuse_others(context)?;
    let target = inside(context.job.root(), &context.job.workspace(), context.input("path"))?;
    let store = ArtifactStore::new(context.run.options.artifacts.clone());
    let merge = context.flag("merge-multiple", Flag::Off)?;
    let name = context.input("name").to_owned();
    let wanted = if name.is_empty() {
        let pattern = context.input("pattern").to_owned();
        let all = by_pattern(store.list()?, &pattern)?;
        context.say(&format!("Found {} artifact(s)", all.len()));
        if all.is_empty() && !pattern.is_empty() {
            context.warning(&format!("No artifact of this run has a name like `{pattern}`"));
        }
        all
    } else {
        vec![one(&store, &name)?]
    };
    for artifact in &wanted {
        context.go_on()?;
        let folder = if name.is_empty() && merge == Flag::Off {
            inside(context.job.root(), &target, &artifact.name)?
        } else {
            target.clone()
        };
        context.say(&format!(
            "Downloading artifact {} to {}",
            artifact.name,
            folder.display()
        ));
        store.unpack(artifact, &folder)?;
    }
    std::fs::create_dir_all(&target)?;
    context.say(&format!("Total of {} artifact(s) downloaded", wanted.len()));
    let mut done = Done::default();
    let path = target.to_string_lossy().into_owned();
    done.outputs.insert("download-path".to_owned(), path);
    Ok(done)
}

fn one(store: &ArtifactStore, name: &str) -> Result<StoredArtifact, Failure> {
    if let Some(artifact) = store.find(name)? {
        return Ok(artifact);
    }
    let names: Vec<String> = store
        .list()?
        .into_iter()
        .map(|artifact| format!("`{}`", artifact.name))
        .collect();
    let known = if names.is_empty() {
        "no artifact was uploaded in this run yet: does the job need the one that uploads it?".to_owned()
    } else {
        format!("this run has {}", names.join(", "))
    };
    Err(Failure::refused(format!(
        "Unable to download artifact(s): Artifact not found for name: {name}; {known}"
    )))
}

fn by_pattern(mut all: Vec<StoredArtifact>, pattern: &str) -> Result<Vec<StoredArtifact>, Failure> {
    if !pattern.is_empty() {
        let matcher = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()?
            .compile_matcher();
        all.retain(|artifact| matcher.is_match(&artifact.name));
    }
    Ok(all)
}

fn refuse_others(context: &Context<'_>) -> Result<(), Failure> {
    for (input, own) in [
        ("run-id", context.variable("GITHUB_RUN_ID")),
        ("repository", context.run.options.repository.as_str()),
    ] {
        let given = context.input(input);
        if !given.is_empty() && !given.eq_ignore_ascii_case(own) {
            return Err(Failure::refused(format!(
                "`{input}: {given}` names another run: only artifacts of this run can be downloaded; upload it here, or \
                 fetch it in a `run` step"
            )));
        }
    }
    if context.input("artifact-ids").is_empty() {
        return Ok(());
    }
    Err(Failure::refused(
        "`artifact-ids` is not supported: name the artifact with `name` or `pattern`",
    ))
}
