//! Ports fulfilled by the outside world, one module per system.

pub mod clock;
pub mod executor;
pub mod git;
pub mod http;
pub mod release;
pub mod run;
pub mod ship;
pub mod target;
pub mod tree;

mod turns;
