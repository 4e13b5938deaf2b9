//! Whom the client believes, and as whom it shows itself.

use gitlab_mcp_core::gitlab::{EgressConfig, FetchError};
use gitlab_mcp_core::tls::{KeyPair, KeyPairProblem, PemProblem, Roots};
use gitlab_mcp_core::tool::ErrorCode;

use crate::bench::Bench;
use crate::names::{Names, egress, get, internal};
use crate::tls::{Authority, Issued, TlsUpstream, self_signed};

const HOST: &str = "gitlab.example";

fn trusting(authority: &Authority) -> EgressConfig {
    EgressConfig {
        added_roots: Some(Roots::parse(authority.pem().as_bytes()).unwrap()),
        ..internal(&[HOST])
    }
}

fn pair(issued: &Issued) -> KeyPair {
    let key = issued.key_pem();
    KeyPair::parse(issued.certificate_pem.as_bytes(), key.as_bytes()).unwrap()
}

async fn ask(config: &EgressConfig, upstream: &TlsUpstream) -> Result<u16, FetchError> {
    let names = Names::of(&[(HOST, &["127.0.0.1"])]);
    let url = format!("https://{HOST}:{}/", upstream.address.port());
    let answer = get(&egress(config, &names), &url).await;
    answer.map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn only_a_valid_certificate_of_a_trusted_authority_is_believed() {
    let (trusted, foreign) = (Authority::new("trusted"), Authority::new("foreign"));
    let rows = [
        ("valid", trusted.issue(HOST, 2100), true),
        ("another name", trusted.issue("evil.example", 2100), false),
        (
            "a name below",
            trusted.issue("a.gitlab.example", 2100),
            false,
        ),
        ("expired", trusted.issue(HOST, 2021), false),
        ("self-signed", self_signed(HOST), false),
        ("an unknown authority", foreign.issue(HOST, 2100), false),
    ];
    for (what, issued, believed) in rows {
        let upstream = TlsUpstream::start(&issued, None).await;
        let found = ask(&trusting(&trusted), &upstream).await;
        if believed {
            assert_eq!(found, Ok(200), "{what}");
        } else {
            assert_eq!(found, Err(FetchError::NotSent), "{what}");
            assert!(upstream.heads().is_empty(), "{what}");
        }
        // Without the added authority nobody here is believed.
        let found = ask(&internal(&[HOST]), &upstream).await;
        assert_eq!(found, Err(FetchError::NotSent), "{what}");
        // With the check switched off everybody is.
        let blind = EgressConfig {
            accept_any_certificate: true,
            ..internal(&[HOST])
        };
        assert_eq!(ask(&blind, &upstream).await, Ok(200), "{what}");
    }
}

#[tokio::test]
async fn a_caller_reads_that_the_certificate_is_at_fault() {
    let issued = Authority::new("foreign").issue(HOST, 2100);
    let upstream = TlsUpstream::start(&issued, None).await;
    let names = Names::of(&[(HOST, &["127.0.0.1"])]);
    let url = format!("https://{HOST}:{}", upstream.address.port());
    let bench = Bench::at(&url).through(egress(&internal(&[HOST]), &names));
    let error = bench.get().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UpstreamUnavailable);
    assert!(error.to_text().contains("GITLAB_CA_CERT_PATH"), "{error:?}");
}

#[tokio::test]
async fn a_gitlab_that_asks_for_a_certificate_gets_the_configured_one() {
    let (authority, clients) = (Authority::new("servers"), Authority::new("clients"));
    let upstream = TlsUpstream::start(&authority.issue(HOST, 2100), Some(&clients)).await;
    let known = EgressConfig {
        identity: Some(pair(&clients.issue("mcp.example", 2100))),
        ..trusting(&authority)
    };
    let unknown = EgressConfig {
        identity: Some(pair(&self_signed("mcp.example"))),
        ..trusting(&authority)
    };
    assert_eq!(ask(&known, &upstream).await, Ok(200));
    assert!(ask(&unknown, &upstream).await.is_err());
    assert!(ask(&trusting(&authority), &upstream).await.is_err());
    assert_eq!(upstream.heads().len(), 1);
}

#[test]
fn a_key_must_belong_to_its_certificate() {
    let (one, other) = (self_signed("a.example"), self_signed("b.example"));
    let mixed = KeyPair::parse(one.certificate_pem.as_bytes(), other.key_pem().as_bytes());
    let problem = mixed.err();
    assert_eq!(problem, Some(KeyPairProblem::Key(PemProblem::Mismatch)));
    let no_key = KeyPair::parse(one.certificate_pem.as_bytes(), b"");
    assert_eq!(no_key.err(), Some(KeyPairProblem::Key(PemProblem::NoKey)));
    let shown = format!("{:?}", pair(&one));
    assert_eq!(shown, "KeyPair(…)");
}
