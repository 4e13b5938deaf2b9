//! How packages and their files look from outside.

use serde_json::{Value, json};

use crate::context::Cx;
use crate::world::{Project, Record};

pub(super) fn entity(cx: &Cx<'_>, project: &Project, package: &Record) -> Value {
    let path = cx.world.project_path(project);
    let api = cx
        .site
        .api_url(&format!("/projects/{}/packages/{}", project.id, package.id));
    json!({
        "id": package.id,
        "name": package.text("name"),
        "version": package.text("version"),
        "package_type": package.text("package_type"),
        "status": package.text("status"),
        "_links": {
            "web_path": format!("/{path}/-/packages/{}", package.id),
            "delete_api_path": api,
        },
        "created_at": package.created_at,
        "last_downloaded_at": package.fields.get("last_downloaded_at"),
        "tags": [],
        "pipeline": null,
        "pipelines": [],
    })
}

pub(super) fn file_entity(file: &Record) -> Value {
    json!({
        "id": file.id,
        "package_id": file.number("package_id"),
        "created_at": file.created_at,
        "file_name": file.text("file_name"),
        "size": file.number("size"),
        "file_md5": null,
        "file_sha1": null,
        "file_sha256": file.text("file_sha256"),
        "pipelines": [],
    })
}
