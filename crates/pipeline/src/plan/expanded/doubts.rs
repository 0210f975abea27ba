//! Which calls may not be made, because an input may be of another type than the called workflow takes.
//!
//! A run fails such a call, and nothing in it runs. They are looked for once and before anything is written: whoever
//! reads the result of a call reads that of what is called in it, too, and would look for them again and again.

use std::cell::Cell;

use super::filling::Filling;
use super::layout::Layout;
use super::rewriting::Refusal;

/// Why calls may not be made.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    by_call: Vec<Option<Refusal>>,
    /// By the place of the job that calls, also of those in the workflow that it calls.
    by_place: Vec<Option<Refusal>>,
}

impl Doubts {
    /// Returns the doubts about the calls of a plan.
    pub(super) fn of(layout: &Layout<'_>) -> Self {
        let doubt = |call: usize| {
            let spent = Cell::new(0);
            let doubt = Filling::of_call(layout, call).check_inputs(call, &spent).err();
            layout.bound.spend(spent.get());
            doubt
        };
        let by_call: Vec<_> = (0..layout.plan.calls.len()).map(doubt).collect();
        let mut by_place: Vec<Option<Refusal>> = vec![None; layout.plan.jobs.len()];
        // The jobs of a called workflow stand behind the job that calls it.
        for place in (0..by_place.len()).rev() {
            let within = |call: &usize| {
                let mut inner = layout.inner(*call).iter();
                by_call[*call]
                    .clone()
                    .or_else(|| inner.find_map(|inner| by_place[*inner].clone()))
            };
            by_place[place] = layout.calls(place).iter().find_map(within);
        }
        Self { by_call, by_place }
    }

    /// Returns why a call may not be made.
    pub(super) fn of_call(&self, call: usize) -> Option<&Refusal> {
        self.by_call.get(call)?.as_ref()
    }

    /// Returns why the call of the job at `place`, or one in what it calls, may not be made.
    pub(super) fn within(&self, place: usize) -> Option<&Refusal> {
        self.by_place.get(place)?.as_ref()
    }
}
