//! Reads the values of a workflow file that may hold expressions.

use std::collections::BTreeMap;

use lockgate_core::{SourceFile, Span};
use lockgate_pipeline::definition::{Place, TemplateValue, Unsupported};
use lockgate_pipeline::expression::{Condition, Template};

use super::Caution;
use super::call::{Callable, OutputRead, WorkflowCall};
use super::local::LocalUse;
use super::reference::{Known, Names};
use super::unsupported::quoted;
use crate::codes;
use crate::shape::Availability;
use crate::yaml::{Content, Node, Reader, Resolved, Scalar, Style};

/// One file while it is read: its mistakes, what it asks for in vain, and which names are known at this place.
pub(super) struct Lowering {
    pub(super) reader: Reader,
    /// What the part that is being read asks for and this version cannot do.
    pub(super) unsupported: Vec<Unsupported>,
    /// The names that expressions at this place can refer to.
    pub(super) known: Known,
    /// The job that is being read.
    pub(super) job: Option<String>,
    /// The steps that use actions of the repository.
    pub(super) uses: Vec<LocalUse>,
    /// The jobs that call workflows of the repository.
    pub(super) calls: Vec<WorkflowCall>,
    /// Whether the file can be called.
    pub(super) callable: Callable,
    /// The results of jobs that expressions read.
    pub(super) reads: Vec<OutputRead>,
    /// The names of the outputs of each job that declares its own.
    pub(super) outputs: BTreeMap<String, Names>,
    /// What the jobs ask for and get otherwise.
    pub(super) cautions: Vec<Caution>,
}

impl Lowering {
    pub(super) fn new(file: &SourceFile) -> Self {
        Self {
            reader: Reader::new(file),
            unsupported: Vec::new(),
            known: Known::default(),
            job: None,
            uses: Vec::new(),
            calls: Vec::new(),
            callable: Callable::default(),
            reads: Vec::new(),
            outputs: BTreeMap::new(),
            cautions: Vec::new(),
        }
    }

