//! The person at the keyboard, and what of their environment steps get to see.

use lockgate_adapters::executor::UserEnvironment;

/// Returns the name of the person.
pub(crate) fn name() -> String {
    variable("USER")
        .or_else(|| variable("LOGNAME"))
        .or_else(|| of_this_process(&std::fs::read_to_string("/etc/passwd").ok()?))
        .unwrap_or_else(|| "somebody".to_owned())
}

/// Returns the name that a table of users gives to the owner of this process.
fn of_this_process(users: &str) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let mut rows = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let row = rows.find(|row| row.get(2) == Some(&uid.as_str()))?;
    Some((*row.first()?).to_owned()).filter(|name| !name.is_empty())
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn who_owns_the_process_is_looked_up() {
        let uid = std::fs::metadata("/proc/self").unwrap().uid();
        let users = format!("other:x:{}:0::/:/bin/sh\nada:x:{uid}:0::/:/bin/sh\n", uid + 1);
        assert_eq!(of_this_process(&users).as_deref(), Some("ada"));
        assert_eq!(of_this_process("broken\n"), None);
    }
}
