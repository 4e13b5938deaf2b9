//! A believable GitLab to test against, in memory: REST, GraphQL, faults, a ledger and a
//! clock that stands still until a test moves it.
//!
//! ```
//! use mock_gitlab::{Fault, MockGitlab, World};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let gl = MockGitlab::builder().seed(42).world(World::company()).start().await?;
//! let token = gl.user("alice").pat(&["api"]);
//! gl.faults().add(Fault::status(503).on("GET /api/v4/projects/**").times(2));
//! // … let a client talk to gl.api_url() with that token …
//! assert_eq!(gl.log().of("GET /api/v4/projects/*").by(&token).count(), 0);
//! gl.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! # Map
//! | where | what |
//! |---|---|
//! | `builder`, `instance` | starting an instance and holding it |
//! | [`world`] | the data: users, groups, projects, repositories … and the seeds |
//! | `rest` | **the table of routes**; one file per resource, conventions beside it |
//! | `graphql` | `/api/graphql`: its schema, and resolvers that ask the handlers of `rest` |
//! | `oauth`, `pages`, `health`, `control` | what lies outside the API |
//! | `routes` | matching raw paths |
//! | `sso`, `tls` | a sign-on proxy before an instance; HTTPS |
//! | `server` | connections, one exchange, damage done to answers |
//! | `faults`, `ledger`, `coverage`, `snapshots`, `clock`, `ids` | the tools of a test |
//! | `journal` | remembering across restarts |
//! | `fuzzing` | hostile input without sockets |
//!
//! A request walks one way: `server/exchange.rs` → `server/answering.rs` → `routes.rs`
//! → `rest/conventions` → a handler in `rest/<resource>.rs`, which gets one [`World`],
//! locked, and hands back an answer.

mod answer;
mod builder;
mod clock;
mod context;
mod control;
mod coverage;
mod endpoints;
mod error;
mod faults;
mod fuzzing;
mod glob;
#[cfg(feature = "graphql")]
mod graphql;
#[cfg(not(feature = "graphql"))]
#[path = "graphql/absent.rs"]
mod graphql;
mod health;
mod ids;
mod instance;
mod journal;
mod ledger;
mod oauth;
mod pages;
mod quirks;
mod request;
mod rest;
mod routes;
mod server;
mod site;
mod snapshots;
mod sso;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls/absent.rs"]
mod tls;
pub mod world;

pub use builder::Builder;
pub use clock::{Clock, Timestamp};
pub use coverage::Coverage;
pub use endpoints::routes_as_markdown;
pub use faults::{Drift, Fault, FaultPlan, LimitHeaders, Page, Paging, Payload, Place};
pub use fuzzing::{fuzz, fuzz_request};
pub use ids::Ids;
pub use instance::{MockGitlab, TokenHandle, UserHandle};
pub use ledger::{Ledger, Record, Records, Who};
pub use oauth::{ApplicationBuilder, OAuthApplication, OAuthTokens};
pub use pages::{Browser, BrowserError};
pub use quirks::Quirks;
pub use site::Plan;
pub use snapshots::SnapshotId;
pub use sso::{PROVIDER_COOKIE, PROXY_COOKIE, SignOnProxy};
#[cfg(feature = "tls")]
pub use tls::Tls;
pub use world::World;