    pub(super) fn place(&self, span: Span) -> Place {
        let (line, column) = self.reader.position(span.start);
        Place::new(self.reader.file().path.clone(), line, column)
    }

    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        let diagnostic = self.reader.error(code, span, message);
        self.reader.report(diagnostic);
    }

    pub(super) fn error_with_help(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = self.reader.error(code, span, message).help(help);
        self.reader.report(diagnostic);
    }

    pub(super) fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = self.reader.warning(code, span, message).help(help);
        self.reader.report(diagnostic);
    }

    /// Warns of what the job asks for and gets otherwise; what the message quotes first names its place.
    pub(super) fn caution(&mut self, code: &'static str, span: Span, message: &str, help: &str) {
        let diagnostic = self.reader.warning(code, span, message).help(help);
        if let Some(job) = &self.job
            && !self.reader.is_full()
        {
            self.cautions.push(Caution {
                job: job.clone(),
                diagnostic: diagnostic.clone(),
            });
        }
        let label = message.split('`').nth(1).map_or_else(|| message.to_owned(), quoted);
        self.reader.report_kind(help, span, label, |_| diagnostic);
    }

    /// Returns a text in which no expression is evaluated.
    pub(super) fn plain(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.reader.text(node, what)?;
        self.is_plain(&text, node.span, what).then_some(text)
    }

    /// Returns a text in which no expression is evaluated; nothing is the empty text.
    pub(super) fn plain_or_empty(&mut self, node: &Node, what: &str) -> Option<String> {
        let Some(scalar) = node.as_scalar() else {
            self.reader.wrong_type(node, what, "a text");
            return None;
        };
        let text = scalar.to_text();
        self.is_plain(&text, node.span, what).then_some(text)
    }

    /// Returns one text, or the texts of a list, in which no expression is evaluated.
    pub(super) fn plain_texts(&mut self, node: &Node, what: &str) -> Option<Vec<(String, Span)>> {
        let mut texts = self.reader.texts(node, what)?;
        texts.retain(|(text, span)| self.is_plain(text, *span, what));
        Some(texts)
    }

    /// Returns a text that may hold expressions; nothing is the empty text.
    pub(super) fn template(&mut self, node: &Node, what: &str, at: &Availability) -> Option<Template> {
        let Some(scalar) = node.as_scalar() else {
            self.reader.wrong_type(node, what, "a text");
            return None;
        };
        self.scalar_template(scalar, node.span, at)
    }

    /// Returns a text that may hold expressions and is not empty.
    pub(super) fn filled_template(&mut self, node: &Node, what: &str, at: &Availability) -> Option<Template> {
        let is_empty = node.as_scalar().is_some_and(|scalar| scalar.to_text().is_empty());
        if is_empty {
            self.reader.wrong_type(node, what, "a text that is not empty");
            return None;
        }
        self.template(node, what, at)
    }

    /// Returns `true`, `false` or an expression.
    pub(super) fn boolean_template(&mut self, node: &Node, what: &str, at: &Availability) -> Option<Template> {
        self.typed_template(node, what, at, "`true`, `false` or an expression", |resolved| {
            matches!(resolved, Resolved::Boolean(_))
        })
    }

    /// Returns a number above 0 or an expression.
    pub(super) fn number_template(&mut self, node: &Node, what: &str, at: &Availability) -> Option<Template> {
        self.typed_template(
            node,
            what,
            at,
            "a number above 0 or an expression",
            |resolved| matches!(resolved, Resolved::Number(number) if number > 0.0),
        )
    }

    /// Returns the limit of a step: a number, of which GitHub takes the whole minutes, or an expression.
    pub(super) fn step_limit(&mut self, node: &Node, at: &Availability) -> Option<Template> {
        let what = "`timeout-minutes`";
        if let Some(Resolved::Number(minutes)) = node.as_scalar().map(|scalar| scalar.resolved) {
            let (message, help) = if minutes.is_nan() || minutes < 1.0 {
                (
                    "this sets no limit: only whole minutes count",
                    "write 1 or more, or remove the key",
                )
            } else if minutes.fract() != 0.0 {
                (
                    "the fraction is cut off: only whole minutes count",
                    "write a whole number",
                )
            } else {
                return self.template(node, what, at);
            };
            self.warning(codes::NO_EFFECT, node.span, message, help);
        }
        self.typed_template(node, what, at, "a number or an expression", |resolved| {
            matches!(resolved, Resolved::Number(_))
        })
    }

    /// Returns the condition of an `if`.
    pub(super) fn condition(&mut self, node: &Node, at: &Availability) -> Option<Condition> {
        let Some(scalar) = node.as_scalar() else {
            self.reader.wrong_type(node, at.key, "an expression");
            return None;
        };
        match Condition::parse(scalar.to_text()) {
            Ok(condition) => {
                let (mut contexts, functions) = (condition.contexts_used(), condition.functions_used());
                if !at.names_jobs {
                    let named = condition.named_jobs();
                    contexts.retain(|found| !named.iter().any(|named| named.position == found.position));
                    self.refuse_named_jobs(scalar, node.span, &condition, at);
                }
                self.check_uses(scalar, node.span, &contexts, &functions, at);
                self.warn_of_failures(scalar, node.span, &functions, || condition.failures());
                self.warn_if_text(&condition, scalar.style, node.span);
                Some(condition)
            }
            Err(mistake) => {
                self.report_syntax(scalar, node.span, &[mistake]);
                None
            }
        }
    }

    fn warn_if_text(&mut self, condition: &Condition, style: Style, span: Span) {
        if condition.is_true_by_a_text() {
            let message = "a text makes this condition true in every run: one that is not empty is true";
            let help = "write `true` and `false` without quotes, and compare with each text: `A == 'b' || A == 'c'`";
            return self.warning(codes::CONDITION_IS_TEXT, span, message, help);
        }
        if !condition.is_text() {
            return;
        }
        let (message, help) = match (condition.is_text_by_space(), style) {
            (true, Style::Block) => (
                "the line break at the end makes this condition a text, and a text that is not empty is always true",
                "remove the `${{` and `}}`, or begin the block with `|-` or `>-`, which end without a line break",
            ),
            (true, _) => (
                "the white space around the `${{ }}` makes this condition a text, and a text that is not empty is always \
                 true",
                "remove the white space, or the `${{` and `}}`",
            ),
            (false, _) => (
                "this condition is a text, and a text that is not empty is always true",
                "put all of it into one `${{ … }}`, or leave out the `${{` and `}}`",
            ),
        };
        self.warning(codes::CONDITION_IS_TEXT, span, message, help);
    }

    /// Returns a tree of values, each of which may hold expressions.
    pub(super) fn value(&mut self, node: &Node, at: &Availability) -> Option<TemplateValue> {
        Some(match &node.content {
            Content::Scalar(scalar) => {
                self.warn_if_number_changes(node);
                let template = self.scalar_template(scalar, node.span, at)?;
                match template.as_literal() {
                    Some(_) => TemplateValue::Literal(scalar.value()),
                    None => TemplateValue::Template(template),
                }
            }
            Content::Sequence(items) => {
                TemplateValue::List(items.iter().filter_map(|item| self.value(item, at)).collect())
            }
            Content::Mapping(entries) => {
                let fields = entries.iter().filter_map(|entry| {
                    let value = self.value(&entry.value, at)?;
                    Some((entry.key.name.clone(), value))
                });
                TemplateValue::Map(fields.collect())
            }
        })
    }

    /// Warns about a number such as `3.10`, which is 3.1 wherever it is used as a text.
    pub(super) fn warn_if_number_changes(&mut self, node: &Node) {
        let Some(scalar) = node.as_scalar() else {
            return;
        };
        let Resolved::Number(_) = scalar.resolved else {
            return;
        };
        let text = scalar.to_text();
        if text != scalar.text {
            self.warning(
                codes::NUMBER_CHANGES,
                node.span,
                format!("`{}` is a number here, and as a text it becomes `{text}`", scalar.text),
                format!("put it in quotes: `'{}'`", scalar.text),
            );
        }
    }

    fn typed_template(
        &mut self,
        node: &Node,
        what: &str,
        at: &Availability,
        expected: &str,
        fits: impl Fn(Resolved) -> bool,
    ) -> Option<Template> {
        let scalar = node.as_scalar();
        let is_literal = scalar.is_some_and(|scalar| fits(scalar.resolved));
        let is_expression = scalar.is_some_and(|scalar| scalar.text.contains("${{"));
        if !is_literal && !is_expression {
            self.reader.wrong_type(node, what, expected);
            return None;
        }
        let template = self.template(node, what, at)?;
        if is_expression && template.as_expression().is_none() {
            self.reader.wrong_type(node, what, expected);
            return None;
        }
        Some(template)
    }

    pub(super) fn scalar_template(&mut self, scalar: &Scalar, span: Span, at: &Availability) -> Option<Template> {
        let text = scalar.to_text();
        if !text.contains("${{") {
            return Some(Template::literal(text));
        }
        match Template::parse_fully(text) {
            Ok(template) => {
                let functions = template.functions_used();
                self.check_uses(scalar, span, &template.contexts_used(), &functions, at);
                self.warn_of_failures(scalar, span, &functions, || template.failures());
                self.note_examined_secrets(scalar, span, &template);
                Some(template)
            }
            Err(mistakes) => {
                self.report_syntax(scalar, span, &mistakes);
                None
            }
        }
    }

    /// Returns whether no expression stands in `text`, after noting one.
    pub(super) fn is_plain(&mut self, text: &str, span: Span, what: &str) -> bool {
        let has_expression = text.contains("${{");
        if has_expression {
            let message = format!("no expression is evaluated in {what}");
            self.error_with_help(codes::EXPRESSION_NOT_ALLOWED, span, message, "write the value itself");
        }
        !has_expression
    }
}
