//! Which form a step has, and the forms that start, await or group steps beside the others.
//!
//! The latter are read and checked in full, and refused when their job would run.

use lockgate_core::Span;
use lockgate_core::diagnostic::nearest;

use super::lowering::Lowering;
use super::reference::Reached;
use super::shapes::{
    CANCEL_STEP, COMPOSITE_RUN_STEP, COMPOSITE_USES_STEP, PARALLEL_STEP, RUN_STEP, USES_STEP, WAIT_ALL_STEP, WAIT_STEP,
};
use super::step::Owner;
use crate::codes;
use crate::shape::Shape;
use crate::yaml::{Fields, Node, Resolved, Scalar};

/// What a step is, by the key that says what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Run,
    Uses,
    Wait,
    WaitAll,
    Cancel,
    Parallel,
}

const FORMS: [(&str, Form); 6] = [
    ("run", Form::Run),
    ("uses", Form::Uses),
    ("wait", Form::Wait),
    ("wait-all", Form::WaitAll),
    ("cancel", Form::Cancel),
    ("parallel", Form::Parallel),
];

impl Form {
    /// Returns the form of a step; of one that has none, the form that is most likely meant.
    pub(super) fn of(step: &Node, owner: Owner) -> Self {
        let forms = match owner {
            Owner::Job => FORMS.as_slice(),
            Owner::Composite => &FORMS[..2],
        };
        if let Some((_, form)) = forms.iter().find(|(key, _)| step.get(key).is_some()) {
            return *form;
        }
        let entries = step.as_mapping().unwrap_or_default();
        let names = || forms.iter().map(|(key, _)| *key);
        let meant = entries.iter().find_map(|entry| nearest(&entry.key.name, names()));
        let meant = meant.or_else(|| step.get("with").map(|_| "uses"));
        let form = forms.iter().find(|(key, _)| Some(*key) == meant);
        form.map_or(Self::Run, |(_, form)| *form)
    }

    pub(super) fn shape(self, owner: Owner) -> &'static Shape {
        match (self, owner) {
            (Self::Run, Owner::Job) => &RUN_STEP,
            (Self::Run, Owner::Composite) => &COMPOSITE_RUN_STEP,
            (Self::Uses, Owner::Job) => &USES_STEP,
            (Self::Uses, Owner::Composite) => &COMPOSITE_USES_STEP,
            (Self::Wait, _) => &WAIT_STEP,
            (Self::WaitAll, _) => &WAIT_ALL_STEP,
            (Self::Cancel, _) => &CANCEL_STEP,
            (Self::Parallel, _) => &PARALLEL_STEP,
        }
    }
}

impl Lowering {
    /// Reads `background` of a step.
    pub(super) fn background(&mut self, fields: &mut Fields<'_>) {
        if let Some(entry) = fields.take_entry("background") {
            self.reader.boolean(&entry.value, "`background`");
            self.note_in_background(entry.key.span, "background");
        }
    }

    /// Reads a step that only has to do with others.
    pub(super) fn background_step(&mut self, mut fields: Fields<'_>, form: Form) {
        let own = (form != Form::Parallel).then(|| fields.take_entry("id")).flatten();
        if let Some(id) = own {
            self.id(&id.value, "the id of a step");
        }
        let own = own.and_then(|id| id.value.as_scalar()).map(Scalar::to_text);
        if form != Form::Parallel {
            let key = Owner::Job.key();
            if let Some(name) = fields.take("name") {
                self.template(name, "`name`", key);
            }
            if let Some(node) = fields.take("continue-on-error") {
                self.boolean_template(node, "`continue-on-error`", key);
            }
        }
        let Some((name, _)) = FORMS.iter().find(|(_, other)| *other == form) else {
            return;
        };
        if let Some(entry) = fields.take_entry(name) {
            self.note_in_background(entry.key.span, name);
            match form {
                Form::Wait => {
                    for (id, span) in self.plain_texts(&entry.value, "`wait`").unwrap_or_default() {
                        self.check_target(&id, span, own.as_deref());
                    }
                }
                Form::Cancel => {
                    if let Some(id) = self.plain(&entry.value, "`cancel`") {
                        self.check_target(&id, entry.value.span, own.as_deref());
                    }
                }
                Form::WaitAll if !is_nothing_or_true(&entry.value) => {
                    self.reader.wrong_type(&entry.value, "`wait-all`", "nothing or `true`");
                }
                Form::Parallel => self.parallel(&entry.value),
                Form::WaitAll | Form::Run | Form::Uses => {}
            }
        }
        fields.finish(&mut self.reader);
    }

    fn parallel(&mut self, node: &Node) {
        if node.as_sequence().is_none() {
            return self.reader.wrong_type(node, "`parallel`", "a list of steps");
        }
        for step in node.as_sequence().unwrap_or_default() {
            let form = Form::of(step, Owner::Job);
            let background = step.as_mapping().unwrap_or_default();
            let background = background.iter().find(|entry| entry.key.name == "background");
            let span = match form {
                Form::Run | Form::Uses => background.map(|entry| entry.key.span),
                _ => Some(step.span),
            };
            if let Some(span) = span {
                let message = "this cannot stand in `parallel`";
                let help = "each step of `parallel` has `run` or `uses`, and runs beside the others by itself";
                self.error_with_help(codes::STEP_BODY, span, message, help);
            }
        }
        self.steps(node, Owner::Job);
    }

    fn check_target(&mut self, id: &str, span: Span, own: Option<&str>) {
        if own.is_some_and(|own| own.eq_ignore_ascii_case(id)) {
            return self.error(codes::UNKNOWN_NEED, span, format!("the step `{id}` waits for itself"));
        }
        let steps = self.known.steps.as_ref();
        let reached = steps.is_none_or(|steps| steps.get(&id.to_ascii_lowercase()) == Some(&Reached::Before));
        if !reached {
            let message = format!("no step above this one has the id `{id}`");
            self.error_with_help(codes::UNKNOWN_NEED, span, message, "name a step that is above this one");
        }
    }

    fn note_in_background(&mut self, span: Span, key: &str) {
        let why = "steps in the background are not supported by this version";
        self.note_unsupported(span, key, why, "let the steps run one after the other");
    }
}

fn is_nothing_or_true(node: &Node) -> bool {
    let resolved = node.as_scalar().map(|scalar| scalar.resolved);
    matches!(resolved, Some(Resolved::Null | Resolved::Boolean(true)))
}
