//! Through which commands a text of a script goes on its way to a file.
//!
//! A text comes to a command among its words, in its here-document, or from the one before it in a pipe. What a
//! substitution says becomes words of the command in which it stands, and what the commands of a group say goes where
//! the output of the group goes.

use super::super::walk::Walk;
use super::again::{substituted, substituted_by};
use super::{Command, Commands};

/// A command to which a text comes.
pub(in super::super) struct Station<'t> {
    /// The command, as it is written.
    pub(in super::super) text: &'t str,
    /// Where the text stands among its words; `None` when the command reads it.
    pub(in super::super) place: Option<usize>,
}

/// The way of a text.
#[derive(Default)]
struct Course<'t> {
    stations: Vec<Station<'t>>,
    /// Whether the last of them writes it to the file.
    is_written: bool,
    /// How many bytes were read.
    read: usize,
}

/// The most substitutions in substitutions that are looked into.
const DEEPEST: usize = 8;

/// The most commands in a row by which one text is followed.
const MOST: usize = 64;

impl<'t> Commands<'t> {
    /// Returns the commands to which what stands at a place of the script comes, until one writes it to the file that
    /// has one of these names; and how many bytes were read for that.
    pub(in super::super) fn course(&self, place: usize, names: &[String]) -> (Vec<Station<'t>>, usize) {
        let course = self.course_within(place, names, DEEPEST);
        (course.stations, course.read)
    }

    fn course_within(&self, place: usize, names: &[String], depth: usize) -> Course<'t> {
        let Some((at, from_outside)) = self.at(place) else {
            return Course::default();
        };
        let command = &self.list[at];
        let inside = command.substitution(self.script, place).filter(|_| depth > 0);
        let mut course = inside.as_ref().map_or_else(Course::default, |inside| {
            Self::of(inside.text, command.shell).course_within(place - inside.start, names, depth - 1)
        });
        course.read += command.text.len() + command.documents.iter().map(|(range, _)| range.len()).sum::<usize>();
        if !course.is_written {
            let is_read = from_outside || inside.is_some_and(|inside| inside.is_file);
            let place = (!is_read).then(|| place - command.start);
            course.stations.push(Station {
                text: command.text,
                place,
            });
            self.follow(at, names, &mut course);
        }
        course
    }

    /// Adds the commands to which goes what the one at a place in the list says.
    fn follow(&self, mut at: usize, names: &[String], course: &mut Course<'t>) {
        while course.stations.len() < MOST {
            let command = &self.list[at];
            if command.writes_to(names) {
                course.is_written = true;
                return;
            }
            let next = at + 1;
            at = if command.is_piped && next < self.list.len() {
                course.stations.push(Station {
                    text: self.list[next].text,
                    place: None,
                });
                self.reaches[next].closing.unwrap_or(next)
            } else if let Some(end) = self.reaches[at].around {
                end
            } else {
                return;
            };
        }
    }

    /// Returns the place in the list of the command that has a place of the script in it, and whether that is in its
    /// here-document.
    fn at(&self, place: usize) -> Option<(usize, bool)> {
        /// More than have a here-document on one line.
        const NEAR: usize = 64;
        let count = self.list.partition_point(|command| command.start <= place);
        let last = count.checked_sub(1)?;
        if place < self.list[last].start + self.list[last].text.len() {
            return Some((last, false));
        }
        let is_in = |command: &Command<'_>| command.documents.iter().any(|(range, _)| range.contains(&place));
        let mut near = (count.saturating_sub(NEAR)..count).rev();
        near.find(|at| is_in(&self.list[*at])).map(|at| (at, true))
    }
}

/// A substitution of commands.
struct Substitution<'t> {
    text: &'t str,
    start: usize,
    /// Whether a file stands in its place, as for `<( … )`.
    is_file: bool,
}

impl<'t> Command<'t> {
    /// Returns the outermost substitution in which a place of the script stands.
    fn substitution(&self, script: &'t str, place: usize) -> Option<Substitution<'t>> {
        let document = self.documents.iter().find(|(range, _)| range.contains(&place));
        let all = match document {
            Some((range, _)) => {
                let text = &script[range.clone()];
                substituted_by(Walk::of_document(text, self.shell), text, range.start)
            }
            None => substituted(self.text, self.start, self.shell),
        };
        let (text, start) = all
            .into_iter()
            .find(|(text, start)| (*start..start + text.len()).contains(&place))?;
        let is_file = script[..start].ends_with("<(");
        Some(Substitution { text, start, is_file })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::shell::Shell;
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let found: Vec<String> = Commands::of(script, Shell::Posix)
            .course(script.find("$T").unwrap(), &["OUT".to_owned()])
            .0
            .iter()
            .map(|station| match station.place {
                Some(place) => {
                    let (before, behind) = station.text.split_at(place);
                    format!("{before}^{behind}")
                }
                None => station.text.to_owned(),
            })
            .collect();
        assert_eq!(found, expected, "{script}");
    }

    #[test]
    fn a_text_is_followed_through_pipes_groups_and_substitutions() {
        check("a; echo $T | b | c > OUT | d", &["echo ^$T", "b", "c > OUT"]);
        check("echo $T $(a | b) | c", &["echo ^$T $(a | b)", "c"]);
        check("echo \"$T | a\" | b", &["echo \"^$T | a\"", "b"]);
        check("echo $(a $T | b) | c", &["a ^$T", "b", "echo $(a ^$T | b)", "c"]);
        check("{ a; echo $T; } | b", &["echo ^$T", "b"]);
        check("( (echo $T; a) | b; c) | d", &["echo ^$T", "b", "d"]);
        check(
            "echo $T | while read x; do a | b; done | c",
            &["echo ^$T", "while read x", "c"],
        );
        check("for x in $T; do a; done | b", &["for x in ^$T", "b"]);
        check("if a; then echo $T; fi | tee OUT | b", &["then echo ^$T", "tee OUT"]);
        check("{ if a; then echo $T; fi | b; } | c", &["then echo ^$T", "b", "c"]);
        check("a $T | { if b; then c; fi; d; } | e", &["a ^$T", "{ if b", "e"]);
        check("{ f() { a; }; echo $T; } | b", &["echo ^$T", "b"]);
        check("a <(b $T) | c", &["b ^$T", "a <(b $T)", "c"]);
        check("a <<E | b\nit's $T\nE\nc | d", &["a <<E", "b"]);
        check("a <<E | b\nit's $(c $T | d)\nE", &["c ^$T", "d", "a <<E", "b"]);
        check("x=$(a <<E | b\n$T\nE\n)", &["a <<E", "b", "x=$(a <<E | b\n^$T\nE\n)"]);
        check("x=$(a $T | tee OUT)", &["a ^$T", "tee OUT"]);
        check("# $T", &[]);
    }
}
