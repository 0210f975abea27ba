//! How a place in a script of `sh` or `bash` is quoted.
//!
//! Not a shell: it follows quotes, substitutions, comments and here-documents just far enough to tell whether a
//! variable in that place would be one word with its value as it is. Where it is not sure it says so, and nothing is
//! changed.

/// How a place is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Quoting {
    /// Not at all: words are split and patterns expanded.
    Bare,
    /// In double quotes: variables are replaced, and nothing else happens to them.
    Double,
    /// Alone in single quotes, which have to go for a variable.
    AloneInSingle,
    /// Where a variable would not be replaced, or its value be read once more.
    Unclear(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// `$( … )` and `( … )`.
    Command,
    Double,
    /// `${ … }`.
    Parameter,
    Backquoted,
    /// `$(( … ))`.
    Arithmetic,
    /// `NAME=( … )`.
    List,
}

/// The longest script that is looked into: GitHub's runner takes 21,000 characters.
const MOST_BYTES: usize = 21_000;

/// Programs that read an argument of theirs as commands.
const READING_AGAIN: [&str; 33] = [
    "let", "trap", "source", ".", "declare", "typeset", "printf", "php", "ash", "ksh", "pwsh", "eval", "bash", "sh",
    "zsh", "dash", "su", "sudo -s", "ssh", "python", "python3", "node", "perl", "ruby", "awk", "gawk", "sed", "jq",
    "yq", "xargs", "psql", "mysql", "parallel",
];

/// Programs that read what comes by a pipe as commands.
const READING_A_PIPE: [&str; 20] = [
    "bash",
    "sh",
    "zsh",
    "dash",
    "ash",
    "ksh",
    "pwsh",
    "powershell",
    "python",
    "python3",
    "node",
    "perl",
    "ruby",
    "php",
    "psql",
    "mysql",
    "xargs",
    "parallel",
    "ssh",
    "su",
];

/// A script whose places are asked about; in the order of the text all of them take one walk along it.
pub(in super::super) struct Script<'t> {
    text: &'t str,
    scan: Scan<'t>,
    hints: Hints,
}

/// What the script as a whole says about each of its places.
struct Hints {
    /// Whether it has commands that read any text of it as commands.
    runs_texts: bool,
    /// Where the last line begins that pipes what stands before it to a program that reads commands.
    last_reader: Option<usize>,
    /// Where the last line begins that sends what stands before it elsewhere.
    last_redirection: Option<usize>,
}

impl<'t> Script<'t> {
    pub(in super::super) fn of(text: &'t str) -> Self {
        let is_read = text.len() <= MOST_BYTES;
        Self {
            text,
            scan: Scan::of(text),
            hints: Hints {
                runs_texts: is_read && runs_texts(text),
                last_reader: last_closing(text, pipes_to_a_reader).filter(|_| is_read),
                last_redirection: last_closing(text, |line| line.contains(['|', '>'])).filter(|_| is_read),
            },
        }
    }

    /// Returns how the part `start..end` is quoted, and about how many bytes were read for it.
    pub(in super::super) fn at(&mut self, start: usize, end: usize) -> (Quoting, usize) {
        let script = self.text;
        if script.len() > MOST_BYTES {
            return (Quoting::Unclear("the script is longer than a runner takes"), 0);
        }
        let from = self.walk_to(start);
        let line = line_before(script, start);
        let read = start - from + line.len();
        match self.unquoted(start, end) {
            Err(why) => (Quoting::Unclear(why), read),
            Ok((quoting, end_of_command)) => (quoting, read + end_of_command.saturating_sub(end)),
        }
    }

    /// Returns whether at `start` a command begins whose output is that of the script.
    pub(in super::super) fn is_command(&mut self, start: usize) -> bool {
        if self.text.len() > MOST_BYTES {
            return false;
        }
        self.walk_to(start);
        let is_reached = self.scan.up_to(start).is_none() && self.scan.at == start;
        let is_first = line_before(self.text, start).trim().is_empty();
        let is_sent_elsewhere = self.hints.last_redirection.is_some_and(|at| at > start);
        is_reached && self.scan.frames.is_empty() && is_first && !is_sent_elsewhere
    }

