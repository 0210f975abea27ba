//! What people see: diagnostics, trees, stories. stdout carries the result, stderr the progress.

pub(crate) mod diagnostics;
pub(crate) mod difference;
pub(crate) mod log_line;
pub(crate) mod out;
pub(crate) mod run;
