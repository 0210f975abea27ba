//! The values of one job, or of the workflow, with everything filled in and rewritten.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::condition::Native;
use super::layout::Layout;
use super::rewriting::{Filled, Notes, Refusal, Rewriter, Statuses};
use super::site::Site;
use super::texts::{escaped, in_braces, of_value};
use super::yaml::{Entry, Yaml};
use crate::definition::{Entries, TemplateValue};
use crate::expression::tree::{Node, Piece};
use crate::expression::{Condition, Expression, OPEN, Template, Value};

/// The most characters of a script, and of a text with expressions, on GitHub.
const MOST_CHARACTERS: usize = 21_000;

/// Fills the values of one job, or of the workflow.
pub(super) struct Filling<'w> {
    layout: &'w Layout<'w>,
    site: Site<'w>,
    has_own_needs: Cell<bool>,
    pub(super) notes: Notes,
    /// The ids that the expressions read in `needs`.
    reads: RefCell<BTreeSet<String>>,
}

/// A value with everything filled in.
enum Content {
    Value(Value),
    /// The text of one expression.
    Expression(String),
    /// A text with expressions, in which what only looks like one is none.
    Text(String),
}

impl Content {
    fn into_text(self) -> Yaml {
        Yaml::Text(match self {
            Self::Value(value) => escaped(&value.to_text()),
            Self::Expression(text) => in_braces(&text),
            Self::Text(text) => text,
        })
    }
}

impl<'w> Filling<'w> {
    /// Returns the filling of the workflow's own keys.
    pub(super) fn of_run(layout: &'w Layout<'w>) -> Self {
        Self::at(layout, Site::of_run(layout.plan))
    }

    /// Returns the filling of what a called workflow gets.
    pub(super) fn of_call(layout: &'w Layout<'w>, call: usize) -> Self {
        Self::at(layout, Site::of_call(layout.plan, call))
    }

    /// Returns the filling of a job, or of one leg of it.
    pub(super) fn of_job(layout: &'w Layout<'w>, place: usize, leg: Option<usize>) -> Self {
        Self::at(layout, Site::of_job(layout.plan, place, leg))
    }

    fn at(layout: &'w Layout<'w>, site: Site<'w>) -> Self {
        Self {
            layout,
            site,
            has_own_needs: Cell::new(true),
            notes: Notes::default(),
            reads: RefCell::default(),
        }
    }

    /// Returns it for a job that has the same `needs` as in the plan, or not.
    pub(super) fn with_own_needs(self, has_own_needs: bool) -> Self {
        self.has_own_needs.set(has_own_needs);
        self
    }

    /// Returns whether the job has the same `needs` as in the plan.
    pub(super) fn has_own_needs(&self) -> bool {
        self.has_own_needs.get()
    }

    /// Returns the ids that the expressions read in `needs` so far.
    pub(super) fn reads(&self) -> BTreeSet<String> {
        self.reads.borrow().clone()
    }

    /// Returns the entry of a key; none, which is noted, when its value has no equivalent.
    pub(super) fn entry(&self, within: &str, key: &str, value: Result<Yaml, Refusal>) -> Option<Entry> {
        match value {
            Ok(value) => Some(Entry::new(key, value)),
            Err(Refusal(why)) => {
                self.notes.add(format!("`{within}{key}` is left out: {why}"));
                None
            }
        }
    }

    /// Returns the entries of names with texts.
    pub(super) fn entries(&self, within: &str, entries: &Entries) -> Yaml {
        let entries = entries.iter();
        Yaml::Map(
            entries
                .filter_map(|(name, value)| self.entry(within, name, self.text(value)))
                .collect(),
        )
    }

    /// Returns the value of a text.
    pub(super) fn text(&self, template: &Template) -> Result<Yaml, Refusal> {
        Ok(self.content(template)?.into_text())
    }

    /// Returns a script, which has to be short enough for GitHub.
    pub(super) fn script(&self, template: &Template) -> Result<Yaml, Refusal> {
        let is_short = |text: &Yaml| matches!(text, Yaml::Text(text) if text.chars().count() <= MOST_CHARACTERS);
        let text = self.text(template)?;
        if is_short(&text) {
            return Ok(text);
        }
        let text = self.content_with(template, Filled::Necessary)?.into_text();
        Some(text).filter(is_short).ok_or_else(Refusal::too_long)
    }

    /// Returns the value of a text that must not be empty where it is written.
    pub(super) fn filled_text(&self, template: &Template) -> Result<Yaml, Refusal> {
        let text = self.text(template)?;
        Ok(if text == Yaml::Text(String::new()) {
            Yaml::Text(in_braces("''"))
        } else {
            text
        })
    }

