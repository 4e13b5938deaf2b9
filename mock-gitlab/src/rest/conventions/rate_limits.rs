//! Rate limits, when they are on: one in front of everything, and one for each of the
//! routes that GitLab.com guards. <https://docs.gitlab.com/security/rate_limits/>

use std::collections::BTreeMap;

use serde_json::json;

use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::request::Request;
use crate::routes::{Route, Surface};
use crate::world::World;

/// So many counters at most; those of past windows go first.
const COUNTERS: usize = 10_000;
const MINUTE: i64 = 60;

/// How often callers came, by limit and caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows(BTreeMap<(&'static str, String), (i64, u64)>);

impl Windows {
    /// Counts a request in its window of `seconds` and returns the number so far.
    fn count(&mut self, limit: &Limit, key: String, now: Timestamp) -> u64 {
        let window = now.as_seconds().div_euclid(limit.seconds);
        if self.0.len() >= COUNTERS {
            self.0
                .retain(|_, (at, _)| *at * MINUTE >= now.as_seconds() - 10 * MINUTE);
        }
        let counter = self.0.entry((limit.name, key)).or_insert((window, 0));
        if counter.0 != window {
            *counter = (window, 0);
        }
        counter.1 += 1;
        counter.1
    }
}

/// Who shares a counter.
#[derive(Clone, Copy, Debug)]
enum Key {
    Caller,
    Address,
    AddressAndPath,
}

/// So many requests in so many seconds.
#[derive(Clone, Copy, Debug)]
struct Limit {
    name: &'static str,
    most: u64,
    seconds: i64,
    key: Key,
}

const fn per(name: &'static str, most: u64, seconds: i64, key: Key) -> Limit {
    Limit {
        name,
        most,
        seconds,
        key,
    }
}

const SIGNED_IN: Limit = per("throttle_authenticated_api", 2000, MINUTE, Key::Caller);
const ANONYMOUS: Limit = per("throttle_unauthenticated_api", 500, MINUTE, Key::Address);
const PROTECTED: Limit = per("throttle_protected_paths", 10, MINUTE, Key::Address);

/// The limit of one route, if it has one of its own.
fn of_route(method: &str, pattern: &str) -> Option<Limit> {
    let path = pattern.strip_prefix("/api/v4/")?;
    let user = Key::Caller;
    Some(match (method, path) {
        ("POST", path) if path.ends_with("/notes") => per("notes_create", 60, MINUTE, user),
        ("POST", "projects/:id/issues") => per("issues_create", 200, MINUTE, user),
        ("POST", "projects/:id/pipeline") => per("pipelines_create", 25, MINUTE, user),
        ("GET", path) if path == "search" || path.ends_with("/search") => {
            per("search_rate_limit", 100, MINUTE, user)
        }
        ("GET", "projects") => per("projects_api", 2000, 10 * MINUTE, user),
        ("GET", "projects/:id") => per("project_api", 400, MINUTE, user),
        ("GET", "groups") => per("groups_api", 50, MINUTE, user),
        ("GET", path) if path.ends_with("/members") => per("members_api", 200, MINUTE, user),
        ("GET", "users/:id") => per("users_get_by_id", 300, 10 * MINUTE, user),
        ("GET", path) if path.contains("/repository/files/") => {
            per("files_api", 500, MINUTE, Key::AddressAndPath)
        }
        _ => return None,
    })
}

