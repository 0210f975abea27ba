//! `lockgate init`: a first `lockgate.yaml` from what is found, each guess named.

use std::path::Path;

use lockgate_core::SourceFile;
use lockgate_dialect::yaml::{self, Node};

use crate::arguments::InitArguments;
use crate::exit::{Exit, Failure};
use crate::project::{CONFIGURATION, Project};
use crate::render::out;
use crate::workflows;

/// What the folder told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    run: Option<(String, String)>,
    artifact: Option<(String, String)>,
    deploy_jobs: Vec<String>,
}

pub(crate) fn run(directory: &Path, arguments: &InitArguments) -> Result<Exit, Failure> {
    let project = Project::find(directory, |_| Ok(None))?;
    let path = project.root.join(CONFIGURATION);
    if path.exists() && !arguments.force {
        return Err(Failure::usage(format!("`{}` is there already", path.display()))
            .help("`lockgate init --force` replaces it"));
    }
    let found = look(&project.root);
    let text = write(&found);
    std::fs::write(&path, &text)
        .map_err(|error| Failure::unavailable(format!("cannot write `{}`", path.display())).because(&error))?;
    out::result(format_args!("wrote {}", path.display()));
    for (what, source) in guesses(&found) {
        out::result(format_args!("  {what}  (guessed from {source})"));
    }
    if found.run.is_none() {
        out::result("  run: is a placeholder: say how the application is started; it listens at the port in $PORT");
    }
    Ok(Exit::Ok)
}

fn guesses(found: &Found) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if let Some((run, source)) = &found.run {
        all.push((format!("run: {run}"), source.clone()));
    }
    if let Some((artifact, source)) = &found.artifact {
        all.push((format!("artifact: {artifact}"), source.clone()));
    }
    if !found.deploy_jobs.is_empty() {
        all.push((
            format!("replaces jobs: {}", found.deploy_jobs.join(", ")),
            "the names of the workflow's jobs".into(),
        ));
    }
    all
}

fn write(found: &Found) -> String {
    let run = found.run.as_ref().map_or("./server", |(run, _)| run.as_str());
    let artifact = found.artifact.as_ref().map_or(String::new(), |(artifact, _)| {
        format!("artifact: {artifact}   # of the workflow\n")
    });
    let replaces = match found.deploy_jobs.join(", ") {
        jobs if jobs.is_empty() => jobs,
        jobs => format!("replaces: {{ jobs: [{jobs}] }}   # what `lockgate ship` does itself\n"),
    };
    format!(
        "version: 1\nrun: {run}   # gets $PORT\nhealth: tcp   # or a path, such as /health\n{artifact}{replaces}\
         environments:\n  staging: {{}}\n  production: {{}}\n"
    )
}

/// Returns the names of the jobs of the project's workflows, and of those that a command was given.
pub(crate) fn jobs(root: &Path, given: Option<&Path>) -> Vec<String> {
    let mut files = all_jobs(root);
    if let Some(given) = given {
        let paths = workflows::select(root, Some(given)).unwrap_or_default();
        files.extend(paths.iter().filter_map(|path| jobs_of(root, path)));
    }
    let named = files.iter().flat_map(|(_, jobs)| jobs.as_mapping().unwrap_or_default());
    named.map(|job| job.key.name.clone()).collect()
}

fn look(root: &Path) -> Found {
    let mut found = Found::default();
    for (file, jobs) in all_jobs(root) {
        read_jobs(&jobs, &file, &mut found);
    }
    found.run = program(root, found.artifact.as_ref().map(|(artifact, _)| artifact.as_str()));
    found
}

/// Returns the jobs of every workflow file, with its name.
fn all_jobs(root: &Path) -> Vec<(String, Node)> {
    let paths = workflows::in_folder(&root.join(workflows::FOLDER)).unwrap_or_default();
    paths.iter().filter_map(|path| jobs_of(root, path)).collect()
}

