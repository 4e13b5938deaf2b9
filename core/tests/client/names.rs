//! A resolver that knows a few names and remembers who asked for what.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, FetchError, Limits, Resolver};
use http::{Request, Response};

#[derive(Debug, Default)]
pub(crate) struct Names {
    known: BTreeMap<String, Vec<IpAddr>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn of(known: &[(&str, &[&str])]) -> Arc<Self> {
        let known = known.iter().map(|(name, addresses)| {
            let addresses = addresses.iter().map(|text| text.parse().unwrap());
            ((*name).to_owned(), addresses.collect())
        });
        Arc::new(Self {
            known: known.collect(),
            asked: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let found = self.known.get(host).cloned();
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A configuration with these internal hosts and nothing else.
pub(crate) fn internal(hosts: &[&str]) -> EgressConfig {
    EgressConfig {
        internal_hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        ..EgressConfig::default()
    }
}

pub(crate) fn egress(config: &EgressConfig, names: &Arc<Names>) -> Egress {
    let names: Arc<Names> = Arc::clone(names);
    Egress::with_resolver(config, names).unwrap()
}

pub(crate) async fn get(egress: &Egress, url: &str) -> Result<Response<Bytes>, FetchError> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    egress.fetch(request, Limits::default()).await
}

pub(crate) async fn get_for_a_stranger(
    egress: &Egress,
    url: &str,
) -> Result<Response<Bytes>, FetchError> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    egress.fetch_public(request, Limits::default()).await
}
