//! What programs read as commands once more: a text behind `-c`, what is piped to a shell, what another machine runs.
//!
//! Told is only what is read so for certain: a script of its own that gets the value as an argument, and what another
//! command makes of the value, are no commands.

use super::super::shell::{Shell, is_shell};
use super::super::walk::{Frame, Walk};
use super::part::parts_where;
use super::words::{RUNNING, program, words};
use super::{Command, Part, reading};

/// A text that a program reads as commands.
pub(in super::super) struct Again<'t> {
    /// The program, as it is written.
    pub(in super::super) program: &'t str,
    pub(in super::super) reader: Reader,
    pub(in super::super) parts: Vec<Part<'t>>,
}

/// What reads a text as commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Reader {
    Shell,
    /// A shell on another machine.
    Remote,
    /// Another language.
    Interpreter,
}

/// Those that run it in a container, and have many options with names in them.
pub(super) const CONTAINERS: [&str; 7] = ["docker", "docker-compose", "podman", "nerdctl", "kubectl", "oc", "lxc"];

/// Programs of other languages, each with the options before a text of its language.
const INTERPRETERS: [(&str, &[&str]); 13] = [
    ("python", &["-c"]),
    ("pypy", &["-c"]),
    ("node", &["-e", "--eval", "-p", "--print", "-pe"]),
    ("nodejs", &["-e", "--eval", "-p", "--print", "-pe"]),
    ("bun", &["-e", "--eval", "-p", "--print"]),
    ("perl", &["-e", "-E", "-ne", "-pe", "-le", "-lne", "-ane"]),
    ("ruby", &["-e", "-ne", "-pe"]),
    ("php", &["-r"]),
    ("lua", &["-e"]),
    ("Rscript", &["-e"]),
    ("julia", &["-e", "-E"]),
    ("pwsh", &["-c", "-Command", "-command"]),
    ("powershell", &["-c", "-Command", "-command"]),
];

impl Again<'_> {
    /// Returns it with its places counted from what stands `start` bytes before.
    pub(super) fn behind(mut self, start: usize) -> Self {
        for part in &mut self.parts {
            part.start += start;
        }
        self
    }
}

impl<'t> Command<'t> {
    /// Returns the program that reads words of it as commands once more, and those words.
    pub(super) fn read_again(&self) -> Option<Again<'t>> {
        let words = words(self.words(), self.shell);
        readers(&words).find_map(|(at, reader)| {
            let parts = texts(&words, at, reader)?
                .into_iter()
                .flat_map(|text| said(text, self.start_of(text), self.shell));
            Some(Again {
                program: words[at],
                reader,
                parts: parts.collect(),
            })
        })
    }

    /// Returns the program that reads what comes to it as commands, when it runs one.
    pub(super) fn reader_of_input(&self) -> Option<(&'t str, Reader)> {
        let words = words(self.words(), self.shell);
        readers(&words)
            .find(|(at, reader)| reads_input(&words, *at, *reader))
            .map(|(at, reader)| (words[at], reader))
    }

    /// Returns what comes to it by here-documents and here-strings.
    pub(super) fn given(&self, script: &'t str) -> Vec<Part<'t>> {
        let words = words(self.words(), self.shell);
        let strings = words.iter().enumerate().filter_map(|(at, word)| {
            let text = word.strip_prefix("<<<")?;
            if text.is_empty() {
                words.get(at + 1).copied()
            } else {
                Some(text)
            }
        });
        let strings = strings.flat_map(|text| untouched(text, self.start_of(text), self.shell));
        let documents = self
            .documents(script)
            .filter(Part::is_replaced)
            .flat_map(|part| untouched_by(Walk::of_document(part.text, self.shell), part.text, part.start));
        strings.chain(documents).collect()
    }

    /// Returns what it says itself to the command that its output is piped to.
    pub(super) fn said(&self) -> Vec<Part<'t>> {
        let text = self.saying();
        text.map_or_else(Vec::new, |text| said(text, self.start_of(text), self.shell))
    }

    /// Returns the words that it says as they are, when that is all it does.
    fn saying(&self) -> Option<&'t str> {
        let is_saying =
            matches!(self.program(), "echo" | "printf") && !self.text.contains('>') && !self.text.contains("%q");
        let words = is_saying.then(|| words(self.words(), self.shell))?;
        let is_said = |word: &&&str| !word.trim_start_matches(['"', '\'']).starts_with(['-', '%']);
        let first = words.iter().skip(1).find(is_said)?;
        Some(&self.text[self.start_of(first) - self.start..])
    }
}

