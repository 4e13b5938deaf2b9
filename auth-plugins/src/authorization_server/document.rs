use super::AuthorizationServer;
use super::client::Client;
use super::clients::NoClient;
#[derive(Debug, Default)]
pub(crate) struct Documents;
impl AuthorizationServer {
    pub(super) async fn document_client(&self, _id: &str) -> Result<Client, NoClient> {
        Err(NoClient::Unknown)
    }
}
