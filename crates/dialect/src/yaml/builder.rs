//! The tree behind the events of a scanner, with budgets.

use std::collections::BTreeMap;

use lockgate_core::{Diagnostic, SourceFile, Span};
use saphyr_parser::{Event, ScalarStyle, ScanError, Tag};

use super::{Content, Entry, Key, Node, Scalar, Style};
use crate::codes;

/// The deepest that values may be nested.
pub const MAX_DEPTH: usize = 100;
/// The most that aliases may add, in bytes of text with a surcharge per value.
const MAX_ALIASED: usize = 4 << 20;
const VALUE_SURCHARGE: usize = 64;

/// A tree that grows with each event of the scanner.
pub(super) struct Builder<'f> {
    file: &'f SourceFile,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, Anchored>,
    aliased: usize,
    /// The tree, when it is at its end.
    pub(super) root: Option<Node>,
    /// What is wrong with it.
    pub(super) diagnostics: Vec<Diagnostic>,
}

struct Anchored {
    node: Node,
    depth: usize,
    weight: usize,
}

/// A list or mapping that is not yet at its end.
struct Frame {
    start: Span,
    anchor: usize,
    open: Open,
}

enum Open {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        key: Option<Pending>,
        /// The place of each name, once there are too many to look through.
        names: BTreeMap<String, Span>,
    },
}

/// A key whose value comes next.
enum Pending {
    Kept(Key),
    /// The key was there before, so that its value is left out.
    Repeated,
}

impl<'f> Builder<'f> {
    /// Returns a builder that has seen nothing of the file.
    pub(super) fn new(file: &'f SourceFile) -> Self {
        Self {
            file,
            frames: Vec::new(),
            anchors: BTreeMap::new(),
            aliased: 0,
            root: None,
            diagnostics: Vec::new(),
        }
    }

