//! Which hosts may be connected to: judged for each connection, on the addresses it would use.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::address::is_public;
use super::resolver::Resolver;

/// Most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 16;

/// The host is not public and not internal. Says no more: what it resolves to is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this host may not be connected to")]
pub(crate) struct NotAllowed;

/// Judges every connection of one [`Egress`](super::Egress).
pub(super) struct Gate {
    pub(super) internal: BTreeSet<String>,
    /// The operator's proxies: wherever they stand, they are meant to be reached.
    pub(super) proxies: BTreeSet<String>,
    pub(super) resolver: Arc<dyn Resolver>,
}

impl Gate {
    /// Judges a URL whose host is an address: nobody resolves it.
    pub(super) fn judge(&self, url: &Url) -> Result<(), NotAllowed> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(NotAllowed),
        };
        self.judge_all(&address.to_string(), &[address])
    }

    /// Judges a URL that a stranger wrote: what the operator calls internal is not for strangers. All
    /// other hosts are judged when the connection is made, unless a proxy resolves their names; then
    /// what is known of them here counts.
    pub(super) async fn judge_strangers(&self, url: &Url) -> Result<(), NotAllowed> {
        let host = normal(url.host_str().ok_or(NotAllowed)?);
        if self.is_internal(&host) {
            return Err(NotAllowed);
        }
        if !self.proxies.is_empty()
            && let Ok(found) = self.resolver.resolve(&host).await
        {
            return self.judge_all(&host, &found);
        }
        Ok(())
    }

    /// The addresses a connection to `host` may use: all of them are fit, or none is used.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, GateError> {
        let host = normal(host);
        let found = match host.parse() {
            Ok(literal) => vec![literal],
            Err(_) => self.resolver.resolve(&host).await?,
        };
        if found.is_empty() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        self.judge_all(&host, &found)?;
        Ok(found.into_iter().take(MOST_ADDRESSES).collect())
    }

    fn judge_all(&self, host: &str, addresses: &[IpAddr]) -> Result<(), NotAllowed> {
        let fits = self.is_internal(host) || addresses.iter().copied().all(is_public);
        if fits { Ok(()) } else { Err(NotAllowed) }
    }

    fn is_internal(&self, host: &str) -> bool {
        self.internal.contains(host) || self.proxies.contains(host)
    }
}

/// Why there are no addresses.
#[derive(Debug, thiserror::Error)]
enum GateError {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("the name cannot be resolved")]
    Unresolved(#[from] io::Error),
}

/// The gate as the HTTP client asks it.
#[derive(Clone)]
pub(super) struct GatedResolver(pub(super) Arc<Gate>);

impl Resolve for GatedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let gate = Arc::clone(&self.0);
        Box::pin(async move {
            match gate.addresses(name.as_str()).await {
                // The client fills in the port of the URL.
                Ok(found) => {
                    Ok(Box::new(found.into_iter().map(|one| SocketAddr::new(one, 0))) as Addrs)
                }
                Err(GateError::NotAllowed(refusal)) => Err(refusal.into()),
                Err(error) => Err(error.into()),
            }
        })
    }
}

