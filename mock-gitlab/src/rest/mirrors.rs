//! Mirrors: what a project pushes to, and what it pulls from.
//! <https://docs.gitlab.com/api/remote_mirrors/>

use serde_json::{Value, json};

use super::conventions::resources::{
    Field, Fields, Place, Resource, Spec, find, in_project, routes as five,
};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Record};

struct RemoteMirrors;

impl Resource for RemoteMirrors {
    const SPEC: Spec = Spec {
        kind: "remote mirror",
        word: "",
        fields: &[
            Field::flag("enabled", false),
            Field::text("url").required(),
            Field::flag("keep_divergent_refs", false),
            Field::flag("only_protected_branches", false),
            Field::text("mirror_branch_regex"),
            Field::choice("auth_method", &["password", "ssh_public_key"]),
            Field::any("host_keys"),
        ],
        parameter: "mirror_id",
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<RemoteMirrors>(table, "projects/:id/remote_mirrors");
    table.post("projects/:id/remote_mirrors/:mirror_id/sync", sync);
    table.get(
        "projects/:id/remote_mirrors/:mirror_id/public_key",
        public_key,
    );
    table.get("projects/:id/mirror/pull", pull);
    table.put("projects/:id/mirror/pull", set_pull);
    table.post("projects/:id/mirror/pull", start_pull);
}

/// `https://user:password@host/…` with the password, and the name, behind stars.
fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://*****:*****@{host}/{path}"),
        None => url.to_owned(),
    }
}

fn check_url(url: &str) -> Result<(), ApiError> {
    let schemes = ["http://", "https://", "ssh://", "git://"];
    if schemes.iter().any(|scheme| url.starts_with(scheme)) && !url.contains(' ') {
        return Ok(());
    }
    let text = "is blocked: Only allowed schemes are http, https, ssh, git";
    Err(ApiError::validation("url", text))
}

fn check(
    _cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let url = fields.get("url").and_then(Value::as_str);
    check_url(url.unwrap_or_default())
}

fn view(_cx: &Cx<'_>, mirror: &Record, all: &mut Fields) {
    all.insert("url".to_owned(), json!(masked(mirror.text("url"))));
    let state = match mirror.text("update_status") {
        "" => "none",
        state => state,
    };
    all.insert("update_status".to_owned(), json!(state));
    for name in [
        "last_error",
        "last_update_at",
        "last_update_started_at",
        "last_successful_update_at",
    ] {
        let value = mirror.fields.get(name).cloned();
        all.insert(name.to_owned(), value.unwrap_or(Value::Null));
    }
}

fn writable(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let place = in_project(cx)?;
    cx.user()?;
    if place.level < MAINTAINER {
        return Err(ApiError::forbidden());
    }
    Ok(place)
}

/// Nothing leaves the mock: the update is written down as done.
fn sync(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = writable(cx)?;
    let mut mirror = find(cx, &RemoteMirrors::SPEC, &place)?;
    if !mirror.flag("enabled") {
        let text =
            "Cannot proceed with the push mirroring. Please verify your mirror configuration.";
        return Err(ApiError::bad_request(text));
    }
    mirror.set("update_status", "finished");
    for name in [
        "last_update_at",
        "last_update_started_at",
        "last_successful_update_at",
    ] {
        mirror.set(name, json!(cx.now));
    }
    cx.world
        .records
        .insert((RemoteMirrors::SPEC.kind, mirror.id), mirror);
    Ok(Answer::no_content())
}

fn public_key(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = writable(cx)?;
    let mirror = find(cx, &RemoteMirrors::SPEC, &place)?;
    if mirror.text("auth_method") != "ssh_public_key" {
        return Err(ApiError::gone());
    }
    let key = format!("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABmirror{}", mirror.id);
    Ok(Answer::json(&json!({ "public_key": key })))
}

const PULL: &str = "pull mirror";

fn pull_mirror(cx: &Cx<'_>, home: Home) -> Option<Record> {
    cx.world.records_in(PULL, home).next().cloned()
}

fn pull_entity(mirror: &Record) -> Value {
    let time = |name: &str| mirror.fields.get(name).cloned().unwrap_or(Value::Null);
    let status = match mirror.text("update_status") {
        "" => "none",
        status => status,
    };
    json!({
        "id": mirror.id,
        "last_error": null,
        "last_successful_update_at": time("last_successful_update_at"),
        "last_update_at": time("last_update_at"),
        "last_update_started_at": time("last_update_started_at"),
        "update_status": status,
        "url": masked(mirror.text("url")),
        "enabled": mirror.flag("enabled"),
        "mirror_trigger_builds": mirror.flag("mirror_trigger_builds"),
        "only_mirror_protected_branches": mirror.flag("only_mirror_protected_branches"),
        "mirror_overwrites_diverged_branches": mirror.flag("mirror_overwrites_diverged_branches"),
        "mirror_branch_regex": mirror.fields.get("mirror_branch_regex"),
    })
}

fn pull(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = writable(cx)?;
    let mirror = pull_mirror(cx, place.home);
    let mirror = mirror.ok_or_else(|| ApiError::bad_request("The project is not mirrored"))?;
    Ok(Answer::json(&pull_entity(&mirror)))
}

fn set_pull(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = writable(cx)?;
    let author = cx.user()?.id;
    let former = pull_mirror(cx, place.home);
    let mut fields = former
        .as_ref()
        .map_or_else(Fields::new, |mirror| mirror.fields.clone());
    if let Some(url) = cx.params.filled("url") {
        check_url(&url)?;
        fields.insert("url".to_owned(), json!(url));
    }
    for name in [
        "enabled",
        "mirror_trigger_builds",
        "only_mirror_protected_branches",
        "mirror_overwrites_diverged_branches",
    ] {
        if let Some(flag) = cx.params.flag(name)? {
            fields.insert(name.to_owned(), json!(flag));
        }
    }
    if let Some(text) = cx.params.text("mirror_branch_regex") {
        fields.insert("mirror_branch_regex".to_owned(), json!(text));
    }
    let id = match former {
        Some(mirror) => {
            let id = mirror.id;
            cx.world
                .records
                .insert((PULL, id), Record { fields, ..mirror });
            id
        }
        None => cx
            .world
            .add_record(PULL, place.home, fields, author, cx.now),
    };
    let mirror = cx.world.record(PULL, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&pull_entity(mirror)))
}

fn start_pull(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = writable(cx)?;
    let mirror = pull_mirror(cx, place.home).filter(|mirror| mirror.flag("enabled"));
    let mut mirror = mirror.ok_or_else(|| ApiError::bad_request("The project is not mirrored"))?;
    mirror.set("update_status", "finished");
    for name in ["last_successful_update_at", "last_update_at"] {
        mirror.set(name, json!(cx.now));
    }
    cx.world.records.insert((PULL, mirror.id), mirror);
    Ok(Answer::json(&json!(200)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_addresses_are_hidden() {
        for (url, wanted) in [
            ("https://a.example/b.git", "https://a.example/b.git"),
            (
                "https://u:p@a.example/b.git",
                "https://*****:*****@a.example/b.git",
            ),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(masked(url), wanted);
        }
    }
}
