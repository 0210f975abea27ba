//! Answers questions about Rust over HTTP and JSON-RPC.
//!
//! Three layers, each knowing only the one below: [`http`] reads requests and writes responses on
//! plain threads, [`service`] routes them, [`search`] ranks the embedded documents.

pub mod documents;
pub mod http;
pub mod release;
pub mod rpc;
pub mod search;
pub mod service;
