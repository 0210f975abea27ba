//! The graph of a picture: a node for each job, an edge for each need, a group for each called workflow.

use std::collections::{BTreeMap, BTreeSet};

use super::super::outline::{Outline, OutlinedCall, OutlinedJob, Runs};

/// As many jobs of a matrix as are named.
const NAMED_LEGS: usize = 6;

/// The graph of one plan.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// From, to.
    pub(super) edges: Vec<(usize, usize)>,
    pub(super) groups: Vec<Group>,
}

/// A job.
pub(super) struct Node {
    /// Its name.
    pub(super) title: String,
    /// What else is said of it.
    pub(super) lines: Vec<String>,
    pub(super) runs: Runs,
    pub(super) reason: Option<String>,
    /// The group in which it lies.
    pub(super) group: Option<usize>,
}

/// A called workflow.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) parent: Option<usize>,
}

/// Where one enters and leaves some jobs.
struct Ends {
    roots: Vec<usize>,
    sinks: Vec<usize>,
}

impl Graph {
    pub(super) fn of(outline: &Outline) -> Self {
        let mut graph = Self::default();
        graph.add(&outline.jobs, None);
        graph
    }

    /// Returns by node the nodes that an edge comes from.
    pub(super) fn before(&self) -> Vec<Vec<usize>> {
        let mut before = vec![Vec::new(); self.nodes.len()];
        self.edges.iter().for_each(|(from, to)| before[*to].push(*from));
        before
    }

    fn add(&mut self, jobs: &[OutlinedJob], group: Option<usize>) -> Ends {
        let mut leaving: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut roots = Vec::new();
        for job in jobs {
            let node = self.nodes.len();
            self.nodes.push(Node::of(job, group));
            let needs: BTreeSet<usize> = job
                .needs
                .iter()
                .filter_map(|need| leaving.get(need.as_str()))
                .flatten()
                .copied()
                .collect();
            if needs.is_empty() {
                roots.push(node);
            }
            self.edges.extend(needs.into_iter().map(|need| (need, node)));
            let mut ends = Vec::new();
            for call in &job.calls {
                ends.extend(self.add_call(call, job, node, group));
            }
            leaving.insert(&job.id, if ends.is_empty() { vec![node] } else { ends });
        }
        let needed: BTreeSet<&str> = jobs
            .iter()
            .flat_map(|job| job.needs.iter().map(String::as_str))
            .collect();
        let last = leaving.into_iter().filter(|(id, _)| !needed.contains(id));
        Ends {
            roots,
            sinks: last.flat_map(|(_, ends)| ends).collect(),
        }
    }

    fn add_call(&mut self, call: &OutlinedCall, job: &OutlinedJob, caller: usize, parent: Option<usize>) -> Vec<usize> {
        let title = if job.calls.len() > 1 {
            format!("{}: {}", call.leg, call.workflow)
        } else {
            call.workflow.clone()
        };
        self.groups.push(Group { title, parent });
        let inner = self.add(&call.jobs, Some(self.groups.len() - 1));
        self.edges.extend(inner.roots.iter().map(|root| (caller, *root)));
        inner.sinks
    }
}

impl Node {
    fn of(job: &OutlinedJob, group: Option<usize>) -> Self {
        let mut lines = Vec::new();
        if let Some(told) = &job.told {
            lines.push(format!("told: {}", told.result));
        }
        if let Some(matrix) = &job.matrix {
            if !matrix.known {
                lines.push(matrix.when_known());
            }
            if matrix.legs.len() > 1 {
                lines.extend(matrix.legs.iter().take(NAMED_LEGS).map(|leg| format!("· {}", leg.name)));
            }
            if matrix.legs.len() > NAMED_LEGS {
                lines.push(format!("· and {} more", matrix.legs.len() - NAMED_LEGS));
            }
            match matrix.left_out.len() {
                0 => {}
                1 => lines.push("1 combination is left out".to_owned()),
                several => lines.push(format!("{several} combinations are left out")),
            }
        }
        Self {
            title: job.name.clone(),
            lines,
            runs: job.runs,
            reason: job.reason.clone(),
            group,
        }
    }
}
