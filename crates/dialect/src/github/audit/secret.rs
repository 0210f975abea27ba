//! Secrets that go where more can see them than have to.

use lockgate_pipeline::expression::{Extent, Flow};

use super::embedded::{expressions, given_by_env, has_expression, scalars};
use super::relocation::{By, Place, places};
use super::room::Room;
use super::subject::{Subject, entry};
use super::{Finding, Level};
use crate::codes;

/// Tells of secrets that become part of a script: the script lies on the disk, its commands are seen in the list of
/// processes, and a quote in the secret breaks it.
pub(super) fn in_scripts(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let judge = |place: &Place<'_, '_>| {
        let flows = place.embedded.flows();
        let found = flows.into_iter().find_map(|flow| Some((secret(&flow)?, flow)));
        found.map(|found| (Level::Strict, found))
    };
    places(subject, found, judge, |place, (name, flow)| {
        in_script(place, &flow, &name)
    });
}

fn in_script(place: &Place<'_, '_>, flow: &Flow, name: &str) -> Finding {
    let by = By::New(flow);
    let fix = place.fix(&by);
    let span = place.span();
    let variable = place.variable(flow);
    let written = place.embedded.written(place.sink.text);
    let remark = place.remark(&by);
    let help = format!(
        "give it to the step by {}, and write `\"${variable}\"` in the script{remark}",
        given_by_env(&variable, written)
    );
    let message = format!("the secret `{name}` becomes part of the script, which is written to the disk");
    let diagnostic = place.subject.warning(codes::SECRET_IN_SCRIPT, span, message).help(help);
    Finding::new(Level::Strict, diagnostic).with_fix(fix)
}

/// Returns the name of the secret that a flow lets out.
fn secret(flow: &Flow) -> Option<String> {
    let path: Vec<&str> = flow.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["secrets", name] if *name != "*" => Some((*name).to_owned()),
        ["github", "token"] => Some("github.token".to_owned()),
        _ => None,
    }
}

/// Tells of expressions that let out every secret.
pub(super) fn all_at_once(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.lower_case().is_some_and(|text| !text.contains("secrets")) {
        return;
    }
    scalars(subject.root, &mut |node| {
        let Some(scalar) = node.as_scalar().filter(|scalar| names_secrets(&scalar.text)) else {
            return;
        };
        let mut room = Room::of(subject);
        let mut parts = scalar.parts(&subject.file.text, node.span);
        for embedded in expressions(&scalar.text) {
            let Some(level) = embedded.flows().iter().find_map(every) else {
                continue;
            };
            let message = match level {
                Level::Certain => "this gives out every secret of the repository",
                _ => "which secret this is only the run knows, so that the runner gets every secret",
            };
            room.add(found, level, || {
                let span = parts.part(embedded.start, embedded.end - embedded.start);
                let diagnostic = subject.warning(codes::ALL_SECRETS, span, message);
                let help = "name the secrets that are needed, each by `secrets.NAME`";
                Finding::new(level, diagnostic.help(help))
            });
        }
    });
}

/// Returns whether an expression in the text can read a secret, which it has to name in some case.
fn names_secrets(text: &str) -> bool {
    const NAME: &[u8] = b"secrets";
    has_expression(text)
        && text
            .as_bytes()
            .windows(NAME.len())
            .any(|part| part.eq_ignore_ascii_case(NAME))
}

fn every(flow: &Flow) -> Option<Level> {
    let path: Vec<&str> = flow.path.iter().map(String::as_str).collect();
    match (path.as_slice(), flow.extent) {
        (["secrets"], Extent::Whole) => Some(Level::Certain),
        (["secrets", "*"], _) => Some(Level::Strict),
        _ => None,
    }
}

/// Tells of workflows of other repositories that get all secrets.
pub(super) fn inherited(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for job in &subject.jobs {
        let uses = super::subject::text(job.node, "uses");
        let secrets = entry(job.node, "secrets").filter(|secrets| {
            let is_inherited = secrets.value.as_scalar().is_some_and(|scalar| scalar.text == "inherit");
            is_inherited && !uses.is_empty() && !uses.starts_with("./")
        });
        if let Some(secrets) = secrets {
            let message = format!("every secret goes to `{uses}`");
            let diagnostic = subject
                .warning(codes::SECRETS_INHERITED, secrets.value.span, message)
                .help("name those that it needs: `secrets: { NAME: \"${{ secrets.NAME }}\" }`");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
}
