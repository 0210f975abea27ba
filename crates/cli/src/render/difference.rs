//! Two texts as a unified difference.
//!
//! Lines are matched by looking ahead for the next place at which both agree again. That is not always the shortest
//! difference, and always a right one: applied to the first text it gives the second.

use std::fmt::Write as _;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// How far one looks for the place at which both texts agree again.
const FARTHEST: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Gone(&'t str),
    New(&'t str),
}

/// Returns what has to change in `before` to make it `after`; empty when they are the same.
pub(crate) fn unified(path: &str, before: &str, after: &str) -> String {
    let lines = compare(before, after);
    let changed: Vec<usize> = (0..lines.len())
        .filter(|at| !matches!(lines[*at], Line::Same(_)))
        .collect();
    if changed.is_empty() {
        return String::new();
    }
    let mut text = format!("--- a/{path}\n+++ b/{path}\n");
    let mut next = 0;
    while let Some(first) = changed.get(next) {
        let mut last = *first;
        while let Some(at) = changed.get(next).filter(|at| **at <= last + 2 * CONTEXT + 1) {
            last = *at;
            next += 1;
        }
        hunk(
            &mut text,
            &lines,
            first.saturating_sub(CONTEXT),
            (last + CONTEXT + 1).min(lines.len()),
        );
    }
    text
}

fn hunk(text: &mut String, lines: &[Line<'_>], start: usize, end: usize) {
    let old = |line: &&Line<'_>| !matches!(line, Line::New(_));
    let new = |line: &&Line<'_>| !matches!(line, Line::Gone(_));
    let (before, within) = (&lines[..start], &lines[start..end]);
    let first = |count: usize, length: usize| if length == 0 { count } else { count + 1 };
    let (old_length, new_length) = (within.iter().filter(old).count(), within.iter().filter(new).count());
    let old_start = first(before.iter().filter(old).count(), old_length);
    let new_start = first(before.iter().filter(new).count(), new_length);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "@@ -{old_start},{old_length} +{new_start},{new_length} @@");
    for line in within {
        let (sign, line) = match line {
            Line::Same(line) => (' ', line),
            Line::Gone(line) => ('-', line),
            Line::New(line) => ('+', line),
        };
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

fn compare<'t>(before: &'t str, after: &'t str) -> Vec<Line<'t>> {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let mut lines = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    while at_old < old.len() || at_new < new.len() {
        let (rest_old, rest_new) = (&old[at_old..], &new[at_new..]);
        if let (Some(left), Some(right)) = (rest_old.first(), rest_new.first())
            && left == right
        {
            lines.push(Line::Same(left));
            at_old += 1;
            at_new += 1;
            continue;
        }
        let (gone, added) = agreement(rest_old, rest_new);
        lines.extend(rest_old[..gone].iter().map(|line| Line::Gone(line)));
        lines.extend(rest_new[..added].iter().map(|line| Line::New(line)));
        at_old += gone;
        at_new += added;
    }
    lines
}

/// Returns how many lines of each lie before the next place at which they agree.
fn agreement(old: &[&str], new: &[&str]) -> (usize, usize) {
    for distance in 1..=FARTHEST {
        for gone in 0..=distance.min(old.len()) {
            let added = distance - gone;
            if let (Some(left), Some(right)) = (old.get(gone), new.get(added))
                && left == right
            {
                return (gone, added);
            }
        }
    }
    (old.len(), new.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_its_surroundings() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = "1\n2\n3\n4\nfive\n5b\n6\n7\n8\n9\n";
        assert_eq!(
            unified("a.yml", before, after),
            "--- a/a.yml\n+++ b/a.yml\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n+5b\n 6\n 7\n 8\n"
        );
        assert_eq!(unified("a", before, before), "");
        assert_eq!(
            unified("a", "x", "x\n"),
            "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+x\n"
        );
        assert_eq!(unified("a", "", "x\n"), "--- a/a\n+++ b/a\n@@ -0,0 +1,1 @@\n+x\n");
    }

    #[test]
    fn both_texts_can_be_read_from_the_lines() {
        let texts = [
            "",
            "a\n",
            "a\nb\na\n",
            "b\na\nc\n",
            "a\nb\nc\nd\ne\nf\n",
            "f\na\nb\nx\ne\nf\nf\n",
        ];
        for before in texts {
            for after in texts {
                let lines = compare(before, after);
                let pick = |wanted: fn(&Line<'_>) -> bool| -> String {
                    let picked = lines.iter().filter(|line| wanted(line));
                    picked
                        .map(|line| match line {
                            Line::Same(line) | Line::Gone(line) | Line::New(line) => *line,
                        })
                        .collect()
                };
                assert_eq!(pick(|line| !matches!(line, Line::New(_))), before);
                assert_eq!(pick(|line| !matches!(line, Line::Gone(_))), after);
            }
        }
    }
}
