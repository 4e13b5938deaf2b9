//! Resources: documents a client can read by URI. MCP 2026-07-28, server/resources.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::tool::{Context, ToolError};

/// Where a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// One fixed URI.
    Uri(&'static str),
    /// An RFC 6570 level 1 template such as `test://template/{id}/data`.
    Template(&'static str),
}

/// What a client is told about a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceSpec {
    /// Where it is.
    pub location: Location,
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Its media type.
    pub mime_type: &'static str,
}

/// What a resource holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceBody {
    /// Text.
    Text(String),
    /// Base64 of bytes.
    Blob(String),
}

/// A resource or a template of resources.
#[async_trait]
pub trait Resource: Debug + Send + Sync + 'static {
    /// What a client is told about it.
    fn spec(&self) -> ResourceSpec;

    /// The document at `uri`, or `None` when this resource does not know it.
    ///
    /// # Errors
    /// [`ToolError`] when it exists but cannot be read.
    async fn read(&self, uri: &str, context: &Context) -> Result<Option<ResourceBody>, ToolError>;

    /// Values that complete `partial` for one variable of the template, best first.
    async fn complete(&self, _variable: &str, _partial: &str, _context: &Context) -> Vec<String> {
        Vec::new()
    }
}

/// A registered resource.
#[derive(Debug, Clone, Copy)]
pub struct ResourceDescriptor {
    /// Makes it.
    pub make: fn() -> Box<dyn Resource>,
    /// The crate it comes from.
    pub crate_name: &'static str,
}

inventory::collect!(ResourceDescriptor);

/// Registers a [`Resource`]: `register_resource!(|| Box::new(MyResource));`
#[macro_export]
macro_rules! register_resource {
    ($make:expr) => {
        $crate::__inventory::submit! {
            $crate::resource::ResourceDescriptor { make: $make, crate_name: env!("CARGO_PKG_NAME") }
        }
    };
}

/// Something the server must additionally declare because a linked plugin offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// `logging/setLevel` and log notifications.
    Logging,
    /// `resources/subscribe`.
    ResourceSubscriptions,
}

inventory::collect!(Capability);

/// Registers a [`Capability`] that the entries of this crate need.
#[macro_export]
macro_rules! register_capability {
    ($capability:expr) => {
        $crate::__inventory::submit! { $capability }
    };
}
