//! Values that nobody may see, out of all that a plan says.
//!
//! Words are shortened and escaped, and part of a secret is a secret too; so values are hidden before.

use super::{Outline, OutlinedCall, OutlinedCondition, OutlinedJob};
use crate::expression::Value;

/// Returns a text as people may read it.
pub type Hide<'h> = &'h dyn Fn(&str) -> String;

/// Hides nothing.
pub(in crate::plan) fn nothing(text: &str) -> String {
    text.to_owned()
}

impl Outline {
    pub(super) fn hiding(mut self, hide: Hide<'_>) -> Self {
        self.run_name = hide(&self.run_name);
        self.jobs = self.jobs.into_iter().map(|job| job.hiding(hide)).collect();
        self
    }
}

impl OutlinedJob {
    fn hiding(mut self, hide: Hide<'_>) -> Self {
        self.name = hide(&self.name);
        self.reason = self.reason.map(|reason| hide(&reason));
        self.condition = self.condition.map(|condition| condition.hiding(hide));
        if let Some(matrix) = &mut self.matrix {
            for leg in &mut matrix.legs {
                leg.key = hide(&leg.key);
                leg.name = hide(&leg.name);
                leg.values = value(std::mem::take(&mut leg.values), hide);
            }
            for left_out in &mut matrix.left_out {
                left_out.values = value(std::mem::take(&mut left_out.values), hide);
                left_out.exclude = value(std::mem::take(&mut left_out.exclude), hide);
            }
        }
        self.calls = self.calls.into_iter().map(|call| call.hiding(hide)).collect();
        self
    }
}

impl OutlinedCall {
    fn hiding(mut self, hide: Hide<'_>) -> Self {
        self.leg = hide(&self.leg);
        self.inputs = value(self.inputs, hide);
        self.jobs = self.jobs.into_iter().map(|job| job.hiding(hide)).collect();
        self
    }
}

impl OutlinedCondition {
    pub(super) fn hiding(mut self, hide: Hide<'_>) -> Self {
        self.text = hide(&self.text);
        for part in &mut self.because {
            part.part = hide(&part.part);
            for read in &mut part.reads {
                read.value = value(std::mem::take(&mut read.value), hide);
            }
        }
        self
    }
}

fn value(shown: Value, hide: Hide<'_>) -> Value {
    match shown {
        Value::String(text) => Value::String(hide(&text)),
        Value::Array(array) => Value::array(array.items().iter().map(|item| value(item.clone(), hide))),
        Value::Object(object) => Value::object(
            object
                .iter()
                .map(|(name, field)| (hide(name), value(field.clone(), hide))),
        ),
        other => other,
    }
}
