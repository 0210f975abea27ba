//! Release, revision, environment, and the environment machine.
//!
//! An [`environment::Environment`] is one ordered log: what people asked for, what the
//! target and the proxy reported, and what was decided. It never acts; what ought to be
//! true outside is its map of [`environment::Effect`]s. The value that a rollout will
//! follow, [`plan::RolloutPlan`], is the same whether it is printed by a dry run or stored
//! by a deploy. What is not here: processes, sockets, clocks, YAML.

pub mod definition;
pub mod environment;
pub mod explain;
pub mod plan;
pub mod release;
pub mod revision;
pub mod smoke;

pub use definition::ApplicationDefinition;
pub use environment::{Environment, EnvironmentEvent, EnvironmentInput, EnvironmentStart, Fact, Intent, Report};
pub use plan::{RolloutPlan, dry_run};
pub use release::{Release, ReleaseId, Source};
pub use revision::{RevisionNumber, Slot};