    /// Returns the value of a boolean or a number.
    pub(super) fn typed(&self, template: &Template) -> Result<Yaml, Refusal> {
        if let Some(text) = template.as_literal() {
            // What was written without quotes is a text by now, and reads the same without them.
            return Ok(Yaml::Bare(text.to_owned()));
        }
        Ok(match self.content(template)? {
            Content::Value(value @ Value::Boolean(_)) => Yaml::Bare(value.to_text()),
            Content::Value(Value::Number(number)) if number >= 1.0 && number.fract() == 0.0 && number < 1e9 => {
                Yaml::Bare(Value::Number(number).to_text())
            }
            Content::Value(value) => Yaml::Text(in_braces(&Node::of_value(value).to_source())),
            Content::Expression(text) => Yaml::Text(in_braces(&text)),
            Content::Text(text) => Yaml::Text(text),
        })
    }

    /// Returns a value of any kind.
    pub(super) fn value(&self, template: &Template) -> Result<Yaml, Refusal> {
        Ok(match self.content(template)? {
            Content::Value(value) => of_value(&value),
            Content::Expression(text) => Yaml::Text(in_braces(&text)),
            Content::Text(text) => Yaml::Text(text),
        })
    }

    /// Returns the labels of a runner; what is none stays an expression, so that the job fails as it would have.
    pub(super) fn labels(&self, value: &TemplateValue) -> Result<Yaml, Refusal> {
        let template = match value {
            TemplateValue::Template(template) => template,
            TemplateValue::List(items) => {
                let items: Result<Vec<Yaml>, Refusal> = items.iter().map(|item| self.labels(item)).collect();
                return Ok(Yaml::List(items?));
            }
            other => return self.tree(other),
        };
        let is_label = |value: &Value| matches!(value, Value::String(text) if !text.is_empty());
        Ok(match self.content(template)? {
            Content::Value(Value::Array(all)) if !all.items().is_empty() && all.items().iter().all(is_label) => {
                of_value(&Value::Array(all))
            }
            Content::Value(value) if is_label(&value) => of_value(&value),
            Content::Value(value) => Yaml::Text(in_braces(&Node::of_value(value).to_source())),
            other => other.into_text(),
        })
    }

    /// Returns a tree of values.
    pub(super) fn tree(&self, value: &TemplateValue) -> Result<Yaml, Refusal> {
        Ok(match value {
            TemplateValue::Literal(value) => of_value(value),
            TemplateValue::Template(template) => self.value(template)?,
            TemplateValue::List(items) => {
                let items: Result<Vec<Yaml>, Refusal> = items.iter().map(|item| self.tree(item)).collect();
                Yaml::List(items?)
            }
            TemplateValue::Map(fields) => {
                let fields = fields.iter();
                let fields: Result<Vec<_>, Refusal> = fields
                    .map(|(name, value)| Ok(Entry::new(name, self.tree(value)?)))
                    .collect();
                Yaml::Map(fields?)
            }
        })
    }

    /// Returns what is left of the condition of a step: nothing when only the implied `success()` is.
    pub(super) fn condition(&self, condition: &Condition) -> Result<Option<Yaml>, Refusal> {
        let Some(tree) = condition.tree() else {
            return Ok(None);
        };
        let asks = condition.uses_status_function();
        let written = (!condition.is_text()).then(|| condition.to_string());
        let rewritten = self.written(&tree, Filled::All, |rewriter| {
            let node = rewriter.rewrite(&tree)?.into_condition();
            Ok(Native { node, asks }.rest())
        })?;
        Ok(rewritten.map(|text| in_condition(text, written)))
    }

    /// Returns the `if` of the job at `place`: nothing when only the implied `success()` is left.
    pub(super) fn condition_of_job(&self, place: usize) -> Result<Option<Yaml>, Refusal> {
        let condition = self.layout.plan.definition(place).condition.as_ref();
        let tree = condition.and_then(Condition::tree).unwrap_or_else(|| Node::all([]));
        let is_native = self.rewriter(&Cell::new(0), Filled::All).is_native(place);
        self.has_own_needs.set(is_native && self.site.call.is_none());
        let plan = self.layout.plan;
        let mut around = std::iter::successors(self.site.call, |call| plan.call_of(plan.calls[*call].caller));
        if let Some(doubt) = around.find_map(|call| self.layout.doubts.of_call(call)) {
            return Err(doubt.clone());
        }
        let written = condition
            .filter(|condition| !condition.is_text())
            .map(ToString::to_string);
        let rewritten = self.written(&tree, Filled::All, |rewriter| rewriter.condition_of_job(place))?;
        Ok(rewritten.map(|text| in_condition(text, written)))
    }

    /// Checks that the inputs of a call are of their types.
    pub(super) fn check_inputs(&self, call: usize, spent: &Cell<usize>) -> Result<(), Refusal> {
        self.rewriter(spent, Filled::All).check_inputs(call)
    }

