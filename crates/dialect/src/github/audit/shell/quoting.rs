//! How a place in a script of `sh` or `bash` is quoted.
//!
//! Not a shell: it follows quotes, substitutions, comments and here-documents just far enough to tell whether a
//! variable in that place would be one word with its value as it is. Where it is not sure it says so, and nothing is
//! changed.

mod meaning;
mod scan;
mod uses;

use std::cell::{Cell, OnceCell};

use super::program::{Role, role};
use super::words::{Command, commands, holds_commands, plain};
use meaning::{IN_LIST, last_redirection, line_before, runs_texts, words_meant};
use scan::{Frame, IN_SINGLE, Scan};
use uses::Uses;

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

const IN_SUBSTITUTION: &str = "it stands inside of a substitution";

/// The longest script that is looked into: GitHub's runner takes 21,000 characters.
const MOST_BYTES: usize = 21_000;

/// A script whose places are asked about; in the order of the text all of them take one walk along it.
pub(in super::super) struct Script<'t> {
    text: &'t str,
    scan: Scan<'t>,
    /// Its commands and what it does with their texts; not looked at until asked for.
    contents: OnceCell<(Vec<Command<'t>>, Uses)>,
    /// How many bytes were read for the place that is looked at, beside the walk.
    read: Cell<usize>,
    /// Whether it has commands that read any text of it as commands.
    runs_texts: bool,
    /// Where the last line begins that sends what stands before it elsewhere.
    last_redirection: Option<usize>,
}

impl<'t> Script<'t> {
    pub(in super::super) fn of(text: &'t str) -> Self {
        let is_read = text.len() <= MOST_BYTES;
        Self {
            text,
            scan: Scan::of(text),
            contents: OnceCell::new(),
            read: Cell::new(0),
            runs_texts: is_read && runs_texts(text),
            last_redirection: last_redirection(text).filter(|_| is_read),
        }
    }

    fn contents(&self) -> &(Vec<Command<'t>>, Uses) {
        self.contents.get_or_init(|| {
            self.read.set(self.read.get() + self.text.len());
            let commands = commands(self.text);
            let uses = Uses::of(self.text, &commands);
            (commands, uses)
        })
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
        let found = self.unquoted(start, end);
        let read = read + self.read.take();
        match found {
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
        let is_sent_elsewhere = self.last_redirection.is_some_and(|at| at > start);
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
        // What stands in one, with quotes of its own or without, may be calculated with.
        let is_substituted = |frame: Frame| matches!(frame, Frame::Parameter | Frame::Arithmetic);
        if self.scan.frames.iter().any(|(frame, _)| is_substituted(*frame)) {
            return Err(IN_SUBSTITUTION);
        }
        let end_of_command = self.scan.clone().end_of_command().max(end);
        let outermost = self.taken(start, quote)?;
        if self.contents().1.run_output(end, outermost..end_of_command) {
            return Err("what is printed here is run: by a program behind a `|`, or as a file");
        }
        if self.runs_texts {
            return Err("the script runs texts as commands, and this may be one of them");
        }
        let quoting = match innermost {
            _ if is_alone => Quoting::AloneInSingle,
            None | Some((Frame::Command, _)) => words_meant(script, start).map_or(Quoting::Bare, Quoting::Unclear),
            Some((Frame::Double, _)) => Quoting::Double,
            Some((Frame::List, _)) => return Err(IN_LIST),
            Some(_) => return Err(IN_SUBSTITUTION),
        };
        Ok((quoting, end_of_command))
    }
}

impl Script<'_> {
    /// Looks at the command in which a part stands, and at those in whose substitutions it stands; returns where the
    /// outermost starts, or why one of them may read the text as commands.
    fn taken(&self, start: usize, quote: usize) -> Result<usize, &'static str> {
        let (mut inside, mut is_direct, mut outermost) = (None, true, None);
        for (frame, opened) in &self.scan.frames {
            if is_direct {
                let from = self.taken_by(inside, *opened, start)?;
                outermost = outermost.or(from);
            }
            is_direct = holds_commands(*frame);
            if is_direct {
                inside = Some(*opened);
            }
        }
        if is_direct {
            let from = self.taken_by(inside, quote, start)?;
            outermost = outermost.or(from);
        }
        Ok(outermost.unwrap_or(0))
    }

    /// Looks at the command in the substitution `inside` that has a word at `at`, in which a part at `start` stands;
    /// returns where it starts.
    fn taken_by(&self, inside: Option<usize>, at: usize, start: usize) -> Result<Option<usize>, &'static str> {
        let (commands, uses) = self.contents();
        let count = commands.partition_point(|command| (command.inside, command.start) <= (inside, at));
        let Some(command) = commands[..count].last().filter(|command| command.inside == inside) else {
            return Ok(None);
        };
        let count = command.words.partition_point(|word| word.start <= at);
        let (before, own) = match command.words[..count].split_last() {
            Some((own, before)) if at < own.start + own.text.len() => (before, own),
            // A group of commands is no word.
            _ => return Ok(Some(command.start)),
        };
        self.read.set(self.read.get() + start - command.start);
        let is_run = match role(&plain(before), self.text.get(own.start..start).unwrap_or_default())? {
            Role::Variable(name) => uses.run_variable(name),
            Role::Argument(program) => uses.run_arguments_of(program),
        };
        if is_run {
            return Err("the script runs or calculates with what this becomes a part of");
        }
        Ok(Some(command.start))
    }
}

/// Returns whether the part is all that stands in a pair of single quotes.
fn is_alone(script: &str, start: usize, end: usize) -> bool {
    let bytes = script.as_bytes();
    start > 0 && bytes[start - 1] == b'\'' && bytes.get(end) == Some(&b'\'')
        // An ANSI-C quote is none.
        && (start < 2 || bytes[start - 2] != b'$')
}

#[cfg(test)]
mod tests {
    use super::super::program::IS_COMMAND;
    use super::scan::{IN_COMMENT, IN_DOCUMENT};
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
        check("A=\"$(build ${{ x }})\"", Quoting::Bare);
        check("A=\"$(build \"${{ x }}\")\"", Quoting::Double);
        check("echo \"${A:-b}${{ x }}\"", Quoting::Double);
        check("echo '${{ x }}'", Quoting::AloneInSingle);
        check("echo \"don't\" ${{ x }}", Quoting::Bare);
        check("echo \\\" ${{ x }}", Quoting::Bare);
        check("# don't\necho \"${{ x }}\"", Quoting::Double);
        check("echo \"${{ y }}'\" ${{ x }}", Quoting::Bare);
        check("(cd a && build ${{ x }})", Quoting::Bare);
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
        for script in ["${{ x }}", "build\n${{ x }} a", "build && ${{ x }}", "A=$(${{ x }})"] {
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
            "echo \"${A[\"${{ x }}\"]}\"",
            "echo \"${A:-$(echo \"${{ x }}\")}\"",
            "echo $(( \"${{ x }}\" ))",
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
