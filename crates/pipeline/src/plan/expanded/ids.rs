//! The ids of the jobs in the flat workflow.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Plan;

/// The most bytes of an id, with what a number behind it takes to spare.
const MOST_BYTES: usize = 90;

/// Returns for each job with steps the ids that it gets: its own where it is one job of the plan's own pipeline, else
/// that of each leg.
pub(super) fn ids(plan: &Plan) -> Vec<Vec<String>> {
    let mut given = Given::default();
    let mut ids: Vec<Vec<String>> = vec![Vec::new(); plan.jobs.len()];
    let has_steps = |place: &usize| plan.definition(*place).call.is_none() && plan.jobs[*place].fate.may_run();
    // Those that keep their id come first, so that no other takes it.
    for keeps in [true, false] {
        let places = (0..plan.jobs.len()).filter(has_steps);
        for place in places.filter(|place| keeps_id(plan, *place) == keeps) {
            let wishes = wishes(plan, place, keeps).into_iter();
            ids[place] = wishes.map(|wish| given.free(wish)).collect();
        }
    }
    ids
}

/// The ids that are given; case makes no other id.
#[derive(Debug, Default)]
struct Given {
    taken: BTreeSet<String>,
    /// The number to try next behind a wish that was taken.
    next: BTreeMap<String, usize>,
}

impl Given {
    /// Returns the wished id, or one with a number behind it.
    fn free(&mut self, wish: String) -> String {
        let folded = wish.to_ascii_lowercase();
        if self.taken.insert(folded.clone()) {
            return wish;
        }
        let count = self.next.entry(folded).or_insert(2);
        loop {
            let id = format!("{wish}-{count}");
            *count += 1;
            if self.taken.insert(id.to_ascii_lowercase()) {
                return id;
            }
        }
    }
}

fn keeps_id(plan: &Plan, place: usize) -> bool {
    let legs = plan.jobs[place].expansion.as_ref();
    plan.call_of(place).is_none() && legs.is_none_or(|expansion| expansion.legs.len() == 1)
}

fn wishes(plan: &Plan, place: usize, keeps: bool) -> Vec<String> {
    let id = &plan.definition(place).id;
    if keeps {
        return vec![id.clone()];
    }
    let within = plan.call_of(place).and_then(|call| plan.leg_of(call));
    match (&plan.jobs[place].expansion, within) {
        (Some(expansion), _) => expansion.legs.iter().map(|leg| safe(&leg.directory)).collect(),
        (None, Some(within)) => vec![safe(&format!("{}.{id}", within.directory))],
        (None, None) => vec![safe(id)],
    }
}

fn safe(text: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    text.chars().map(safe).take(MOST_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_taken_gets_the_next_number() {
        let mut given = Given::default();
        let mut free = |wish: &str| given.free(wish.to_owned());
        assert_eq!(free("a"), "a");
        assert_eq!(free("a-3"), "a-3");
        assert_eq!(free("A"), "A-2");
        assert_eq!(free("a"), "a-4");
        assert_eq!(free("a-3"), "a-3-2");
    }
}
