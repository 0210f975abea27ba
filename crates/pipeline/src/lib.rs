//! The plan, expressions, and the run machine.
//!
//! A dialect lowers a workflow file to a [`definition::Pipeline`]; [`expression`] is the language inside it; a
//! [`plan::Plan`] makes it concrete for one trigger; the [`run`] machine executes the plan. What is not here: YAML,
//! files, processes, clocks.

pub mod action;
pub mod builtin;
pub mod definition;
pub mod expression;
pub mod plan;
pub mod run;
mod scope;
