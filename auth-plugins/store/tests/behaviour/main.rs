//! The behaviour every backend has, and the backends it is asked of. PostgreSQL and Redis take part
//! with the feature `servers`; then their addresses stand in the environment.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cognitive_complexity,
    reason = "a test that cannot go on should say so loudly, and a behaviour is told in one piece"
)]

mod bench;
mod layouts;
mod leases;
mod lives;
mod memory;
mod open;
mod order;
#[cfg(feature = "servers")]
mod postgresql;
#[cfg(feature = "servers")]
mod postgresql_layouts;
mod records;
#[cfg(feature = "servers")]
mod redis;
#[cfg(feature = "servers")]
mod redis_layouts;
#[cfg(feature = "servers")]
mod servers;
mod sqlite;
mod sqlite_layouts;
