//! What a handler gets: one value with the request, the caller and the world.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::request::Request;
use crate::rest::conventions::authentication::Caller;
use crate::rest::conventions::parameters::Params;
use crate::routes::{PathValues, RouteTable};
use crate::server::Shared;
use crate::site::Site;
use crate::world::{User, World};

/// The context of one request. The world is locked for as long as it lives.
pub(crate) struct Cx<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) request: &'a Request,
    pub(crate) site: &'a Site,
    /// The whole instance, for the control API.
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) path: PathValues,
    pub(crate) params: Params,
    pub(crate) caller: Caller,
    /// One time for the whole request.
    pub(crate) now: Timestamp,
}

impl Cx<'_> {
    /// A path parameter that is a number; anything else is a 404.
    pub(crate) fn number(&self, name: &str, what: &str) -> Result<u64, ApiError> {
        self.path
            .get(name)
            .parse()
            .map_err(|_| ApiError::not_found(what))
    }

    /// The signed-in user, or 401.
    pub(crate) fn user(&self) -> Result<User, ApiError> {
        let user = self.caller.user.and_then(|id| self.world.users.get(&id));
        user.cloned().ok_or_else(ApiError::unauthorized)
    }

    /// Whether the caller is an administrator.
    pub(crate) fn is_admin(&self) -> bool {
        let user = self.caller.user.and_then(|id| self.world.users.get(&id));
        user.is_some_and(|user| user.admin)
    }

    /// Every route of the instance.
    pub(crate) fn routes(&self) -> &RouteTable {
        &self.shared.routes
    }
}
