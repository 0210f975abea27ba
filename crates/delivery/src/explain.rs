//! What happened and how it stands, in words.
//!
//! Projections: folded from events or read from the state, never stored.

pub mod follow;
pub mod history;
pub mod status;
pub mod why;
pub mod words;

pub use follow::{Ending, Progress, follow};
pub use history::{HistoryEntry, history};
pub use status::{Status, status};
pub use why::why;
pub use words::sentence;
