//! Expressions beside `@actions/expressions`.
//!
//! [`generator`] makes expressions, [`comparison`] evaluates them on both sides, [`explanation`] names why the library
//! may differ, [`coverage`] counts what was met, [`shrinking`] makes what is not explained small.

pub mod answer;
pub mod bench;
pub mod commands;
pub mod comparison;
pub mod contexts;
pub mod coverage;
pub mod explanation;
pub mod generator;
pub mod shrinking;
pub mod term;

pub use comparison::{Difference, Report, compare};
