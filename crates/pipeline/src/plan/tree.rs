//! The plan as lines for a terminal.

use super::{Fate, Leg, Plan};

/// Returns one line for the run, then the jobs, each behind what it needs, then its matrix and the jobs that it calls.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let mut tree = Tree {
        levels: levels(plan),
        plan,
        lines: vec![format!("{} on {}", plan.run_name, plan.event)],
    };
    tree.jobs_of(None, "");
    tree.lines
}

struct Tree<'p> {
    plan: &'p Plan,
    /// For each job the length of the longest way to it.
    levels: Vec<usize>,
    lines: Vec<String>,
}

impl Tree<'_> {
    /// Adds the jobs of one workflow: that of a call, or the plan's own.
    fn jobs_of(&mut self, call: Option<usize>, stem: &str) {
        let all = 0..self.plan.jobs.len();
        let mut places: Vec<usize> = all.filter(|place| self.plan.call_of(*place) == call).collect();
        places.sort_by_key(|place| (self.levels[*place], *place));
        for (count, place) in places.iter().copied().enumerate() {
            let (branch, below) = branch(count + 1 == places.len());
            let line = self.job(place);
            self.lines.push(format!("{stem}{branch}{line}"));
            self.below(place, &format!("{stem}{below}"));
        }
    }

    fn job(&self, place: usize) -> String {
        let job = &self.plan.jobs[place];
        let definition = self.plan.definition(place);
        let needs = match definition.needs.as_slice() {
            [] => String::new(),
            needs => format!(" after {}", needs.join(", ")),
        };
        let calls = match definition.call.as_deref() {
            Some(call) => format!(" calls {}", call.workflow),
            None => String::new(),
        };
        let fate = match &job.fate {
            Fate::WillRun => String::new(),
            Fate::MayRun { condition } => format!(": if `{condition}`"),
            Fate::WillNotRun(why) => format!(": will not run: {why}"),
        };
        let legs = self.legs(place);
        let open = match &job.expansion {
            None if job.fate.may_run() => " (its matrix is known after its needs)",
            _ => "",
        };
        let name = match legs {
            [leg] if self.name_of(place, leg) != definition.id => format!(" “{}”", self.name_of(place, leg)),
            _ => String::new(),
        };
        format!("{}{name}{needs}{calls}{open}{fate}", definition.id)
    }

    /// Adds the legs of a job, if it has several, and the jobs of the workflow that it calls.
    fn below(&mut self, place: usize, stem: &str) {
        let calls: Vec<usize> = (0..self.plan.calls.len())
            .filter(|call| self.plan.calls[*call].caller == place)
            .collect();
        let legs: Vec<String> = self
            .legs(place)
            .iter()
            .map(|leg| self.name_of(place, leg).to_owned())
            .collect();
        if let [_] = legs.as_slice() {
            calls.iter().for_each(|call| self.jobs_of(Some(*call), stem));
            return;
        }
        for (index, leg) in legs.iter().enumerate() {
            let (branch, below) = branch(index + 1 == legs.len());
            self.lines.push(format!("{stem}{branch}{leg}"));
            if let Some(call) = calls.get(index) {
                self.jobs_of(Some(*call), &format!("{stem}{below}"));
            }
        }
    }

    fn legs(&self, place: usize) -> &[Leg] {
        let expansion = self.plan.jobs[place].expansion.as_ref();
        expansion.map_or(&[][..], |expansion| &expansion.legs)
    }

    /// Returns the name of a leg within its workflow.
    fn name_of<'l>(&self, place: usize, leg: &'l Leg) -> &'l str {
        let within = self.plan.call_of(place).and_then(|call| self.plan.leg_of(call));
        let own = within.and_then(|within| leg.name.strip_prefix(&within.name)?.strip_prefix(" / "));
        own.unwrap_or(&leg.name)
    }
}

/// Returns what stands before a line, and before those below it.
fn branch(is_last: bool) -> (&'static str, &'static str) {
    if is_last {
        ("└─ ", "   ")
    } else {
        ("├─ ", "│  ")
    }
}

/// Returns for each job the length of the longest way to it in its workflow.
fn levels(plan: &Plan) -> Vec<usize> {
    let needs = plan.needs();
    let mut levels: Vec<Option<usize>> = vec![None; needs.len()];
    while let Some(open) = levels.iter().position(Option::is_none) {
        let mut path = vec![open];
        while let Some(place) = path.last().copied() {
            let unknown = needs[place].iter().find(|need| levels[**need].is_none());
            match unknown {
                // A plan has no circle of needs, so that the way ends.
                Some(need) => path.push(*need),
                None => {
                    let before = needs[place].iter().filter_map(|need| levels[*need]);
                    levels[place] = Some(before.map(|level| level + 1).max().unwrap_or(0));
                    path.pop();
                }
            }
        }
    }
    levels.into_iter().flatten().collect()
}
