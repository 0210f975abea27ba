//! Reading files, from the outside: one binary, so that it is linked once.

mod audit;
mod corpus;
mod expanded;
mod expected;
mod lowering;
mod reference;
mod robustness;
mod triggers;
