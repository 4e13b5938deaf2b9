//! The worlds an instance can start with.

pub(super) mod company;
pub(super) mod empty;
pub(super) mod huge;
