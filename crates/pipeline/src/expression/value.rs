//! What an expression is made of when it is evaluated.
//!
//! Arrays and objects are shared, not copied: a context such as `github.event` is handed to every
//! evaluation, and the language compares collections by identity.

mod plain;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::comparison::{are_same_text, folded_name};
use super::json::{self, NotJson};
use super::number;

/// A value of the expression language.
///
/// Equality is structural and total (numbers by their bits), so that values can stand in effects
/// and events; the language's own loose comparison is in the `comparison` module.
/// As JSON it is the plain value; the numbers that JSON lacks (NaN, the infinities) become null.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    String(String),
    /// A list.
    Array(Array),
    /// Fields by name.
    Object(Object),
}

impl Value {
    /// Returns the list of `items`.
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Array(items.into_iter().collect())
    }

    /// Returns the value that the JSON `text` holds: the last of several fields whose names differ in case only.
    ///
    /// # Errors
    /// Returns what is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, NotJson> {
        json::parse(text)
    }

    /// Returns the value as JSON over several lines, as `toJSON` writes it.
    pub fn to_json(&self) -> String {
        json::to_text(self)
    }

    /// Returns the object of `fields`, whose names differ in more than case.
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// Returns whether an `if:` with this value lets its job or step run.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Boolean(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::String(value) => !value.is_empty(),
            Self::Array(_) | Self::Object(_) => true,
        }
    }

    /// Returns whether it is neither an array nor an object.
    pub fn is_primitive(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// Returns the value as text, as `format` and `${{ }}` inside other text write it.
    pub fn to_text(&self) -> String {
        self.text().into_owned()
    }

    /// Returns the value as text, without a copy where it is one.
    pub(super) fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Null => "",
            Self::Boolean(true) => "true",
            Self::Boolean(false) => "false",
            Self::Number(value) => return Cow::Owned(number::to_text(*value)),
            Self::String(value) => value,
            Self::Array(_) => "Array",
            Self::Object(_) => "Object",
        })
    }

    /// Returns the value as a number; NaN when it is none.
    pub fn to_number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Boolean(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::String(value) => number::parse(value),
            Self::Array(_) | Self::Object(_) => f64::NAN,
        }
    }

    /// Returns the field `key` of an object; `None` of everything else.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.get(key),
            _ => None,
        }
    }

    /// Returns an equal value that shares no part with it.
    #[must_use]
    pub fn apart(&self) -> Self {
        match self {
            Self::Array(array) => Self::Array(Array {
                items: Arc::new(array.items().iter().map(Self::apart).collect()),
                filtered: array.filtered,
            }),
            Self::Object(object) => {
                let mut fields = Fields::clone(&object.fields);
                for (_, value) in &mut fields.in_order {
                    *value = value.apart();
                }
                Self::Object(fields.into())
            }
            primitive => primitive.clone(),
        }
    }

    /// Returns the name of the kind of value, as GitHub's own code has it: `Null`, `Boolean`, `Number`, `String`, `Array`
    /// or `Object`.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "Null",
            Self::Boolean(_) => "Boolean",
            Self::Number(_) => "Number",
            Self::String(_) => "String",
            Self::Array(_) => "Array",
            Self::Object(_) => "Object",
        }
    }

    /// Returns the word for the kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(left), Self::Boolean(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right) == Ordering::Equal,
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => left == right,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

/// A list, shared by its copies.
#[derive(Clone, Debug, Default)]
pub struct Array {
    items: Arc<Vec<Value>>,
    /// Whether a `.*` made it: a further index then applies to each item.
    filtered: bool,
}

impl Array {
    /// Returns the items in order.
    pub fn items(&self) -> &[Value] {
        &self.items
    }

    /// Returns the items as the result of an object filter.
    pub(super) fn filtered(items: Vec<Value>) -> Self {
        Self {
            items: Arc::new(items),
            filtered: true,
        }
    }

    pub(super) fn is_filtered(&self) -> bool {
        self.filtered
    }

    /// Returns whether both are copies of the very same list.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.items, &other.items)
    }
}

