//! How much is told of one text.
//!
//! What is found is counted, and not what is looked at, so that nothing harmless hides what is not; and by level, so
//! that nothing harmless hides what is serious.

use std::collections::BTreeMap;

use super::subject::Subject;
use super::{Finding, Level};

/// The room for what is found in one text.
pub(super) struct Room {
    most: usize,
    by_level: BTreeMap<Level, Taken>,
}

struct Taken {
    count: usize,
    /// Which finding was the last one.
    last: usize,
    is_remarked: bool,
}

impl Room {
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        Self {
            most: subject.most_places,
            by_level: BTreeMap::new(),
        }
    }

    /// Adds a finding of this level; when there are enough of them, the last one says that there are more instead.
    pub(super) fn add(&mut self, found: &mut Vec<Finding>, level: Level, finding: impl FnOnce() -> Finding) {
        let next = found.len();
        let taken = self.by_level.entry(level).or_insert(Taken {
            count: 0,
            last: next,
            is_remarked: false,
        });
        if taken.count < self.most {
            taken.count += 1;
            taken.last = next;
            found.push(finding());
        } else if !taken.is_remarked {
            taken.is_remarked = true;
            let last = &mut found[taken.last].diagnostic;
            last.message += "; more of this kind follow in the same text";
        }
    }
}