    /// Makes the walk one that `start` lies before; returns where it is.
    fn walk_to(&mut self, start: usize) -> usize {
        if start < self.scan.goal {
            self.scan = Scan::of(self.text);
        }
        self.scan.goal
    }

    /// Returns how a part is quoted and where its command ends, or why that is not clear.
    fn unquoted(&mut self, start: usize, end: usize) -> Result<(Quoting, usize), &'static str> {
        let script = self.text;
        if script[..start].ends_with('\\') {
            return Err("the backslash before it would keep a variable from being replaced");
        }
        let line = &script[script[..start].rfind('\n').map_or(0, |at| at + 1)..start];
        if line.contains("((") || line.contains("[[") {
            return Err("bash may calculate with it or match it as a pattern");
        }
        let unclear = self.scan.up_to(start);
        let is_alone = unclear == Some(IN_SINGLE) && is_alone(script, start, end);
        if let Some(why) = unclear.filter(|_| !is_alone) {
            return Err(why);
        }
        let innermost = self.scan.frames.last().copied();
        let quote = match innermost {
            _ if is_alone => start - 1,
            Some((Frame::Double, opened)) => opened,
            _ => start,
        };
        if is_read_again(script, quote) || is_read_again(script, self.scan.opened().unwrap_or(quote)) {
            return Err("the command reads the text as commands once more");
        }
        let end_of_command = self.scan.clone().end_of_command().max(end);
        let command = script.get(end..end_of_command).unwrap_or_default();
        if pipes_to_a_reader(command) || self.hints.last_reader.is_some_and(|at| at >= end_of_command) {
            return Err("the program behind the `|` reads the text as commands");
        }
        if self.hints.runs_texts {
            return Err("the script runs texts as commands, and this may be one of them");
        }
        let quoting = match innermost {
            _ if is_alone => Quoting::AloneInSingle,
            None | Some((Frame::Command, _)) => words_meant(script, start).map_or(Quoting::Bare, Quoting::Unclear),
            Some((Frame::Double, _)) => Quoting::Double,
            Some((Frame::List, _)) => return Err(IN_LIST),
            Some(_) => return Err("it stands inside of a substitution"),
        };
        Ok((quoting, end_of_command))
    }
}

const IN_SINGLE: &str = "it stands in single quotes, where no variable is replaced";
const IN_COMMENT: &str = "it stands in a comment";
const IN_DOCUMENT: &str = "it stands in a here-document";
const IN_LIST: &str = "the words of the value are meant here one by one";
const IS_COMMAND: &str = "the value is the command itself";

#[derive(Clone)]
struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    /// How far was asked for.
    goal: usize,
    /// What the last piece is that was read at once.
    jumped: Option<&'static str>,
    /// The quotes and substitutions that are open, each with where it opened.
    frames: Vec<(Frame, usize)>,
    /// The ends of the here-documents that begin on the next line.
    documents: Vec<String>,
}

