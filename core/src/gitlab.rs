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
pub use egress::{Egress, EgressConfig, EgressError};
pub use error::{ApiError, Situation};
pub use fetch::{FetchError, Limits};
pub use instance::{Instance, InstanceError};
pub use patience::Retries;
pub use request::{ApiPath, ApiRequest, Method, RequestError, Route};
