//! Ports fulfilled by the outside world
