//! Clients whose id is the URL of a document about them. OAuth Client ID Metadata Document
//! (<https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/>), RFC 7591
//! section 2 for the members.
//!
//! A stranger decides what is fetched, so it is done with care: public hosts only, five seconds,
//! five KiB, eight fetches at once and two of one host. Each process fetches for itself. What was
//! learned is kept as long as its HTTP headers say, within [`freshness`]'s bounds; nobody learns
//! what was found at an address that gave no usable document.

use std::time::Duration;

use bytes::Bytes;
use gitlab_mcp_core::gitlab::{FetchError, Limits};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Request, Response, StatusCode};
use tracing::info;

use super::AuthorizationServer;
use super::client::metadata::{ClientMetadata, MetadataProblem};
use super::client::{Client, Origin, name};
use super::clients::NoClient;
use super::json::{self, JsonProblem};
use super::rules::Rules;
use address::Address;
use cache::{Verdict, Waited};

mod address;
mod cache;
mod freshness;

pub(crate) use cache::Documents;

/// How long a fetch may take and how much it may bring.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    body: 5 * 1024,
};

/// Why a document is of no use. For the log of the operator, not for whoever sent the id.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0}")]
    Fetch(#[from] FetchError),
    #[error("the answer has status {0}")]
    Status(StatusCode),
    #[error("the answer is not marked as JSON")]
    ContentType,
    #[error("the document {0}")]
    Json(#[from] JsonProblem),
    #[error("{0}")]
    Metadata(#[from] MetadataProblem),
    #[error("client_id is not the URL of the document")]
    OtherId,
    #[error("client_name is missing")]
    Nameless,
    #[error("the client wants to prove itself with a secret or a key")]
    Confidential,
}

impl Problem {
    /// Whether the host could not be asked, which says nothing about the client. A host that may not
    /// be asked looks the same: what a name resolves to in this network is nobody's business.
    fn is_passing(&self) -> bool {
        match self {
            Self::Fetch(FetchError::TooLarge) => false,
            Self::Fetch(_) => true,
            Self::Status(status) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}

impl AuthorizationServer {
    /// The client whose metadata document is at `id`.
    ///
    /// # Errors
    /// [`NoClient::Unknown`] when the id cannot be such a URL here, or its document is of no use;
    /// [`NoClient::Unavailable`] when the document cannot be had at the moment.
    pub(super) async fn document_client(&self, id: &str) -> Result<Client, NoClient> {
        let address = Address::of(id, &self.rules).ok_or(NoClient::Unknown)?;
        if let Some(verdict) = self.documents.fresh(id, self.clock.monotonic()) {
            return verdict.into_client();
        }
        // One fetch for all who ask for this document at the same time.
        let Some(ticket) = self.documents.queue(&address) else {
            return Err(NoClient::Unavailable);
        };
        let clock = &*self.clock;
        match self.documents.turn(&ticket, || clock.monotonic()).await {
            Waited::Answered(verdict) => verdict.into_client(),
            Waited::InVain => Err(NoClient::Unavailable),
            Waited::Turn(_turn) => {
                let fetched = self.fetch_document(&address).await;
                self.learn(&address, fetched).into_client()
            }
        }
    }

    async fn fetch_document(&self, address: &Address<'_>) -> Result<(Client, Duration), Problem> {
        let request = Request::get(address.id).header(ACCEPT, "application/json");
        let request = request
            .body(Bytes::new())
            .map_err(|_| FetchError::Address)?;
        let answer = self.egress.fetch_public(request, LIMITS).await?;
        let life = freshness::of(answer.headers(), self.clock.now());
        Ok((judge(address, &answer, &self.rules)?, life))
    }

    /// Writes down what a fetch brought.
    fn learn(
        &self,
        address: &Address<'_>,
        fetched: Result<(Client, Duration), Problem>,
    ) -> Verdict {
        let now = self.clock.monotonic();
        match fetched {
            Ok((client, life)) => self.documents.keep(address.id, client, life, now),
            Err(problem) => {
                let client = address.id;
                info!(client, %problem, "the metadata document of a client is not used");
                if problem.is_passing() {
                    self.documents.unreachable(address.id, now)
                } else {
                    self.documents.refuse(address.id, now)
                }
            }
        }
    }
}

/// The client that an answer describes.
fn judge(
    address: &Address<'_>,
    answer: &Response<Bytes>,
    rules: &Rules,
) -> Result<Client, Problem> {
    // A redirect is an answer like any other, and is not followed.
    if answer.status() != StatusCode::OK {
        return Err(Problem::Status(answer.status()));
    }
    if !is_json(answer) {
        return Err(Problem::ContentType);
    }
    let members = json::object(answer.body())?;
    if members.get("client_id").and_then(|id| id.as_str()) != Some(address.id) {
        return Err(Problem::OtherId);
    }
    let secret = ["client_secret", "client_secret_expires_at"];
    let metadata = ClientMetadata::judge(&members, rules)?;
    let is_public = metadata
        .auth_method
        .as_deref()
        .is_none_or(|method| method == "none");
    if !is_public || secret.iter().any(|name| members.contains_key(*name)) {
        return Err(Problem::Confidential);
    }
    let given = metadata.name.as_deref();
    Ok(Client {
        id: address.id.to_owned(),
        name: given.and_then(name::clean).ok_or(Problem::Nameless)?,
        redirect_uris: metadata.redirect_uris,
        origin: Origin::Document {
            host: address.host.clone(),
        },
    })
}

/// `application/json`, or a type built on it. RFC 6839 section 3.1.
fn is_json(answer: &Response<Bytes>) -> bool {
    let value = answer.headers().get(CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| {
        let essence = essence.trim().to_ascii_lowercase();
        essence == "application/json"
            || essence.starts_with("application/") && essence.ends_with("+json")
    })
}

#[cfg(test)]
mod tests;
