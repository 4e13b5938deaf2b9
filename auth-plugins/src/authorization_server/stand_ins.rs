// integration: replaced by `clients`
//! What other parts provide.

use super::AuthorizationServer;

#[expect(clippy::unused_async, reason = "the shape of the real one")]
impl AuthorizationServer {
    pub(crate) async fn client_used(&self, _: &str) {}
}