impl<'t> Scan<'t> {
    fn of(script: &'t str) -> Self {
        Self {
            text: script.as_bytes(),
            at: 0,
            goal: 0,
            jumped: None,
            frames: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// Reads up to `goal`, which lies behind those before; returns why a variable there is not what it seems.
    fn up_to(&mut self, goal: usize) -> Option<&'static str> {
        self.goal = goal;
        while self.at < goal {
            let before = self.at;
            self.jumped = self.step();
            debug_assert!(self.at > before, "every step goes on");
        }
        self.jumped.filter(|_| self.at > goal)
    }

    /// Returns where the outermost quote or substitution opened.
    fn opened(&self) -> Option<usize> {
        self.frames.first().map(|(_, opened)| *opened)
    }

    /// Reads on to the end of the command, with all that its output is piped to; returns where that is.
    fn end_of_command(&mut self) -> usize {
        let mut last = b' ';
        while let Some(sign) = self.text.get(self.at).copied() {
            if sign == b'\n' && self.frames.is_empty() && last != b'|' {
                break;
            }
            if !sign.is_ascii_whitespace() {
                last = sign;
            }
            self.step();
        }
        self.at.min(self.text.len())
    }

    /// Passes over one sign, or over all that is read in one piece; returns what that piece is.
    fn step(&mut self) -> Option<&'static str> {
        let rest = &self.text[self.at..];
        // An expression is replaced before the shell sees the script.
        if rest.starts_with(b"${{") {
            self.at += find(rest, b"}}").map_or(rest.len(), |end| end + 2);
            return None;
        }
        match (self.frames.last().map(|(frame, _)| *frame), rest[0]) {
            (_, b'\\') => self.at += 2,
            (_, b'$') if rest.starts_with(b"$((") => self.open(Frame::Arithmetic, 3),
            (_, b'$') if rest.starts_with(b"$(") => self.open(Frame::Command, 2),
            (_, b'$') if rest.starts_with(b"${") => self.open(Frame::Parameter, 2),
            (Some(Frame::Arithmetic), b')') if rest.starts_with(b"))") => self.close(2),
            (Some(Frame::Backquoted), b'`')
            | (Some(Frame::Double), b'"')
            | (Some(Frame::Parameter), b'}')
            | (Some(Frame::Command | Frame::List), b')') => self.close(1),
            (_, b'`') => self.open(Frame::Backquoted, 1),
            (Some(Frame::Double | Frame::Arithmetic), _) => self.at += 1,
            (_, b'"') => self.open(Frame::Double, 1),
            (_, b'\'') => {
                self.jump(find(&rest[1..], b"'").map(|end| end + 2));
                return Some(IN_SINGLE);
            }
            (Some(Frame::Parameter), _) => self.at += 1,
            (_, b'#') if self.at == 0 || self.text[self.at - 1].is_ascii_whitespace() => {
                self.jump(find(rest, b"\n"));
                return Some(IN_COMMENT);
            }
            (_, b'<') if rest.starts_with(b"<<") && !rest.starts_with(b"<<<") => self.document(),
            (_, b'<') if rest.starts_with(b"<<<") => self.at += 3,
            (_, b'\n') if !self.documents.is_empty() => {
                self.skip_documents();
                return Some(IN_DOCUMENT);
            }
            (_, b'(') if self.text[..self.at].ends_with(b"=") => self.open(Frame::List, 1),
            (_, b'(') => self.open(Frame::Command, 1),
            _ => self.at += 1,
        }
        None
    }

    fn open(&mut self, frame: Frame, width: usize) {
        self.frames.push((frame, self.at));
        self.at += width;
    }

    fn close(&mut self, width: usize) {
        self.frames.pop();
        self.at += width;
    }

    /// Passes over `length` bytes, or over all that is left.
    fn jump(&mut self, length: Option<usize>) {
        self.at = length.map_or(self.text.len() + 1, |length| self.at + length);
    }

    /// Notes the word that ends a here-document.
    fn document(&mut self) {
        let rest = String::from_utf8_lossy(&self.text[self.at + 2..]).into_owned();
        let word = rest.trim_start_matches('-').trim_start_matches([' ', '\t']);
        let word = word
            .split(|c: char| c.is_whitespace() || matches!(c, ';' | ')' | '|' | '&' | '>'))
            .next();
        let word: String = word
            .unwrap_or_default()
            .chars()
            .filter(|c| !matches!(c, '\'' | '"' | '\\'))
            .collect();
        self.documents.push(word);
        self.at += 2;
    }

    /// Passes over the here-documents that begin behind this line break.
    fn skip_documents(&mut self) {
        let mut at = self.at + 1;
        for end in std::mem::take(&mut self.documents) {
            while let Some(line) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
                let length = find(line, b"\n").unwrap_or(line.len());
                let is_end = String::from_utf8_lossy(&line[..length]).trim() == end;
                at += length + 1;
                if is_end {
                    break;
                }
            }
        }
        // The line break before what comes next is read as usual.
        self.at = at.saturating_sub(1).max(self.at + 1);
    }
}

