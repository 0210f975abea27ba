//! The person at the keyboard, and what of their environment steps get to see.

use lockgate_adapters::executor::UserEnvironment;

/// Returns the name of the person.
pub(crate) fn name() -> String {
    variable("USER")
        .or_else(|| variable("LOGNAME"))
        .unwrap_or_else(|| "somebody".to_owned())
}

/// Returns what steps get to see.
pub(crate) fn environment() -> UserEnvironment {
    UserEnvironment {
        path: variable("PATH")
            .unwrap_or_else(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        home: variable("HOME").unwrap_or_else(|| "/".to_owned()).into(),
        lang: variable("LANG").unwrap_or_else(|| "C.UTF-8".to_owned()),
        user: name(),
        shell: variable("SHELL"),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
