//! Setting up an instance.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::faults::FaultPlan;
use crate::ids::Ids;
use crate::instance::MockGitlab;
use crate::quirks::Quirks;
use crate::server::{self, Front, Shared};
use crate::site::{Plan, Site};
use crate::sso::{Gate, SignOnProxy};
use crate::tls::Tls;
use crate::world::World;

/// How an instance is to be; made by [`MockGitlab::builder`].
#[derive(Debug)]
pub struct Builder {
    seed: u64,
    world: World,
    version: String,
    plan: Plan,
    clock: Clock,
    faults: FaultPlan,
    quirks: Quirks,
    base_path: String,
    external_url: Option<String>,
    address: SocketAddr,
    log_requests: bool,
    control: bool,
    state: Option<PathBuf>,
    tls: Option<Tls>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: 42,
            world: World::company(),
            version: "19.5.1-ee".to_owned(),
            plan: Plan::Ultimate,
            clock: Clock::default(),
            faults: FaultPlan::new(),
            quirks: Quirks::default(),
            base_path: String::new(),
            external_url: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            log_requests: false,
            control: true,
            state: None,
            tls: None,
        }
    }
}

impl Builder {
    /// What every id, sha and token the instance draws depends on.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What is there at the start.
    #[must_use]
    pub fn world(mut self, world: World) -> Self {
        self.world = world;
        self
    }

    /// What `/version` says; `-ee` at the end makes it an enterprise edition.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// The licence of the instance.
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = plan;
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Faults from the first request on.
    #[must_use]
    pub fn faults(mut self, faults: FaultPlan) -> Self {
        self.faults = faults;
        self
    }

    /// How it differs from a well-behaved instance. Can be changed later through
    /// [`World::quirks`].
    #[must_use]
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// The instance lives below this path: `/gitlab`.
    #[must_use]
    pub fn base_path(mut self, path: &str) -> Self {
        let path = path.trim_matches('/');
        self.base_path = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        self
    }

    /// The address printed in bodies and links, base path included, wherever the
    /// instance really listens.
    #[must_use]
    pub fn external_url(mut self, url: &str) -> Self {
        self.external_url = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// Where to listen; a free port of 127.0.0.1 unless told.
    #[must_use]
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Writes a line to stderr for each request.
    #[must_use]
    pub fn log_requests(mut self, yes: bool) -> Self {
        self.log_requests = yes;
        self
    }

    /// Takes the control API away.
    #[must_use]
    pub fn without_control(mut self) -> Self {
        self.control = false;
        self
    }

    /// Remembers across restarts: requests that can change something are appended to
    /// this file, and made again at the next start with the same seed, world and version.
    /// Changes made from Rust are not in it.
    #[must_use]
    pub fn state(mut self, file: impl Into<PathBuf>) -> Self {
        self.state = Some(file.into());
        self
    }

    /// Speaks HTTPS and nothing else. [`MockGitlab::browser`] speaks plain HTTP and does not
    /// reach such an instance.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Binds and starts, with a sign-on proxy before it that has a listener of its own. The
    /// instance prints the proxy's address in links; that is where people find it.
    pub async fn start_behind_sign_on_proxy(mut self) -> io::Result<(MockGitlab, SignOnProxy)> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (listener, address) = server::bind(address).await?;
        let url = format!("http://{address}{}", self.base_path);
        let gate = Arc::new(Gate::new(
            address,
            &self.base_path,
            self.seed,
            self.clock.clone(),
        ));
        self.external_url = Some(url.clone());
        let gitlab = self.start().await?;
        let front = Front {
            gate: Some(Arc::clone(&gate)),
            tls: None,
        };
        let through = server::serve(listener, gitlab.shared(), front);
        let serving = tokio::spawn(through);
        Ok((gitlab, SignOnProxy::new(url, address, gate, serving)))
    }

    /// Binds and starts.
    ///
    /// # Errors
    /// When the address is taken, or the state file cannot be opened.
    pub async fn start(mut self) -> io::Result<MockGitlab> {
        let (listener, address) = server::bind(self.address).await?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{address}{}", self.base_path);
        self.world.ids = Ids::seeded(self.seed);
        self.world.quirks = self.quirks;
        self.faults.seed(self.seed);
        let site = Site {
            external_url: self.external_url.unwrap_or_else(|| url.clone()),
            base_path: self.base_path,
            version: self.version,
            plan: self.plan,
        };
        let mut shared = Shared::new(self.world, self.clock, self.faults, site);
        shared.log_requests = self.log_requests;
        shared.control = self.control;
        let shared = Arc::new(shared);
        if let Some(file) = &self.state {
            shared.remember(file)?;
        }
        let front = Front {
            gate: None,
            tls: self.tls,
        };
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&shared), front));
        Ok(MockGitlab::new(url, address, shared, serving))
    }
}
