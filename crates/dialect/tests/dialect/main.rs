//! Reading files, from the outside: one binary, so that it is linked once.

mod corpus;
mod expanded;
mod lowering;
mod reference;
mod robustness;
mod triggers;
