//! Which path is which endpoint.

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::routing::{MethodRouter, get, post};
use gitlab_mcp_core::auth::{AuthClass, Routes};
use http::{Request, Response};

use super::AuthorizationServer;
use super::rules::{DeviceRule, Flow};
use super::site::Site;

impl AuthorizationServer {
    /// Every endpoint the rules offer, with the path of the base in front and without it: a proxy may
    /// take it away.
    pub fn routes(self: &Arc<Self>) -> Routes {
        let mut routes = self.discovery_routes();
        let mut add = |path: &str, class, handler: MethodRouter| {
            routes = std::mem::take(&mut routes).route(path, class, handler.clone());
            let prefix = match &self.site {
                Site::Fixed(base) => base.path(),
                Site::PerRequest => "",
            };
            if !prefix.is_empty() {
                let path = format!("{prefix}{path}");
                routes = std::mem::take(&mut routes).route(path, class, handler);
            }
        };
        let (page, form, public) = (AuthClass::Page, AuthClass::Form, AuthClass::Public);
        add("/authorize", page, get(self.endpoint(Self::authorize)));
        add("/consent", form, post(self.endpoint(Self::consent)));
        add("/token", public, post(self.endpoint(Self::token)));
        add("/revoke", public, post(self.endpoint(Self::revoke)));
        if let Flow::Callback(path) = self.rules.flow {
            add(path, page, get(self.endpoint(Self::callback)));
        }
        if self.rules.registration {
            add("/register", public, post(self.endpoint(Self::register)));
        }
        if self.rules.device != DeviceRule::Off {
            add("/oauth/poll", form, get(self.endpoint(Self::poll)));
        }
        if self.rules.device == DeviceRule::On {
            let endpoint = self.endpoint(Self::device_authorization);
            add("/oauth/device_authorization", public, post(endpoint));
        }
        routes
    }

    /// An endpoint as a handler.
    fn endpoint<F, R>(
        self: &Arc<Self>,
        endpoint: F,
    ) -> impl Fn(Request<Body>) -> R + Clone + Send + Sync + 'static
    where
        F: Fn(Arc<Self>, Request<Body>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        let server = Arc::clone(self);
        move |request| endpoint(Arc::clone(&server), request)
    }
}
