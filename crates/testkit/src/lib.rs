//! Simulator: virtual time, seeded faults, fakes of every port, invariants
