//! Host names that only the test knows, and a record of what was looked up.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use gitlab_mcp_core::gitlab::Resolver;

/// Names and their addresses; every question is kept.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Mutex<HashMap<String, Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    /// Gives `name` these addresses.
    pub(super) fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|one| one.parse().unwrap()).collect();
        self.known
            .lock()
            .unwrap()
            .insert(name.to_owned(), addresses);
    }

    /// What was looked up.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let known = self.known.lock().unwrap();
        let found = known.get(host).cloned();
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}
