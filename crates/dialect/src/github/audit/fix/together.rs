//! Edits that are made together: which of them can be, the text after them, and where its places were.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::Span;

use super::{Edit, Fix};

/// The edits of fixes that are made together.
#[derive(Default)]
pub(super) struct Taken<'f> {
    /// What is not changed.
    kept: Vec<Span>,
    /// What is replaced, by where it begins; no two overlap.
    replaced: BTreeMap<usize, &'f Edit>,
    /// What is inserted, by where and the key that it has.
    inserted: BTreeMap<(usize, &'f str), &'f Edit>,
}

impl<'f> Taken<'f> {
    pub(super) fn beside(kept: Vec<Span>) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    /// Takes a fix, unless one of its edits stands in the way of another's; returns whether it did.
    pub(super) fn take(&mut self, fix: &'f Fix) -> bool {
        let fits = fix.edits.iter().all(|edit| self.fits(edit));
        for edit in fix.edits.iter().filter(|_| fits) {
            if edit.is_insertion() {
                self.inserted.insert((edit.span.start, edit.key()), edit);
            } else {
                self.replaced.insert(edit.span.start, edit);
            }
        }
        fits
    }

    fn fits(&self, edit: &Edit) -> bool {
        let Span { start, end } = edit.span;
        let is_kept = self.kept.iter().any(|kept| start <= kept.end && kept.start <= end);
        let before = self.replaced.range(..end.max(start + 1)).next_back();
        let in_the_way = before.is_some_and(|(_, other)| {
            let is_behind = other.span.end <= start || (edit.is_insertion() && other.span.start == start);
            !is_behind && *other != edit
        });
        let mut inside = self.inserted.range((start + 1, "")..(end.max(start + 1), ""));
        let is_through_another = inside.next().is_some();
        let same = self.inserted.get(&(start, edit.key()));
        let is_twice = edit.is_insertion() && same.is_some_and(|other| *other != edit);
        !is_kept && !in_the_way && !is_through_another && !is_twice
    }
}

impl Edit {
    fn is_insertion(&self) -> bool {
        self.span.start == self.span.end
    }

    /// Returns the key that an inserted line has, of which there can be one.
    fn key(&self) -> &str {
        self.text.split(':').next().unwrap_or_default().trim()
    }
}

/// The edits of a text in their order, each once.
pub(super) struct Moves<'e> {
    edits: Vec<(&'e Edit, Span)>,
    is_of_windows: bool,
}

impl<'e> Moves<'e> {
    pub(super) fn of(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Self {
        let is_of_windows = text.contains("\r\n");
        let mut edits: Vec<&Edit> = edits.into_iter().collect();
        // What is inserted at one place stays in its order, so that a heading comes before what it heads.
        edits.sort_by_key(|edit| edit.span);
        let mut there = BTreeSet::new();
        edits.retain(|edit| there.insert(*edit));
        let (mut done, mut at) = (0, 0);
        let place = |edit: &'e Edit| {
            assert!(edit.span.start >= done, "edits that are made together do not overlap");
            let start = at + (edit.span.start - done);
            at = start + written(edit, is_of_windows).len();
            done = edit.span.end;
            (edit, Span::new(start, at))
        };
        Self {
            edits: edits.into_iter().map(place).collect(),
            is_of_windows,
        }
    }

    /// Returns the text after the edits, whose lines end as those of the text do.
    pub(super) fn applied(&self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        let mut done = 0;
        for (edit, _) in &self.edits {
            result.push_str(&text[done..edit.span.start]);
            result.push_str(&written(edit, self.is_of_windows));
            done = edit.span.end;
        }
        result.push_str(&text[done..]);
        result
    }

    /// Returns where a place is after the edits. What is inserted at its start or its end is no part of it.
    pub(super) fn moved(&self, span: Span) -> Span {
        let start = self.edits.partition_point(|(edit, _)| edit.span.end <= span.start);
        let end = self.edits.partition_point(|(edit, _)| edit.span.start < span.end);
        let behind = |count: usize, at: usize| match count.checked_sub(1) {
            Some(last) => {
                let (edit, after) = &self.edits[last];
                after.end + at.saturating_sub(edit.span.end)
            }
            None => at,
        };
        Span::new(behind(start, span.start), behind(end, span.end))
    }

