//! What a model may call. A tool set is the unit an operator switches on, a tool the unit a model
//! calls; both register themselves, and [`Catalog`] joins them at start.
//!
//! A tool that is one REST call is a struct with `#[derive(Endpoint)]`; everything else implements
//! [`Tool`] by hand and is registered with [`register_tool!`](crate::register_tool).

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

mod arguments;
mod catalog;
mod context;
mod error;
mod execute;
mod facts;
mod output;
pub mod permission;
mod policy;
mod roles;
mod schema;
mod shape;
mod sign_in;
mod text;

pub use arguments::{ArgumentRules, request_of};
pub use catalog::{Catalog, CatalogError, Entry, SetEntry};
pub use context::{Context, ToolSettings};
pub use error::{ErrorCode, FieldProblem, ToolError};
pub use execute::execute;
pub use facts::{Answers, Deletes, Effect, Facts, Paging};
pub use gitlab_mcp_macros::Endpoint;
pub use output::{Content, ToolOutput};
pub use policy::{Allowed, PermissionMode, Policy, PolicyInput, Refusal};
pub(crate) use roles::CLEAR;
pub use roles::{Clearable, GroupId, Iid, Labels, Markdown, ProjectId};
pub use schema::{Schema, schema_of};
pub(crate) use shape::mask_tokens;
pub use shape::{Page, Projection, clean};
pub use text::{Window, frame, visible};

use crate::gitlab::{ApiRequest, RequestError, Route};

/// A family of tools an operator switches on or off together.
pub trait ToolSet: 'static {
    /// Id in `GITLAB_TOOLSETS`, for example `merge_requests`.
    const ID: &'static str;
    /// One sentence for people and models.
    const SUMMARY: &'static str;
    /// Whether it is on when nothing is configured.
    const DEFAULT: bool = false;
}

/// A tool that is exactly one REST call. Written by `#[derive(Endpoint)]`; the struct's fields are
/// the arguments, its doc comment is the description.
#[diagnostic::on_unimplemented(
    note = "derive it: `#[derive(Deserialize, Serialize, JsonSchema, Endpoint)]` with \
            `#[endpoint(GET, \"path\", toolset = Set)]`"
)]
pub trait Endpoint: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// Name of the tool, snake case of the struct's.
    const NAME: &'static str;
    /// The tool set it belongs to.
    type Set: ToolSet;
    /// Method and path template.
    const ROUTE: Route;
    /// Everything else that is known about the tool.
    const FACTS: Facts;

    /// The whole request, without any input or output: path holes from the fields they name, the
    /// other fields as query (GET, DELETE) or JSON body.
    ///
    /// # Errors
    /// [`RequestError`] when a field cannot stand in a path.
    fn request(&self) -> Result<ApiRequest, RequestError> {
        ApiRequest::from_fields(&Self::ROUTE, self)
    }
}

/// A tool that is more than one call, or none.
#[diagnostic::on_unimplemented(
    note = "implement `Tool` for the struct that holds the arguments and add `register_tool!(Name);`"
)]
#[async_trait]
pub trait Tool: DeserializeOwned + JsonSchema + Send + 'static {
    /// Name of the tool.
    const NAME: &'static str;
    /// The tool set it belongs to.
    type Set: ToolSet;
    /// Everything else that is known about the tool.
    const FACTS: Facts;

    /// The schema a model sees. The default is derived from the struct and is flat.
    fn schema() -> Schema {
        schema_of::<Self>()
    }

    /// Runs the tool.
    ///
    /// # Errors
    /// [`ToolError`], which becomes a tool result the model can act on.
    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError>;
}

/// A future as the descriptors hold it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a tool runs.
#[derive(Clone, Copy)]
pub enum Action {
    /// Arguments become one request; the executor does the rest.
    Rest(fn(Value) -> Result<ApiRequest, ToolError>),
    /// The tool's own code.
    Custom(for<'a> fn(Value, &'a Context) -> BoxFuture<'a, Result<ToolOutput, ToolError>>),
}

