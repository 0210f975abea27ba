//! Reads the files that users have and lowers them to pipelines.
//!
//! A file is parsed once to a tree with spans ([`yaml`]); a dialect ([`github`]) walks the tree, collects every mistake
//! as a diagnostic with its place, and lowers what it read. Reading never fails half-way: all mistakes come at once.
//! What is not here: the file system, the network, the clock.

pub mod codes;
pub mod github;
pub mod limit;
pub mod lock;
pub mod shape;
pub mod text;
pub mod yaml;
