//! What events say about traffic.
//!
//! Whether a change of weights was allowed can only be told from both sides of it, so it
//! is noted here and judged by the invariants, on the evolved copy before the append.

use lockgate_core::WakeAt;

use crate::environment::effect::{Route, RouteTable};
use crate::environment::{Draining, Environment};
use crate::revision::{Revision, RevisionNumber};

impl Environment {
    /// Asks the proxy anew: what was refused may be followed since, and a confirmation that came first was no news.
    pub(super) fn doubt_route(&mut self, reason: &str) {
        self.route_trouble = Some(reason.to_owned());
        if let Some(route) = &mut self.route {
            route.fence = self.sequence;
        }
    }

    /// Makes `table` the route that the proxy ought to follow.
    pub(super) fn follow(&mut self, table: &RouteTable) {
        self.breach = self.breach.take().or_else(|| self.breach_of(table));
        let divided = self.route.as_ref().map(|route| &route.table.split);
        self.unseen |= divided != Some(&table.split);
        let served = table.split.keys().find_map(|number| self.revision(*number));
        let configured = served.and_then(|revision| revision.definition.listen.clone());
        let current = self.route.as_ref().and_then(|route| route.listen.clone());
        for revision in table.split.keys() {
            self.draining.remove(revision);
        }
        self.route = Some(Route {
            listener: self.id.rest().to_owned(),
            listen: configured.or(current).or_else(|| self.address.clone()),
            table: table.clone(),
            fence: self.sequence,
        });
    }

    /// Notes that the proxy was seen to follow the present route.
    pub(super) fn follows(&mut self) {
        self.route_trouble = None;
        self.unseen = false;
    }

    pub(super) fn drain(&mut self, revision: RevisionNumber, limit: &WakeAt) {
        let fence = self.route.as_ref().map_or(self.sequence, |route| route.fence);
        let draining = Draining {
            limit: limit.clone(),
            fence,
        };
        self.draining.insert(revision, draining);
    }

    /// Returns how giving traffic by `table` instead of the present route breaks the first invariant.
    fn breach_of(&self, table: &RouteTable) -> Option<String> {
        let before = |revision: &RevisionNumber| self.weight(*revision);
        let alive = |revision: &RevisionNumber| self.revision(*revision).is_some_and(Revision::is_alive);
        let ready = |revision: &RevisionNumber| self.revision(*revision).is_some_and(Revision::is_ready);
        let mut gaining = table.split.iter().filter(|(r, weight)| **weight > before(r));
        let losing: Vec<_> = self
            .revisions
            .keys()
            .filter(|r| table.weight(**r) < before(r))
            .collect();
        let losing_alive = losing.iter().copied().any(alive);
        if let Some((revision, weight)) = gaining.find(|(r, _)| !(ready(r) || alive(r) && !losing_alive)) {
            return Some(format!("{revision} gets {weight} % of the traffic and is not ready"));
        }
        let stable = losing.iter().find(|r| self.stable == Some(***r))?;
        let lost = alive(stable) && !table.split.keys().any(alive);
        lost.then(|| format!("{stable} loses its traffic and is the only healthy one"))
    }
}