    /// Takes one event; returns whether the reading goes on.
    pub(super) fn take(&mut self, event: Event<'_>, span: saphyr_parser::Span) -> bool {
        let span = self.span(span);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                self.error(codes::YAML_UNSUPPORTED, span, "a second document starts here")
                    .help("a file has one document; remove the `---`");
                false
            }
            Event::Scalar(text, style, anchor, tag) => {
                let whole = span;
                let span = self.without_properties(span, anchor > 0 || tag.is_some());
                if tag.as_deref().is_some_and(|tag| !tag.is_yaml_core_schema()) {
                    self.refuse_tag(whole);
                }
                let scalar = Scalar::new(text.into_owned(), style_of(style), tag.as_deref().map(suffix));
                let is_quoted = matches!(scalar.style, Style::Single | Style::Double);
                let span = if is_quoted { self.within_quotes(span) } else { span };
                self.add(
                    Node {
                        span,
                        content: Content::Scalar(scalar),
                    },
                    anchor,
                )
            }
            Event::SequenceStart(anchor, _) => self.open(span, anchor, Open::Sequence(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(
                span,
                anchor,
                Open::Mapping {
                    entries: Vec::new(),
                    key: None,
                    names: BTreeMap::new(),
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => true,
        }
    }

    /// Returns where the values are that have an anchor.
    pub(super) fn anchored(&self) -> Vec<Span> {
        self.anchors.values().map(|anchored| anchored.node.span).collect()
    }

    fn open(&mut self, start: Span, anchor: usize, open: Open) -> bool {
        if self.frames.len() >= MAX_DEPTH {
            self.error(
                codes::YAML_BUDGET,
                start,
                format!("values are nested more than {MAX_DEPTH} deep"),
            );
            return false;
        }
        let start = self.without_properties(start, anchor > 0);
        self.frames.push(Frame { start, anchor, open });
        true
    }

    fn close(&mut self, end: Span) -> bool {
        let Some(frame) = self.frames.pop() else {
            return true;
        };
        let (content, last) = match frame.open {
            Open::Sequence(items) => {
                let last = items.last().map(|node| node.span.end);
                (Content::Sequence(items), last)
            }
            Open::Mapping { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end);
                (Content::Mapping(entries), last)
            }
        };
        // The end of a block is only noticed behind the following white space.
        let end = if end.end > end.start {
            end.end
        } else {
            last.unwrap_or(frame.start.end)
        };
        let span = Span::new(frame.start.start, end);
        self.add(Node { span, content }, frame.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> bool {
        let Some(anchored) = self.anchors.get(&anchor) else {
            self.error(
                codes::YAML_UNSUPPORTED,
                span,
                "an alias inside of its own anchor has no end",
            )
            .help("write the value out");
            return false;
        };
        self.aliased += anchored.weight;
        if self.aliased > MAX_ALIASED {
            self.error(
                codes::YAML_BUDGET,
                span,
                "aliases make the file grow beyond what is read",
            )
            .help("aliases of aliases multiply; write fewer of them");
            return false;
        }
        if self.frames.len() + anchored.depth > MAX_DEPTH {
            self.error(
                codes::YAML_BUDGET,
                span,
                format!("values are nested more than {MAX_DEPTH} deep"),
            );
            return false;
        }
        let node = anchored.node.clone();
        self.add(node, 0)
    }

    fn add(&mut self, node: Node, anchor: usize) -> bool {
        if anchor > 0 {
            let anchored = Anchored {
                depth: depth(&node),
                weight: weight(&node),
                node: node.clone(),
            };
            // Anchors inside of anchors would copy the inner values once per level.
            self.aliased += anchored.weight / 8;
            self.anchors.insert(anchor, anchored);
            if self.aliased > MAX_ALIASED {
                self.error(
                    codes::YAML_BUDGET,
                    node.span,
                    "anchors make the file grow beyond what is read",
                );
                return false;
            }
        }
        match self.frames.last_mut().map(|frame| &mut frame.open) {
            None => self.root = Some(node),
            Some(Open::Sequence(items)) => items.push(node),
            Some(Open::Mapping { entries, key, .. }) => match key.take() {
                Some(Pending::Kept(key)) => entries.push(Entry { key, value: node }),
                Some(Pending::Repeated) => {}
                None => return self.key(node),
            },
        }
        true
    }

    fn key(&mut self, node: Node) -> bool {
        let Content::Scalar(scalar) = node.content else {
            self.error(codes::YAML_UNSUPPORTED, node.span, "a list or mapping cannot be a key")
                .help("put a text that starts with `{` or `[` in quotes, and write expressions as `${{ … }}`");
            return false;
        };
        let style = scalar.style;
        let key = Key {
            name: scalar.into_text(),
            span: node.span,
        };
        if key.name == "<<" && style == Style::Plain {
            self.error(codes::YAML_UNSUPPORTED, key.span, "merge keys (`<<`) are not supported")
                .help("GitHub resolves anchors and aliases, but merges nothing; write the keys out");
        }
        let Some(Open::Mapping {
            entries,
            names,
            key: open,
        }) = self.frames.last_mut().map(|frame| &mut frame.open)
        else {
            return true;
        };
        let Some(first) = first_given(entries, names, &key) else {
            *open = Some(Pending::Kept(key));
            return true;
        };
        *open = Some(Pending::Repeated);
        let message = format!("the key `{}` is given twice", key.name);
        self.error(codes::YAML_DUPLICATE_KEY, key.span, message)
            .related(first, "first given here");
        true
    }

    /// Returns the span without the `&anchor` and `!tag` at its start.
    fn without_properties(&self, span: Span, has_any: bool) -> Span {
        let mut start = span.start;
        while has_any && start < span.end {
            let rest = &self.file.text[start..span.end];
            if !rest.starts_with(['&', '!']) {
                break;
            }
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let gap = rest[word..].len() - rest[word..].trim_start().len();
            start += word + gap;
        }
        Span::new(start, span.end)
    }

    /// Returns the byte at which a character starts.
    fn byte(&self, character: usize) -> usize {
        self.file.lines().byte(&self.file.text, character)
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        // The end of a flow collection or a quoted text is only noticed behind the blanks and the comment after it.
        let text = self.file.text.get(start..end).unwrap_or_default();
        if text.starts_with([']', '}']) {
            return Span::new(start, start + 1);
        }
        Span::new(start, start + text.trim_end_matches([' ', '\t']).len())
    }

    /// Returns the span of a quoted text without the comment behind it.
    fn within_quotes(&self, span: Span) -> Span {
        let text = self.file.text.get(span.start..span.end).unwrap_or_default();
        let Some(quote) = text.chars().next().filter(|_| text.contains('#')) else {
            return span;
        };
        let mut rest = text.char_indices().skip(1).peekable();
        while let Some((at, c)) = rest.next() {
            let is_doubled = c == quote && quote == '\'' && rest.peek().is_some_and(|(_, next)| *next == quote);
            if is_doubled || (quote == '"' && c == '\\') {
                rest.next();
            } else if c == quote {
                return Span::new(span.start, span.start + at + 1);
            }
        }
        span
    }

    fn refuse_tag(&mut self, span: Span) {
        // As it is written: a scanner's name for it has the handle resolved.
        let written = self.file.text.get(span.start..span.end).unwrap_or_default();
        let tag = written
            .split_whitespace()
            .find(|word| word.starts_with('!'))
            .unwrap_or("!");
        let message = format!("`{tag}` is a tag in YAML, and there is none of this name");
        self.error(codes::YAML_UNSUPPORTED, span, message)
            .help("a text that starts with `!` stands in quotes, and a condition that does in `${{ … }}`");
    }

    /// Notes that the text is no YAML.
    pub(super) fn refuse_syntax(&mut self, error: &ScanError) {
        let at = self.byte(error.marker().index());
        let info = error.info();
        let mut end = at + self.file.text[at..].chars().next().map_or(0, char::len_utf8);
        if self.file.text[at..].starts_with('\n') {
            end = at;
        }
        let help = if info.contains("mapping values are not allowed") {
            "a text that has `: ` in it stands in quotes, and a key stands in the same column as its neighbours"
        } else if info.contains("tab") {
            "indent with spaces; YAML allows no tabs"
        } else if info.contains("unknown anchor") {
            "an alias `*name` comes after its anchor `&name`; a text that starts with `*` stands in quotes"
        } else if info.contains("unexpected character") {
            "a text that starts with this character stands in quotes"
        } else if info.contains("recursion limit") {
            "nest less deeply"
        } else {
            "check the indentation and the quotes of this line and the one before"
        };
        self.error(
            codes::YAML_SYNTAX,
            Span::new(at, end),
            format!("this is no YAML: {info}"),
        )
        .help(help);
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> Last<'_> {
        self.diagnostics.push(Diagnostic::error(code, self.file, span, message));
        Last(&mut self.diagnostics)
    }
}

/// The diagnostic added last.
struct Last<'d>(&'d mut Vec<Diagnostic>);

impl Last<'_> {
    fn help(self, help: &str) {
        if let Some(last) = self.0.last_mut() {
            last.help = Some(help.to_owned());
        }
    }

    fn related(self, span: Span, label: &str) {
        if let Some(last) = self.0.last_mut() {
            last.related.push((span, label.to_owned()));
        }
    }
}

/// Returns where the name of `key` was given before.
fn first_given(entries: &[Entry], names: &mut BTreeMap<String, Span>, key: &Key) -> Option<Span> {
    const FEW: usize = 32;
    if entries.len() < FEW {
        let first = entries.iter().find(|entry| entry.key.name == key.name);
        return first.map(|entry| entry.key.span);
    }
    if names.is_empty() {
        names.extend(entries.iter().map(|entry| (entry.key.name.clone(), entry.key.span)));
    }
    let first = names.get(&key.name).copied();
    if first.is_none() {
        names.insert(key.name.clone(), key.span);
    }
    first
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    }
}

fn suffix(tag: &Tag) -> &str {
    &tag.suffix
}

fn depth(node: &Node) -> usize {
    1 + match &node.content {
        Content::Scalar(_) => 0,
        Content::Sequence(items) => items.iter().map(depth).max().unwrap_or(0),
        Content::Mapping(entries) => entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
    }
}

fn weight(node: &Node) -> usize {
    VALUE_SURCHARGE
        + match &node.content {
            Content::Scalar(scalar) => scalar.text.len(),
            Content::Sequence(items) => items.iter().map(weight).sum(),
            Content::Mapping(entries) => entries
                .iter()
                .map(|entry| entry.key.name.len() + weight(&entry.value))
                .sum(),
        }
}
