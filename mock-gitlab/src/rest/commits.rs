//! Commits. <https://docs.gitlab.com/api/commits/>

pub(crate) mod actions;
mod comments;
mod entities;
mod picking;
mod statuses;

pub(crate) use entities::{diff_entity, entity, with_stats};

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::repositories::revision;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::repository::{Commit, Repository};

pub(crate) fn routes(table: &mut RouteTable) {
    table
        .get("projects/:id/repository/commits", list)
        .also(&["read_repository"]);
    table.post("projects/:id/repository/commits", actions::create);
    table
        .get("projects/:id/repository/commits/:sha", get)
        .also(&["read_repository"]);
    table
        .get("projects/:id/repository/commits/:sha/diff", diff)
        .also(&["read_repository"]);
    table.get("projects/:id/repository/commits/:sha/refs", refs);
    let one = "projects/:id/repository/commits/:sha";
    table.get(&format!("{one}/statuses"), statuses::list);
    table
        .post("projects/:id/statuses/:sha", statuses::report)
        .job_token();
    table.get(&format!("{one}/comments"), comments::list);
    table.post(&format!("{one}/comments"), comments::create);
    table.get(&format!("{one}/sequence"), comments::sequence);
    table.get(&format!("{one}/signature"), comments::signature);
    table.post(&format!("{one}/cherry_pick"), picking::cherry_pick);
    table.post(&format!("{one}/revert"), picking::revert);
    table.get(
        "projects/:id/repository/commits/:sha/merge_requests",
        merge_requests,
    );
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    if repository.is_empty() {
        return pagination::offset(cx, &[] as &[Commit], |_| Value::Null);
    }
    let commits = wanted(cx, repository)?;
    let stats = cx.params.is_set("with_stats")?;
    let answer = pagination::offset(cx, &commits, |commit| {
        if stats {
            with_stats(cx, &project, repository, commit)
        } else {
            entity(cx, &project, commit)
        }
    })?;
    // GitLab does not count commits.
    let uncounted = |name: &str| !matches!(name, "X-Total" | "X-Total-Pages");
    let headers = answer
        .headers
        .into_iter()
        .filter(|(name, _)| uncounted(name));
    let headers = headers.map(|(name, value)| match name {
        "Link" => (name, without_last(&value)),
        _ => (name, value),
    });
    Ok(Answer {
        headers: headers.collect(),
        ..answer
    })
}

fn without_last(link: &str) -> String {
    let kept = link
        .split(", ")
        .filter(|part| !part.ends_with("rel=\"last\""));
    kept.collect::<Vec<_>>().join(", ")
}

fn wanted<'a>(cx: &Cx<'_>, repository: &'a Repository) -> Result<Vec<&'a Commit>, ApiError> {
    let params = &cx.params;
    let name = params
        .filled("ref_name")
        .unwrap_or_else(|| "HEAD".to_owned());
    let mut commits = if params.is_set("all")? {
        let heads: Vec<&Commit> = repository
            .branches
            .values()
            .filter_map(|id| repository.commit(id))
            .collect();
        repository.log(&heads)
    } else if let Some((from, to)) = name.split_once("..") {
        let from = revision(repository, from, "Ref")?;
        repository.between(
            from,
            revision(repository, to.trim_start_matches('.'), "Ref")?,
        )
    } else if params.is_set("first_parent")? {
        let head = Some(revision(repository, &name, "Commit")?);
        let parent =
            |commit: &&'a Commit| commit.parents.first().and_then(|id| repository.commit(id));
        std::iter::successors(head, parent).collect()
    } else {
        repository.log(&[revision(repository, &name, "Commit")?])
    };
    let (since, until) = (params.time("since")?, params.time("until")?);
    let author = params.filled("author").map(|text| text.to_lowercase());
    let path = params.filled("path");
    commits.retain(|commit| {
        let by = format!("{} <{}>", commit.author.name, commit.author.email).to_lowercase();
        since.is_none_or(|bound| commit.committer.at >= bound)
            && until.is_none_or(|bound| commit.committer.at <= bound)
            && author.as_ref().is_none_or(|text| by.contains(text))
            && path
                .as_ref()
                .is_none_or(|path| repository.touches(commit, path.trim_matches('/')))
    });
    Ok(commits)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let commit = revision(repository, cx.path.get("sha"), "Commit")?;
    let stats = cx.params.flag("stats")?.unwrap_or(true);
    let mut value = if stats {
        with_stats(cx, &project, repository, commit)
    } else {
        entity(cx, &project, commit)
    };
    let pipelines = cx.world.pipelines.values().rev();
    let last = pipelines
        .into_iter()
        .find(|p| p.project == project.id && p.sha == commit.id);
    if let Value::Object(all) = &mut value {
        all.insert(
            "status".to_owned(),
            json!(last.map(|pipeline| &pipeline.status)),
        );
        all.insert("project_id".to_owned(), json!(project.id));
        all.insert("last_pipeline".to_owned(), last.map_or(Value::Null, |p| {
            json!({ "id": p.id, "iid": p.iid, "project_id": p.project, "sha": p.sha, "ref": p.r#ref,
                    "status": p.status, "source": p.source, "created_at": p.created_at,
                    "updated_at": p.updated_at })
        }));
    }
    Ok(Answer::json(&value))
}

fn diff(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let commit = revision(repository, cx.path.get("sha"), "Commit")?;
    let unified = cx.params.is_set("unidiff")?;
    let diffs = repository.diff_of(commit);
    pagination::offset(cx, &diffs, |diff| diff_entity(diff, unified))
}

fn refs(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let commit = revision(repository, cx.path.get("sha"), "Commit")?;
    let kind = cx
        .params
        .choice("type", &["branch", "tag", "all"])?
        .unwrap_or("all");
    let has = |id: &str| {
        repository
            .commit(id)
            .is_some_and(|head| repository.contains(head, &commit.id))
    };
    let branches = repository
        .branches
        .iter()
        .filter(|(_, id)| kind != "tag" && has(id));
    let tags = repository
        .tags
        .iter()
        .filter(|(_, tag)| kind != "branch" && has(&tag.commit));
    let all: Vec<Value> = branches
        .map(|(name, _)| json!({ "type": "branch", "name": name }))
        .chain(tags.map(|(name, _)| json!({ "type": "tag", "name": name })))
        .collect();
    pagination::offset(cx, &all, Value::clone)
}

fn merge_requests(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let sha = revision(repository, cx.path.get("sha"), "Commit")?
        .id
        .clone();
    let has = |mr: &&crate::world::MergeRequest| {
        let commits = cx.world.commits_of_merge_request(mr);
        mr.project == project.id
            && (mr.merge_commit_sha.as_ref() == Some(&sha)
                || mr.squash_commit_sha.as_ref() == Some(&sha)
                || commits.iter().any(|commit| commit.id == sha))
    };
    let found: Vec<_> = cx.world.merge_requests.values().filter(has).collect();
    pagination::offset(cx, &found, |mr| super::merge_requests::entity(cx, mr))
}
