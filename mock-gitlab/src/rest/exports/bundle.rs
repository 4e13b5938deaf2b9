//! The archive of an export: a gzipped tar with `VERSION`, `tree/project.json` and
//! `repository.json`. It holds what an import needs to make the same again.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::repository::archive::{broken, gzipped, tarred};
use crate::world::repository::{
    Commit, EXECUTABLE, FileEntry, Files, NewCommit, Person, REGULAR, Tag,
};
use crate::world::{Owner, Project, Repository};

/// Bigger archives are refused when they are unpacked.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// Written to every archive; others cannot be read.
const VERSION: &str = "0.2.4";

/// A project as an archive.
pub(super) fn of_project(cx: &Cx<'_>, project: &Project) -> Result<Vec<u8>, ApiError> {
    let world = &cx.world;
    let owner = Owner::Project(project.id);
    let labels = world.labels.values().filter(|label| label.owner == owner);
    let milestones = world.milestones.values().filter(|one| one.owner == owner);
    let issues = world
        .issues
        .values()
        .filter(|one| one.project == project.id);
    let whole = json!({
        "name": project.name,
        "description": project.description,
        "visibility": project.visibility.name(),
        "topics": project.topics,
        "settings": project.settings,
        "labels": labels.map(|label| json!({
            "name": label.name, "color": label.color, "description": label.description,
            "priority": label.priority,
        })).collect::<Value>(),
        "milestones": milestones.map(|one| json!({
            "title": one.title, "description": one.description, "due_date": one.due_date,
            "state": one.state,
        })).collect::<Value>(),
        "issues": issues.map(|issue| json!({
            "title": issue.title, "description": issue.description, "state": issue.state,
            "labels": issue.labels,
        })).collect::<Value>(),
    });
    let repository = cx.repository(project).map(written)?;
    let files = [
        ("VERSION".to_owned(), VERSION.as_bytes().to_vec()),
        (
            "tree/project.json".to_owned(),
            whole.to_string().into_bytes(),
        ),
        (
            "repository.json".to_owned(),
            repository.to_string().into_bytes(),
        ),
    ];
    pack(&files, cx.now)
}

/// Packs files the way exports are packed.
pub(super) fn pack(files: &[(String, Vec<u8>)], now: Timestamp) -> Result<Vec<u8>, ApiError> {
    let tar = tarred(files, now.as_seconds()).map_err(broken)?;
    gzipped(&tar).map_err(broken)
}

/// The JSON files of an archive by name; none when it is no export.
pub(super) fn unpack(bytes: &[u8]) -> Option<BTreeMap<String, Value>> {
    let plain = flate2::read::GzDecoder::new(bytes).take(MOST_BYTES);
    let mut archive = tar::Archive::new(plain);
    let mut files = BTreeMap::new();
    for entry in archive.entries().ok()? {
        let mut entry = entry.ok()?;
        let name = entry.path().ok()?.to_string_lossy().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).ok()?;
        let value = if name == "VERSION" {
            Value::String(text)
        } else {
            serde_json::from_str(&text).ok()?
        };
        files.insert(name, value);
    }
    let known = files.get("VERSION").and_then(Value::as_str) == Some(VERSION);
    known.then_some(files)
}

fn person(person: &Person) -> Value {
    json!({ "name": person.name, "email": person.email, "at": person.at.as_millis() })
}

fn written(repository: &Repository) -> Value {
    let heads = repository.branches.values();
    let tagged = repository.tags.values().map(|tag| &tag.commit);
    let heads: Vec<&Commit> = heads
        .chain(tagged)
        .filter_map(|id| repository.commit(id))
        .collect();
    let mut log = repository.log(&heads);
    log.reverse();
    let mut blobs = Map::new();
    let mut commits = Vec::new();
    for commit in log {
        let mut files = Map::new();
        for (path, entry) in repository.files(commit) {
            if let Some(blob) = repository.blob(&entry.blob) {
                blobs
                    .entry(entry.blob.clone())
                    .or_insert_with(|| STANDARD.encode(blob).into());
            }
            files.insert(path, json!([entry.mode, entry.blob]));
        }
        commits.push(json!({
            "id": commit.id, "parents": commit.parents, "message": commit.message,
            "author": person(&commit.author), "committer": person(&commit.committer),
            "files": files,
        }));
    }
    let tags: Map<String, Value> = repository
        .tags
        .iter()
        .map(|(name, tag)| {
            let value = json!({ "commit": tag.commit, "message": tag.message });
            (name.clone(), value)
        })
        .collect();
    json!({
        "default_branch": repository.default_branch,
        "branches": repository.branches,
        "tags": tags,
        "blobs": blobs,
        "commits": commits,
    })
}

fn read_person(value: Option<&Value>) -> Option<Person> {
    let value = value?;
    Some(Person {
        name: value.get("name")?.as_str()?.to_owned(),
        email: value.get("email")?.as_str()?.to_owned(),
        at: Timestamp::from_millis(value.get("at")?.as_i64()?),
    })
}

/// A repository from its description; none when it makes no sense. Contents hash to the
/// same ids, and so commits get theirs back as well.
pub(super) fn repository(value: &Value) -> Option<Repository> {
    let mut made = Repository::new(value.get("default_branch")?.as_str()?);
    for encoded in value.get("blobs")?.as_object()?.values() {
        made.add_blob(&STANDARD.decode(encoded.as_str()?).ok()?);
    }
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    for commit in value.get("commits")?.as_array()? {
        let new = read_commit(commit, &ids)?;
        let id = made.write_commit(&read_files(commit, &made)?, new);
        ids.insert(commit.get("id")?.as_str()?, id);
    }
    for (name, head) in value.get("branches")?.as_object()? {
        let id = ids.get(head.as_str()?)?.clone();
        made.branches.insert(name.clone(), id);
    }
    made.tags = read_tags(value, &ids)?;
    Some(made)
}

fn read_tags(value: &Value, ids: &BTreeMap<&str, String>) -> Option<BTreeMap<String, Tag>> {
    let mut tags = BTreeMap::new();
    for (name, tag) in value.get("tags")?.as_object()? {
        let tag = Tag {
            commit: ids.get(tag.get("commit")?.as_str()?)?.clone(),
            message: tag.get("message")?.as_str().map(str::to_owned),
            tagger: None,
            signature: None,
        };
        tags.insert(name.clone(), tag);
    }
    Some(tags)
}

fn read_files(commit: &Value, made: &Repository) -> Option<Files> {
    let mut files = Files::new();
    for (path, entry) in commit.get("files")?.as_object()? {
        let executable = entry.get(0)?.as_str()? == EXECUTABLE;
        let bits = if executable { EXECUTABLE } else { REGULAR };
        let id = entry.get(1)?.as_str()?;
        made.blob(id)?;
        let entry = FileEntry {
            mode: bits,
            blob: id.to_owned(),
        };
        files.insert(path.clone(), entry);
    }
    Some(files)
}

fn read_commit(commit: &Value, ids: &BTreeMap<&str, String>) -> Option<NewCommit> {
    let parents = commit.get("parents")?.as_array()?.iter();
    let parents: Option<Vec<String>> = parents
        .map(|parent| ids.get(parent.as_str()?).cloned())
        .collect();
    Some(NewCommit {
        parents: parents?,
        author: read_person(commit.get("author"))?,
        committer: read_person(commit.get("committer"))?,
        message: commit.get("message")?.as_str()?.to_owned(),
    })
}