/// Returns the jobs of a workflow file, with its name.
fn jobs_of(root: &Path, path: &Path) -> Option<(String, Node)> {
    let text = std::fs::read_to_string(path).ok()?;
    let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let (node, _) = yaml::parse(&SourceFile::new(name.as_str(), text));
    Some((name, node?.get("jobs")?.clone()))
}

/// Returns the names under which a job uploads; `None` for one that gives no name.
fn uploads_of(job: &Node) -> impl Iterator<Item = Option<&str>> {
    let steps = job.get("steps").and_then(Node::as_sequence).unwrap_or_default();
    let uploading = steps
        .iter()
        .filter(|step| text(step.get("uses")).is_some_and(|uses| uses.starts_with("actions/upload-artifact")));
    uploading.map(|step| step.get("with").and_then(|with| text(with.get("name"))))
}

fn read_jobs(jobs: &Node, file: &str, found: &mut Found) {
    for job in jobs.as_mapping().unwrap_or_default() {
        if job.key.name.contains("deploy") && !found.deploy_jobs.contains(&job.key.name) {
            found.deploy_jobs.push(job.key.name.clone());
        }
        let mut uploads = uploads_of(&job.value).flatten();
        if let (None, Some(name)) = (&found.artifact, uploads.next()) {
            found.artifact = Some((
                name.to_owned(),
                format!("the upload in job `{}` of {file}", job.key.name),
            ));
        }
    }
}

fn text(node: Option<&Node>) -> Option<&str> {
    node?.as_scalar().map(|scalar| scalar.text.as_str())
}

/// Returns what starts the application, and where that was seen.
fn program(root: &Path, artifact: Option<&str>) -> Option<(String, String)> {
    let read = |name: &str| std::fs::read_to_string(root.join(name)).ok();
    if let Some(manifest) = read("Cargo.toml") {
        let name = manifest
            .lines()
            .find_map(|line| line.trim().strip_prefix("name")?.trim().strip_prefix('='))?;
        return Some((
            format!("./{}", name.trim().trim_matches('"')),
            "the package in Cargo.toml".into(),
        ));
    }
    if read("package.json").is_some_and(|text| text.contains("\"start\"")) {
        return Some(("npm start".into(), "the script `start` in package.json".into()));
    }
    if read("go.mod").is_some() {
        let name = artifact.unwrap_or("server");
        return Some((format!("./{name}"), "go.mod".into()));
    }
    ["main.py", "app.py", "server.py"]
        .into_iter()
        .find(|name| root.join(name).is_file())
        .map(|name| (format!("python3 {name}"), format!("the file {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_becomes_a_configuration_that_reads() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join(workflows::FOLDER)).unwrap();
        let workflow = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/upload-artifact@v4\n        with: { name: shop, path: target/shop }\n  deploy-production:\n    runs-on: ubuntu-latest\n    steps: [{ run: ./deploy.sh }]\n";
        std::fs::write(root.join(workflows::FOLDER).join("ci.yml"), workflow).unwrap();
        std::fs::write(root.join("Cargo.toml"), "[package]\nname = \"shop\"\n").unwrap();
        let found = look(root);
        assert_eq!(found.run.as_ref().unwrap().0, "./shop");
        assert_eq!(found.artifact.as_ref().unwrap().0, "shop");
        assert_eq!(found.deploy_jobs, ["deploy-production"]);
        let file = SourceFile::new(CONFIGURATION, write(&found));
        let (configuration, diagnostics) = crate::config::read(&file, "shop");
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(configuration.unwrap().environments.len(), 2);
    }

    #[test]
    fn an_empty_folder_gives_a_placeholder_that_reads() {
        let folder = tempfile::tempdir().unwrap();
        let file = SourceFile::new(CONFIGURATION, write(&look(folder.path())));
        assert!(crate::config::read(&file, "shop").0.is_some());
    }
}
