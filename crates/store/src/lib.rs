//! The event log, fulfilled by SQLite and by memory.
//!
//! One conformance suite holds for both (`tests/store`): what the engine relies on is
//! tested, not how it is kept.

pub mod memory;
pub mod sqlite;

pub use memory::MemoryLog;
pub use sqlite::{Durability, SqliteLog};
