//! The simulator: machines under faults, in virtual time, by the thousand.
//!
//! A seed is a story. [`story::tell`] plays one machine against its fake
//! [`world::World`] while drivers crash, results are lost, repeated, late and out of
//! order, clocks jump and things outside die; it checks every invariant after
//! every event, and that the machine settles once the faults stop. [`campaign::run`]
//! tells many and says which fault struck behind which event.
//!
//! Why not the engine itself with fake ports: a story must replay bit for bit and
//! cost a millisecond, which a runtime with threads does not. The engine's own rules
//! are few and are played here one by one ([`story`]); the real binary is killed
//! elsewhere.

pub mod behaviour;
pub mod campaign;
pub mod chance;
pub mod clock;
pub mod coverage;
pub mod fault;
pub mod log;
pub mod mutants;
pub mod story;
pub mod study;
pub mod transcript;
pub mod world;

pub use behaviour::Behaviour;
pub use campaign::{Report, Until, replay, run, unfaithful};
pub use chance::Chance;
pub use coverage::{Coverage, Impossible};
pub use fault::{Fault, Weather};
pub use story::{Failure, Told, tell};
pub use study::{Mutant, Study};
pub use transcript::Transcript;
pub use world::{Beginning, Lasting, Outside, World};
