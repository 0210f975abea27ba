//! The plan, expressions, and the run machine.
//!
//! A dialect lowers a workflow file to a [`definition::Pipeline`]; a plan makes it concrete for one trigger; the
//! run machine executes the plan. What is not here: YAML, files, processes, clocks.

pub mod expression;
