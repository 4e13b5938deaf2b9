//! A toolset in a crate of its own.

fn main() {}