    /// Returns the edits whose text is a part of a place after them, or touches it.
    pub(super) fn touching(&self, after: Span) -> impl Iterator<Item = &'e Edit> {
        let first = self.edits.partition_point(|(_, span)| span.end < after.start);
        let touching = self.edits[first..]
            .iter()
            .take_while(move |(_, span)| span.start <= after.end);
        touching.map(|(edit, _)| *edit)
    }
}

fn written(edit: &Edit, is_of_windows: bool) -> String {
    if is_of_windows {
        edit.text.replace("\r\n", "\n").replace('\n', "\r\n")
    } else {
        edit.text.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Safety;
    use super::*;

    fn applied(text: &str, edits: &[Edit]) -> String {
        Moves::of(text, edits).applied(text)
    }

    #[test]
    fn edits_are_applied_in_the_order_of_the_file() {
        let edit = |start, end, text: &str| Edit {
            span: Span::new(start, end),
            text: text.to_owned(),
        };
        assert_eq!(
            applied("a b c", &[edit(4, 5, "C"), edit(0, 0, "> "), edit(2, 3, "")]),
            "> a  C"
        );
        assert_eq!(applied("a\r\n", &[edit(1, 1, "\nb")]), "a\r\nb\r\n");
        let joined = [
            edit(0, 0, "env:"),
            edit(0, 0, "b"),
            edit(0, 1, "A"),
            edit(0, 0, "env:"),
            edit(0, 0, "a"),
        ];
        assert_eq!(applied("a b c", &joined), "env:baA b c");
    }

    #[test]
    fn fixes_are_made_together_that_do_not_stand_in_each_others_way() {
        let fix = |edits: &[(usize, usize, &str)]| Fix {
            description: String::new(),
            edits: edits
                .iter()
                .map(|&(start, end, text)| Edit {
                    span: Span::new(start, end),
                    text: text.to_owned(),
                })
                .collect(),
            safety: Safety::Safe,
        };
        let first = fix(&[(10, 20, "x"), (5, 5, "env:\n"), (5, 5, "  A: b\n")]);
        for (other, fits) in [
            (fix(&[(20, 30, "y"), (5, 5, "env:\n"), (5, 5, "  B: b\n")]), true),
            (fix(&[(20, 30, "y"), (5, 5, "env:\n"), (5, 5, "  A: b\n")]), true),
            (fix(&[(20, 30, "y"), (5, 5, "env:\n"), (5, 5, "  A: c\n")]), false),
            (fix(&[(10, 20, "x")]), true),
            (fix(&[(10, 20, "y")]), false),
            (fix(&[(19, 21, "y")]), false),
            (fix(&[(8, 11, "y")]), false),
            (fix(&[(0, 6, "y")]), false),
            (fix(&[(5, 10, "y")]), true),
            (fix(&[(12, 12, "y")]), false),
            (fix(&[(10, 10, "y"), (20, 20, "y")]), true),
            (fix(&[(36, 41, "y")]), false),
        ] {
            let mut taken = Taken::beside(vec![Span::new(40, 50)]);
            assert!(taken.take(&first));
            assert_eq!(taken.take(&other), fits, "{other:?}");
        }
    }

    #[test]
    fn places_move_with_what_is_inserted_before_them() {
        let edit = |start, end, text: &str| Edit {
            span: Span::new(start, end),
            text: text.to_owned(),
        };
        let edits = [edit(2, 2, "xx"), edit(4, 6, ""), edit(8, 8, "\ny")];
        let text = "0123456789\r\n";
        let moves = Moves::of(text, &edits);
        assert_eq!(moves.applied(text), "01xx2367\r\ny89\r\n");
        for ((start, end), moved) in [
            ((0, 2), (0, 2)),
            ((2, 4), (4, 6)),
            ((1, 3), (1, 5)),
            ((4, 6), (6, 6)),
            ((6, 8), (6, 8)),
            ((7, 9), (7, 12)),
            ((8, 10), (11, 13)),
        ] {
            assert_eq!(
                moves.moved(Span::new(start, end)),
                Span::new(moved.0, moved.1),
                "{start}"
            );
        }
        let touching = |start, end| moves.touching(Span::new(start, end)).count();
        assert_eq!(
            (touching(0, 1), touching(3, 3), touching(0, 6), touching(9, 9)),
            (0, 1, 2, 1)
        );
    }
}