    fn content(&self, template: &Template) -> Result<Content, Refusal> {
        let fits = |content: &Content| match content {
            Content::Text(text) => !text.contains(OPEN) || text.chars().count() <= MOST_CHARACTERS,
            Content::Value(_) | Content::Expression(_) => true,
        };
        if let Some(content) = self.content_with(template, Filled::All).ok().filter(fits) {
            return Ok(content);
        }
        let content = self.content_with(template, Filled::Necessary)?;
        Some(content).filter(fits).ok_or_else(Refusal::too_long)
    }

    fn content_with(&self, template: &Template, filled: Filled) -> Result<Content, Refusal> {
        if let Some(text) = template.as_literal() {
            return Ok(Content::Value(Value::from(text)));
        }
        if let Some(expression) = template.as_expression() {
            return self.content_of(expression, filled);
        }
        let mut text = String::new();
        let mut plain = String::new();
        for piece in template.pieces() {
            // What stands in `text` has expressions in it, whatever follows.
            if text.len() > MOST_CHARACTERS && text.chars().count() > MOST_CHARACTERS {
                return Err(Refusal::too_long());
            }
            match piece {
                Piece::Text(own) => plain += own,
                Piece::Expression(expression) => match self.content_of(expression, filled)? {
                    Content::Value(value) => plain += &value.to_text(),
                    Content::Expression(source) | Content::Text(source) => {
                        text += &escaped(&std::mem::take(&mut plain));
                        text += &in_braces(&source);
                    }
                },
            }
        }
        text += &escaped(&plain);
        Ok(Content::Text(text))
    }

    fn content_of(&self, expression: &Expression, filled: Filled) -> Result<Content, Refusal> {
        let tree = expression.tree();
        if filled == Filled::All
            && let Some(value) = self.site.known(tree)
        {
            return Ok(Content::Value(value));
        }
        let value: RefCell<Option<Value>> = RefCell::default();
        let rewritten = self.written(tree, filled, |rewriter| {
            let node = rewriter.rewrite(tree)?;
            if let Node::Literal(literal) = &node {
                *value.borrow_mut() = Some(literal.clone());
            }
            Ok(Some(node))
        })?;
        Ok(match (value.into_inner(), rewritten) {
            (Some(value), _) => Content::Value(value),
            (None, Some(written)) if written.is_same => Content::Expression(expression.source().to_owned()),
            (None, Some(written)) => Content::Expression(written.text),
            (None, None) => Content::Value(Value::Null),
        })
    }

    /// Returns the text of what `rewrite` makes of an expression, with all that is known filled in if it fits.
    fn written(
        &self,
        tree: &Node,
        most: Filled,
        rewrite: impl Fn(&Rewriter<'_>) -> Result<Option<Node>, Refusal>,
    ) -> Result<Option<Written>, Refusal> {
        let mut refusal = Refusal::too_long();
        for filled in [most, Filled::Necessary] {
            if self.layout.bound.is_over() {
                break;
            }
            let spent = Cell::new(0);
            let node = rewrite(&self.rewriter(&spent, filled));
            self.layout.bound.spend(spent.get());
            let node = match node {
                Ok(Some(node)) => node,
                Ok(None) => return Ok(None),
                Err(why) => {
                    refusal = why;
                    continue;
                }
            };
            let text = node.to_source();
            self.layout.bound.spend(text.len());
            if Expression::parse(&text).is_err() {
                continue;
            }
            let read = node.contexts().into_iter().filter(|found| found.name == "needs");
            self.reads
                .borrow_mut()
                .extend(read.filter_map(|found| found.path.into_iter().next()));
            let is_same = text == tree.to_source();
            return Ok(Some(Written { text, is_same }));
        }
        Err(refusal)
    }

    fn rewriter<'r>(&'r self, spent: &'r Cell<usize>, filled: Filled) -> Rewriter<'r> {
        Rewriter {
            layout: self.layout,
            site: self.site.clone(),
            reader: self.site.place,
            statuses: Statuses::Own,
            filled,
            has_own_needs: self.has_own_needs.get(),
            notes: &self.notes,
            spent,
        }
    }
}

/// What an expression became.
struct Written {
    text: String,
    /// Whether it is what it was.
    is_same: bool,
}

fn in_condition(rewritten: Written, source: Option<String>) -> Yaml {
    let (text, is_as_written) = match source {
        Some(source) if rewritten.is_same => (source, true),
        _ => (rewritten.text, false),
    };
    match text.as_str() {
        "false" => Yaml::Bare(text),
        // A text with this in it would be taken for one with expressions in it.
        _ if !is_as_written && text.contains(OPEN) => Yaml::Text(in_braces(&text)),
        _ => Yaml::Text(text),
    }
}
