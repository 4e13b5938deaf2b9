//! What every REST route has in common: credentials, parameters, pages, permissions.

pub(crate) mod authentication;
pub(crate) mod availability;
pub(crate) mod licensing;
pub(crate) mod pagination;
pub(crate) mod parameters;
pub(crate) mod permissions;
pub(crate) mod rate_limits;
pub(crate) mod repositories;
pub(crate) mod resources;
pub(crate) mod scopes;