/// A host as lists hold it: lower case, without brackets and without a trailing dot.
pub(crate) fn normal(host: &str) -> String {
    let host = host.trim().trim_start_matches('[').trim_end_matches(']');
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    // One spelling of each address.
    host.parse::<IpAddr>()
        .map_or(host, |address| address.to_string())
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("internal", &self.internal)
            .field("resolver", &self.resolver)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;

    /// Answers in turn, and repeats the last answer.
    #[derive(Debug)]
    struct Scripted(Mutex<Vec<Vec<&'static str>>>);

    #[async_trait]
    impl Resolver for Scripted {
        async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
            assert_eq!(host, "gitlab.example");
            let mut answers = self.0.lock().unwrap();
            let answer = if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0].clone()
            };
            Ok(answer.iter().map(|text| text.parse().unwrap()).collect())
        }
    }

    fn gate(answers: &[&[&'static str]], internal: &[&str]) -> Gate {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Gate {
            internal: internal.iter().map(|&host| host.to_owned()).collect(),
            proxies: BTreeSet::new(),
            resolver: Arc::new(Scripted(Mutex::new(answers))),
        }
    }

    async fn asked(gate: &Gate, host: &str) -> Result<usize, GateError> {
        gate.addresses(host).await.map(|found| found.len())
    }

    #[tokio::test]
    async fn a_public_name_is_connected_to_at_all_its_addresses() {
        let gate = gate(&[&["172.65.251.78", "2606:4700:90::1"]], &[]);
        for host in ["gitlab.example", "GitLab.Example", "gitlab.example."] {
            assert_eq!(asked(&gate, host).await.unwrap(), 2, "{host}");
        }
    }

    #[tokio::test]
    async fn one_address_that_is_not_public_spoils_the_whole_answer() {
        for answer in [
            &["10.0.0.5"][..],
            &["172.65.251.78", "127.0.0.1"],
            &["169.254.169.254", "172.65.251.78"],
            &["::ffff:127.0.0.1"],
            &["64:ff9b::a00:5"],
        ] {
            let closed = gate(&[answer], &[]);
            let refusal = asked(&closed, "gitlab.example").await.unwrap_err();
            assert!(matches!(refusal, GateError::NotAllowed(_)), "{answer:?}");
            let open = gate(&[answer], &["gitlab.example"]);
            let count = asked(&open, "gitlab.example").await.unwrap();
            assert_eq!(count, answer.len(), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn each_connection_judges_its_own_answer() {
        let gate = gate(&[&["172.65.251.78"], &["169.254.169.254"]], &[]);
        assert_eq!(asked(&gate, "gitlab.example").await.unwrap(), 1);
        assert!(asked(&gate, "gitlab.example").await.is_err());
    }

    #[tokio::test]
    async fn an_empty_answer_is_no_answer() {
        let found = asked(&gate(&[&[]], &["gitlab.example"]), "gitlab.example").await;
        assert!(matches!(found, Err(GateError::Unresolved(_))), "{found:?}");
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let many = gate(&[&["8.8.8.8"; 500]], &[]);
        assert_eq!(asked(&many, "gitlab.example").await.unwrap(), 16);
    }

    #[test]
    fn an_address_in_a_url_is_judged_without_a_resolver() {
        let gate = gate(&[], &["10.0.0.5", "::1"]);
        for (url, allowed) in [
            ("https://8.8.8.8/", true),
            ("https://10.0.0.5:8443/", true),
            ("https://[::1]/", true),
            ("https://10.0.0.6/", false),
            ("https://127.0.0.1/", false),
            ("https://2130706433/", false),
            ("https://0x7f.1/", false),
            ("https://0177.0.0.1/", false),
            ("https://127.1/", false),
            ("https://0/", false),
            ("https://①②⑦.⓪.⓪.①/", false),
            ("https://127。0。0。1/", false),
            ("https://127.0.0.1./", false),
            ("https://[::ffff:127.0.0.1]/", false),
            ("https://[::ffff:10.0.0.5]/", false),
            ("https://[64:ff9b::127.0.0.1]/", false),
            ("https://169.254.169.254/", false),
            ("https://[fd00:ec2::254]/", false),
        ] {
            let verdict = gate.judge(&Url::parse(url).unwrap());
            assert_eq!(verdict.is_ok(), allowed, "{url}");
        }
    }

    #[tokio::test]
    async fn an_address_handed_to_the_resolver_is_judged_too() {
        let gate = gate(&[], &[]);
        assert_eq!(asked(&gate, "8.8.8.8").await.unwrap(), 1);
        for host in [
            "127.0.0.1",
            "[::1]",
            "::1",
            "[::ffff:10.0.0.5]",
            "127.0.0.1.",
        ] {
            assert!(asked(&gate, host).await.is_err(), "{host}");
        }
    }
}
