//! Where instances run, one module per kind of target.

pub mod process;
