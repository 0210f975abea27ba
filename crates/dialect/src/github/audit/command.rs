//! The commands of a script, and which of its text goes to the files by which a step speaks to the later ones.
//!
//! Not a shell: quotes, substitutions, comments and here-documents are followed just far enough to tell one command
//! from the next. A script is read once, from its start to its end.

mod reading;

use std::ops::Range;

use super::shell::is_shell;
use super::sink::variables;
use super::walk::{Piece, Walk};

/// A command, as far as quotes tell.
pub(super) struct Command<'t> {
    pub(super) text: &'t str,
    /// The byte of the script at which it starts.
    pub(super) start: usize,
    /// Whether its output goes to the next one.
    is_piped: bool,
    /// Its here-documents, each with whether variables in it are replaced.
    documents: Vec<(Range<usize>, bool)>,
}

/// A text of a script in which variables are replaced, or one in which they are not.
#[derive(Clone, Copy)]
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    is_replaced: bool,
}

/// How often the same text of a script is looked at for groups in groups.
const MOST_TIMES: usize = 4;

/// Returns the commands of a script.
pub(super) fn commands(script: &str) -> Vec<Command<'_>> {
    reading::commands(script)
}

/// Returns what a script writes to a file that its commands name by one of `names`: the parts of each such command, of
/// what is piped to it, of its here-documents, and of the group that it closes.
pub(super) fn written<'t>(script: &'t str, names: &[&str]) -> Vec<Vec<Part<'t>>> {
    if !names.iter().any(|name| script.contains(name)) {
        return Vec::new();
    }
    let commands = commands(script);
    let mut budget = MOST_TIMES * script.len();
    let mut open = Vec::new();
    // For each command the first one of the group that it closes, and of what is piped to it.
    let mut first: Vec<usize> = Vec::with_capacity(commands.len());
    let mut found = Vec::new();
    for (at, command) in commands.iter().enumerate() {
        let mut from = at;
        match command.word() {
            "{" | "(" | "if" | "for" | "while" | "until" | "case" | "select" => open.push(at),
            "}" | ")" | "fi" | "done" | "esac" => from = open.pop().unwrap_or(at),
            _ => {}
        }
        if from > 0 && commands[from - 1].is_piped {
            from = first[from - 1];
        }
        first.push(from);
        if names.iter().any(|name| command.text.contains(name)) && command.writes() {
            // Groups in groups that are all written would be looked at again and again.
            let length = command.start + command.text.len() - commands[from].start;
            let from = budget.checked_sub(length).map_or(at, |left| {
                budget = left;
                from
            });
            let parts = commands[from..=at].iter().filter(|command| !command.is_asking());
            found.push(parts.flat_map(|command| command.parts(script)).collect());
        }
    }
    found
}

impl<'t> Command<'t> {
    /// Returns its first word that is no word of the shell before a command.
    pub(super) fn word(&self) -> &'t str {
        self.words().split_whitespace().next().unwrap_or_default()
    }

    /// Returns it without the words of the shell before a command.
    pub(super) fn words(&self) -> &'t str {
        let mut text = self.text;
        loop {
            let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            if rest.is_empty()
                || !matches!(
                    word,
                    "then" | "else" | "do" | "!" | "time" | "command" | "exec" | "sudo"
                )
            {
                return text;
            }
            text = rest.trim_start();
        }
    }

    /// Returns the program that reads words of it as commands once more, and those words.
    pub(super) fn read_again(&self) -> Option<(&'t str, Vec<Part<'t>>)> {
        let words = self.words().trim_start_matches(['{', ' ']);
        let (program, rest) = words.split_once(char::is_whitespace)?;
        let start = |text: &str| self.start + (text.as_ptr() as usize - self.text.as_ptr() as usize);
        if program == "eval" {
            return Some((program, unquoted(rest, start(rest))));
        }
        if !is_shell(program) {
            return None;
        }
        let mut rest = rest.trim_start();
        while let Some((option, behind)) = rest.split_once(char::is_whitespace).filter(|_| rest.starts_with('-')) {
            rest = behind.trim_start();
            if !option.starts_with("--") && option.ends_with('c') {
                let script = &rest[..end_of_word(rest)];
                return Some((program, unquoted(script, start(script))));
            }
        }
        None
    }

    /// Returns whether it only decides whether others run.
    fn is_asking(&self) -> bool {
        matches!(
            self.text.split_whitespace().next(),
            Some("if" | "elif" | "while" | "until" | "case")
        ) || matches!(self.word(), "[" | "[[" | "test")
    }

    fn writes(&self) -> bool {
        const WRITING: [&str; 6] = [">", "tee", "Out-File", "Add-Content", "Set-Content", "::set-output"];
        WRITING.iter().any(|word| self.text.contains(word))
    }

    fn parts(&self, script: &'t str) -> Vec<Part<'t>> {
        let documents = self.documents.iter().map(|(range, is_replaced)| Part {
            text: &script[range.clone()],
            start: range.start,
            is_replaced: *is_replaced,
        });
        unquoted(self.text, self.start).into_iter().chain(documents).collect()
    }
}