/// Returns whether a script has the name of a program that reads commands, and variables at all.
pub(in super::super) fn may_read_again(script: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || ";|&()`\"'$<>{}".contains(c);
    script.contains('$') && script.split(is_between).any(|word| reader(word).is_some())
}

/// Returns the places among the words of a command at which a program stands that reads commands.
pub(super) fn readers<'w>(words: &'w [&str]) -> impl Iterator<Item = (usize, Reader)> + 'w {
    /// More words than stand before a program that another runs.
    const NEAR: usize = 64;
    let first = words.first().map_or("", |first| program(first));
    let is_container = CONTAINERS.contains(&first);
    let reach = if is_container || RUNNING.contains(&first) {
        NEAR
    } else {
        1
    };
    words.iter().enumerate().take(reach).filter_map(move |(at, word)| {
        let reader = reader(word)?;
        // In the options of a container the same word may be the name of something.
        let is_name = || words[at - 1].starts_with('-');
        let is_certain = !is_container || reader == Reader::Shell || (reader == Reader::Interpreter && !is_name());
        is_certain.then_some((at, reader))
    })
}

fn reader(word: &str) -> Option<Reader> {
    match program(word) {
        "eval" | "su" => Some(Reader::Shell),
        "ssh" => Some(Reader::Remote),
        _ if is_shell(word) => Some(Reader::Shell),
        name => interpreter(name).map(|_| Reader::Interpreter),
    }
}

fn interpreter(name: &str) -> Option<&'static [&'static str]> {
    let found = INTERPRETERS.iter().find(|(interpreter, _)| *interpreter == name);
    found.map(|(_, options)| *options)
}

/// Returns the words that the program at a place reads as commands.
pub(super) fn texts<'t>(words: &[&'t str], at: usize, reader: Reader) -> Option<Vec<&'t str>> {
    let (name, behind) = (program(words[at]), &words[at + 1..]);
    let all_of = |words: &[&'t str]| unredirected(words).map(|at| words[at]).collect();
    match reader {
        _ if name == "eval" => Some(all_of(behind)),
        Reader::Remote => {
            let host = operands(name, behind).next()?;
            Some(all_of(&behind[host + 1..]))
        }
        _ => {
            let option = behind.iter().position(|word| takes_text(name, word))?;
            // Behind a script of its own the option is for that one; `su` has the name of somebody there.
            let is_own = name == "su" || operands(name, &behind[..option]).next().is_none();
            behind.get(option + 1).filter(|_| is_own).map(|text| vec![*text])
        }
    }
}

/// Returns whether the program at a place runs what comes to it.
fn reads_input(words: &[&str], at: usize, reader: Reader) -> bool {
    let (name, behind) = (program(words[at]), &words[at + 1..]);
    let mut operands = operands(name, behind).map(|at| behind[at]);
    if matches!(name, "eval" | "su") || behind.iter().any(|word| takes_text(name, word) || *word == "-n") {
        return false;
    }
    match reader {
        Reader::Remote => {
            operands.next().is_some() && operands.next().is_none_or(is_shell) && operands.next().is_none()
        }
        Reader::Shell if behind.contains(&"-s") => true,
        Reader::Shell | Reader::Interpreter => operands.next().is_none_or(|first| first == "-"),
    }
}

/// Returns whether an option of a program stands before a text of commands.
fn takes_text(name: &str, option: &str) -> bool {
    if let Some(options) = interpreter(name) {
        return options.contains(&option);
    }
    let letters = option.strip_prefix('-').unwrap_or_default();
    option == "--command" || (letters.contains('c') && letters.bytes().all(|letter| letter.is_ascii_alphabetic()))
}

/// Returns whether a value stands behind an option of a program.
fn has_value(name: &str, option: &str) -> bool {
    match name {
        "ssh" => {
            const LETTERS: &str = "bcDEeFIiJLlmOopQRSWw";
            option.len() == 2 && LETTERS.contains(&option[1..])
        }
        "python" | "pypy" => matches!(option, "-W" | "-X"),
        "node" | "nodejs" | "bun" => matches!(option, "-r" | "--require" | "--import" | "-C"),
        "perl" | "ruby" => matches!(option, "-I" | "-M" | "-r"),
        _ if interpreter(name).is_some() => false,
        // Several options of a shell may stand together, and the last one have the value.
        _ if option.starts_with("--") => matches!(option, "--rcfile" | "--init-file"),
        _ => option.ends_with(['o', 'O']),
    }
}

/// Returns the places of the words that are no options, no values of options and no redirections.
fn operands<'w>(name: &'w str, words: &'w [&str]) -> impl Iterator<Item = usize> + 'w {
    let mut is_value = false;
    unredirected(words).filter(move |at| {
        let word = words[*at];
        let is_option = word != "-" && word.starts_with(['-', '+']);
        let was_value = std::mem::take(&mut is_value);
        is_value = is_option && !was_value && has_value(name, word);
        !was_value && !is_option
    })
}

