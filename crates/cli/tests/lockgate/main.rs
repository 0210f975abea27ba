//! The real binary, from the outside: what it prints, how it ends, and what runs afterwards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each test binary uses its part of the stage")]
#[path = "../support/scene.rs"]
mod scene;

#[path = "../../../../benches/hostile.rs"]
mod hostile_files;

mod aftermath;
mod checking;
mod deploying;
mod eval;
mod events;
mod faults;
mod full_disk;
mod hostile;
mod locking;
mod masking;
mod naming;
mod planned;
mod plans;
mod projects;
mod refusals;
mod running;
mod shipping;
mod strict;
