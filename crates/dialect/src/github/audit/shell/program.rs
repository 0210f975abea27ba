//! What a program does with a text that it gets.
//!
//! Programs that are known to take a text as nothing but a text, such as `echo` and `git commit`, take it with any
//! option. Those that run what they are told, such as shells, interpreters and `ssh`, never do. Of every other one it
//! is not known, so it must not have an option, nor be given the name of a program, by which it would run a text.

mod known;
mod option;

pub(super) use known::is_read_by_programs;
use known::{BEFORE_ANOTHER, BESIDE_ANOTHER, RUNNING, RUNNING_IN_ITS_PLACE, is_in, runs};
pub(super) use option::reads_a_text;
use option::{harmless, pieces, runs_a_text};

/// What a text is in its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role<'t> {
    /// A value for this program, and whether it is known to take it as a text.
    Argument(&'t str, bool),
    /// The value of a variable.
    Variable(&'t str),
}

pub(super) const IS_COMMAND: &str = "the value is the command itself";
const READ_AGAIN: &str = "a program before it may read the text as commands once more";
const NOT_KNOWN: &str = "only the run knows which program gets it";

/// Returns what a text is to the command that begins with `words`; `own` is what stands before it in its own word.
///
/// # Errors
/// Returns why a variable in its place may be read as commands.
pub(super) fn role<'t>(words: &[&'t str], own: &'t str) -> Result<Role<'t>, &'static str> {
    let words = without_keywords(words);
    let Some(first) = words.iter().position(|word| assigned(word).is_none()) else {
        return assigned(own).map_or(Err(IS_COMMAND), variable);
    };
    let own = own.trim_start_matches(['"', '\'']);
    let (program, arguments, is_exact) = program_of(&words[first..], own)?;
    let Some(program) = program else {
        return assigned(own).map_or(Err(IS_COMMAND), variable);
    };
    let name = name_of(program).ok_or(NOT_KNOWN)?;
    match name.as_str() {
        "for" | "select" => return arguments.first().map_or(Err(NOT_KNOWN), |name| variable(name)),
        name if declares(name) => return declared(arguments, own),
        _ => {}
    }
    if runs(&RUNNING, &name) || runs(&RUNNING_IN_ITS_PLACE, &name) {
        return Err(READ_AGAIN);
    }
    let (is_harmless, is_known) = match harmless(&name, arguments, own) {
        Some(false) => (false, false),
        Some(true) if is_exact => (true, true),
        known => (runs_nothing(&name, arguments, own, is_exact), known.is_some()),
    };
    if !is_harmless {
        return Err(READ_AGAIN);
    }
    // A variable is one wherever it stands, such as behind `docker run -e`.
    assigned(own).map_or(Ok(()), |name| variable(name).map(|_| ()))?;
    let is_environment = assigned(own).is_some() && matches!(arguments.last(), Some(&("-e" | "--env")));
    Ok(Role::Argument(program, is_known || is_environment))
}

/// Returns whether no word of a command makes its program run a text.
fn runs_nothing(name: &str, arguments: &[&str], own: &str, is_exact: bool) -> bool {
    let takes_variables = is_in("docker podman nerdctl", name);
    let may_stand_here = !is_exact || is_in(BESIDE_ANOTHER, name);
    let is_program = |piece: &str| {
        let name = name_of(piece).unwrap_or_default();
        runs(&RUNNING, &name) || (may_stand_here && piece != "." && runs(&RUNNING_IN_ITS_PLACE, &name))
    };
    // Which program it is that only the run knows.
    let is_unknown = |word: &&str| word.starts_with(['$', '`']) || word.starts_with("\"$");
    if is_in(BESIDE_ANOTHER, name)
        && arguments
            .iter()
            .any(|word| is_unknown(word) && !word.starts_with("${{"))
    {
        return false;
    }
    if name == "tar" && arguments.iter().any(|word| matches!(*word, "-I" | "-F")) {
        return false;
    }
    let words: Vec<&str> = arguments.iter().copied().chain([own]).collect();
    let is_variable = |at: usize| {
        let next = words.get(at + 1).map(|word| word.trim_start_matches(['"', '\'']));
        takes_variables && words[at] == "-e" && next.is_some_and(|next| assigned(next).is_some())
    };
    words
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_variable(*at))
        .all(|(_, word)| {
            let mut pieces = pieces(word);
            !pieces.any(|piece| is_program(piece) || runs_a_text(piece))
        })
}

