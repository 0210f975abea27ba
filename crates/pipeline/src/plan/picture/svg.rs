//! A plan as SVG.
//!
//! Plain shapes and text with classes, no script and no font of its own, so that any viewer draws it; the colours follow
//! the reader's light or dark scheme. Each job has its reason as a title, which viewers show under the pointer.

use std::fmt::Write as _;

use super::super::outline::Runs;
use super::graph::{Graph, Node};
use super::layout::{Gaps, Layout, Place, arrange};
use super::{Panel, shortened};

const MARGIN: usize = 16;
const LINE: usize = 17;
const PADDING: usize = 10;
const MOST_COLUMNS: usize = 46;
const HEAD: usize = 48;
const GAPS: Gaps = Gaps {
    between_columns: 56,
    between_rows: 18,
};

const STYLE: &str = "\
text{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1f2328}
.title{font-weight:bold}
.quiet{fill:#57606a}
.paper{fill:#ffffff}
.box{fill:#f6f8fa;stroke-width:1.5}
.yes{stroke:#1a7f37}
.open{stroke:#9a6700;stroke-dasharray:6 3}
.no{stroke:#8c959f;stroke-dasharray:2 3;fill:#ffffff}
.edge{fill:none;stroke:#8c959f;stroke-width:1.25}
.tip{fill:#8c959f}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.quiet{fill:#9198a1}
.paper{fill:#0d1117}
.box{fill:#161b22}
.yes{stroke:#3fb950}
.open{stroke:#d29922}
.no{stroke:#6e7681;fill:#0d1117}
.edge{stroke:#6e7681}
.tip{fill:#6e7681}
}
";

/// Returns one picture of all workflows, one below the other.
pub fn svg(panels: &[Panel]) -> String {
    let mut body = String::new();
    let (mut width, mut y) = (0, MARGIN);
    for panel in panels {
        let size = draw(panel, y, &mut body);
        width = width.max(size.0);
        y += size.1 + MARGIN;
    }
    let (width, height) = (width + 2 * MARGIN, y);
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title.as_str()).collect();
    let label = escaped(&format!("The plan of {}", titles.join(", ")));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">\n<style>\n{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>"
    )
}

/// Draws one workflow at `top`; returns its width and height.
fn draw(panel: &Panel, top: usize, body: &mut String) -> (usize, usize) {
    let reason = shortened(&panel.reason, 120);
    text(body, MARGIN, top + 12, "title", &panel.title);
    titled_text(body, (MARGIN, top + 12 + LINE), &reason, &panel.reason);
    let head = columns_of(&panel.title).max(columns_of(&reason)) * 73 / 10;
    let Some(outline) = &panel.outline else {
        return (head, HEAD);
    };
    let graph = Graph::of(outline);
    let texts: Vec<Vec<(&str, String)>> = graph.nodes.iter().map(|node| lines(node, &graph)).collect();
    let sizes: Vec<(usize, usize)> = texts.iter().map(|lines| size(lines)).collect();
    let layout = arrange(&graph, &sizes, &GAPS);
    let origin = (MARGIN, top + HEAD);
    draw_edges(&graph, &layout, origin, body);
    for ((node, place), lines) in graph.nodes.iter().zip(&layout.places).zip(&texts) {
        let place = Place {
            x: place.x + origin.0,
            y: place.y + origin.1,
            ..*place
        };
        draw_node(node, place, lines, body);
    }
    (head.max(layout.width), HEAD + layout.height)
}

fn lines(node: &Node, graph: &Graph) -> Vec<(&'static str, String)> {
    let mut lines = vec![("title", shortened(&node.title, MOST_COLUMNS))];
    if let Some(group) = node.group {
        let title = format!("in {}", graph.groups[group].title);
        lines.push(("quiet", shortened(&title, MOST_COLUMNS)));
    }
    lines.push(("quiet", format!("{} {}", sign(node.runs), node.runs.words())));
    if let Some(reason) = &node.reason {
        lines.push(("quiet", shortened(reason, MOST_COLUMNS)));
    }
    lines.extend(node.lines.iter().map(|line| ("quiet", shortened(line, MOST_COLUMNS))));
    lines
}

fn sign(runs: Runs) -> &'static str {
    match runs {
        Runs::Yes => "✓",
        Runs::Open => "?",
        Runs::No => "✗",
    }
}

fn size(lines: &[(&str, String)]) -> (usize, usize) {
    let columns = lines.iter().map(|(_, line)| columns_of(line)).max().unwrap_or(0);
    // 7.3 is a little more than the width of a character at 12 pixels.
    let width = (columns * 73).div_ceil(10) + 2 * PADDING + 8;
    (width, lines.len() * LINE + 2 * PADDING - 4)
}

/// Returns how many narrow characters wide a text is.
fn columns_of(text: &str) -> usize {
    text.chars()
        .map(|c| {
            if c >= '\u{1100}' && !('\u{2000}'..'\u{2e80}').contains(&c) {
                2
            } else {
                1
            }
        })
        .sum()
}

fn draw_edges(graph: &Graph, layout: &Layout, (left, top): (usize, usize), body: &mut String) {
    for (from, to) in &graph.edges {
        let (from, to) = (layout.places[*from], layout.places[*to]);
        let start = (left + from.x + from.width, top + from.y + from.height / 2);
        let end = (left + to.x - 2, top + to.y + to.height / 2);
        let bend = end.0.saturating_sub(start.0) / 2;
        _ = writeln!(
            body,
            "<path class=\"edge\" d=\"M{} {}C{} {} {} {} {} {}\" marker-end=\"url(#tip)\"/>",
            start.0,
            start.1,
            start.0 + bend,
            start.1,
            end.0 - bend,
            end.1,
            end.0,
            end.1
        );
    }
}

fn draw_node(node: &Node, place: Place, lines: &[(&str, String)], body: &mut String) {
    let Place { x, y, width, height } = place;
    let mut title = format!("{}: {}", node.title, node.runs.words());
    if let Some(reason) = &node.reason {
        _ = write!(title, ": {reason}");
    }
    _ = writeln!(body, "<g><title>{}</title>", escaped(&title));
    _ = match node.runs {
        Runs::Yes => writeln!(
            body,
            "<rect class=\"box yes\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>"
        ),
        Runs::No => writeln!(
            body,
            "<rect class=\"box no\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        ),
        Runs::Open => {
            let (right, bottom, middle) = (x + width, y + height, y + height / 2);
            writeln!(
                body,
                "<path class=\"box open\" d=\"M{} {y}L{} {y}L{right} {middle}L{} {bottom}L{} {bottom}L{x} {middle}z\"/>",
                x + 8,
                right - 8,
                right - 8,
                x + 8
            )
        }
    };
    for (index, (class, line)) in lines.iter().enumerate() {
        text(body, x + PADDING + 4, y + PADDING + 10 + index * LINE, class, line);
    }
    body.push_str("</g>\n");
}

fn text(body: &mut String, x: usize, y: usize, class: &str, line: &str) {
    let line = escaped(line);
    _ = writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{line}</text>");
}

fn titled_text(body: &mut String, (x, y): (usize, usize), line: &str, title: &str) {
    let (line, title) = (escaped(line), escaped(title));
    _ = writeln!(
        body,
        "<text class=\"quiet\" x=\"{x}\" y=\"{y}\">{line}<title>{title}</title></text>"
    );
}

/// Returns text as XML holds it; what XML cannot hold becomes a replacement character.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\n' | '\t' => result.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => result.push('\u{fffd}'),
            other => result.push(other),
        }
    }
    result
}