/// What the limits say about a request.
pub(crate) enum Verdict {
    /// Go on, and say so in these headers.
    Pass(Vec<(&'static str, String)>),
    /// Too many.
    Refuse(Answer),
}

/// Asks the limits, if they are on. `caller` is the user, when there is one.
pub(crate) fn ask(
    world: &mut World,
    request: &Request,
    route: &Route,
    caller: Option<u64>,
    now: Timestamp,
) -> Verdict {
    if route.surface == Surface::Control {
        return Verdict::Pass(Vec::new());
    }
    if let Some(limit) = of_settings(world, caller).filter(|_| route.surface == Surface::Rest) {
        let key = caller.map_or_else(|| request.address.to_string(), |id| id.to_string());
        let seen = world.windows.count(&limit, key, now);
        if seen > limit.most {
            return Verdict::Refuse(retry_later(&limit, seen, limit.most, now));
        }
    }
    if !world.quirks.rate_limits {
        return Verdict::Pass(Vec::new());
    }
    let edge = match caller {
        _ if request.path == "/users/sign_in" && !request.is_read() => PROTECTED,
        Some(_) => SIGNED_IN,
        None => ANONYMOUS,
    };
    let divisor = world.quirks.rate_limit_divisor.max(1);
    let mut count = |limit: &Limit| {
        let who = caller.map_or_else(|| request.address.to_string(), |id| id.to_string());
        let key = match limit.key {
            Key::Caller => who,
            Key::Address => request.address.to_string(),
            Key::AddressAndPath => format!("{} {}", request.address, request.path),
        };
        let most = (limit.most / divisor).max(1);
        (world.windows.count(limit, key, now), most)
    };
    let (seen, most) = count(&edge);
    let headers = informational(&edge, seen, most, now);
    if seen > most {
        return Verdict::Refuse(retry_later(&edge, seen, most, now));
    }
    if let Some(limit) = of_route(&request.method, route.pattern()) {
        let (seen, most) = count(&limit);
        if seen > most {
            let text = "This endpoint has been requested too many times. Try again later.";
            let answer = Answer::json_with(429, &json!({ "message": { "error": text } }))
                .header("Retry-After", until_end(&limit, now).to_string());
            return Verdict::Refuse(answer);
        }
    }
    Verdict::Pass(headers)
}

/// The limit an administrator switched on, if one did.
/// <https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/>
fn of_settings(world: &World, caller: Option<u64>) -> Option<Limit> {
    let (name, [enabled, most, seconds], usual) = if caller.is_some() {
        let names = [
            "throttle_authenticated_api_enabled",
            "throttle_authenticated_api_requests_per_period",
            "throttle_authenticated_api_period_in_seconds",
        ];
        ("throttle_authenticated_api", names, 7200)
    } else {
        let names = [
            "throttle_unauthenticated_api_enabled",
            "throttle_unauthenticated_api_requests_per_period",
            "throttle_unauthenticated_api_period_in_seconds",
        ];
        ("throttle_unauthenticated_api", names, 3600)
    };
    let settings = &world.administration.settings;
    settings
        .get(enabled)
        .filter(|value| **value == json!(true))?;
    let number = |name: &str| settings.get(name).and_then(serde_json::Value::as_i64);
    Some(Limit {
        name,
        most: u64::try_from(number(most).unwrap_or(usual)).unwrap_or(0),
        seconds: number(seconds).unwrap_or(3600).max(1),
        key: Key::Caller,
    })
}

fn retry_later(limit: &Limit, seen: u64, most: u64, now: Timestamp) -> Answer {
    let mut answer = Answer::text(429, "Retry later\n");
    answer.headers = informational(limit, seen, most, now);
    answer.header("Retry-After", until_end(limit, now).to_string())
}

fn until_end(limit: &Limit, now: Timestamp) -> i64 {
    limit.seconds - now.as_seconds().rem_euclid(limit.seconds)
}

/// <https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers>
fn informational(
    limit: &Limit,
    seen: u64,
    most: u64,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let reset = now.as_seconds() + until_end(limit, now);
    vec![
        ("RateLimit-Name", limit.name.to_owned()),
        ("RateLimit-Limit", most.to_string()),
        ("RateLimit-Observed", seen.to_string()),
        ("RateLimit-Remaining", most.saturating_sub(seen).to_string()),
        ("RateLimit-Reset", reset.to_string()),
        (
            "RateLimit-ResetTime",
            Timestamp::from_millis(reset * 1000).http_date(),
        ),
    ]
}