/// Returns the places of the words that are no redirections.
fn unredirected<'w>(words: &'w [&str]) -> impl Iterator<Item = usize> + 'w {
    let mut is_file = false;
    words.iter().enumerate().filter_map(move |(at, word)| {
        if std::mem::take(&mut is_file) {
            return None;
        }
        let unnumbered = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        if !unnumbered.starts_with(['<', '>']) {
            return Some(at);
        }
        let is_closed = unnumbered.ends_with("&-");
        is_file = !is_closed && unnumbered.trim_start_matches(['<', '>', '&', '|', '-']).is_empty();
        None
    })
}

/// Returns the parts of a text that nothing changes before it is read, also those that `echo` and `printf` say in it.
fn said(text: &str, start: usize, shell: Shell) -> Vec<Part<'_>> {
    /// More often nobody says what another one has said.
    const DEEPEST: usize = 4;
    let mut found = untouched(text, start, shell);
    let mut texts = vec![(text, start)];
    for _ in 0..DEEPEST {
        let inside = texts.iter().flat_map(|(text, start)| substituted(text, *start, shell));
        let commands = inside.filter_map(|(text, start)| {
            let mut commands = reading::commands(text, shell);
            let only = commands.pop().filter(|_| commands.is_empty())?;
            let text = only.saying()?;
            Some((text, start + only.start_of(text)))
        });
        texts = commands.collect();
        found.extend(texts.iter().flat_map(|(text, start)| untouched(text, *start, shell)));
    }
    found
}

/// Returns the outermost substitutions of commands in a text, each with where it stands.
pub(super) fn substituted(text: &str, start: usize, shell: Shell) -> Vec<(&str, usize)> {
    substituted_by(Walk::by(text, shell), text, start)
}

/// Returns those in a text that a walk goes along.
pub(super) fn substituted_by<'t>(mut walk: Walk<'t>, text: &'t str, start: usize) -> Vec<(&'t str, usize)> {
    let mut found = Vec::new();
    // Where the commands begin of the one that is open, and how many frames there are with it.
    let mut open = None;
    while walk.at < text.len() {
        let before = walk.at;
        walk.step();
        let innermost = walk.frames.last().map(|(frame, _)| *frame);
        match open {
            None if matches!(innermost, Some(Frame::Command | Frame::Backquoted)) => {
                open = Some((walk.at, walk.frames.len()));
            }
            Some((from, depth)) if walk.frames.len() < depth => {
                found.extend(text.get(from..before).map(|inside| (inside, start + from)));
                open = None;
            }
            _ => {}
        }
    }
    found
}

/// Returns the parts of a text that nothing changes before it is read: what stands in no substitution of commands.
fn untouched(text: &str, start: usize, shell: Shell) -> Vec<Part<'_>> {
    untouched_by(Walk::by(text, shell), text, start)
}