/// Returns whether the part is all that stands in a pair of single quotes.
fn is_alone(script: &str, start: usize, end: usize) -> bool {
    let bytes = script.as_bytes();
    start > 0 && bytes[start - 1] == b'\'' && bytes.get(end) == Some(&b'\'')
        // An ANSI-C quote is none.
        && (start < 2 || bytes[start - 2] != b'$')
}

/// Returns whether a program that reads its argument as commands stands before `position` in its command.
fn is_read_again(script: &str, position: usize) -> bool {
    names_any(line_before(script, position), &READING_AGAIN)
}

/// Returns whether a text of commands pipes something to a program that reads commands.
fn pipes_to_a_reader(text: &str) -> bool {
    let piped = text.find('|').into_iter().chain(text.find(">(")).min();
    piped.is_some_and(|at| names_any(&text[at..], &READING_A_PIPE))
}

/// Returns where the last line of this kind begins that ends a loop or group.
fn last_closing(script: &str, is_wanted: impl Fn(&str) -> bool) -> Option<usize> {
    const CLOSING: [&str; 5] = ["done", "fi", "esac", "}", ")"];
    let mut end = script.len();
    script.split_inclusive('\n').rev().find_map(|line| {
        end -= line.len();
        let is_closing = CLOSING.iter().any(|word| line.trim_start().starts_with(word));
        (is_closing && is_wanted(line)).then_some(end)
    })
}

/// Returns whether a script has commands that read texts as commands, which may have come from anywhere in it.
fn runs_texts(script: &str) -> bool {
    const SHELLS: [&str; 6] = ["bash", "sh", "zsh", "dash", "ash", "ksh"];
    /// More words than stand between a shell and its `-c`.
    const NEAR: usize = 4;
    let is_between = |c: char| c.is_whitespace() || ";|&()`\"'$<>".contains(c);
    let mut since_shell = NEAR;
    script.split(is_between).filter(|word| !word.is_empty()).any(|word| {
        let takes_a_text = word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        let runs = word == "eval" || (takes_a_text && since_shell < NEAR);
        let is_shell = SHELLS.contains(&word.rsplit('/').next().unwrap_or_default());
        since_shell = if is_shell { 0 } else { since_shell + 1 };
        runs
    })
}

fn names_any(text: &str, programs: &[&str]) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.split(|c| !is_word(c)).any(|word| programs.contains(&word))
}

/// Returns why a value without quotes has to stay without; `None` when it may be one word.
fn words_meant(script: &str, start: usize) -> Option<&'static str> {
    const BEFORE_A_COMMAND: [&str; 8] = ["then", "do", "else", "elif", "if", "while", "until", "!"];
    let line = line_before(script, start);
    let ends = |word: &str| word.ends_with([';', '|', '&', '(', '{', '`']) || BEFORE_A_COMMAND.contains(&word);
    let mut meaning = Meaning::Command;
    let mut is_first = true;
    for word in line.split_whitespace() {
        let word = word.trim_start_matches([';', '(', '{', '`']);
        meaning = match (meaning, word) {
            (_, "for" | "select") => Meaning::Name,
            (Meaning::Name, "in") => Meaning::List,
            (Meaning::List, "do") => Meaning::Command,
            (_, "set") if is_first => Meaning::Parameters,
            (Meaning::Parameters, _) if ends(word) => Meaning::Command,
            (same, _) => same,
        };
        is_first = ends(word);
    }
    let is_apart = line.is_empty() || line.ends_with([' ', '\t', ';', '|', '&', '(', '`']);
    match meaning {
        Meaning::List | Meaning::Parameters => Some(IN_LIST),
        _ if is_first && is_apart => Some(IS_COMMAND),
        _ => None,
    }
}

/// What the words of a line are.
#[derive(Clone, Copy)]
enum Meaning {
    Command,
    /// Of `for NAME`.
    Name,
    /// Of `for NAME in …`.
    List,
    /// Of `set …`.
    Parameters,
}

