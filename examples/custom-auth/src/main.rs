//! An auth mode in a crate of its own.

fn main() {}