/// Returns those of a text that a walk goes along.
fn untouched_by<'t>(walk: Walk<'t>, text: &'t str, start: usize) -> Vec<Part<'t>> {
    // How many frames are open around the outermost one that is none of quotes. At each step no more than one opens.
    let mut around = None;
    parts_where(walk, text, start, |walk: &Walk<'_>| {
        around = around.filter(|around| walk.frames.len() > *around).or_else(|| {
            let (frame, _) = walk.frames.last()?;
            let is_plain = matches!(frame, Frame::Double | Frame::Parameter);
            (!is_plain).then(|| walk.frames.len() - 1)
        });
        around.is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::shell::Shell;
    use super::super::Commands;

    /// Compares the variables that are read as commands, each with the program that does.
    #[track_caller]
    fn check(script: &str, expected: &[(&str, &str)]) {
        let found: Vec<(&str, &str)> = Commands::of(script, Shell::Posix)
            .read_again()
            .iter()
            .flat_map(|again| {
                let variables = again.variables().into_iter();
                variables.map(|(_, name)| (again.program, name)).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(found, expected, "{script}");
    }

    #[test]
    fn what_is_read_again_is_found_behind_other_programs() {
        for (script, program) in [
            ("bash -c \"echo $T\"", "bash"),
            ("sudo -u app bash -c \"echo $T\"", "bash"),
            ("FOO=1 bash -c \"echo $T\"", "bash"),
            ("env A=b bash -euxo pipefail -c \"echo $T\"", "bash"),
            ("timeout 10 bash -c \"echo $T\"", "bash"),
            ("docker exec x bash -c \"echo $T\"", "bash"),
            ("docker run --rm python:3 python -c \"print('$T')\"", "python"),
            ("if ! /bin/sh -ec \"echo $T\"; then a; fi", "/bin/sh"),
            ("echo \"$T\" | bash", "bash"),
            ("printf '%s' \"$T\" | sudo bash -x -", "bash"),
            ("{ echo a; echo \"$T\"; } | sh -s b", "sh"),
            ("bash <<< \"echo $T\"", "bash"),
            ("ssh host <<E\necho $T\nE", "ssh"),
            ("ssh host \"echo $T\"", "ssh"),
            ("ssh -p 22 -i key a@host -- echo \"$T\"", "ssh"),
            ("echo \"$T\" | ssh host bash", "ssh"),
            ("python3 -c \"print('$T')\"", "python3"),
            ("node -e \"a('${T}')\"", "node"),
            ("su app -c \"echo $T\"", "su"),
            ("eval echo \"$T\"", "eval"),
            ("eval > note 2>&- echo \"$T\"", "eval"),
            ("ssh host < note \"echo $T\"", "ssh"),
            ("eval \"$(echo \"$T\")\"", "eval"),
            ("eval a \"$(printf '%s' \"`echo $T`\")\"", "eval"),
            ("bash -c \"$(echo \"echo $T\")\"", "bash"),
            ("echo \"$(echo \"$T\")\" | sh", "sh"),
            ("eval \"x=${T//$(echo y)/z}\"", "eval"),
            ("x=$(eval $T)", "eval"),
            ("echo \"a $(eval $T)\"", "eval"),
            ("echo `eval $T`", "eval"),
            ("a; echo $(b; x=$(echo \"$T\" | bash))", "bash"),
            ("x=$(bash <<E\necho $T\nE\n)", "bash"),
            ("eval \"x=${T//'x'/}\"", "eval"),
            ("eval \"${T//[^a-zA-Z0-9;$()]/}\"", "eval"),
        ] {
            check(script, &[(program, "T")]);
        }
    }

    #[test]
    fn what_is_only_a_value_is_not_told() {
        for script in [
            "bash -c 'echo \"$T\"'",
            "bash -c 'echo \"$1\"' _ \"$T\"",
            "bash ./greet.sh -c \"$T\"",
            "bash ./greet.sh \"$T\"",
            "echo \"$T\" | bash ./greet.sh",
            "echo \"$T\" | python3 -m json.tool",
            "echo \"$T\" | python3 -c 'import sys'",
            "echo \"$T\" | ssh host 'cat > note'",
            "echo \"$T\" | tr -cd a-z | bash",
            "echo \"$T\" > note; echo a | bash",
            "grep \"$T\" scripts | bash",
            "bash -c \"echo ${T@Q}\"",
            "eval \"x=${T//[^a-z0-9_]/-}\"",
            "eval \"$(tool \"$T\")\"",
            "eval \"$(echo \"$T\" | tr -cd a-z)\"",
            "eval \"$({ echo \"$T\"; } | tr -cd a-z)\"",
            "eval \"$(printf %q \"$T\")\"",
            "eval \"$(echo $(tool \"$T\"))\"",
            "eval \"$(echo \"$T\" > note)\"",
            "ssh \"$T\" ls",
            "ssh host 'cat > note' <<< \"$T\"",
            "ssh host 'cat > note' < <(echo \"$T\")",
            "ssh host ls 2>&- > \"note-$T\"",
            "eval a >> \"$T\"",
            "eval a <<< \"$T\"",
            "docker run --name node -e \"A=$T\" image",
            "kubectl exec -n python -c \"$T\" pod",
            "echo bash -c \"$T\"",
            "git commit -m \"bash -c $T\"",
            "bash <<'E'\necho $T\nE",
            "cat <<E\n$T\nE",
        ] {
            check(script, &[]);
        }
    }

    #[test]
    fn long_commands_are_read_by_their_size() {
        for (script, count) in [
            (format!("sudo {}", "bash ".repeat(50_000)), 0),
            (format!("bash -c \"$T {}\"", "$(".repeat(50_000)), 1),
            (
                format!("{}eval a{}; eval $T", "$(".repeat(20_000), ")".repeat(20_000)),
                1,
            ),
            (format!("bash -c \"{}$T\"", "${-:-".repeat(50_000)), 1),
            (format!("{}; echo $T", "echo a | bash ".repeat(20_000)), 0),
        ] {
            let again = Commands::of(&script, Shell::Posix).read_again();
            let variables = again.iter().flat_map(super::Again::variables);
            assert_eq!(variables.count(), count, "{}", &script[..20]);
        }
    }
}
