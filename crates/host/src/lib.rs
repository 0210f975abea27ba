//! The host: the processes of one machine, each of which can die alone.
//!
//! - The **supervisor** holds the listening sockets, starts instances under shims,
//!   and restarts the other two.
//! - The **proxy** forwards traffic; it inherits the sockets, and while it is away
//!   new connections wait in the kernel's queue.
//! - The **driver** decides; it is not in this crate, which only starts it.
//!
//! The supervisor restarts the other two, and each of them restarts the supervisor:
//! any one that lives brings the others back, unless the host was stopped on
//! purpose. A process is alive as long as it holds its place ([`liveness`]); a new
//! supervisor finds what runs by that, and fetches the listening sockets from the
//! living proxy. So the death of any one drops no connection, and the death of two
//! loses no address.

pub mod birth;
pub mod clock;
pub mod durable;
pub mod instance;
pub mod layout;
pub mod liveness;
mod open_files;
pub mod proxy_process;
pub mod roles;
pub mod seat;
pub mod shim;
pub mod socket;
pub mod start;
pub mod status;
pub mod stop;
pub mod supervisor;
pub mod sys;
pub mod wire;

pub use layout::{HostHome, Name, NotAName, Role};
pub use roles::Roles;
