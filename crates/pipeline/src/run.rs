//! One execution of a plan.

pub mod effect;
pub mod environment;
pub mod input;
