//! `lockgate.yaml`: read with every mistake at once, completed with the defaults.
//!
//! What stands at the top holds for every environment; an environment may say the same keys again and then wins.
//! What this version cannot do yet is an error with its place, never read over.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};
use lockgate_delivery::ApplicationDefinition;
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{self, Fields, Node, Reader};

use crate::exit::Failure;
use crate::project::CONFIGURATION;

mod excerpt;
mod keys;
mod layer;
mod schema;
mod smoke;

pub(crate) use excerpt::{addresses, strange_artifacts, strange_jobs};
pub(crate) use schema::schema;

use layer::Layer;

/// What a project's `lockgate.yaml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// `project:`, the name under which clones share their environments.
    pub(crate) project: Option<String>,
    /// The application in each environment, in the order of the file.
    pub(crate) environments: Vec<(String, ApplicationDefinition)>,
    /// The jobs that Lockgate does itself.
    pub(crate) replaced_jobs: Vec<String>,
    /// The SHA-256 of the file's text.
    pub(crate) digest: String,
}

/// Keys of the design that this version does not know yet, with what to do until then.
const NOT_YET: [(&str, &str); 14] = [
    ("compose", "run the application as a process with `run:`"),
    ("image", "run the application as a process with `run:`"),
    ("kubernetes", "run the application as a process with `run:`"),
    (
        "applications",
        "keep one lockgate.yaml in a folder of its own for each application",
    ),
    ("workers", "start workers beside Lockgate"),
    ("tasks", "run tasks by cron beside Lockgate"),
    ("migrate", "migrate in a step of the workflow"),
    ("gates", "let the workflow's jobs fail; `ship` is gated on them"),
    ("approvals", "let people call `lockgate deploy`"),
    ("freeze", "leave it out"),
    ("after", "leave it out, and deploy the environments in order"),
    ("deploy-on", "call `lockgate ship --environment NAME` from the event"),
    ("hosts", "leave it out; instances run on this machine"),
    (
        "domain",
        "leave it out; the proxy answers every host name at its address",
    ),
];

impl Configuration {
    /// Returns the application of an environment, or says which there are.
    pub(crate) fn environment(&self, name: Option<&str>) -> Result<(&str, &ApplicationDefinition), Failure> {
        let names = || {
            self.environments
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let found = match (name, &self.environments[..]) {
            (Some(name), all) => all.iter().find(|(known, _)| known == name).ok_or_else(|| {
                Failure::usage(format!("there is no environment `{name}`"))
                    .help(format!("{CONFIGURATION} has: {}", names()))
            }),
            (None, [only]) => Ok(only),
            (None, _) => Err(Failure::usage("which environment?").help(format!("name one of: {}", names()))),
        };
        found.map(|(name, definition)| (name.as_str(), definition))
    }
}

/// Returns the configuration in a folder, or all its mistakes drawn.
pub(crate) fn load(root: &Path) -> Result<Configuration, Failure> {
    let path = root.join(CONFIGURATION);
    let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::usage(format!("there is no {CONFIGURATION} in `{}`", root.display()))
            .help("`lockgate init` writes one"),
        _ => Failure::usage(format!("cannot read `{}`", path.display())).because(&error),
    })?;
    let (configuration, diagnostics) = read(&SourceFile::new(CONFIGURATION, text), &folder_name(root));
    match configuration {
        Some(configuration) if !diagnostics.iter().any(|d| d.severity == Severity::Error) => Ok(configuration),
        _ => Err(crate::render::diagnostics::failure(&diagnostics)),
    }
}

/// Returns the configuration in a folder; none when it is not there or has a mistake.
pub(crate) fn load_quietly(root: &Path) -> Option<Configuration> {
    let text = std::fs::read_to_string(root.join(CONFIGURATION)).ok()?;
    read(&SourceFile::new(CONFIGURATION, text), &folder_name(root)).0
}

