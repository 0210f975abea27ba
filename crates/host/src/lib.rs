//! Supervisor, shim, the host's file and protocol
