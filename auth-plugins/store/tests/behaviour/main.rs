//! The behaviour every backend has, and the backends it is asked of.

mod bench;
mod leases;
mod memory;
mod records;
mod sqlite;
