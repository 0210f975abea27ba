//! Jobs that stand behind an open one.
//!
//! The fate of a job says how it stands when everything before it goes well. A job before it that is open may be skipped,
//! though, and with it goes whatever asks for the success of all that is before it. People are told that this is open,
//! too.

use super::Known;
use super::condition::holds_behind_skipped;
use crate::plan::{Fate, Plan};

/// The open jobs before each job.
pub(super) struct Open {
    /// The nearest open job before each job, when nothing between them is told to be over.
    before: Vec<Option<usize>>,
    /// Whether a job runs only when what is open before it does.
    hangs: Vec<bool>,
}

impl Open {
    /// Returns the state before anything is looked at.
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            before: vec![None; plan.jobs.len()],
            hangs: vec![false; plan.jobs.len()],
        }
    }

    /// Looks at the job at `place`, behind those at the places that it `needs`.
    pub(super) fn note(&mut self, plan: &Plan, place: usize, needs: &[usize], known: &Known<'_>) {
        let open_of = |need: usize| {
            let job = &plan.jobs[need];
            if known.told(&plan.definition(need).id).is_some() {
                return None;
            }
            let is_open = matches!(job.fate, Fate::MayRun { .. }) || self.hangs[need];
            if is_open { Some(need) } else { self.before[need] }
        };
        let before = needs.iter().find_map(|need| open_of(*need));
        let is_sure = plan.jobs[place].fate == Fate::WillRun && before.is_some();
        let definition = plan.definition(place);
        let needed = known.needs(definition);
        let knows = |found: &_| needed.knows(found) && known.knows(found);
        let scope = known.scope.with("needs", needed.value());
        self.hangs[place] = is_sure && !holds_behind_skipped(definition, &knows, &scope);
        self.before[place] = before;
    }

    /// Returns the open job without which the job at `place` does not run.
    pub(super) fn behind(&self, place: usize) -> Option<usize> {
        self.before[place].filter(|_| self.hangs[place])
    }
}