/// Returns whether a program reads what comes by a pipe as commands, or may.
pub(super) fn reads_a_pipe(words: &[&str]) -> bool {
    const ALSO: &str = "at batch source . eval make ed ex sg bc dc";
    const TAKING_TEXTS: &str = "awk gawk mawk nawk sed gsed";
    let words = without_keywords(words);
    let Some(first) = words.iter().position(|word| assigned(word).is_none()) else {
        return false;
    };
    let Ok((program, arguments, is_exact)) = program_of(&words[first..], "") else {
        return true;
    };
    let Some(name) = program.and_then(name_of) else {
        return true;
    };
    if is_exact && harmless(&name, arguments, "") == Some(true) {
        return false;
    }
    is_in(ALSO, &name)
        || words.iter().any(|word| {
            let name = name_of(word).unwrap_or_default();
            runs(&RUNNING, &name) && !is_in(TAKING_TEXTS, &name)
        })
}

/// Returns whether a program runs what it gets as an argument, or may.
pub(super) fn runs_its_words(words: &[&str]) -> bool {
    const SETTING: &str = "read mapfile readarray unset shift wait set export local readonly declare typeset";
    let words = without_keywords(words);
    if words.iter().all(|word| assigned(word).is_some()) {
        return false;
    }
    match program(words) {
        // Which variables `export $(cat file)` sets only the run knows.
        Some(name) if is_in(SETTING, name) => words.iter().any(|word| {
            let is_option = word.starts_with('-') && word.contains(['i', 'n']);
            is_option || (declares(name) && word.trim_start_matches('"').starts_with(['$', '`']))
        }),
        _ => role(words, "").is_err(),
    }
}

/// Returns the program that a command runs, as it is written.
pub(in super::super) fn program<'t>(words: &[&'t str]) -> Option<&'t str> {
    let words = without_keywords(words);
    let first = words.iter().position(|word| assigned(word).is_none())?;
    program_of(&words[first..], "").ok()?.0
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

/// A program, its arguments, and whether these are certainly not those of one before it.
type Run<'w, 't> = (Option<&'t str>, &'w [&'t str], bool);

/// Returns the program that some words run, also behind `sudo` and the like; there is none where a text stands in its
/// place.
fn program_of<'w, 't>(words: &'w [&'t str], own: &str) -> Result<Run<'w, 't>, &'static str> {
    let (mut words, mut is_exact) = (words, true);
    while let Some((first, rest)) = words.split_first() {
        let name = name_of(first).ok_or(NOT_KNOWN)?;
        if !is_in(BEFORE_ANOTHER, &name) {
            return Ok((Some(first), rest, is_exact));
        }
        let of_it = |word: &&str| {
            assigned(word).is_some() || word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit())
        };
        let count = rest.iter().take_while(|word| of_it(word)).count();
        is_exact &= !rest[..count].iter().any(|word| word.starts_with('-'));
        words = &rest[count..];
    }
    // The text is the program, or the value of a variable for it.
    if is_exact || assigned(own).is_some() {
        Ok((None, words, is_exact))
    } else {
        Err(NOT_KNOWN)
    }
}

/// Returns the role of the value of a variable.
fn variable(name: &str) -> Result<Role<'_>, &'static str> {
    if is_read_by_programs(name) || !is_name(name) {
        Err("shells and programs read this variable, and what they are to do from it")
    } else {
        Ok(Role::Variable(name))
    }
}

/// Returns whether a command of the shell sets the variables that its words name.
pub(super) fn declares(name: &str) -> bool {
    is_in("export local readonly declare typeset", name)
}

