//! The options with which a job runs again as it did: what was given, as words of a shell.
//!
//! A secret is named without its value: it is to be in the environment, and in no scrollback.

use crate::arguments::WorkflowArguments;

/// Returns the options, each with a space in front; the workflow, the event and the job are the caller's.
pub(crate) fn options(given: &WorkflowArguments) -> String {
    let file = |path: &Option<std::path::PathBuf>| path.iter().map(|path| path.display().to_string()).collect();
    let name = |pair: &String| pair.split_once('=').map_or(pair.as_str(), |(name, _)| name).to_owned();
    let all: [(&str, Vec<String>); 8] = [
        ("--event-file", file(&given.event_file)),
        ("--input", given.input.clone()),
        ("--secret", given.secret.iter().map(name).collect()),
        ("--var", given.var.clone()),
        ("--env", given.env.clone()),
        ("--env-file", file(&given.env_file)),
        ("--secret-file", file(&given.secret_file)),
        ("--var-file", file(&given.var_file)),
    ];
    let mut words = String::new();
    for (option, values) in all {
        for value in values {
            words.extend([" ", option, " ", &word(&value)]);
        }
    }
    words
}

/// Returns a text as one word of a shell.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_given_again_but_for_the_values_of_secrets() {
        let given = WorkflowArguments {
            input: vec!["who=it's me".into(), "level=3".into()],
            secret: vec!["TOKEN=s3cret".into(), "KEY".into()],
            env_file: Some("my env".into()),
            ..WorkflowArguments::default()
        };
        assert_eq!(
            options(&given),
            r" --input 'who=it'\''s me' --input level=3 --secret TOKEN --secret KEY --env-file 'my env'"
        );
        assert_eq!(options(&WorkflowArguments::default()), "");
    }
}
