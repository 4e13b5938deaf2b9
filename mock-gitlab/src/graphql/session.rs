//! One GraphQL request inside the lock of the world: resolvers want to own what they
//! look at, so the world is lent to them and comes back.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use super::Refusal;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::request::Request;
use crate::rest::conventions::authentication::Caller;
use crate::rest::conventions::licensing;
use crate::rest::conventions::parameters::Params;
use crate::routes::{Found, PathValues, Surface};
use crate::server::Shared;
use crate::world::World;

/// What resolvers share.
pub(super) struct Session {
    world: Mutex<World>,
    shared: Arc<Shared>,
    request: Request,
    caller: Caller,
    now: Timestamp,
    /// The token may change things.
    writes: bool,
}

/// Gives the world back when it goes, whatever happened.
pub(super) struct Lent<'a> {
    home: &'a mut World,
    pub(super) session: Arc<Session>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut world = self.session.lock();
        std::mem::swap(self.home, &mut world);
    }
}

impl Session {
    /// Takes the world out of a context.
    pub(super) fn lend<'a>(cx: &'a mut Cx<'_>, writes: bool) -> Lent<'a> {
        let session = Self {
            world: Mutex::new(World::bare()),
            shared: Arc::clone(cx.shared),
            request: cx.request.clone(),
            caller: cx.caller.clone(),
            now: cx.now,
            writes,
        };
        std::mem::swap(&mut *session.lock(), cx.world);
        Lent {
            home: cx.world,
            session: Arc::new(session),
        }
    }

    /// Works on the world.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Cx<'_>) -> R) -> R {
        let mut world = self.lock();
        let mut cx = Cx {
            world: &mut world,
            request: &self.request,
            site: &self.shared.site,
            shared: &self.shared,
            path: PathValues::default(),
            params: Params::default(),
            caller: self.caller.clone(),
            now: self.now,
        };
        work(&mut cx)
    }

    /// Whether the caller is signed in with a token that may change things.
    pub(super) const fn may_write(&self) -> bool {
        self.writes && self.caller.user.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the REST API from inside, as the same caller: permissions, state machines and
/// wording are the same then. `path` is below `/api/v4` and may have a query.
pub(super) fn rest(
    cx: &mut Cx<'_>,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Result<Page, Refusal> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    let request = Request {
        method: method.to_owned(),
        path: format!("/api/v4{path}"),
        query: query.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body,
        connection: cx.request.connection,
        address: cx.request.address,
        from_loopback: cx.request.from_loopback,
    };
    let Found::Route(route, path) = cx.shared.routes.find(method, &request.path) else {
        return Err(Refusal::Missing);
    };
    if route.surface != Surface::Rest || (method != "GET" && cx.caller.user.is_none()) {
        return Err(Refusal::Missing);
    }
    let params = Params::read(&request).map_err(|error| refusal(&error.into()))?;
    let mut inside = Cx {
        world: &mut *cx.world,
        request: &request,
        site: cx.site,
        shared: cx.shared,
        path,
        params,
        caller: cx.caller.clone(),
        now: cx.now,
    };
    let ran = licensing::check(&inside, route).and_then(|()| (route.handler)(&mut inside));
    let answer = match ran {
        Ok(answer) => answer,
        Err(error) => error.into(),
    };
    if answer.status >= 300 {
        return Err(refusal(&answer));
    }
    let total = answer.headers.iter().find(|(name, _)| *name == "X-Total");
    let more = answer
        .headers
        .iter()
        .any(|(name, value)| *name == "X-Next-Page" && !value.is_empty());
    Ok(Page {
        total: total.and_then(|(_, value)| value.parse().ok()),
        more,
        body: serde_json::from_slice(&answer.body).unwrap_or_default(),
    })
}

/// One object from inside; `null` for what is not there or may not be seen.
pub(super) fn one(cx: &mut Cx<'_>, path: &str) -> Value {
    rest(cx, "GET", path, None).map_or(Value::Null, |page| page.body)
}

/// An answer of the REST API.
pub(super) struct Page {
    pub(super) body: Value,
    pub(super) total: Option<usize>,
    pub(super) more: bool,
}

fn refusal(answer: &Answer) -> Refusal {
    if matches!(answer.status, 301 | 401 | 403 | 404) {
        return Refusal::Missing;
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = body.get("message").or_else(|| body.get("error"));
    let mut lines = Vec::new();
    flatten("", text.unwrap_or(&Value::Null), &mut lines);
    Refusal::Invalid(lines)
}

/// `{"title": ["can't be blank"]}` as `Title can't be blank`.
fn flatten(field: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| flatten(field, item, lines)),
        Value::Object(all) => all
            .iter()
            .for_each(|(name, item)| flatten(name, item, lines)),
        Value::String(text) if field.is_empty() => lines.push(text.clone()),
        other => {
            let text = other
                .as_str()
                .map_or_else(|| other.to_string(), str::to_owned);
            let mut name = field.replace('_', " ");
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            lines.push(format!("{name} {text}"));
        }
    }
}