impl FromIterator<Value> for Array {
    fn from_iter<T: IntoIterator<Item = Value>>(items: T) -> Self {
        Self {
            items: Arc::new(items.into_iter().collect()),
            filtered: false,
        }
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

/// Fields in the order of their first insertion, shared by its copies.
///
/// Names are looked up without regard to case, unless the object was made by
/// [`Object::case_sensitive`], as the `env` context of a Linux runner is.
#[derive(Clone, Debug, Default)]
pub struct Object {
    fields: Arc<Fields>,
}

/// The fields of an object, while it is made and after.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    in_order: Vec<(String, Value)>,
    /// Where each name is; empty while there are few, which are found as fast one by one.
    index: BTreeMap<String, usize>,
    case: Case,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Case {
    #[default]
    Ignored,
    Kept,
}

impl Case {
    fn is_same(self, left: &str, right: &str) -> bool {
        match self {
            Self::Kept => left == right,
            Self::Ignored => are_same_text(left, right),
        }
    }

    /// Returns the name in the index.
    fn name(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Kept => Cow::Borrowed(name),
            Self::Ignored => folded_name(name),
        }
    }
}

impl Fields {
    /// The most fields that need no index.
    const FEW: usize = 8;

    fn position(&self, name: &str) -> Option<usize> {
        if self.index.is_empty() {
            return self.in_order.iter().position(|(key, _)| self.case.is_same(key, name));
        }
        self.index.get(self.case.name(name).as_ref()).copied()
    }

    /// Sets the field `key`; a field of that name keeps its place.
    pub(super) fn set(&mut self, key: String, value: Value) {
        if let Some(at) = self.position(&key) {
            self.in_order[at].1 = value;
            return;
        }
        self.in_order.push((key, value));
        let unindexed = if self.index.is_empty() {
            0
        } else {
            self.in_order.len() - 1
        };
        if self.in_order.len() > Self::FEW {
            for (at, (key, _)) in self.in_order.iter().enumerate().skip(unindexed) {
                self.index.insert(self.case.name(key).into_owned(), at);
            }
        }
    }
}

impl Object {
    /// Returns an empty object whose names are looked up exactly.
    pub fn case_sensitive() -> Self {
        Self {
            fields: Arc::new(Fields {
                case: Case::Kept,
                ..Fields::default()
            }),
        }
    }

    /// Returns the field `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.fields.position(key)?;
        self.fields.in_order.get(at).map(|(_, value)| value)
    }

    /// Sets the field `key`; a field of that name keeps its place.
    pub fn insert(&mut self, key: impl Into<String>, value: Value) {
        Arc::make_mut(&mut self.fields).set(key.into(), value);
    }

    /// Returns the fields in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.fields.in_order.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.fields.in_order.len()
    }

    /// Returns whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.fields.in_order.is_empty()
    }

    /// Returns whether both are copies of the very same object.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.fields, &other.fields)
    }
}

impl FromIterator<(String, Value)> for Object {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(fields: T) -> Self {
        let mut own = Fields::default();
        for (key, value) in fields {
            own.set(key, value);
        }
        own.into()
    }
}

impl From<Fields> for Object {
    fn from(fields: Fields) -> Self {
        Self {
            fields: Arc::new(fields),
        }
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.fields.in_order == other.fields.in_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_plain_json_and_keeps_the_order_of_its_fields() {
        let json = r#"{"z":1,"a":[true,null,1.5,"x"],"Z2":{"k":-3}}"#;
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(value.get("Z").cloned(), Some(Value::Number(1.0)));
        assert_eq!(serde_json::to_string(&Value::Number(f64::NAN)).unwrap(), "null");
    }

    #[test]
    fn equality_is_total() {
        assert_eq!(Value::Number(f64::NAN), Value::Number(f64::NAN));
        assert_ne!(Value::Number(0.0), Value::Number(-0.0));
        assert_ne!(Value::from("a"), Value::from("A"));
    }

    #[test]
    fn few_and_many_fields_are_found_alike() {
        for count in [1, 8, 9, 40] {
            let mut object = Object::default();
            for at in 0..count {
                object.insert(format!("Field{at}"), Value::Number(f64::from(at)));
            }
            object.insert("fieLD0", Value::from("again"));
            object.insert("É", Value::Null);
            assert_eq!(object.len(), usize::try_from(count).unwrap() + 1);
            assert_eq!(object.get("FIELD0"), Some(&Value::from("again")));
            let last = f64::from(count - 1);
            assert!(count == 1 || object.get(&format!("field{last}")) == Some(&Value::Number(last)));
            assert_eq!(object.get("é"), Some(&Value::Null));
            assert_eq!((object.get("field"), object.get("")), (None, None));
            assert_eq!(object.iter().next().map(|(name, _)| name), Some("Field0"));
        }
    }

    #[test]
    fn the_environment_of_a_linux_runner_minds_the_case() {
        let mut env = Object::case_sensitive();
        env.insert("PATH", "a".into());
        env.insert("Path", "b".into());
        assert_eq!(env.len(), 2);
        assert_eq!(env.get("path"), None);
    }
}