/// Returns `project:` of the configuration in a folder; none without one, or all its mistakes drawn.
///
/// A file with a mistake is refused: read over, it would give the project another identity.
pub(crate) fn project_name(root: &Path) -> Result<Option<String>, Failure> {
    if !root.join(CONFIGURATION).is_file() {
        return Ok(None);
    }
    Ok(load(root)?.project)
}

/// Returns `project:` of a configuration whatever else is wrong with it, and whether something is.
///
/// For commands that need no more of it: a mistake elsewhere in the file must not keep anybody from rolling back.
pub(crate) fn project_name_of_any(root: &Path) -> (Option<String>, Soundness) {
    let Ok(bytes) = std::fs::read(root.join(CONFIGURATION)) else {
        return (None, Soundness::Sound);
    };
    let file = SourceFile::new(CONFIGURATION, String::from_utf8_lossy(&bytes));
    if let Some(configuration) = read(&file, "").0 {
        return (configuration.project, Soundness::Sound);
    }
    let parsed = yaml::parse(&file).0;
    let named = match &parsed {
        Some(node) => node
            .get("project")
            .and_then(|node| Some(node.as_scalar()?.text.as_str())),
        None => file.text.lines().find_map(|line| line.strip_prefix("project:")),
    };
    let name = named.map(|name| name.split(" #").next().unwrap_or(name).trim().trim_matches(['"', '\'']));
    let name = name.filter(|name| keys::form::PROJECT.fits(name)).map(str::to_owned);
    (name, Soundness::Broken)
}

/// Whether a file can be read without a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Soundness {
    /// It can, or there is none.
    Sound,
    /// It has mistakes.
    Broken,
}

