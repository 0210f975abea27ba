//! Plans as pictures: SVG of its own making, and flowcharts for Mermaid.
//!
//! Both are drawn from one graph, in which a called workflow is a group of its own. Nothing is said by colour alone: a
//! job that may run has another shape and another line than one that runs, and says so in words.

mod graph;
mod layout;
mod mermaid;
mod svg;

use super::outline::Outline;

pub use mermaid::mermaid;
pub use svg::svg;

/// One workflow in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its file.
    pub title: String,
    /// Why it starts or does not.
    pub reason: String,
    /// Its plan; none when it does not start.
    pub outline: Option<Outline>,
}

/// Returns `text` with at most `most` characters, the last an ellipsis when some are missing.
fn shortened(text: &str, most: usize) -> String {
    let text = text.replace(['\n', '\r', '\t'], " ");
    if text.chars().count() <= most {
        return text;
    }
    let mut start: String = text.chars().take(most - 1).collect();
    start.push('…');
    start
}
