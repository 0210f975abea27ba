//! Single keys of a file with their places, for what is compared with the world outside of it.

use lockgate_core::diagnostic::nearest;
use lockgate_core::{Diagnostic, SourceFile, Span};
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{self, Node};

use super::layer::address;

/// Returns the environments that say where they listen: name, address and place.
pub(crate) fn addresses(file: &SourceFile) -> Vec<(String, String, Span)> {
    let Some(node) = yaml::parse(file).0 else {
        return Vec::new();
    };
    let at_top = node.get("listen");
    let listening = environments(&node).filter_map(|(name, layer)| {
        let listen = layer.get("listen").or(at_top)?;
        let address = address(&listen.as_scalar()?.text)?;
        Some((name.to_owned(), address.to_string(), listen.span))
    });
    listening.collect()
}

/// Returns where a file names artifacts that are not among `uploaded`, as warnings.
pub(crate) fn strange_artifacts(file: &SourceFile, uploaded: &[String]) -> Vec<Diagnostic> {
    let Some(node) = yaml::parse(file).0 else {
        return Vec::new();
    };
    let layers = std::iter::once(&node).chain(environments(&node).map(|(_, layer)| layer));
    let named = layers.filter_map(|layer| layer.get("artifact"));
    let strange = named.filter_map(|node| Some((node, node.as_scalar()?.text.as_str())));
    strange
        .filter(|(_, name)| !uploaded.iter().any(|uploaded| uploaded == name))
        .map(|(node, name)| {
            let message = format!("no workflow uploads an artifact `{name}`");
            Diagnostic::warning(codes::WRONG_VALUE, file, node.span, message)
                .help(format!("uploaded are: {}", uploaded.join(", ")))
        })
        .collect()
}

/// Returns where a file replaces jobs that are not among `jobs`: each of them would run.
pub(crate) fn strange_jobs(file: &SourceFile, jobs: &[String]) -> Vec<Diagnostic> {
    let document = yaml::parse(file).0;
    let named = document
        .as_ref()
        .and_then(|node| node.get("replaces")?.get("jobs"))
        .map_or(&[][..], |node| node.as_sequence().unwrap_or(std::slice::from_ref(node)));
    let strange = named
        .iter()
        .filter_map(|node| Some((node, node.as_scalar()?.text.as_str())));
    strange
        .filter(|(_, name)| !jobs.iter().any(|job| job == name))
        .map(|(node, name)| {
            let message = format!("no workflow has a job `{name}` to replace");
            let near = nearest(name, jobs.iter().map(String::as_str));
            let help = near.map_or_else(
                || format!("the jobs are: {}", jobs.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            Diagnostic::error(codes::WRONG_VALUE, file, node.span, message).help(help)
        })
        .collect()
}

fn environments(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let named = node.get("environments").and_then(Node::as_mapping).unwrap_or_default();
    let named = named.iter().map(|entry| (entry.key.name.as_str(), &entry.value));
    let only = node.get("environments").is_none().then_some(("production", node));
    named.chain(only)
}
