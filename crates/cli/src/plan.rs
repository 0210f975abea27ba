//! `lockgate plan`: what an event would run, and why not the rest.

mod told;
mod view;

use std::path::Path;

use crate::arguments::{PlanArguments, PlanFormat};
use crate::exit::{Exit, Failure};
use crate::planning::{self, Context, Request};
use crate::project::Project;
use crate::render::out;

/// Prints the plans of the workflows, or why they do not start.
pub(crate) fn run(directory: &Path, arguments: &PlanArguments) -> Result<Exit, Failure> {
    let project = Project::find(directory, crate::config::project_name)?;
    let request = Request {
        project: &project,
        arguments: &arguments.workflow,
        replaced: planning::replaced_jobs(&project, arguments.workflow.workflow.as_deref())?,
        // What cannot be run is not written out in full either: a container would be lost.
        is_draft: !arguments.expanded,
        run: "1",
    };
    let mut context = Context::read(&request)?;
    if let Some(file) = &arguments.outputs {
        context.known = told::read(file)?;
    }
    let candidates = planning::candidates(&request, &context)?;
    let text = if arguments.expanded {
        document(&view::expanded(&candidates)?)
    } else {
        match arguments.format() {
            PlanFormat::Tree => {
                let now = jiff::Timestamp::now();
                line(&view::tree(&candidates, &arguments.workflow.event, now))
            }
            PlanFormat::Json => out::pretty(&view::json(&candidates)),
            PlanFormat::Svg => document(&view::svg(&candidates)),
            PlanFormat::Mermaid => document(&view::mermaid(&candidates)),
        }
    };
    match &arguments.output {
        Some(file) => std::fs::write(file, &text)
            .map_err(|error| Failure::usage(format!("cannot write `{}`", file.display())).because(&error))?,
        None => out::as_it_is(&text),
    }
    Ok(Exit::Ok)
}

fn document(text: &str) -> String {
    format!("{}\n", out::in_document(text))
}

fn line(text: &str) -> String {
    format!("{}\n", out::hidden(text))
}