impl<'t> Part<'t> {
    /// Returns a text that stands in it as a part of its own.
    pub(super) fn part(&self, text: &'t str) -> Self {
        let at = text.as_ptr() as usize - self.text.as_ptr() as usize;
        Self {
            text,
            start: self.start + at,
            is_replaced: self.is_replaced,
        }
    }

    /// Returns the variables that are replaced in it, each with the byte of the script at which its name starts.
    pub(super) fn variables(&self) -> Vec<(usize, &'t str)> {
        if !self.is_replaced {
            return Vec::new();
        }
        let place = |name: &&'t str| name.as_ptr() as usize - self.text.as_ptr() as usize;
        let is_escaped = |at: usize| {
            let before = self.text[..at].trim_end_matches(['{', '$']);
            before.ends_with('\\')
        };
        let names = variables(self.text).into_iter().map(|name| (place(&name), name));
        names
            .filter(|(at, _)| !is_escaped(*at))
            .map(|(at, name)| (self.start + at, name))
            .collect()
    }

    /// Returns where the variable whose name starts at a byte of the script begins, with its sign, and its length.
    pub(super) fn whole(&self, at: usize, name: &str) -> (usize, usize) {
        let inside = at - self.start;
        let start = self.text[..inside].rfind('$').unwrap_or(inside);
        (self.start + start, inside - start + name.len())
    }
}

/// Returns where the first word of a text ends.
fn end_of_word(text: &str) -> usize {
    let (mut quote, mut is_escaped) = (None, false);
    let end = text.bytes().position(|byte| {
        let escaped = std::mem::take(&mut is_escaped);
        match (quote, byte) {
            _ if escaped => {}
            (None | Some(b'"'), b'\\') => is_escaped = true,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, _) => return byte.is_ascii_whitespace(),
            _ => {}
        }
        false
    });
    end.unwrap_or(text.len())
}

