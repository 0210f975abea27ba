//! A plan as a flowchart for Mermaid.

use std::fmt::Write as _;

use super::super::outline::Runs;
use super::graph::{Graph, Node};
use super::{Panel, shortened};

/// The longest reason that is written into a node, in characters.
const LONGEST: usize = 100;

/// Returns one flowchart with a part for each workflow.
pub fn mermaid(panels: &[Panel]) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (index, panel) in panels.iter().enumerate() {
        let title = escaped(&format!("{}: {}", panel.title, shortened(&panel.reason, LONGEST)));
        match &panel.outline {
            None => _ = writeln!(text, "  w{index}[\"{title}\"]:::no"),
            Some(outline) => {
                _ = writeln!(text, "  subgraph w{index}[\"{title}\"]");
                let graph = Graph::of(outline);
                add_group(&graph, None, &format!("w{index}"), 2, &mut text);
                text += "  end\n";
                for (from, to) in &graph.edges {
                    _ = writeln!(text, "  w{index}n{from} --> w{index}n{to}");
                }
            }
        }
    }
    text += "  classDef yes stroke:#1a7f37,stroke-width:2px\n";
    text += "  classDef open stroke:#9a6700,stroke-width:2px,stroke-dasharray:6 3\n";
    text += "  classDef no stroke:#8c959f,stroke-dasharray:2 3";
    text
}

fn add_group(graph: &Graph, group: Option<usize>, prefix: &str, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.group == group {
            _ = writeln!(text, "{indent}{prefix}n{index}{}", shape(node));
        }
    }
    for (index, inner) in graph.groups.iter().enumerate() {
        if inner.parent == group {
            _ = writeln!(text, "{indent}subgraph {prefix}g{index}[\"{}\"]", escaped(&inner.title));
            add_group(graph, Some(index), prefix, depth + 1, text);
            _ = writeln!(text, "{indent}end");
        }
    }
}

fn shape(node: &Node) -> String {
    let mut lines = vec![escaped(&node.title), escaped(node.runs.words())];
    if let Some(reason) = &node.reason {
        lines.push(escaped(&shortened(reason, LONGEST)));
    }
    lines.extend(node.lines.iter().map(|line| escaped(line)));
    let label = lines.join("<br/>");
    match node.runs {
        Runs::Yes => format!("(\"{label}\"):::yes"),
        Runs::Open => format!("{{{{\"{label}\"}}}}:::open"),
        Runs::No => format!("[\"{label}\"]:::no"),
    }
}

/// Returns text as a label holds it: whatever could mean something to Mermaid, HTML or Markdown as the code of the character.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let begins_a_list = text
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .starts_with(['.', ')']);
    for (index, character) in text.chars().enumerate() {
        let is_plain = character.is_alphanumeric()
            || matches!(character, ' ' | '_' | '/' | ':' | ',' | '=' | '\'' | '·' | '…')
            || (matches!(character, '-' | '.' | ')' | '(') && index > 0 && !begins_a_list);
        if is_plain {
            result.push(character);
        } else {
            _ = write!(result, "#{};", u32::from(character));
        }
    }
    result
}
