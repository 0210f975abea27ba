//! The functions of the language: names and numbers of arguments.

/// A function that an expression can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// `always()`
    Always,
    /// `cancelled()`
    Cancelled,
    /// `case(condition, value, …, default)`
    Case,
    /// `contains(search, item)`
    Contains,
    /// `endsWith(text, end)`
    EndsWith,
    /// `failure()`
    Failure,
    /// `format(text, value, …)`
    Format,
    /// `fromJSON(text)`
    FromJson,
    /// `hashFiles(pattern, …)`
    HashFiles,
    /// `join(array, separator)`
    Join,
    /// `startsWith(text, start)`
    StartsWith,
    /// `success()`
    Success,
    /// `toJSON(value)`
    ToJson,
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// From so many to so many.
    Range {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// An odd number.
    Odd {
        /// The fewest.
        least: usize,
    },
}

impl Arity {
    pub(super) fn accepts(self, count: usize) -> bool {
        match self {
            Self::Range { least, most } => (least..=most).contains(&count),
            Self::Odd { least } => count >= least && count % 2 == 1,
        }
    }
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 13] = [
        Self::Always,
        Self::Cancelled,
        Self::Case,
        Self::Contains,
        Self::EndsWith,
        Self::Failure,
        Self::Format,
        Self::FromJson,
        Self::HashFiles,
        Self::Join,
        Self::StartsWith,
        Self::Success,
        Self::ToJson,
    ];

    /// Returns the function that `name` calls, without regard to case.
    pub fn named(name: &str) -> Option<Self> {
        super::in_any_case(&Self::ALL, Self::name, name)
    }

    /// Returns the name as GitHub's documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Cancelled => "cancelled",
            Self::Case => "case",
            Self::Contains => "contains",
            Self::EndsWith => "endsWith",
            Self::Failure => "failure",
            Self::Format => "format",
            Self::FromJson => "fromJSON",
            Self::HashFiles => "hashFiles",
            Self::Join => "join",
            Self::StartsWith => "startsWith",
            Self::Success => "success",
            Self::ToJson => "toJSON",
        }
    }

    /// Returns whether it asks how the job or run stands, and so replaces the implicit `success()`.
    pub fn is_status(self) -> bool {
        matches!(self, Self::Always | Self::Cancelled | Self::Failure | Self::Success)
    }

    /// Returns how many arguments it takes.
    pub fn arity(self) -> Arity {
        let (least, most) = match self {
            Self::Always | Self::Cancelled | Self::Failure | Self::Success => (0, 0),
            Self::Case => return Arity::Odd { least: 3 },
            Self::Contains | Self::EndsWith | Self::StartsWith => (2, 2),
            Self::Format | Self::HashFiles => (1, usize::from(u8::MAX)),
            Self::FromJson | Self::ToJson => (1, 1),
            Self::Join => (1, 2),
        };
        Arity::Range { least, most }
    }

    /// Returns how many arguments it takes in a condition, where `success` and `failure` may name jobs.
    pub fn arity_in_condition(self) -> Arity {
        match self {
            Self::Failure | Self::Success => Arity::Range {
                least: 0,
                most: usize::from(u8::MAX),
            },
            other => other.arity(),
        }
    }
}
