//! `lockgate check`: every mistake at once.

use std::path::{Path, PathBuf};

use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_dialect::github;

use crate::arguments::CheckArguments;
use crate::exit::{Exit, Failure};
use crate::project::{CONFIGURATION, Project};
use crate::render::{diagnostics, out};
use crate::{config, workflows};

pub(crate) fn run(directory: &Path, arguments: &CheckArguments) -> Result<Exit, Failure> {
    let project = Project::find(directory, |_| Ok(None))?;
    let files = if arguments.files.is_empty() {
        of_project(&project)?
    } else {
        arguments.files.clone()
    };
    let mut found = Vec::new();
    let mut read = 0;
    for path in &files {
        let path = directory.join(path);
        let paths = if path.is_dir() {
            workflows::select(&project.root, Some(&path))?
        } else {
            vec![path]
        };
        for path in paths {
            read += 1;
            match workflows::read(&project.root, &path)? {
                Ok(file) => found.extend(check(&file)),
                Err(mistake) => found.push(*mistake),
            }
        }
    }
    let broken = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if arguments.json {
        out::json(&diagnostics::to_json(&found));
    } else {
        for diagnostic in &found {
            out::result(format_args!("{}\n", diagnostics::draw(diagnostic, out::is_colourful())));
        }
        let plural = if read == 1 { "" } else { "s" };
        out::result(format_args!("{read} file{plural}: {}", diagnostics::summary(&found)));
    }
    Ok(if broken { Exit::Usage } else { Exit::Ok })
}

/// Returns the project's workflow files and its `lockgate.yaml`.
fn of_project(project: &Project) -> Result<Vec<PathBuf>, Failure> {
    let mut files = workflows::in_folder(&project.root.join(workflows::FOLDER)).unwrap_or_default();
    let configuration = project.root.join(CONFIGURATION);
    if configuration.is_file() {
        files.push(configuration);
    }
    if files.is_empty() {
        let message = format!("there is nothing to check in `{}`", project.root.display());
        let help = format!(
            "workflow files belong into {}; `lockgate init` writes a {CONFIGURATION}",
            workflows::FOLDER
        );
        return Err(Failure::usage(message).help(help));
    }
    Ok(files)
}

/// Returns the mistakes of one file, by what kind of file it is.
fn check(file: &SourceFile) -> Vec<Diagnostic> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    match name {
        CONFIGURATION => config::read(file, "application").1,
        "action.yml" | "action.yaml" => github::action::lower(file).diagnostics,
        _ => github::check(file),
    }
}
