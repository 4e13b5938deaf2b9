//! HTTPS on the listener, and certificates of clients.

use std::sync::Arc;

use gitlab_mcp_core::config::{Kind, Reader, Setting};
use gitlab_mcp_core::tls::{KeyPair, Roots};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;

use super::pem_file;

static CERTIFICATE: Setting = Setting::new(
    "SSL_CERT_PATH",
    Kind::Path,
    "PEM certificate chain: serve HTTPS",
);
static KEY: Setting = Setting::new(
    "SSL_KEY_PATH",
    Kind::Path,
    "PEM private key of SSL_CERT_PATH, not encrypted",
);
static CLIENTS: Setting = Setting::new(
    "SSL_CA_PATH",
    Kind::Path,
    "PEM certificates of authorities: clients must present a certificate of one of them",
);

pub(super) const SETTINGS: &[&Setting] = &[&CERTIFICATE, &KEY, &CLIENTS];

/// How to speak TLS, when it is configured.
pub(super) fn server(reader: &mut Reader) -> Option<Arc<ServerConfig>> {
    let pair = pem_file::key_pair(reader, &CERTIFICATE, &KEY);
    let clients = pem_file::roots(reader, &CLIENTS);
    if reader.is_set(&CLIENTS) && !reader.is_set(&CERTIFICATE) {
        reader.problem(&CLIENTS, "needs SSL_CERT_PATH and SSL_KEY_PATH as well");
        return None;
    }
    if reader.is_set(&CLIENTS) && clients.is_none() {
        return None;
    }
    let config = build(&pair?, clients.as_ref());
    if config.is_none() {
        reader.problem(&CERTIFICATE, "the TLS stack does not accept it");
    }
    config
}

fn build(pair: &KeyPair, clients: Option<&Roots>) -> Option<Arc<ServerConfig>> {
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .ok()?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let roots = Arc::new(roots.store().ok()?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build().ok()?)
        }
    };
    let resolver = SingleCertAndKey::from(pair.certified());
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(Arc::new(config))
}