/// Returns the name of a folder, as a name for its application.
pub(crate) fn folder_name(root: &Path) -> String {
    root.file_name()
        .map_or("application".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Returns what the file says and every mistake; nothing when there is an error.
pub(crate) fn read(file: &SourceFile, fallback_name: &str) -> (Option<Configuration>, Vec<Diagnostic>) {
    let (node, mut diagnostics) = yaml::parse(file);
    let mut reader = Reader::new(file);
    if node.is_none() && diagnostics.is_empty() {
        let message = format!("{CONFIGURATION} is empty");
        let help = "add `run:` with the command that starts the application, or let `lockgate init --force` write it";
        reader.report(reader.error(codes::MISSING_KEY, Span::new(0, 0), message).help(help));
    }
    let configuration = node.as_ref().and_then(|node| whole(node, fallback_name, &mut reader));
    diagnostics.extend(reader.into_diagnostics());
    keys::complete(node.as_ref(), &mut diagnostics);
    let broken = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    (configuration.filter(|_| !broken), diagnostics)
}

fn whole(node: &Node, fallback_name: &str, reader: &mut Reader) -> Option<Configuration> {
    let mut fields = keys::TOP.fields(node, reader)?;
    keys::VERSION.number(&mut fields, reader);
    let project = keys::PROJECT_NAME.text(&mut fields, reader);
    let replaced_jobs = keys::REPLACES
        .take(&mut fields)
        .map_or(Vec::new(), |node| replaced(node, reader));
    let environments = keys::ENVIRONMENTS.take(&mut fields);
    let top = Layer::read(&mut fields, reader);
    let place = fields.first_key();
    finish(fields, reader);
    let name = project.clone().unwrap_or_else(|| fallback_name.to_owned());
    let mut complete = Vec::new();
    let mut listening: BTreeMap<String, String> = BTreeMap::new();
    for (environment, layer) in environments_of(environments, reader) {
        let layer = layer.over(&top);
        apart(&environment, &layer, &mut listening, reader);
        let says_run = layer.says_run();
        match layer.complete(&name) {
            Some(definition) => complete.push((environment, definition)),
            // What is wrong with what it says is told already.
            None if says_run => {}
            None => reader.report(
                reader
                    .error(
                        codes::MISSING_KEY,
                        place,
                        format!("environment `{environment}` does not say how to run the application"),
                    )
                    .help("add `run:` with the command that starts it; it listens at the port in $PORT"),
            ),
        }
    }
    let digest = digest(&reader.file().text);
    Some(Configuration {
        project,
        environments: complete,
        replaced_jobs,
        digest,
    })
}

/// Reports an environment that listens where another one does.
fn apart(environment: &str, layer: &Layer, listening: &mut BTreeMap<String, String>, reader: &mut Reader) {
    let Some(listen) = layer.listen() else { return };
    if let Some(other) = listening.insert(listen.address.clone(), environment.to_owned()) {
        let message = format!(
            "`{environment}` would listen at {}, where `{other}` does",
            listen.address
        );
        let help = "give each environment an address of its own, or leave `listen` out for a port that is chosen once";
        reader.report(reader.error(codes::WRONG_VALUE, listen.span, message).help(help));
    }
}

fn replaced(node: &Node, reader: &mut Reader) -> Vec<String> {
    let Some(mut fields) = keys::OF_REPLACES.fields(node, reader) else {
        return Vec::new();
    };
    let jobs = keys::JOBS
        .take(&mut fields)
        .and_then(|node| reader.texts(node, &keys::JOBS.quoted()))
        .unwrap_or_default();
    fields.finish(reader);
    jobs.into_iter().map(|(job, _)| job).collect()
}

fn environments_of(node: Option<&Node>, reader: &mut Reader) -> Vec<(String, Layer)> {
    let Some(node) = node else {
        return vec![("production".to_owned(), Layer::default())];
    };
    let Some(fields) = reader.fields(node, "`environments`") else {
        return Vec::new();
    };
    let entries: Vec<_> = fields.rest().collect();
    if entries.is_empty() {
        let message = "`environments` names none";
        let help = "name one, such as `production: {}`, or leave it out, which means just that";
        reader.report(reader.error(codes::WRONG_VALUE, node.span, message).help(help));
    }
    let mut environments = Vec::new();
    for entry in entries {
        let name = &entry.key.name;
        let form = &keys::form::ENVIRONMENT;
        if !form.fits(name) {
            let diagnostic = reader.error(codes::WRONG_VALUE, entry.key.span, form.mistake(name));
            reader.report(diagnostic.help(form.help));
            continue;
        }
        if entry.value.is_null() {
            environments.push((name.clone(), Layer::default()));
        } else if let Some(mut fields) = keys::EACH.fields(&entry.value, reader) {
            let layer = Layer::read(&mut fields, reader);
            finish(fields, reader);
            environments.push((name.clone(), layer));
        }
    }
    environments
}

/// Notes what was not read: slips of the keys, and what is still to come.
fn finish(mut fields: Fields<'_>, reader: &mut Reader) {
    for (key, instead) in NOT_YET {
        if let Some(entry) = fields.take_unsuggested(key) {
            let message = format!("`{key}` is not supported by this version of lockgate");
            reader.report(
                reader
                    .error(codes::NOT_YET_SUPPORTED, entry.key.span, message)
                    .help(format!("until then: {instead}")),
            );
        }
    }
    fields.finish(reader);
}

fn digest(text: &str) -> String {
    use sha2::Digest;
    format!("sha256:{}", lockgate_adapters::tree::hex(&sha2::Sha256::digest(text)))
}

/// Returns `name: value` pairs as a map of texts.
fn texts(node: &Node, what: &'static str, reader: &mut Reader) -> BTreeMap<String, String> {
    let Some(fields) = reader.fields(node, what) else {
        return BTreeMap::new();
    };
    let mut all = BTreeMap::new();
    for entry in fields.rest() {
        if let Some(text) = reader.text(&entry.value, &format!("`{}`", entry.key.name)) {
            all.insert(entry.key.name.clone(), text);
        }
    }
    all
}

#[cfg(test)]
mod tests;
