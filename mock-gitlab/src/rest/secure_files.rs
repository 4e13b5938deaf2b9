//! Secure files of a project. <https://docs.gitlab.com/api/secure_files/>

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::conventions::resources::{
    Field, Fields, Place, Resource, Spec, create, delete, find, get, in_project, list,
};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;
use crate::world::access::{DEVELOPER, MAINTAINER};

/// GitLab's limit for one file.
const MOST_BYTES: usize = 5 * 1024 * 1024;

struct SecureFiles;

impl Resource for SecureFiles {
    const SPEC: Spec = Spec {
        kind: "secure file",
        word: "",
        fields: &[Field::text("name").required()],
        read: DEVELOPER,
        write: MAINTAINER,
        parameter: "secure_file_id",
        unique: &["name"],
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    let all = "projects/:id/secure_files";
    let one = "projects/:id/secure_files/:secure_file_id";
    table
        .get(all, |cx| list(cx, &SecureFiles::SPEC))
        .job_token();
    table.post(all, add).job_token();
    table.get(one, |cx| get(cx, &SecureFiles::SPEC)).job_token();
    table.get(&format!("{one}/download"), download).job_token();
    table
        .delete(one, |cx| delete(cx, &SecureFiles::SPEC))
        .job_token();
}

fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let file = cx.params.file("file");
    let file = file.ok_or_else(|| ApiError::missing("file"))?;
    if file.content.len() > MOST_BYTES {
        return Err(ApiError::message(413, "413 Request Entity Too Large"));
    }
    let mut digest = String::new();
    for byte in Sha256::digest(&file.content) {
        // Writing to a String cannot fail.
        write!(digest, "{byte:02x}").ok();
    }
    fields.insert("checksum".to_owned(), json!(digest));
    Ok(())
}

fn view(_cx: &Cx<'_>, file: &Record, all: &mut Fields) {
    all.remove("updated_at");
    all.insert("checksum".to_owned(), json!(file.text("checksum")));
    all.insert("checksum_algorithm".to_owned(), json!("sha256"));
    all.insert("expires_at".to_owned(), Value::Null);
    all.insert("metadata".to_owned(), Value::Null);
    let ending = file.text("name").rsplit_once('.').map(|(_, ending)| ending);
    all.insert("file_extension".to_owned(), json!(ending));
}

fn add(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let answer = create(cx, &SecureFiles::SPEC)?;
    let content = cx.params.file("file").map(|file| file.content.clone());
    let kind = SecureFiles::SPEC.kind;
    let newest = cx.world.records_of_kind(kind).next_back();
    let newest = newest.map(|file| file.id);
    let newest = newest.and_then(|id| cx.world.record_mut(kind, id));
    if let (Some(file), Some(content)) = (newest, content) {
        file.content = Some(content.to_vec().into());
    }
    Ok(answer)
}

fn download(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = in_project(cx)?;
    cx.user()?;
    if place.level < DEVELOPER {
        return Err(ApiError::forbidden());
    }
    let file = find(cx, &SecureFiles::SPEC, &place)?;
    let content = file.content.as_ref().ok_or_else(ApiError::gone)?;
    let name = format!("attachment; filename=\"{}\"", file.text("name"));
    let answer = Answer::bytes("application/octet-stream", content.to_vec());
    Ok(answer.header("Content-Disposition", name))
}
