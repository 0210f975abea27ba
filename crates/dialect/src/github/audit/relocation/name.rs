//! Names of new variables: what a program, the shell or the runner looks for must not appear from nowhere.
//!
//! A secret is often named after the variable that a program wants, and `gh`, `kubectl` and `mvn` do something else as
//! soon as theirs is there. So a name that somebody else has chosen gets a beginning that no program knows.

use lockgate_pipeline::expression::Flow;

/// What no name begins with that a program knows.
const OWN: &str = "VALUE_OF_";

/// Beginnings of names that are the runner's.
const OF_THE_RUNNER: [&str; 3] = ["GITHUB_", "RUNNER_", "ACTIONS_"];

/// Names of properties of `github` that mean something to shells and programs.
const KNOWN: [&str; 16] = [
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "PWD",
    "CI",
    "IFS",
    "ENV",
    "LANG",
    "TERM",
    "TZ",
    "DEBUG",
    "EDITOR",
    "PAGER",
    "WORKSPACE",
    "TMPDIR",
];

/// Returns a name for a variable that holds what comes out of `flow`.
pub(super) fn name_for(flow: &Flow) -> String {
    let at = |index: usize| flow.path.get(index).map_or("", String::as_str);
    let (start, skipped) = match (at(0), at(1), at(2)) {
        ("github", "token", _) => ("VALUE_OF_GITHUB_", 1),
        ("github", "event", "inputs") => ("INPUT_", 3),
        ("inputs", ..) => ("INPUT_", 1),
        ("github", "event", "") => ("", 1),
        ("github", "event", _) => ("", 2),
        ("github", ..) => ("", 1),
        ("secrets" | "steps" | "needs", ..) => (OWN, 1),
        _ => ("", 0),
    };
    let parts: Vec<String> = flow.path[skipped.min(flow.path.len())..]
        .iter()
        .filter(|part| *part != "*" && *part != "outputs")
        .map(|part| part.chars().map(sign).collect())
        .collect();
    let name = format!("{start}{}", parts.join("_"));
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_known = OF_THE_RUNNER.iter().any(|start| name.starts_with(start)) || KNOWN.contains(&name.as_str());
    if is_name && !is_known { name } else { unheard_of(name) }
}

/// Returns a name that begins as none does that a program knows.
pub(super) fn unheard_of(name: String) -> String {
    if name.starts_with(OWN) {
        name
    } else {
        format!("{OWN}{name}")
    }
}

fn sign(c: char) -> char {
    if c.is_ascii_alphanumeric() {
        c.to_ascii_uppercase()
    } else {
        '_'
    }
}

#[cfg(test)]
mod tests {
    use lockgate_pipeline::expression::Expression;

    use super::*;

    #[test]
    fn a_name_is_known_to_no_program() {
        for (expression, name) in [
            ("github.event.issue.title", "ISSUE_TITLE"),
            ("github.head_ref", "HEAD_REF"),
            ("github.event.inputs.home", "INPUT_HOME"),
            ("inputs.node-version", "INPUT_NODE_VERSION"),
            ("secrets.KUBECONFIG", "VALUE_OF_KUBECONFIG"),
            ("secrets.GITHUB_TOKEN", "VALUE_OF_GITHUB_TOKEN"),
            ("github.token", "VALUE_OF_GITHUB_TOKEN"),
            ("steps.maven.outputs.args", "VALUE_OF_MAVEN_ARGS"),
            ("needs.kube.outputs.config", "VALUE_OF_KUBE_CONFIG"),
            ("vars.MAVEN_ARGS", "VARS_MAVEN_ARGS"),
            ("matrix.os", "MATRIX_OS"),
            ("github.env", "VALUE_OF_ENV"),
            ("runner.temp", "VALUE_OF_RUNNER_TEMP"),
        ] {
            let flows = Expression::parse(expression).unwrap().flows();
            assert_eq!(name_for(&flows[0]), name, "{expression}");
        }
    }
}
