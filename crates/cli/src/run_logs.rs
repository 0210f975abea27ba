//! `lockgate logs --run`: the kept logs of a run, job by job and step by step.

use std::io::Write;
use std::path::Path;

use lockgate_adapters::run::RunFolders;

use crate::config;
use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::project::Project;
use crate::render::log_line::readable;
use crate::run::identity;

/// Prints the logs of a run of this project; `last` is the newest.
pub(crate) fn print(directory: &Path, run: &str) -> Result<Exit, Failure> {
    let project = Project::find(directory, config::project_name)?;
    let runs = RunFolders::new(Home::find()?.folder()).runs(&identity(&project));
    let known = names(&runs);
    let name = match run {
        "last" => known.last().cloned(),
        name => known.iter().find(|known| *known == name).cloned(),
    };
    let name = name.ok_or_else(|| {
        let failure = Failure::usage(format!("there is no run `{run}` of {}", project.name));
        match known
            .iter()
            .rev()
            .take(5)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
        {
            newest if newest.is_empty() => failure.help("`lockgate run` makes one"),
            newest => failure.help(format!("the newest are: {newest}")),
        }
    })?;
    let logs = runs.join(name).join("logs");
    for job in names(&logs) {
        for step in names(&logs.join(&job))
            .iter()
            .filter(|step| Path::new(step).extension().is_some_and(|end| end == "log"))
        {
            let path = logs.join(&job).join(step);
            let text = std::fs::read(&path)
                .map_err(|error| Failure::unavailable(format!("cannot read `{}`", path.display())).because(&error))?;
            show(&job, step.trim_end_matches(".log"), &text);
        }
    }
    Ok(Exit::Ok)
}

fn show(job: &str, step: &str, text: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    for line in String::from_utf8_lossy(text).lines().filter_map(readable) {
        // A reader that went away is no failure.
        let _ = writeln!(stdout, "{job} › {step} | {line}");
    }
}

/// Returns the names in a folder in their order; none when it is not there.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
