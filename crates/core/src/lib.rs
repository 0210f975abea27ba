//! The vocabulary that every Lockgate crate shares.
//!
//! Small on purpose: ids, time, secrets, diagnostics with spans and the
//! [`machine::Machine`] contract. What is not here: tokio, files, sockets, clocks.

pub mod diagnostic;
pub mod effect;
pub mod id;
pub mod lines;
pub mod machine;
pub mod percent;
pub mod secret;
pub mod time;
pub mod words;

pub use diagnostic::{Diagnostic, Severity, SourceFile, Span};
pub use effect::{EffectKey, ResultStamp};
pub use id::{InputId, Sequence, StreamId};
pub use lines::Lines;
pub use machine::{Broken, Machine, Standing, Waiting};
pub use percent::Percent;
pub use secret::Secret;
pub use time::{BootId, Now, Timestamp, WakeAt};
