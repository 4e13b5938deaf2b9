//! Names to addresses, as a parameter.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Where the addresses of a host name come from. Every connection asks, and judges, anew.
#[async_trait]
pub trait Resolver: Debug + Send + Sync {
    /// The addresses of `host`, a name in lower case without a trailing dot; in the order in which
    /// they should be tried.
    ///
    /// # Errors
    /// When there is no answer. An empty answer counts as none.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the machine itself says, `/etc/hosts` included.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    #[expect(clippy::disallowed_methods, reason = "this is the resolver")]
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}
