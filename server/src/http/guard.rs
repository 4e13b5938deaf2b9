//! The walk of one HTTP request, up to the message it carries: host, route, origin, size, caller,
//! session, rate. The order is the order of the checks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use gitlab_mcp_core::auth::{AuthClass, AuthError, Caller, Challenge};
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Body as HttpBody;
use serde_json::json;

use super::access::AccessLog;
use super::era::Named;
use super::host::Hosts;
use super::limits::Limits;
use super::metrics::{Connected, Metrics};
use super::origin::Origins;
use super::reached::Reach;
use super::refusal::{code, respond};
use super::routes::{self, OTHER_LIMIT, Route, Table};
use super::{Refusal, bearer, cors, discovery, media, rest, rewrite, size};
use crate::app::App;
use crate::mcp::{Endpoint, Missing, Session, Sessions, Shared};

/// Everything a request is judged by.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(super) app: App,
    pub(super) shared: Arc<Shared>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) endpoint: Endpoint,
    pub(super) metrics: Arc<Metrics>,
    pub(super) hosts: Hosts,
    pub(super) origins: Origins,
    pub(super) table: Table,
    pub(super) limits: Limits,
    pub(super) access: AccessLog,
}

impl Guard {
    /// Idle keep-alive of connections.
    pub(crate) fn keep_alive(&self) -> Duration {
        self.app.http.keep_alive
    }

    /// Longest time without progress in a plain answer.
    pub(crate) fn write_timeout(&self) -> Duration {
        self.app.http.write_timeout
    }

    /// How to speak TLS, if that is configured.
    pub(crate) fn tls(&self) -> Option<Arc<rustls::ServerConfig>> {
        self.app.http.tls.clone()
    }

    /// Counts a connection.
    pub(crate) fn connected(&self) -> Connected {
        self.metrics.connection()
    }

    /// Clears away what has run out.
    pub(crate) fn sweep(&self) {
        let now = self.app.clock.monotonic();
        self.sessions.sweep();
        self.limits.sweep(now);
    }

