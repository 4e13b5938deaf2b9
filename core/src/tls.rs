//! Certificates and private keys out of PEM files, checked when they are read. RFC 7468, RFC 5280.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

/// Why a PEM file cannot be used. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemProblem {
    /// There is no certificate in it.
    #[error("holds no PEM certificate")]
    NoCertificate,
    /// One of the certificates cannot be read.
    #[error("holds a certificate that cannot be read")]
    BadCertificate,
    /// There is no private key in it.
    #[error("holds no PEM private key")]
    NoKey,
    /// The key needs a pass phrase.
    #[error("holds an encrypted private key: decrypt it with `openssl pkey -in FILE -out FILE`")]
    EncryptedKey,
    /// The key is of a kind that TLS does not know.
    #[error("holds a private key that cannot be used")]
    BadKey,
    /// Key and certificate do not belong together.
    #[error("holds a private key that does not belong to the certificate")]
    Mismatch,
}

/// Certificates that others are checked against.
#[derive(Clone)]
pub struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Every certificate of a PEM file.
    ///
    /// # Errors
    /// [`PemProblem`] when there is none, or one cannot be read.
    pub fn parse(pem: &[u8]) -> Result<Self, PemProblem> {
        let roots = Self(certificates(pem)?);
        roots.store()?;
        Ok(roots)
    }

    /// The certificates in DER form.
    pub fn der(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The certificates as the TLS stack wants them.
    ///
    /// # Errors
    /// [`PemProblem::BadCertificate`] when one of them is no certificate.
    pub fn store(&self) -> Result<RootCertStore, PemProblem> {
        let mut store = RootCertStore::empty();
        for certificate in &self.0 {
            let added = store.add(certificate.clone());
            added.map_err(|_| PemProblem::BadCertificate)?;
        }
        Ok(store)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

/// A certificate chain and the private key that belongs to it.
#[derive(Clone)]
pub struct KeyPair {
    pem: Arc<Zeroizing<Vec<u8>>>,
    certified: Arc<CertifiedKey>,
}

impl KeyPair {
    /// Joins a PEM file of certificates, the own one first, with one of a private key.
    ///
    /// # Errors
    /// [`PemProblem`] of the first file, or of the second.
    pub fn parse(chain: &[u8], key: &[u8]) -> Result<Self, KeyPairProblem> {
        let certificates = certificates(chain).map_err(KeyPairProblem::Certificate)?;
        let private = private_key(key).map_err(KeyPairProblem::Key)?;
        let certified = CertifiedKey::from_der(certificates, private, &default_provider());
        let certified = certified.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => KeyPairProblem::Key(PemProblem::Mismatch),
            rustls::Error::InvalidCertificate(_) => {
                KeyPairProblem::Certificate(PemProblem::BadCertificate)
            }
            _ => KeyPairProblem::Key(PemProblem::BadKey),
        })?;
        let mut pem = Zeroizing::new(Vec::with_capacity(chain.len() + key.len() + 1));
        pem.extend_from_slice(chain);
        pem.push(b'\n');
        pem.extend_from_slice(key);
        Ok(Self {
            pem: Arc::new(pem),
            certified: Arc::new(certified),
        })
    }

    /// Both as one PEM text, for the client that wants it so.
    pub(crate) fn pem(&self) -> &[u8] {
        &self.pem
    }

    /// Both as the TLS stack wants them.
    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

/// Which of the two files of a [`KeyPair`] cannot be used, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPairProblem {
    /// The certificates.
    Certificate(PemProblem),
    /// The private key.
    Key(PemProblem),
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemProblem> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|_| PemProblem::BadCertificate)?;
    if found.is_empty() {
        return Err(PemProblem::NoCertificate);
    }
    Ok(found)
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemProblem> {
    let is_encrypted = pem
        .windows(b"ENCRYPTED".len())
        .any(|part| part == b"ENCRYPTED");
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        _ if is_encrypted => PemProblem::EncryptedKey,
        PemError::NoItemsFound => PemProblem::NoKey,
        _ => PemProblem::BadKey,
    })
}
