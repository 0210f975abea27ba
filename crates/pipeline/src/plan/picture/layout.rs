//! Where the nodes of a graph stand: in columns by the longest way to them, each column ordered so that edges cross little.
//!
//! One sweep from left to right sorts a column by the middle of what each node needs. That is not the fewest crossings,
//! which nobody can find fast, but it takes as long as sorting, and the same plan gives the same picture.

use super::super::outline::levels;
use super::graph::Graph;

/// Where a node stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Where all nodes stand.
pub(super) struct Layout {
    pub(super) places: Vec<Place>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// How much is between the nodes.
pub(super) struct Gaps {
    pub(super) between_columns: usize,
    pub(super) between_rows: usize,
}

/// Returns the places of nodes with these widths and heights.
pub(super) fn arrange(graph: &Graph, sizes: &[(usize, usize)], gaps: &Gaps) -> Layout {
    let before = graph.before();
    let columns = columns(&before);
    let height_of = |column: &[usize]| -> usize {
        let heights: usize = column.iter().map(|node| sizes[*node].1).sum();
        heights + gaps.between_rows * column.len().saturating_sub(1)
    };
    let height = columns.iter().map(|column| height_of(column)).max().unwrap_or(0);
    let mut places = vec![Place::default(); sizes.len()];
    let mut x = 0;
    for column in &columns {
        let width = column.iter().map(|node| sizes[*node].0).max().unwrap_or(0);
        let mut y = (height - height_of(column)) / 2;
        for node in column {
            places[*node] = Place {
                x,
                y,
                width,
                height: sizes[*node].1,
            };
            y += sizes[*node].1 + gaps.between_rows;
        }
        x += width + gaps.between_columns;
    }
    Layout {
        places,
        width: x.saturating_sub(gaps.between_columns),
        height,
    }
}

fn columns(before: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let levels = levels(before);
    let count = levels.iter().max().map_or(0, |last| last + 1);
    let mut columns = vec![Vec::new(); count];
    for (node, level) in levels.iter().enumerate() {
        columns[*level].push(node);
    }
    let mut rows = vec![0_usize; before.len()];
    for column in &mut columns {
        // Twice the middle of the rows of what a node needs, so that it stays whole.
        column.sort_by_cached_key(|node| {
            let needs = &before[*node];
            let sum: usize = needs.iter().map(|need| rows[*need]).sum();
            ((2 * sum).checked_div(needs.len()).unwrap_or(0), *node)
        });
        for (row, node) in column.iter().enumerate() {
            rows[*node] = row;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::super::graph::Node;
    use super::*;
    use crate::plan::Runs;

    fn graph(edges: &[(usize, usize)], count: usize) -> Graph {
        let node = |index: usize| Node {
            title: index.to_string(),
            lines: Vec::new(),
            runs: Runs::Yes,
            reason: None,
            group: None,
        };
        Graph {
            nodes: (0..count).map(node).collect(),
            edges: edges.to_vec(),
            groups: Vec::new(),
        }
    }

    const GAPS: Gaps = Gaps {
        between_columns: 10,
        between_rows: 5,
    };

    #[test]
    fn a_node_stands_right_of_what_it_needs_and_none_covers_another() {
        // Each needs some before it, by no particular rule, and no two are of one size.
        let edges: Vec<(usize, usize)> = (1..500)
            .flat_map(|to| [(to * 7 % to, to), (to / 2, to), (to / 3, to)])
            .collect();
        let graph = graph(&edges, 500);
        let sizes: Vec<(usize, usize)> = (0..500).map(|node| (20 + node % 30, 10 + node % 17)).collect();
        let layout = arrange(&graph, &sizes, &GAPS);
        for (from, to) in &edges {
            let (from, to) = (layout.places[*from], layout.places[*to]);
            assert!(from.x + from.width + GAPS.between_columns <= to.x);
        }
        let apart = |one: Place, other: Place| {
            one.x + one.width <= other.x
                || other.x + other.width <= one.x
                || one.y + one.height <= other.y
                || other.y + other.height <= one.y
        };
        for (index, one) in layout.places.iter().enumerate() {
            assert!(one.x + one.width <= layout.width && one.y + one.height <= layout.height);
            for other in &layout.places[index + 1..] {
                assert!(apart(*one, *other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_column_follows_the_one_before_it() {
        // Without sorting, 3 would stand above 4, and their edges would cross.
        let layout = arrange(&graph(&[(0, 4), (1, 3)], 5), &[(10, 10); 5], &GAPS);
        assert!(layout.places[4].y < layout.places[3].y);
    }
}