/// Returns the parts of a text by whether variables in them are replaced; comments are left out.
pub(super) fn unquoted(text: &str, start: usize) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut add = |range: Range<usize>, is_replaced| {
        let end = range.end.min(text.len());
        if let Some(inner) = text.get(range.start..end).filter(|inner| !inner.is_empty()) {
            parts.push(Part {
                text: inner,
                start: start + range.start,
                is_replaced,
            });
        }
    };
    let mut walk = Walk::of(text);
    let mut from = 0;
    while walk.at < text.len() {
        let at = walk.at;
        match walk.step() {
            Piece::Single => {
                add(from..at, true);
                // Its quotes are none of its text.
                let closed = walk.at - usize::from(walk.at <= text.len());
                add(at + 1..closed, false);
                from = walk.at;
            }
            Piece::Comment => {
                add(from..at, true);
                from = walk.at;
            }
            Piece::Documents => {
                add(from..at, true);
                for (range, is_replaced) in walk.documents.drain(..) {
                    add(range, is_replaced);
                }
                from = walk.at;
            }
            _ => {}
        }
    }
    add(from..text.len(), true);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let texts: Vec<&str> = commands(script).iter().map(|command| command.text).collect();
        assert_eq!(texts, expected, "{script}");
    }

    #[test]
    fn commands_end_outside_of_quotes() {
        check("a; b && c || d\ne | f & g", &["a", "b", "c", "d", "e", "f", "g"]);
        check("a ';' \"b; $(c; \"d\")\" \\; e", &["a ';' \"b; $(c; \"d\")\" \\; e"]);
        check("a 2>&1 &> b # c; d\n# e\nf", &["a 2>&1 &> b", "f"]);
        check("{ a; b; } > c", &["{ a", "b", "} > c"]);
        check("(a; b) > c\nx=(1; 2)", &["(", "a", "b", ") > c", "x=(1; 2)"]);
        check("cat <<E > a\nb; c\nE\nd", &["cat <<E > a", "d"]);
        check("f() { a; }\necho it's", &["f() { a", "}", "echo it's"]);
        check("a ${{ b || 'c' }} ä'ö", &["a ${{ b || 'c' }} ä'ö"]);
        check("(( n << 2 ))\na", &["(( n << 2 ))", "a"]);
        check("a $'it\\'s'; b", &["a $'it\\'s'", "b"]);
        check(
            "x=\"$(case $y in a) b;; esac)\"; c",
            &["x=\"$(case $y in a) b;; esac)\"", "c"],
        );
        check(
            "case $y in a|b) c;; *) d; esac",
            &["case $y in a|b)", "c", "*)", "d", "esac"],
        );
        check("if a; then (b; c); fi", &["if a", "then", "(", "b", "c", ")", "fi"]);
        check(
            "a `b; c` ${{ format('}};') }}; d",
            &["a `b; c` ${{ format('}};') }}", "d"],
        );
        check("cat <<E; b\n c\n E\nE\nd", &["cat <<E", "b", "d"]);
    }

    #[track_caller]
    fn writes(script: &str, expected: &[&str]) {
        let names: Vec<&str> = written(script, &["OUT"])
            .iter()
            .flatten()
            .flat_map(Part::variables)
            .map(|(at, name)| {
                assert!(script[at..].starts_with(name), "{script}");
                name
            })
            .filter(|name| *name != "OUT")
            .collect();
        assert_eq!(names, expected, "{script}");
    }

    #[test]
    fn groups_in_groups_are_not_looked_at_again_and_again() {
        let groups = 200;
        let line = "$A ".repeat(1000);
        let script = format!("{}echo {line};{}", "{ ".repeat(groups), " } >> $OUT;".repeat(groups));
        let parts = written(&script, &["OUT"]);
        assert_eq!(parts.len(), groups);
        let bytes: usize = parts.iter().flatten().map(|part| part.text.len()).sum();
        assert!(bytes <= (MOST_TIMES + 1) * script.len(), "{bytes}");
    }

    #[test]
    fn what_is_written_is_told_from_what_is_asked() {
        writes("echo \"t=$T\" >> \"$OUT\"", &["T"]);
        writes("if [[ \"$T\" == a* ]]; then echo k=a >> $OUT; fi", &[]);
        writes("if [ \"$T\" ]\nthen\n  echo \"$A\"\nfi >> $OUT", &["A"]);
        writes("{ echo 't<<E'\n echo \"$T\"\n echo E\n} >> \"$OUT\"\necho $B", &["T"]);
        writes("(echo \"$A\"; echo $B) | tee -a $OUT; echo $C", &["A", "B"]);
        writes("cat >> $OUT <<E\nZ=$T\nE\necho $B", &["T"]);
        writes("cat >> $OUT <<'E'\nZ=$T\nE", &[]);
        writes("echo '$A' \"\\$B\" \"${C}\" | sort -u | tee $OUT", &["C"]);
        writes("echo $A; echo $OUT; [ $B ] && echo x > $OUT", &[]);
        writes("for x in $A; do echo $x; done >> $OUT", &["A", "x"]);
        writes("echo ok # was: echo \"$A\" >> $OUT", &[]);
        writes("(( n << 2 ))\necho \"$A\" >> $OUT", &["A"]);
        writes("echo $'it\\'s' \"$A\" '$B' >> $OUT", &["A"]);
        writes("case $A in a) echo \"$B\" >> $OUT;; esac", &["B"]);
        writes("echo \"$(cat <<'E'\n$A\nE\n)$B\" >> $OUT", &["B"]);
    }
}
