//! Which program a command runs, and which variable it sets.

/// Programs that run another one, which their own arguments name.
const BEFORE_ANOTHER: &str =
    "sudo doas env command nohup time nice ionice stdbuf timeout setsid xvfb-run busybox winpty";

/// Variables that shells and programs read commands, options, numbers or places of programs from.
const READ_BY_PROGRAMS: &str = "BASH_ENV ENV PS0 PS1 PS2 PS4 IFS SHELLOPTS BASHOPTS SHELL PERL5OPT PERL5DB RUBYOPT LD_PRELOAD \
    GIT_SSH GIT_ASKPASS SSH_ASKPASS GIT_EXTERNAL_DIFF LESSOPEN LESSCLOSE BROWSER VISUAL PYTHONSTARTUP PYTHONINSPECT \
    RUSTC_WRAPPER CC CXX LD MAKEFLAGS ZDOTDIR DOTNET_STARTUP_HOOKS JDK_JAVA_OPTIONS INPUTRC RANDOM SRANDOM SECONDS HISTCMD \
    OPTIND LINENO GLOBIGNORE EXECIGNORE";
const BEGINNINGS_OF_SUCH: [&str; 5] = ["BASH_", "GITHUB_", "RUNNER_", "ACTIONS_", "LD_"];
const ENDS_OF_SUCH: [&str; 16] = [
    "PATH", "_COMMAND", "_OPTIONS", "_OPTS", "_ARGS", "FLAGS", "EDITOR", "PAGER", "_CMD", "_HOOK", "_WRAPPER",
    "_PRELOAD", "HOME", "ROOT", "_DIR", "_BIN",
];

/// Returns the program that a command runs, as it is written; `None` when only the run knows it.
pub(in super::super) fn program<'t>(words: &[&'t str]) -> Option<&'t str> {
    let words = without_keywords(words);
    let first = words.iter().position(|word| assigned(word).is_none())?;
    let mut words = &words[first..];
    while let Some((first, rest)) = words.split_first() {
        let name = name_of(first)?;
        if !is_in(BEFORE_ANOTHER, &name) {
            return Some(first);
        }
        let of_it = |word: &&str| {
            assigned(word).is_some() || word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit())
        };
        let count = rest.iter().take_while(|word| of_it(word)).count();
        words = &rest[count..];
    }
    None
}

/// Returns whether shells and programs read what they are to do from a variable of this name.
pub(super) fn is_read_by_programs(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // What `[[ … =~ … ]]` has found is only for the script.
    let begins = BEGINNINGS_OF_SUCH.iter().any(|start| upper.starts_with(start)) && name != "BASH_REMATCH";
    is_in(READ_BY_PROGRAMS, &upper) || begins || ENDS_OF_SUCH.iter().any(|end| upper.ends_with(end))
}

/// Returns the variable that a word sets, `NAME=…`.
pub(super) fn assigned(word: &str) -> Option<&str> {
    let (name, _) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    is_name(name).then_some(name)
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns a word without its quotes.
pub(in super::super) fn unquoted(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect()
}

/// Returns the words from the one on that stands where a program stands.
fn without_keywords<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    const KEYWORDS: &str = "then do else elif if while until ! { time } fi done esac";
    let mut words = words;
    while let Some((first, rest)) = words.split_first() {
        if *first == "function" {
            words = rest.get(1..).unwrap_or_default();
        } else if is_in(KEYWORDS, first) || first.ends_with("()") {
            words = rest;
        } else {
            break;
        }
    }
    words
}

/// Returns the name of the program that a word names, in lower case and without its folder; `None` when only the run
/// knows it.
fn name_of(word: &str) -> Option<String> {
    let word = unquoted(word);
    let name = word.rsplit('/').next().unwrap_or_default();
    if name.contains(['$', '`', '*', '?', '{']) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    Some(name.strip_suffix(".exe").map(ToOwned::to_owned).unwrap_or(name))
}

fn is_in(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_behind_others() {
        for (command, expected) in [
            ("git push", Some("git")),
            ("A=b sudo -n git push", Some("git")),
            ("if ! timeout 5 ./a b", Some("./a")),
            ("f() { a", Some("a")),
            ("A=b", None),
            ("$A b", None),
            ("sudo", None),
        ] {
            assert_eq!(program(&command.split(' ').collect::<Vec<_>>()), expected, "{command}");
        }
    }

    #[test]
    fn variables_that_programs_read_are_known() {
        for name in [
            "BASH_ENV",
            "PS4",
            "PROMPT_COMMAND",
            "NODE_OPTIONS",
            "PATH",
            "JAVA_HOME",
            "RANDOM",
        ] {
            assert!(is_read_by_programs(name), "{name}");
        }
        assert!(!is_read_by_programs("TITLE"));
    }
}
