//! A tree of values whose texts may hold expressions.

use serde::{Deserialize, Serialize};

use crate::expression::{Template, Value};

/// A value as it was written: a matrix axis, a list to include, or one expression for all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TemplateValue {
    /// A null, boolean or number, or a text without any expression.
    Literal(Value),
    /// A text with an expression.
    Template(Template),
    /// A list.
    List(Vec<TemplateValue>),
    /// Named values, in the order of the file.
    Map(Vec<(String, TemplateValue)>),
}

impl TemplateValue {
    /// Returns the value with every template replaced by what `evaluate` makes of it.
    ///
    /// # Errors
    /// Returns the first error of `evaluate`.
    pub fn resolve<E>(&self, evaluate: &mut impl FnMut(&Template) -> Result<Value, E>) -> Result<Value, E> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Template(template) => evaluate(template)?,
            Self::List(items) => {
                let items: Result<Vec<_>, E> = items.iter().map(|item| item.resolve(evaluate)).collect();
                Value::array(items?)
            }
            Self::Map(fields) => {
                let fields: Result<Vec<_>, E> = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.resolve(evaluate)?)))
                    .collect();
                Value::object(fields?)
            }
        })
    }
}