    /// Serves one request that came from `peer`.
    pub(crate) async fn serve<B>(&self, request: Request<B>, peer: SocketAddr) -> Response<Body>
    where
        B: HttpBody<Data = bytes::Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let started = self.app.clock.monotonic();
        let (mut parts, body) = request.into_parts();
        let (body, rest) = rest::lend(body, &parts.headers);
        let client = self
            .app
            .http
            .trusted_proxies
            .client(peer.ip(), &parts.headers);
        parts
            .extensions
            .insert(ConnectInfo(SocketAddr::new(client, peer.port())));
        let entry = self.access.entry(&parts);
        // Only the auth mode knows which headers hold a credential, and the parts travel far: no
        // debug print of them shows any value.
        for value in parts.headers.values_mut() {
            value.set_sensitive(true);
        }
        let path = parts.uri.path().to_owned();
        let route = self.table.find(&path);
        let label = route.label();
        let is_mcp = matches!(route, Route::Mcp);
        let served = match self.reached(&mut parts, peer.ip()) {
            Err(refusal) => Err(refusal),
            Ok(()) => match route {
                Route::Mcp => Ok(self.mcp(parts, body, client).await),
                Route::Auth(class, handler) => {
                    self.auth_route(class, handler, Request::from_parts(parts, body))
                        .await
                }
                other => self.own_route(&other, &parts, client).await,
            },
        };
        let mut response = served.unwrap_or_else(|refusal| {
            if is_mcp {
                refusal.on_mcp()
            } else {
                refusal.elsewhere()
            }
        });
        rest.finish(&mut response).await;
        rewrite::harden(&mut response);
        let took = self.app.clock.monotonic().saturating_sub(started);
        let status = response.status().as_u16();
        self.metrics.request(label, status, took);
        if let Some(entry) = entry {
            entry.write(status, took, client);
        }
        response
    }

    /// Judges the host and leaves behind under which base URL the request came in.
    fn reached(&self, parts: &mut Parts, peer: IpAddr) -> Result<(), Refusal> {
        let authority = self.hosts.check(parts)?;
        let reach = Reach {
            encrypted: self.app.http.tls.is_some(),
            proxies: &self.app.http.trusted_proxies,
            hosts: &self.hosts,
        };
        let base = reach.base(parts, &authority, peer);
        parts.extensions.insert(base);
        Ok(())
    }

    async fn own_route(
        &self,
        route: &Route<'_>,
        parts: &Parts,
        address: IpAddr,
    ) -> Result<Response<Body>, Refusal> {
        if matches!(route, Route::Unknown) {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "this server has no such path",
            ));
        }
        if parts.method != Method::GET && parts.method != Method::HEAD {
            return Err(not_allowed("GET, HEAD"));
        }
        self.origins.check(&parts.headers)?;
        let ready = !self.shared.stopping.is_cancelled();
        Ok(match route {
            Route::Metrics => {
                self.may_scrape(parts, address)?;
                let text = self.metrics.text(self.sessions.len());
                let mut response = Response::new(Body::from(text));
                response.headers_mut().insert(
                    http::header::CONTENT_TYPE,
                    HeaderValue::from_static(
                        "application/openmetrics-text; version=1.0.0; charset=utf-8",
                    ),
                );
                response
            }
            Route::Health | Route::Ready if !ready => unready("stopping"),
            Route::Ready if !self.app.auth.ready().await => unready("unavailable"),
            _ => respond(StatusCode::OK, &json!({ "status": "ok" }), Vec::new()),
        })
    }

    async fn auth_route<B>(
        &self,
        class: AuthClass,
        handler: &axum::routing::MethodRouter,
        request: Request<B>,
    ) -> Result<Response<Body>, Refusal>
    where
        B: HttpBody<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let public = class == AuthClass::Public;
        let only_asks = request.method() == Method::OPTIONS;
        if class == AuthClass::Form {
            self.origins.check(request.headers())?;
        }
        if public && cors::is_preflight(request.method(), request.headers()) {
            let mut response = cors::preflight_public();
            cors::allow_all(response.headers_mut());
            return Ok(response);
        }
        size::check_declared(request.headers(), OTHER_LIMIT)?;
        let request =
            request.map(|body| Body::new(http_body_util::Limited::new(body, OTHER_LIMIT)));
        let mut response = routes::run(handler, request).await;
        if response.status() == StatusCode::METHOD_NOT_ALLOWED && only_asks {
            // RFC 9110 section 9.3.7: what may be done here stands in `Allow`.
            *response.status_mut() = StatusCode::NO_CONTENT;
        } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let allow = response.headers_mut().remove(ALLOW);
            let mut refusal = Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path has no such method",
            );
            if let Some(allow) = allow {
                refusal = refusal.header(ALLOW, allow);
            }
            response = refusal.elsewhere();
        }
        if public {
            cors::allow_all(response.headers_mut());
        }
        Ok(response)
    }

    async fn mcp<B>(&self, parts: Parts, body: B, address: IpAddr) -> Response<Body>
    where
        B: HttpBody<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if let Err(refusal) = self.check_method(&parts) {
            return refusal.on_mcp();
        }
        let origin = match self.origins.check(&parts.headers) {
            Ok(origin) => origin.cloned(),
            Err(refusal) => return refusal.on_mcp(),
        };
        let served = if parts.method == Method::OPTIONS {
            Ok(cors::preflight_mcp())
        } else {
            self.admitted(parts, body, address).await
        };
        let mut response = served.unwrap_or_else(Refusal::on_mcp);
        if let Some(origin) = origin {
            cors::allow(response.headers_mut(), origin);
        }
        response
    }

    fn check_method(&self, parts: &Parts) -> Result<(), Refusal> {
        let sessions = self.app.http.legacy_sessions;
        match parts.method {
            Method::POST => Ok(()),
            Method::GET | Method::DELETE if sessions => Ok(()),
            Method::OPTIONS if cors::is_preflight(&parts.method, &parts.headers) => Ok(()),
            _ if sessions => Err(not_allowed("GET, POST, DELETE")),
            _ => Err(not_allowed("POST")),
        }
    }

    async fn admitted<B>(
        &self,
        mut parts: Parts,
        body: B,
        address: IpAddr,
    ) -> Result<Response<Body>, Refusal>
    where
        B: HttpBody + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        size::check_declared(&parts.headers, self.app.http.body_limit)?;
        let caller = self.authenticate(&parts, address).await?;
        if let Some(challenge) = caller
            .only_discovers()
            .filter(|_| parts.method != Method::POST)
        {
            return Err(AuthError::from(challenge.clone()).into());
        }
        let session = self.session(&parts, &caller)?;
        let now = self.app.clock.monotonic();
        match caller.only_discovers() {
            Some(_) => self.limits.discovering(address, now)?,
            None => self.limits.accepted(caller.principal(), address, now)?,
        }
        match parts.method {
            Method::GET => {
                media::check_get(&parts.headers)?;
                let session = session.ok_or_else(no_session)?;
                let last = parts.headers.get("last-event-id");
                let last = last.and_then(|value| value.to_str().ok());
                Ok(session.listen(last))
            }
            Method::DELETE => {
                let session = session.ok_or_else(no_session)?;
                self.sessions.end(&session);
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                Ok(response)
            }
            _ => {
                media::check_post(&mut parts.headers)?;
                let body = size::collect(body, self.app.http.body_limit).await?;
                if let Some(challenge) = caller.only_discovers()
                    && !discovery::only_discovers(&body)
                {
                    return Err(AuthError::from(challenge.clone()).into());
                }
                parts.extensions.insert(caller);
                self.post(parts, body, session).await
            }
        }
    }

    /// Who is calling. Refused credentials count against the address they come from.
    async fn authenticate(&self, parts: &Parts, address: IpAddr) -> Result<Caller, Refusal> {
        let now = self.app.clock.monotonic();
        self.limits.may_present(address, now)?;
        let error = match self.app.auth.authenticate(parts).await {
            Ok(caller) => return Ok(caller),
            Err(error) => error,
        };
        if !matches!(error, AuthError::Unavailable { .. }) {
            self.limits.refused(address, now);
        }
        self.shared.audit.bearer_rejected(&error, parts, now);
        Err(error.into())
    }

    /// Whoever reads the counters presents the token for that, if there is one.
    fn may_scrape(&self, parts: &Parts, address: IpAddr) -> Result<(), Refusal> {
        let Some(expected) = &self.app.http.metrics_token else {
            return Ok(());
        };
        let now = self.app.clock.monotonic();
        self.limits.may_present(address, now)?;
        if bearer::presents(&parts.headers, expected) {
            return Ok(());
        }
        self.limits.refused(address, now);
        let error = AuthError::from(Challenge::realm("metrics"));
        self.shared.audit.bearer_rejected(&error, parts, now);
        Err(error.into())
    }

    /// The session the request names, if sessions exist in its protocol.
    fn session(&self, parts: &Parts, caller: &Caller) -> Result<Option<Arc<Session>>, Refusal> {
        let named = Named::read(&parts.headers)?;
        if named.is_modern() {
            return match parts.method {
                Method::POST => Ok(None),
                _ => Err(not_allowed("POST")),
            };
        }
        let Some(id) = named.session.filter(|_| self.app.http.legacy_sessions) else {
            return Ok(None);
        };
        match self.sessions.find(id, caller.principal()) {
            Ok(session) => Ok(Some(session)),
            Err(missing) => {
                if missing == Missing::Foreign {
                    let audit = &self.shared.audit;
                    audit.session_foreign(caller.principal(), parts);
                }
                Err(session_not_found())
            }
        }
    }
}

/// Unknown, ended and foreign sessions look the same.
pub(super) fn session_not_found() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "session_not_found",
        "Session not found",
    )
    .code(code::SESSION)
}

/// A request that needs a session names none.
pub(super) fn no_session() -> Refusal {
    Refusal::bad(
        "session_required",
        "the Mcp-Session-Id header is missing: send `initialize` first and repeat the id it answers",
    )
}

/// The answer to a probe that should send its requests elsewhere.
fn unready(status: &str) -> Response<Body> {
    let body = json!({ "status": status });
    respond(StatusCode::SERVICE_UNAVAILABLE, &body, Vec::new())
}

fn not_allowed(allow: &'static str) -> Refusal {
    let name: HeaderName = ALLOW;
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path has no such method",
    )
    .header(name, HeaderValue::from_static(allow))
}

#[cfg(test)]
mod tests;
