//! Runs the jobs of a run as processes of this machine.

pub mod archive;
pub mod command;
pub mod files;
pub mod glob;
pub mod hash_files;
pub mod interpreter;
pub mod log;
pub mod mask;
pub mod problem;
pub mod refusal;
pub mod secrets;
pub mod shell;
pub mod workspace;
