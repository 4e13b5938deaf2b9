//! One request against the world: route, credentials, handler, standard headers.

use std::sync::Arc;

use serde_json::json;

use super::Shared;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::ledger::Who;
use crate::request::Request;
use crate::rest::conventions::authentication::{self, Caller};
use crate::rest::conventions::availability;
use crate::rest::conventions::licensing;
use crate::rest::conventions::parameters::Params;
use crate::rest::conventions::rate_limits::{self, Verdict};
use crate::routes::{Found, Surface};
use crate::world::World;

/// The answer, and who asked.
pub(super) fn answer(
    shared: &Arc<Shared>,
    world: &mut World,
    request: &Request,
    now: Timestamp,
) -> (Answer, Who) {
    let mut who = Who::default();
    let answer = match route(shared, world, request, now, &mut who) {
        Ok(answer) => answer,
        Err(error) => error.into(),
    };
    (answer, who)
}

fn route(
    shared: &Arc<Shared>,
    world: &mut World,
    request: &Request,
    now: Timestamp,
    who: &mut Who,
) -> Result<Answer, ApiError> {
    let (route, path) = match shared.routes.find(&request.method, &request.path) {
        Found::Route(route, path) => (route, path),
        Found::OtherMethods(others) => return Err(other_method(request, &others)),
        Found::Nothing => {
            let page = shared.routes.page(&request.path);
            page.filter(|_| request.is_read())
                .ok_or_else(|| nothing(request))?
        }
    };
    shared.coverage.hit(route.number);
    if route.surface == Surface::Control && !shared.control {
        return Err(nothing(request));
    }
    if route.surface == Surface::Control && !request.from_loopback {
        return Err(ApiError::forbidden_because(
            "the control API is for this machine only",
        ));
    }
    world.catch_up(now);
    let params = match Params::read(request) {
        // GraphQL reads its body by itself.
        Err(_) if route.surface == Surface::GraphQl => Params::default(),
        read => read?,
    };
    let caller = authentication::resolve(world, request, &params, route, now);
    let caller = caller.map_err(|error| match route.surface {
        Surface::GraphQl => ApiError::graphql_unauthorized(),
        _ => error,
    })?;
    *who = describe(world, &caller);
    let limits = match rate_limits::ask(world, request, route, caller.user, now) {
        Verdict::Pass(headers) => headers,
        Verdict::Refuse(answer) => return Ok(answer),
    };
    availability::check(&world.quirks, route, &caller)?;
    // GitLab asks anonymous callers to sign in before it looks at anything they want to change.
    let closed = route.surface == Surface::Rest && !route.open;
    if closed && !request.is_read() && caller.user.is_none() {
        return Err(ApiError::unauthorized());
    }
    let site = &shared.site;
    let mut cx = Cx {
        world,
        request,
        site,
        shared,
        path,
        params,
        caller,
        now,
    };
    let ran = licensing::check(&cx, route).and_then(|()| (route.handler)(&mut cx));
    let mut answer = match ran {
        Ok(answer) => answer,
        Err(error) => error.into(),
    };
    answer = crate::oauth::spell(&cx.world.quirks, request, answer);
    answer.headers.extend(limits);
    Ok(conditional(request, route.surface, answer))
}

fn describe(world: &World, caller: &Caller) -> Who {
    let name = |id: Option<u64>| {
        id.and_then(|id| world.users.get(&id))
            .map(|u| u.username.clone())
    };
    let session = caller.session.as_ref().map(|_| "session".to_owned());
    Who {
        user: name(caller.user),
        sudo_by: name(caller.sudo_by),
        kind: caller.kind.map(|kind| kind.name().to_owned()).or(session),
        token: caller.token.clone(),
    }
}

fn nothing(request: &Request) -> ApiError {
    if request.path.starts_with("/api/") {
        return ApiError::no_route();
    }
    let page = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Not Found</title></head>\
                <body><h1>404</h1><p>This page does not exist, or you may not see it.</p></body></html>\n";
    Answer::html(404, page).into()
}

/// <https://docs.gitlab.com/api/rest/#cross-origin-resource-sharing> answers OPTIONS
/// everywhere below `/api`; other methods are refused with the list of those that exist.
fn other_method(request: &Request, others: &[&str]) -> ApiError {
    let allow = format!("OPTIONS, {}", others.join(", "));
    let answer = if request.method == "OPTIONS" && request.path.starts_with("/api/") {
        Answer::no_content()
            .header("Access-Control-Allow-Origin", "*")
            .header("Access-Control-Allow-Methods", allow.clone())
            .header(
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type, Private-Token",
            )
    } else {
        Answer::json_with(405, &json!({ "error": "405 Not Allowed" }))
    };
    answer.header("Allow", allow).into()
}

/// Weak `ETag`s on successful JSON reads, 304 for those who have the answer already.
fn conditional(request: &Request, surface: Surface, answer: Answer) -> Answer {
    let fits = surface == Surface::Rest && answer.status == 200 && request.is_read();
    if !fits || answer.content_type != "application/json" {
        return answer;
    }
    let hash = crate::world::repository::blob_id(&answer.body);
    let tag = format!("W/\"{}\"", hash.chars().take(32).collect::<String>());
    let known = request.header("if-none-match").unwrap_or_default();
    // The comparison is weak: RFC 9110, section 13.1.2.
    let plain = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let same = known
        .split(',')
        .any(|known| known.trim() == "*" || plain(known) == plain(&tag));
    let answer = answer
        .header("ETag", tag)
        .header("Cache-Control", "max-age=0, private, must-revalidate");
    if same {
        Answer {
            status: 304,
            content_type: "",
            body: bytes::Bytes::new(),
            ..answer
        }
    } else {
        answer
    }
}
