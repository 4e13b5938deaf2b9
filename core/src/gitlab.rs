//! The one HTTP client towards GitLab: typed paths, bound credentials, bounded retries, errors in
//! words. REST API: <https://docs.gitlab.com/api/rest/>

mod answer;
mod client;
mod egress;
mod error;
mod fetch;
mod instance;
mod patience;
mod request;

pub use answer::Answer;
pub use client::{GitLab, Timeouts};
pub(crate) use egress::normal as normal_host;
pub use egress::{
    Egress, EgressConfig, EgressError, ProxyUrlError, Resolver, SystemResolver, check_proxy_url,
};
pub use error::{ApiError, Situation};
pub use fetch::{FetchError, Limits};
pub use instance::{Instance, InstanceError};
pub use patience::Retries;
pub use request::{ApiPath, ApiRequest, Method, RequestError, Route};
