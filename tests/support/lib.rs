//! The harness: a mock GitLab and the server in this process, callers of both eras, and what tests
//! wait for and look at.
//!
//! ```no_run
//! # async fn example() {
//! use gitlab_mcp_tests::{Era, Scene};
//! use serde_json::json;
//!
//! let scene = Scene::with(&[("GITLAB_TOOLSETS", "all")]).await;
//! let mut client = scene.client(Era::Modern).await;
//! let result = client.call("get_project", json!({ "project_id": "larkspur/music-box" })).await;
//! assert_eq!(result.item()["id"], 1);
//! # }
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on should say so loudly"
)]

mod canary;
mod client;
mod command;
mod http;
mod listening;
mod log;
mod scene;
mod server;
mod talk;
mod waiting;
mod workspace;

pub use canary::Canary;
pub use client::{CallResult, Era, McpClient};
pub use command::{Finished, Process};
pub use http::{Reply, Request};
pub use listening::Listening;
pub use log::{plant, plant_all};
pub use scene::Scene;
pub use server::TestServer;
pub use talk::Talk;
pub use waiting::eventually;
pub use workspace::{Workspace, root};