/// A registered tool; what inventory holds. Everything in it is constant.
#[derive(Clone, Copy)]
pub struct ToolDescriptor {
    /// Name of the tool.
    pub name: &'static str,
    /// The type of its tool set.
    pub set: fn() -> TypeId,
    /// What is known about it.
    pub facts: Facts,
    /// Its schema, made once at start.
    pub schema: fn() -> Schema,
    /// Method and path, for a tool that is one REST call.
    pub route: Option<Route>,
    /// How it runs.
    pub action: Action,
    /// The crate it comes from.
    pub crate_name: &'static str,
}

impl ToolDescriptor {
    /// The descriptor of a tool that is one REST call.
    pub const fn rest<E: Endpoint>(crate_name: &'static str) -> Self {
        Self {
            name: E::NAME,
            set: TypeId::of::<E::Set>,
            facts: E::FACTS,
            schema: schema_of::<E>,
            route: Some(E::ROUTE),
            action: Action::Rest(arguments::to_request::<E>),
            crate_name,
        }
    }

    /// The descriptor of a hand-written tool.
    pub const fn custom<T: Tool>(crate_name: &'static str) -> Self {
        Self {
            name: T::NAME,
            set: TypeId::of::<T::Set>,
            facts: T::FACTS,
            schema: T::schema,
            route: None,
            action: Action::Custom(arguments::call::<T>),
            crate_name,
        }
    }
}

impl std::fmt::Debug for ToolDescriptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToolDescriptor")
            .field("name", &self.name)
            .field("facts", &self.facts)
            .field("route", &self.route)
            .field("crate_name", &self.crate_name)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rest(_) => "Rest",
            Self::Custom(_) => "Custom",
        })
    }
}

inventory::collect!(ToolDescriptor);

/// A registered tool set.
#[derive(Debug, Clone, Copy)]
pub struct ToolSetDescriptor {
    /// See [`ToolSet::ID`].
    pub id: &'static str,
    /// See [`ToolSet::SUMMARY`].
    pub summary: &'static str,
    /// See [`ToolSet::DEFAULT`].
    pub default: bool,
    /// The type that tools name.
    pub type_id: fn() -> TypeId,
    /// The crate it comes from.
    pub crate_name: &'static str,
}

impl ToolSetDescriptor {
    /// The descriptor of `S`.
    pub const fn of<S: ToolSet>(crate_name: &'static str) -> Self {
        Self {
            id: S::ID,
            summary: S::SUMMARY,
            default: S::DEFAULT,
            type_id: TypeId::of::<S>,
            crate_name,
        }
    }
}

inventory::collect!(ToolSetDescriptor);

/// Declares and registers a tool set: `toolset!(Branches, "branches", "Branches.", default = true);`
#[macro_export]
macro_rules! toolset {
    ($(#[$doc:meta])* $name:ident, $id:literal, $summary:literal, default = $default:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl $crate::tool::ToolSet for $name {
            const ID: &'static str = $id;
            const SUMMARY: &'static str = $summary;
            const DEFAULT: bool = $default;
        }

        $crate::__inventory::submit! {
            $crate::tool::ToolSetDescriptor::of::<$name>(env!("CARGO_PKG_NAME"))
        }
    };
}

/// Registers a hand-written [`Tool`].
#[macro_export]
macro_rules! register_tool {
    ($name:ty) => {
        $crate::__inventory::submit! {
            $crate::tool::ToolDescriptor::custom::<$name>(env!("CARGO_PKG_NAME"))
        }
    };
}

/// Registers an [`Endpoint`](crate::tool::Endpoint) that is written by hand, for example because
/// its route depends on its arguments.
#[macro_export]
macro_rules! register_endpoint {
    ($name:ty) => {
        $crate::__inventory::submit! {
            $crate::tool::ToolDescriptor::rest::<$name>(env!("CARGO_PKG_NAME"))
        }
    };
}
