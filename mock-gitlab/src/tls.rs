//! TLS of an instance: a certificate and its key, and connections that begin with a handshake.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::server::Wire;

/// The longest a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What an instance speaks TLS with; see [`Builder::tls`](crate::Builder::tls).
#[derive(Clone, Debug)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// From the PEM text of a chain of certificates, the instance's own first, and of its
    /// private key.
    ///
    /// # Errors
    /// When there is no certificate, no key, or the two do not fit together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> io::Result<Self> {
        let wrong = |what: &str, error: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{what}: {error}"))
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(|error| wrong("the certificate", &error))?;
        if chain.is_empty() {
            return Err(wrong("the certificate", &"there is none in the file"));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong("the key", &error))?;
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong("TLS", &error))?;
        let mut config = config
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| wrong("certificate and key", &error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// The handshake of one connection.
    pub(crate) async fn accept(&self, wire: Wire) -> io::Result<TlsStream<Wire>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.0));
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long");
        let shaken = tokio::time::timeout(HANDSHAKE, acceptor.accept(wire)).await;
        shaken.map_err(|_| late())?
    }
}
