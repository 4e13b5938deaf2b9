//! Tags. <https://docs.gitlab.com/api/tags/>

use serde_json::{Value, json};

use super::branches::{is_valid_name, search_fits};
use super::commits;
use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::repository::{Tag, blob_id};
use crate::world::{Project, Repository};

pub(crate) fn routes(table: &mut RouteTable) {
    table
        .get("projects/:id/repository/tags", list)
        .also(&["read_repository"]);
    table.post("projects/:id/repository/tags", create);
    table
        .get("projects/:id/repository/tags/:tag_name", get)
        .also(&["read_repository"]);
    table.delete("projects/:id/repository/tags/:tag_name", delete);
    table
        .get(
            "projects/:id/repository/tags/:tag_name/signature",
            signature,
        )
        .also(&["read_repository"]);
}

fn entity(cx: &Cx<'_>, project: &Project, repository: &Repository, name: &str, tag: &Tag) -> Value {
    let commit = repository.commit(&tag.commit);
    json!({
        "name": name,
        "message": tag.message.clone().unwrap_or_default(),
        "target": tag.commit,
        "commit": commit.map(|commit| commits::entity(cx, project, commit)),
        "release": null,
        "protected": false,
        "created_at": tag.tagger.as_ref().map(|person| person.at),
    })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let search = cx.params.filled("search").unwrap_or_default();
    let order = cx
        .params
        .choice("order_by", &["name", "updated", "version"])?;
    let ascending = cx.params.ascending(false)?;
    let repository = cx.repository(&project)?;
    let mut tags: Vec<_> = repository
        .tags
        .iter()
        .filter(|(name, _)| search_fits(&search, name))
        .collect();
    if order.unwrap_or("updated") == "updated" {
        tags.sort_by_key(|(name, tag)| {
            let commit = repository
                .commit(&tag.commit)
                .map(|commit| commit.committer.at);
            (
                tag.tagger.as_ref().map(|person| person.at).or(commit),
                (*name).clone(),
            )
        });
    }
    if !ascending {
        tags.reverse();
    }
    pagination::offset(cx, &tags, |(name, tag)| {
        entity(cx, &project, repository, name, tag)
    })
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let name = cx.path.get("tag_name");
    let tag = repository
        .tags
        .get(name)
        .ok_or_else(|| ApiError::not_found("Tag"))?;
    Ok(Answer::json(&entity(cx, &project, repository, name, tag)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let (name, from) = (cx.params.required("tag_name")?, cx.params.required("ref")?);
    let message = cx.params.filled("message");
    let tagger = cx.person(&cx.user()?);
    if !is_valid_name(&name) {
        return Err(ApiError::bad_request("Tag name invalid"));
    }
    let repository = cx.repository_mut(&project)?;
    if repository.tags.contains_key(&name) {
        return Err(ApiError::bad_request(&format!("Tag {name} already exists")));
    }
    let Some(commit) = repository.resolve(&from).map(|commit| commit.id.clone()) else {
        return Err(ApiError::bad_request(&format!("Target {from} is invalid")));
    };
    // Only annotated tags remember who made them.
    let tagger = message.is_some().then_some(tagger);
    let tag = Tag {
        commit,
        message,
        tagger,
        signature: None,
    };
    repository.tags.insert(name.clone(), tag.clone());
    let repository = cx.repository(&project)?;
    Ok(Answer::created(&entity(
        cx, &project, repository, &name, &tag,
    )))
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let name = cx.path.get("tag_name").to_owned();
    let removed = cx.repository_mut(&project)?.tags.remove(&name);
    removed
        .map(|_| Answer::no_content())
        .ok_or_else(|| ApiError::not_found("Tag"))
}

/// The X.509 signature of a tag.
fn signature(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let tags = &cx.repository(&project)?.tags;
    let tag = tags.get(cx.path.get("tag_name"));
    let tag = tag.ok_or_else(|| ApiError::not_found("Tag"))?;
    let signature = tag.signature.as_ref();
    let signature = signature.ok_or_else(|| ApiError::not_found("Signature"))?;
    let status = if signature.verified {
        "verified"
    } else {
        "unverified"
    };
    Ok(Answer::json(&json!({
        "signature_type": "X509",
        "verification_status": status,
        "x509_certificate": {
            "id": 1,
            "subject": signature.subject,
            "subject_key_identifier": fingerprint(&signature.subject),
            "email": signature.email,
            "serial_number": 278_969_561_018_901_u64,
            "certificate_status": "good",
            "x509_issuer": {
                "id": 1,
                "subject": signature.issuer,
                "subject_key_identifier": fingerprint(&signature.issuer),
                "crl_url": null,
            },
        },
    })))
}

/// Stands in for the identifier of a key: twenty bytes that follow from the subject.
fn fingerprint(subject: &str) -> String {
    let id = blob_id(subject.as_bytes()).to_uppercase();
    let pairs = id.as_bytes().chunks(2);
    let pairs: Vec<String> = pairs
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    pairs.join(":")
}
