//! The audit stream: who signed in, through which client, from where, and what became of it.

/// The `tracing` target of its events. The server writes events of this target, and no others, to
/// the stream the operator chose; every event has the fields `event` and `outcome`, and never a
/// token, a code or a secret, whole or in part.
pub const TARGET: &str = "audit";
