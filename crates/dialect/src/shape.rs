//! What a mapping of one kind can have: its keys, each with what it takes, what its expressions can use, and what
//! becomes of it on this machine.
//!
//! Declared once, as a table: the readers ask for keys of it and for no others, unknown keys are told and suggested by
//! it, and the reference page is written from it. Three lists would soon disagree.

use lockgate_pipeline::expression::Function;

/// One kind of mapping.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What it is called in messages, such as `a step`.
    pub what: &'static str,
    /// Where it stands, such as `jobs.<job_id>.steps[*]`.
    pub path: &'static str,
    /// The keys that it can have.
    pub keys: &'static [Key],
}

/// A key that a mapping can have.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The name; in angle brackets when any name is possible.
    pub name: &'static str,
    /// What its value is, in words.
    pub takes: &'static str,
    /// How it is written, for a key that has to be given.
    pub example: Option<&'static str>,
    /// What expressions in the value can use; `None` when none is evaluated.
    pub at: Option<&'static Availability>,
    /// What becomes of it here.
    pub local: Local,
    /// What has to be added to that.
    pub note: &'static str,
}

/// What this version does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// It has its effect.
    Runs,
    /// It is read and checked, and has no effect on this machine.
    ReadOnly,
    /// A job that reaches it is refused.
    Refused,
}

/// What an expression can use at one kind of key.
#[derive(Clone, Copy, Debug)]
pub struct Availability {
    /// The key in words, such as "`if` of a step".
    pub key: &'static str,
    /// The contexts.
    pub contexts: &'static [&'static str],
    /// The functions that are not available everywhere.
    pub functions: &'static [Function],
    /// Whether `success` and `failure` may name jobs.
    pub names_jobs: bool,
}

impl Availability {
    /// Returns whether `function` can be called.
    pub fn has_function(&self, function: Function) -> bool {
        let is_everywhere = !function.is_status() && function != Function::HashFiles;
        is_everywhere || self.functions.contains(&function)
    }
}

impl Shape {
    /// Returns the key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// Returns a key that runs, need not be given, and has no expressions.
    pub(crate) const fn new(name: &'static str, takes: &'static str) -> Self {
        Self {
            name,
            takes,
            example: None,
            at: None,
            local: Local::Runs,
            note: "",
        }
    }

    /// Makes it one that has to be given, such as in `example`.
    pub(crate) const fn required(self, example: &'static str) -> Self {
        Self {
            example: Some(example),
            ..self
        }
    }

    /// Gives it expressions.
    pub(crate) const fn at(self, at: &'static Availability) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Says what becomes of it here.
    pub(crate) const fn local(self, local: Local) -> Self {
        Self { local, ..self }
    }

    /// Says more about it.
    pub(crate) const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// Returns whether it has to be given.
    pub fn is_required(&self) -> bool {
        self.example.is_some()
    }
}
