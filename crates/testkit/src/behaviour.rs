//! How the simulated driver asks the machine: as it is, or with one fault put into it.
//!
//! A simulator that never finds anything proves nothing. Each mutant is a
//! deliberate mistake in a machine's decisions, and the simulator must find it.

use std::collections::BTreeMap;

use lockgate_core::{EffectKey, Machine, Now};

/// What `decide` returns.
pub type Decision<M> = Result<Vec<<M as Machine>::Event>, <M as Machine>::Rejection>;

/// The effects that a machine wants.
pub type Effects<M> = BTreeMap<EffectKey, <M as Machine>::Effect>;

/// The machine's functions as the driver calls them.
#[derive(Clone, Copy)]
pub struct Behaviour<M: Machine> {
    /// What it is called; `as built` for the machine itself.
    pub name: &'static str,
    /// Decides; a mutant decides wrongly.
    pub decide: fn(&M, M::Input, Now) -> Decision<M>,
    /// Evolves; a mutant forgets or invents.
    pub evolve: fn(&mut M, &M::Event),
    /// Rewrites the wanted effects, where the mutant wants others.
    pub rewrite: Option<fn(&M, &mut Effects<M>)>,
}

impl<M: Machine> Behaviour<M> {
    /// Returns the machine as it is.
    pub fn as_built() -> Self {
        Self {
            name: "as built",
            decide: M::decide,
            evolve: M::evolve,
            rewrite: None,
        }
    }

    /// Returns a mutant that decides otherwise.
    pub fn deciding(name: &'static str, decide: fn(&M, M::Input, Now) -> Decision<M>) -> Self {
        Self {
            name,
            decide,
            ..Self::as_built()
        }
    }

    /// Returns a mutant that wants other effects.
    pub fn wanting(name: &'static str, rewrite: fn(&M, &mut Effects<M>)) -> Self {
        Self {
            name,
            rewrite: Some(rewrite),
            ..Self::as_built()
        }
    }
}
