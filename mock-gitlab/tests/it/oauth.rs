//! The OAuth provider.

mod authorize;
mod departures;
mod device;
mod discovery;
mod flow;
pub(crate) use flow::{get, get_with, post, send};
mod introspection;
mod redirect_uris;
mod refresh;
mod registration;
mod token;
