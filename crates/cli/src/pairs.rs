//! `K=V` arguments and files of them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::exit::Failure;

/// Returns the pairs of a file, then of the arguments, which win.
///
/// An argument without `=` takes its value from the environment variable of that name.
pub(crate) fn read(
    option: &str,
    arguments: &[String],
    file: Option<&Path>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut pairs = match file {
        Some(file) => from_file(option, file)?,
        None => BTreeMap::new(),
    };
    for (place, argument) in arguments.iter().enumerate() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), None),
        };
        // What stands there may be a value without its name, and a value may be a secret: it is not repeated.
        let which = match arguments.len() {
            1 => format!("`--{option}`"),
            _ => format!("`--{option}` number {}", place + 1),
        };
        let refused =
            |what: &str| Failure::usage(format!("{which} {what}")).help(format!("write --{option} NAME=VALUE"));
        if name.is_empty() {
            return Err(refused("has no name before the `=`"));
        }
        if is_named_by_github(option) && !is_name(name) {
            return Err(refused(NO_NAME));
        }
        let value = match value {
            Some(value) => value.to_owned(),
            None => inherited(option, name)?,
        };
        pairs.insert(name.to_owned(), value);
    }
    Ok(pairs)
}

const NO_NAME: &str =
    "has a name that GitHub takes for none: letters, digits and `_` may be in it, and no digit in front";

/// Returns whether GitHub has a rule for the names that an option gives.
fn is_named_by_github(option: &str) -> bool {
    matches!(option, "secret" | "var")
}

fn is_name(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_of_name) && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn inherited(option: &str, name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| {
        Failure::usage(format!(
            "`--{option} {name}` gives no value, and there is no environment variable `{name}`"
        ))
        .help(format!("write --{option} {name}=VALUE, or export {name}"))
    })
}

/// Reads lines `K=V`; empty lines and lines that begin with `#` are passed over, quotes around a value are removed.
fn from_file(option: &str, path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read `{}`", path.display())).because(&error))?;
    let mut pairs = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        match line.split_once('=') {
            Some((name, _)) if is_named_by_github(option) && !name.trim().is_empty() && !is_name(name.trim()) => {
                return Err(Failure::usage(format!("{}:{} {NO_NAME}", path.display(), number + 1)));
            }
            Some((name, value)) if !name.trim().is_empty() => {
                pairs.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned());
            }
            // The line itself may hold a secret, so it is not repeated.
            _ => mistakes.push(format!("{}:{}", path.display(), number + 1)),
        }
    }
    if mistakes.is_empty() {
        return Ok(pairs);
    }
    Err(Failure::usage(format!("no `NAME=VALUE` at {}", mistakes.join(", "))))
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_win_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("env");
        std::fs::write(&file, "# a comment\nA=1\nexport B=\"two words\"\nC=x=y\n\n").unwrap();
        let pairs = read("env", &["A=9".into(), "D=".into()], Some(&file)).unwrap();
        let expected = [("A", "9"), ("B", "two words"), ("C", "x=y"), ("D", "")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
        );
    }

    #[test]
    fn all_bad_lines_are_named_without_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        std::fs::write(&file, "hunter2\nA=1\n=x\n").unwrap();
        let failure = read("secret", &[], Some(&file)).unwrap_err().to_string();
        assert!(
            failure.contains(":1") && failure.contains(":3") && !failure.contains("hunter2"),
            "{failure}"
        );
    }

    #[test]
    fn a_name_without_a_value_and_without_a_variable_is_refused() {
        assert!(read("secret", &["LOCKGATE_NO_SUCH_VARIABLE".into()], None).is_err());
        assert!(read("secret", &["=x".into()], None).is_err());
    }

    #[test]
    fn a_refusal_does_not_repeat_what_may_be_a_secret() {
        let refused = |option: &str, given: &[&str]| {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            read(option, &given, None).unwrap_err().to_string()
        };
        for given in ["=hunter2", "hunter2 x=", "hunter-2", "2hunter2=x"] {
            let words = refused("secret", &["A=1", given]);
            assert!(words.contains("`--secret` number 2 has"), "{words}");
            assert!(!words.contains("hunter"), "{words}");
        }
        assert!(refused("var", &["B AD=x"]).contains("letters, digits and `_`"));
        assert!(read("input", &["an input=x".into()], None).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        std::fs::write(&file, "A=1\nB AD=hunter2\n").unwrap();
        let words = read("secret", &[], Some(&file)).unwrap_err().to_string();
        assert!(words.contains(":2 has a name") && !words.contains("hunter2"), "{words}");
    }
}
