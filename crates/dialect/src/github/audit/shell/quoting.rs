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

/// Returns how the part `start..end` of a script is quoted.
pub(in super::super) fn at(script: &str, start: usize, end: usize) -> Quoting {
    if script.len() > MOST_BYTES {
        return Quoting::Unclear("the script is longer than a runner takes");
    }
    if script[..start].ends_with('\\') {
        return Quoting::Unclear("the backslash before it would keep a variable from being replaced");
    }
    let line = &script[script[..start].rfind('\n').map_or(0, |at| at + 1)..start];
    if line.contains("((") || line.contains("[[") {
        return Quoting::Unclear("bash may calculate with it or match it as a pattern");
    }
    let mut scan = Scan {
        text: script.as_bytes(),
        at: 0,
        frames: Vec::new(),
        documents: Vec::new(),
    };
    let unclear = scan.up_to(start);
    let is_alone = unclear == Some(IN_SINGLE) && is_alone(script, start, end);
    if let Some(why) = unclear.filter(|_| !is_alone) {
        return Quoting::Unclear(why);
    }
    let innermost = scan.frames.last().copied();
    let quote = match innermost {
        _ if is_alone => start - 1,
        Some((Frame::Double, opened)) => opened,
        _ => start,
    };
    if is_read_again(script, quote) || is_read_again(script, scan.opened().unwrap_or(quote)) {
        return Quoting::Unclear("the command reads the text as commands once more");
    }
    if is_piped_to_a_reader(script, end, scan.end_of_command().max(end)) {
        return Quoting::Unclear("the program behind the `|` reads the text as commands");
    }
    match innermost {
        _ if is_alone => Quoting::AloneInSingle,
        None | Some((Frame::Command, _)) => words_meant(script, start).map_or(Quoting::Bare, Quoting::Unclear),
        Some((Frame::Double, _)) => Quoting::Double,
        Some((Frame::List, _)) => Quoting::Unclear(IN_LIST),
        Some(_) => Quoting::Unclear("it stands inside of a substitution"),
    }
}

const IN_SINGLE: &str = "it stands in single quotes, where no variable is replaced";
const IN_COMMENT: &str = "it stands in a comment";
const IN_DOCUMENT: &str = "it stands in a here-document";
const IN_LIST: &str = "the words of the value are meant here one by one";
const IS_COMMAND: &str = "the value is the command itself";

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    /// The quotes and substitutions that are open, each with where it opened.
    frames: Vec<(Frame, usize)>,
    /// The ends of the here-documents that begin on the next line.
    documents: Vec<String>,
}

impl Scan<'_> {
    /// Reads up to `goal`; returns why a variable there is not what it seems.
    fn up_to(&mut self, goal: usize) -> Option<&'static str> {
        while self.at < goal {
            let before = self.at;
            let jumped = self.step();
            if self.at > goal
                && let Some(why) = jumped
            {
                return Some(why);
            }
            debug_assert!(self.at > before, "every step goes on");
        }
        None
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

/// Returns whether what the command with the part before `end` prints is piped to a program that reads commands: in the
/// command itself, which ends at `end_of_command`, or behind the end of a loop or group around it.
fn is_piped_to_a_reader(script: &str, end: usize, end_of_command: usize) -> bool {
    const CLOSING: [&str; 5] = ["done", "fi", "esac", "}", ")"];
    let reads = |text: &str| {
        let piped = text.find('|').into_iter().chain(text.find(">(")).min();
        piped.is_some_and(|at| names_any(&text[at..], &READING_A_PIPE))
    };
    let later = script.get(end_of_command..).unwrap_or_default().lines();
    reads(script.get(end..end_of_command).unwrap_or_default())
        || later
            .filter(|line| CLOSING.iter().any(|word| line.trim_start().starts_with(word)))
            .any(reads)
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

    #[track_caller]
    fn check(script: &str, expected: Quoting) {
        let start = script.find("${{ x }}").unwrap();
        assert_eq!(at(script, start, start + "${{ x }}".len()), expected, "{script}");
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
            let found = at(script, start, start + 8);
            assert!(matches!(found, Quoting::Unclear(_)), "{script}: {found:?}");
        }
        check("echo \"${{ x }}\" | grep a\nbash a.sh", Quoting::Double);
        check("echo \"${{ x }}\" || exit 1", Quoting::Double);
        check("echo a | bash\necho \"${{ x }}\"", Quoting::Double);
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
            let found = at(script, start, start + 8);
            assert!(matches!(found, Quoting::Unclear(_)), "{script}: {found:?}");
        }
    }
}
