//! A file as a tree that can be changed and written again.

use lockgate_core::SourceFile;
use lockgate_dialect::yaml::{self, Content, Node, Resolved};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    /// A single value, as it is written.
    Scalar(String),
    /// A list.
    List(Vec<Tree>),
    /// Keys with values.
    Map(Vec<(String, Tree)>),
}

/// One step from a value to one in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// The value of the entry at this place of a mapping.
    Entry(usize),
    /// The item at this place of a list.
    Item(usize),
}

impl Tree {
    /// Returns what `text` says, anchors resolved.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (node, diagnostics) = yaml::parse(&SourceFile::new("a.yml", text));
        if diagnostics.is_empty() {
            node.as_ref().map(Self::of)
        } else {
            None
        }
    }

    /// Returns a text in quotes.
    pub(super) fn text(text: &str) -> Self {
        Self::Scalar(serde_json::Value::from(text).to_string())
    }

    fn of(node: &Node) -> Self {
        match &node.content {
            Content::Scalar(scalar) if scalar.resolved == Resolved::String => Self::text(&scalar.text),
            Content::Scalar(scalar) if scalar.text.is_empty() => Self::Scalar("null".to_owned()),
            Content::Scalar(scalar) => Self::Scalar(scalar.text.clone()),
            Content::Sequence(items) => Self::List(items.iter().map(Self::of).collect()),
            Content::Mapping(entries) => {
                let fields = entries
                    .iter()
                    .map(|entry| (entry.key.name.clone(), Self::of(&entry.value)));
                Self::Map(fields.collect())
            }
        }
    }

    /// Returns it as YAML, keys and items on lines of their own.
    pub(super) fn write(&self) -> String {
        let mut text = String::new();
        self.write_at(0, &mut text);
        text
    }

    fn write_at(&self, depth: usize, text: &mut String) {
        let start = |text: &mut String| {
            text.push('\n');
            text.push_str(&" ".repeat(depth));
        };
        match self {
            Self::Scalar(written) => text.push_str(written),
            Self::List(items) if items.is_empty() => text.push_str("[]"),
            Self::Map(fields) if fields.is_empty() => text.push_str("{}"),
            Self::List(items) => {
                for item in items {
                    start(text);
                    text.push_str("- ");
                    item.write_at(depth + 2, text);
                }
            }
            Self::Map(fields) => {
                for (name, value) in fields {
                    start(text);
                    text.push_str(&serde_json::Value::from(name.as_str()).to_string());
                    text.push_str(": ");
                    value.write_at(depth + 2, text);
                }
            }
        }
    }

    /// Returns the paths to every value in it, its own first.
    pub(super) fn paths(&self) -> Vec<Vec<Step>> {
        let mut paths = vec![Vec::new()];
        let below: Vec<(Step, &Self)> = match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| (Step::Item(at), item))
                .collect(),
            Self::Map(fields) => fields
                .iter()
                .enumerate()
                .map(|(at, (_, value))| (Step::Entry(at), value))
                .collect(),
        };
        for (step, value) in below {
            for mut rest in value.paths() {
                rest.insert(0, step.clone());
                paths.push(rest);
            }
        }
        paths
    }

    /// Returns the value at `path`.
    pub(super) fn at(&mut self, path: &[Step]) -> &mut Self {
        let Some((step, rest)) = path.split_first() else {
            return self;
        };
        match (self, step) {
            (Self::List(items), Step::Item(at)) => items[*at].at(rest),
            (Self::Map(fields), Step::Entry(at)) => fields[*at].1.at(rest),
            (tree, step) => unreachable!("{step:?} leads nowhere in {tree:?}"),
        }
    }

    /// Returns the path in words, such as `jobs.a.steps[0]`.
    pub(super) fn name_of(&self, path: &[Step]) -> String {
        let Some((step, rest)) = path.split_first() else {
            return String::new();
        };
        match (self, step) {
            (Self::List(items), Step::Item(at)) => format!("[{at}]{}", items[*at].name_of(rest)),
            (Self::Map(fields), Step::Entry(at)) => format!(".{}{}", fields[*at].0, fields[*at].1.name_of(rest)),
            (tree, step) => unreachable!("{step:?} leads nowhere in {tree:?}"),
        }
    }
}

#[test]
fn a_tree_is_written_as_what_was_read() {
    let text = "on: [push]\na: { b: [1, {c: 'x: y', d: ~}], e: [] }\n";
    let tree = Tree::parse(text).unwrap();
    assert_eq!(Tree::parse(&tree.write()).unwrap(), tree);
}