fn declared<'t>(arguments: &[&'t str], own: &'t str) -> Result<Role<'t>, &'static str> {
    let is_plain = |word: &&str| !word.starts_with('-') || matches!(*word, "-r" | "-x" | "-g" | "-rx" | "-gx");
    if !arguments.iter().all(is_plain) {
        return Err("bash may calculate with it, or take it for the name of a variable");
    }
    assigned(own).map_or(Err(READ_AGAIN), variable)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn of(command: &str) -> Result<Role<'_>, &'static str> {
        let mut words: Vec<&str> = command.split(' ').collect();
        let own = words.pop().unwrap();
        role(&words, own)
    }

    #[test]
    fn what_takes_a_text_as_a_text() {
        for command in [
            "echo ",
            "echo python -c ",
            "./deploy ",
            "./deploy --tag v",
            "use ",
            "cp -r ",
            "grep -e ",
            "curl -H ",
            "git commit -m ",
            "git -C site push origin ",
            "git config --global user.name ",
            "docker build -t ",
            "docker run -e A=",
            "kubectl get pods -n ",
            "find . -name ",
            "if test -n ",
            "sudo cp a ",
            "A=b timeout 10 ./deploy ",
            "printf %s ",
            "gh pr comment --body ",
            "\"$HOME/bin/deploy\" ",
        ] {
            assert!(matches!(of(command), Ok(Role::Argument(..))), "{command}");
        }
    }

    #[test]
    fn what_runs_a_text() {
        for command in [
            "python3.11 -c ",
            "python2 -c ",
            "nodejs -e ",
            "php8.2 -r ",
            "/usr/bin/lua5.4 -e ",
            "Rscript -e ",
            "powershell.exe -Command ",
            "cmd.exe /c ",
            "script -c ",
            "runuser -c ",
            "tmux new ",
            "osascript -e ",
            "mariadb -e ",
            "sudo -u app bash -c ",
            "env A=b bash -c ",
            "docker exec app sh -c ",
            "docker run node -e ",
            "kubectl exec pod -- psql -c ",
            "unheard-of --eval ",
            "unheard-of -c ",
            "unheard-of --post-command=",
            "unheard-of \"python -c",
            "scp -o ProxyCommand=",
            "$CMD ",
            "git -c core.pager=",
            "git config alias.x ",
            "git fetch --upload-pack=",
            "test -v ",
            "printf -v ",
            "make X=",
            "sudo make X=",
            "local -i n=",
            "unset ",
            "gh api x --jq ",
            "aws ssm send-command --parameters commands=",
            "kubectl run x --command -- ",
            "docker exec app $SHELL ",
            "{bash,-c} ",
            "docker exec app {sh,-c} ",
            "git clone -c core.x=",
            "tar -I ",
            "tar --checkpoint-action=exec=",
            "rsync --rsync-path=",
            "cargo watch -s ",
            "adb shell ",
            "rails runner ",
            "plink host ",
        ] {
            assert!(of(command).is_err(), "{command}");
        }
        for command in ["", "if ", "./x-", "sudo ", "timeout 5 "] {
            assert_eq!(of(command), Err(IS_COMMAND), "{command}");
        }
    }

    #[test]
    fn what_is_the_value_of_a_variable() {
        for command in [
            "A=",
            "B=c A=",
            "export A=",
            "local -r A=",
            "for A in ",
            "for A in b ",
            "declare -x A=",
        ] {
            assert_eq!(of(command), Ok(Role::Variable("A")), "{command}");
        }
        for name in [
            "BASH_ENV",
            "PS4",
            "PROMPT_COMMAND",
            "ENV",
            "NODE_OPTIONS",
            "PATH",
            "EDITOR",
        ] {
            for before in ["", "export ", "sudo env ", "env "] {
                assert!(of(&format!("{before}{name}=")).is_err(), "{before}{name}");
            }
        }
    }

    #[test]
    fn what_reads_a_pipe() {
        let reads = |command: &str| reads_a_pipe(&command.split(' ').collect::<Vec<_>>());
        for command in [
            "bash",
            "python3.11",
            "sudo bash -s",
            "at now",
            "$SHELL",
            "ssh host",
            "docker exec -i db psql",
            "xargs -I{} a",
        ] {
            assert!(reads(command), "{command}");
        }
        for command in [
            "grep at",
            "sed s/a/b/",
            "tee -a f",
            "docker login --password-stdin",
            "jq -R .",
            "base64 -d",
            "while read x",
        ] {
            assert!(!reads(command), "{command}");
        }
    }
}
