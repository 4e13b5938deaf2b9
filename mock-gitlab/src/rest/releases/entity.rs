//! How a release looks from outside.

use serde_json::{Value, json};

use super::links;
use crate::context::Cx;
use crate::rest::users::basic_by_id;
use crate::rest::{commits, milestones};
use crate::world::{Project, Record};

pub(super) fn entity(cx: &Cx<'_>, project: &Project, release: &Record) -> Value {
    let tag = release.text("tag_name");
    let path = cx.world.project_path(project);
    let url = cx.site.url(&format!("/{path}"));
    let repository = cx.world.repositories.get(&project.id);
    let commit = repository.and_then(|one| one.commit(&one.tags.get(tag)?.commit));
    let commit_path = commit.map(|commit| format!("/{path}/-/commit/{}", commit.id));
    let released = crate::Timestamp::parse(release.text("released_at"));
    let ids = release.fields.get("milestones").and_then(Value::as_array);
    let milestones: Vec<Value> = ids
        .into_iter()
        .flatten()
        .filter_map(|id| cx.world.milestones.get(&id.as_u64()?))
        .map(|milestone| milestones::entity(cx, milestone))
        .collect();
    let sources: Vec<Value> = ["zip", "tar.gz", "tar.bz2", "tar"]
        .into_iter()
        .map(|format| {
            let name = &project.path;
            json!({ "format": format, "url": format!("{url}/-/archive/{tag}/{name}-{tag}.{format}") })
        })
        .collect();
    let links = links::of(cx, release, &url, tag);
    let page = |query: &str| format!("{url}/-/{query}?release_tag={tag}&scope=all&state=");
    json!({
        "name": release.text("name"),
        "tag_name": tag,
        "description": release.fields.get("description"),
        "created_at": release.created_at,
        "released_at": release.fields.get("released_at"),
        "upcoming_release": released.is_some_and(|at| at > cx.now),
        "author": basic_by_id(cx, release.author),
        "commit": commit.map(|commit| commits::entity(cx, project, commit)),
        "milestones": milestones,
        "commit_path": commit_path,
        "tag_path": format!("/{path}/-/tags/{tag}"),
        "assets": {
            "count": sources.len() + links.len(),
            "sources": sources,
            "links": links,
        },
        "evidences": release.fields.get("evidences").cloned().unwrap_or_else(|| json!([])),
        "_links": {
            "self": format!("{url}/-/releases/{tag}"),
            "edit_url": format!("{url}/-/releases/{tag}/edit"),
            "closed_issues_url": format!("{}closed", page("issues")),
            "opened_issues_url": format!("{}opened", page("issues")),
            "closed_merge_requests_url": format!("{}closed", page("merge_requests")),
            "merged_merge_requests_url": format!("{}merged", page("merge_requests")),
            "opened_merge_requests_url": format!("{}opened", page("merge_requests")),
        },
    })
}
