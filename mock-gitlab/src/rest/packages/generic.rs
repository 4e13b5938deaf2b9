//! Generic packages: any file under a name and a version.
//! <https://docs.gitlab.com/user/packages/generic_packages/>

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{FILE, KIND, readable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::resources::Fields;
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::{Home, Project, Record};

pub(super) fn routes(table: &mut RouteTable) {
    let one = "projects/:id/packages/generic/:package_name/:package_version/:file_name";
    let deep = "projects/:id/packages/generic/:package_name/:package_version/:directory/:file_name";
    for path in [one, deep] {
        table.put(path, upload).job_token();
        table.get(path, download).job_token();
    }
    table
        .put(
            "projects/:id/packages/generic/:package_name/:package_version/:file_name/authorize",
            authorize,
        )
        .job_token();
}

/// Workhorse asks before it takes the bytes.
fn authorize(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.project_as(DEVELOPER)?;
    Ok(Answer::json(&json!({})))
}

fn find(cx: &Cx<'_>, project: &Project) -> Option<Record> {
    let (name, version) = (cx.path.get("package_name"), cx.path.get("package_version"));
    let mut all = cx.world.records_in(KIND, Home::Project(project.id));
    let found = all.find(|one| {
        one.text("package_type") == "generic"
            && one.text("name") == name
            && one.text("version") == version
    });
    found.cloned()
}

fn file_name(cx: &Cx<'_>) -> String {
    match cx.path.get("directory") {
        "" => cx.path.get("file_name").to_owned(),
        directory => format!("{directory}/{}", cx.path.get("file_name")),
    }
}

fn check(cx: &Cx<'_>) -> Result<(), ApiError> {
    let sane = |text: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-+~@/".contains(c);
        text.chars().all(fits) && !text.contains("..") && !text.starts_with('-')
    };
    for name in ["package_name", "package_version", "file_name"] {
        if !sane(cx.path.get(name)) {
            return Err(ApiError::invalid(name));
        }
    }
    Ok(())
}

/// The package of the path, made when it is not there yet.
fn ensure(cx: &mut Cx<'_>, project: &Project, author: u64, status: &str) -> u64 {
    if let Some(package) = find(cx, project) {
        return package.id;
    }
    let mut fields = Fields::new();
    for (name, value) in [
        ("name", cx.path.get("package_name")),
        ("version", cx.path.get("package_version")),
        ("package_type", "generic"),
        ("status", status),
    ] {
        fields.insert(name.to_owned(), json!(value));
    }
    let home = Home::Project(project.id);
    cx.world.add_record(KIND, home, fields, author, cx.now)
}

fn digest(content: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(content) {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
    }
    text
}

fn upload(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    cx.require(&project, DEVELOPER)?;
    let author = cx.user()?.id;
    check(cx)?;
    let select = cx.params.choice("select", &["package_file"])?;
    let status = cx.params.choice("status", &["default", "hidden"])?;
    let content = match cx.params.file("file") {
        Some(file) => file.content.clone(),
        None => cx.request.body.clone(),
    };
    let package = ensure(cx, &project, author, status.unwrap_or("default"));
    let digest = digest(&content);
    let mut fields = Fields::new();
    fields.insert("package_id".to_owned(), json!(package));
    fields.insert("file_name".to_owned(), json!(file_name(cx)));
    fields.insert("size".to_owned(), json!(content.len()));
    fields.insert("file_sha256".to_owned(), json!(digest));
    let home = Home::Record(KIND, package);
    let id = cx.world.add_record(FILE, home, fields, author, cx.now);
    let file = cx.world.record_mut(FILE, id).ok_or_else(ApiError::gone)?;
    file.content = Some(Arc::from(&content[..]));
    if select.is_none() {
        return Ok(Answer::created(&json!({ "message": "201 Created" })));
    }
    let file = file.clone();
    let url = format!(
        "/{}/-/package_files/{}/download",
        cx.world.project_path(&project),
        file.id
    );
    Ok(Answer::created(&json!({
        "id": file.id,
        "package_id": package,
        "created_at": file.created_at,
        "updated_at": file.updated_at,
        "size": file.number("size"),
        "file_store": 1,
        "file_md5": null,
        "file_sha1": null,
        "file_sha256": file.text("file_sha256"),
        "file_name": file.text("file_name"),
        "verification_retry_at": null,
        "verified_at": null,
        "verification_failure": null,
        "verification_retry_count": null,
        "verification_checksum": null,
        "verification_state": 0,
        "verification_started_at": null,
        "status": "default",
        "file": { "url": cx.site.url(&url) },
    })))
}

/// Of several files of one name the newest.
fn download(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let package = find(cx, &project).ok_or_else(|| ApiError::not_found("Package"))?;
    let name = file_name(cx);
    let content = cx
        .world
        .records_in(FILE, Home::Record(KIND, package.id))
        .rev()
        .find(|file| file.text("file_name") == name)
        .and_then(|file| file.content.clone());
    let content = content.ok_or_else(|| ApiError::not_found("Package File"))?;
    let now: Value = json!(cx.now);
    if let Some(package) = cx.world.record_mut(KIND, package.id) {
        package.set("last_downloaded_at", now);
    }
    let disposition = format!("attachment; filename=\"{name}\"");
    let answer = Answer::bytes("application/octet-stream", content.to_vec());
    Ok(answer.header("Content-Disposition", disposition))
}