/// Returns the line before `position`, with those before it that it continues.
fn line_before(script: &str, position: usize) -> &str {
    let mut start = position;
    loop {
        start = script[..start].rfind('\n').map_or(0, |at| at + 1);
        let continues = start > 0 && script[..start - 1].trim_end().ends_with('\\');
        if !continues {
            break;
        }
        start -= 1;
    }
    &script[start..position]
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(script: &str, start: usize) -> Quoting {
        Script::of(script).at(start, start + "${{ x }}".len()).0
    }

    #[track_caller]
    fn check(script: &str, expected: Quoting) {
        let start = script.find("${{ x }}").unwrap();
        assert_eq!(at(script, start), expected, "{script}");
    }

    #[test]
    fn quotes_are_followed() {
        check("echo ${{ x }}", Quoting::Bare);
        check("echo \"a ${{ x }} b\"", Quoting::Double);
        check("echo 'it' \"${{ x }}\"", Quoting::Double);
        check("echo \"a\" ${{ x }}", Quoting::Bare);
        check("A=\"$(make ${{ x }})\"", Quoting::Bare);
        check("A=\"$(make \"${{ x }}\")\"", Quoting::Double);
        check("echo \"${A:-b}${{ x }}\"", Quoting::Double);
        check("echo '${{ x }}'", Quoting::AloneInSingle);
        check("echo \"don't\" ${{ x }}", Quoting::Bare);
        check("echo \\\" ${{ x }}", Quoting::Bare);
        check("# don't\necho \"${{ x }}\"", Quoting::Double);
        check("echo \"${{ y }}'\" ${{ x }}", Quoting::Bare);
        check("(cd a && make ${{ x }})", Quoting::Bare);
        check("cat <<END\nit's\nEND\necho \"${{ x }}\"", Quoting::Double);
        check("cat <<'END' > f\nit's\nEND\necho ${{ x }}", Quoting::Bare);
    }

    #[test]
    fn words_that_are_meant_one_by_one_stay_without_quotes() {
        for script in [
            "for i in ${{ x }}; do echo $i; done",
            "for i in a \\\n  ${{ x }}; do",
            "a; for i in a 'b;c' ${{ x }}",
            "set -- ${{ x }}",
            "set -e; set -- a ${{ x }}",
            "ARGS=(${{ x }})",
            "ARGS+=(a \"b\"\n  ${{ x }}\n)",
        ] {
            check(script, Quoting::Unclear(IN_LIST));
        }
        for script in ["${{ x }}", "make\n${{ x }} a", "make && ${{ x }}", "A=$(${{ x }})"] {
            check(script, Quoting::Unclear(IS_COMMAND));
        }
        for script in [
            "for i in a b; do echo ${{ x }}; done",
            "set -e; echo ${{ x }}",
            "kubectl set image ${{ x }}",
            "ARGS=(a)\necho ${{ x }}",
            "A=${{ x }}",
            "cat a/${{ x }}",
        ] {
            check(script, Quoting::Bare);
        }
        check("for i in \"${{ x }}\"; do", Quoting::Double);
        check("ARGS=(\"${{ x }}\")", Quoting::Double);
    }

    #[test]
    fn what_a_program_reads_as_commands_is_not_safe() {
        for script in [
            "echo \"${{ x }}\" | bash",
            "echo '${{ x }}' | sh",
            "echo \"a ${{ x }}\n b\" | sudo bash -s",
            "echo ${{ x }} |\n  ssh host",
            "echo ${{ x }} \\\n | xargs rm",
            "for i in a; do\n  echo \"${{ x }}\"\ndone | /bin/sh",
            "echo \"${{ x }}\" > >(bash)",
            "echo \"$(bash -c \"${{ x }}\")\"",
            "eval \"${{ x }}\"",
            "echo a | xargs -I{} sh -c \"${{ x }}\"",
            "ssh host \"${{ x }}\"",
            "echo \\${{ x }}",
            "echo \"\\${{ x }}\"",
        ] {
            let start = script.find("${{ x }}").unwrap();
            let found = at(script, start);
            assert!(matches!(found, Quoting::Unclear(_)), "{script}: {found:?}");
        }
        check("echo \"${{ x }}\" | grep a\nbash a.sh", Quoting::Double);
        check("echo \"${{ x }}\" || exit 1", Quoting::Double);
        check("echo a | bash\necho \"${{ x }}\"", Quoting::Double);
    }

    #[test]
    fn what_is_asked_in_any_order_is_the_same() {
        let script = "echo ${{ x }} \"${{ x }}\" '${{ x }} ${{ x }}' # ${{ x }}\ncat <<E\n${{ x }} ${{ x }}\nE\necho \"${{ x }}\"";
        let places: Vec<usize> = script.match_indices("${{ x }}").map(|(at, _)| at).collect();
        let alone: Vec<Quoting> = places.iter().map(|place| at(script, *place)).collect();
        let mut in_order = Script::of(script);
        let mut backwards = Script::of(script);
        for (place, expected) in places.iter().zip(&alone) {
            assert_eq!(in_order.at(*place, place + 8).0, *expected);
        }
        for (place, expected) in places.iter().zip(&alone).rev() {
            assert_eq!(backwards.at(*place, place + 8).0, *expected);
        }
        assert_eq!(alone[..2], [Quoting::Bare, Quoting::Double]);
        assert_eq!(
            alone[2..],
            [
                Quoting::Unclear(IN_SINGLE),
                Quoting::Unclear(IN_SINGLE),
                Quoting::Unclear(IN_COMMENT),
                Quoting::Unclear(IN_DOCUMENT),
                Quoting::Unclear(IN_DOCUMENT),
                Quoting::Double,
            ]
        );
    }

    #[test]
    fn a_script_that_runs_texts_may_run_any_of_them() {
        for script in [
            "f() { eval \"$1\"; }; f \"${{ x }}\"",
            "CMD=\"${{ x }}\"; eval \"$CMD\"",
            "CMD=\"${{ x }}\"\n/bin/bash -euc \"$CMD\"",
            "CMD=\"${{ x }}\"\nsh -e -c \"$CMD\"",
            "CMD=\"${{ x }}\"\nbash -o pipefail -c \"$CMD\"",
        ] {
            let start = script.find("${{ x }}").unwrap();
            assert!(matches!(at(script, start), Quoting::Unclear(_)), "{script}");
        }
        check("bash --rcfile a build.sh\necho \"${{ x }}\"", Quoting::Double);
    }

    #[test]
    fn a_command_says_something_where_its_output_is_that_of_the_script() {
        let is_command = |script: &str| Script::of(script).is_command(script.find("echo x").unwrap());
        for script in [
            "echo x",
            "a\n  echo x",
            "if a; then\n  echo x\nfi",
            "# it's\necho x",
            "cat <<E\nE\necho x",
        ] {
            assert!(is_command(script), "{script}");
        }
        for script in [
            "ssh host <<'E'\necho x\nE\n",
            "out=$(\n  echo x\n)",
            "a=`\n  echo x`",
            "a \\\n  echo x",
            "a='\n  echo x'",
            "a=\"\n  echo x\"",
            "for a in b; do\n  echo x\ndone > file",
            "{\n  echo x\n} | tee file",
            "a; echo x",
        ] {
            assert!(!is_command(script), "{script}");
        }
    }

    #[test]
    fn what_is_not_sure_is_said() {
        check("echo 'a ${{ x }}'", Quoting::Unclear(IN_SINGLE));
        check("# ${{ x }}", Quoting::Unclear(IN_COMMENT));
        check("cat <<END\n${{ x }}\nEND\n", Quoting::Unclear(IN_DOCUMENT));
        check(
            "cat <<-'END' | tee f\n\t${{ x }}\n\tEND\n",
            Quoting::Unclear(IN_DOCUMENT),
        );
        for script in [
            "bash -c \"echo ${{ x }}\"",
            "python3 -c \"\nprint('${{ x }}')\"",
            "docker run a \\\n  sh -c ${{ x }}",
            "echo ${A:-${{ x }}}",
            "echo `make ${{ x }}`",
            "echo $((1 + ${{ x }}))",
            "sed -i 's/a/b/' ${{ x }}",
        ] {
            let start = script.find("${{ x }}").unwrap();
            let found = at(script, start);
            assert!(matches!(found, Quoting::Unclear(_)), "{script}: {found:?}");
        }
    }
}
