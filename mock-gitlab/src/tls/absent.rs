//! What stands in for TLS where the crate is built without it: nothing can be made of it.

use std::io;

use crate::server::Wire;

/// No instance has one.
#[derive(Clone, Debug)]
pub(crate) enum Tls {}

impl Tls {
    /// Never called: there is nothing to call it on.
    #[expect(clippy::unused_async, reason = "the shape of a handshake")]
    pub(crate) async fn accept(&self, _: Wire) -> io::Result<Wire> {
        match *self {}
    }
}
