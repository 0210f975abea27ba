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
}

/// The longest script that is looked into: GitHub's runner takes 21,000 characters.
const MOST_BYTES: usize = 21_000;

/// Programs that read an argument of theirs as commands.
const READING_AGAIN: [&str; 33] = [
    "let", "trap", "source", ".", "declare", "typeset", "printf", "php", "ash", "ksh", "pwsh", "eval", "bash", "sh",
    "zsh", "dash", "su", "sudo -s", "ssh", "python", "python3", "node", "perl", "ruby", "awk", "gawk", "sed", "jq",
    "yq", "xargs", "psql", "mysql", "parallel",
];

/// Returns how the part `start..end` of a script is quoted.
pub(in super::super) fn at(script: &str, start: usize, end: usize) -> Quoting {
    if script.len() > MOST_BYTES {
        return Quoting::Unclear("the script is longer than a runner takes");
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
        opened: None,
    };
    if let Some(unclear) = scan.up_to(start) {
        if unclear == IN_SINGLE && is_alone(script, start, end) && !is_read_again(script, start - 1) {
            return Quoting::AloneInSingle;
        }
        return Quoting::Unclear(unclear);
    }
    if is_read_again(script, scan.opened.unwrap_or(start)) {
        return Quoting::Unclear("the command reads the text as commands once more");
    }
    match scan.frames.last() {
        None | Some(Frame::Command) => Quoting::Bare,
        Some(Frame::Double) => Quoting::Double,
        Some(_) => Quoting::Unclear("it stands inside of a substitution"),
    }
}

const IN_SINGLE: &str = "it stands in single quotes, where no variable is replaced";
const IN_COMMENT: &str = "it stands in a comment";
const IN_DOCUMENT: &str = "it stands in a here-document";

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    frames: Vec<Frame>,
    /// The ends of the here-documents that begin on the next line.
    documents: Vec<String>,
    /// Where the outermost quote or substitution opened.
    opened: Option<usize>,
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

    /// Passes over one sign, or over all that is read in one piece; returns what that piece is.
    fn step(&mut self) -> Option<&'static str> {
        let rest = &self.text[self.at..];
        // An expression is replaced before the shell sees the script.
        if rest.starts_with(b"${{") {
            self.at += find(rest, b"}}").map_or(rest.len(), |end| end + 2);
            return None;
        }
        match (self.frames.last().copied(), rest[0]) {
            (_, b'\\') => self.at += 2,
            (_, b'$') if rest.starts_with(b"$((") => self.open(Frame::Arithmetic, 3),
            (_, b'$') if rest.starts_with(b"$(") => self.open(Frame::Command, 2),
            (_, b'$') if rest.starts_with(b"${") => self.open(Frame::Parameter, 2),
            (Some(Frame::Arithmetic), b')') if rest.starts_with(b"))") => self.close(2),
            (Some(Frame::Backquoted), b'`')
            | (Some(Frame::Double), b'"')
            | (Some(Frame::Parameter), b'}')
            | (Some(Frame::Command), b')') => self.close(1),
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
            (_, b'(') => self.open(Frame::Command, 1),
            _ => self.at += 1,
        }
        None
    }

    fn open(&mut self, frame: Frame, width: usize) {
        if self.frames.is_empty() {
            self.opened = Some(self.at);
        }
        self.frames.push(frame);
        self.at += width;
    }

    fn close(&mut self, width: usize) {
        self.frames.pop();
        if self.frames.is_empty() {
            self.opened = None;
        }
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
    let mut start = position;
    loop {
        start = script[..start].rfind('\n').map_or(0, |at| at + 1);
        let continues = start > 0 && script[..start - 1].trim_end().ends_with('\\');
        if !continues {
            break;
        }
        start -= 1;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    script[start..position]
        .split(|c| !is_word(c))
        .any(|word| READING_AGAIN.contains(&word))
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
