//! Files for Markdown texts. <https://docs.gitlab.com/api/project_markdown_uploads/>

use std::sync::Arc;

use serde_json::json;

use super::conventions::pagination;
use super::conventions::resources::Fields;
use super::users::basic_by_id;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Record};

const KIND: &str = "upload";

pub(crate) fn routes(table: &mut RouteTable) {
    table.post("projects/:id/uploads", create);
    table.get("projects/:id/uploads", list);
    table.get("projects/:id/uploads/:upload_id", by_id);
    table.delete("projects/:id/uploads/:upload_id", delete_by_id);
    table.get("projects/:id/uploads/:secret/:filename", by_name);
    table.delete("projects/:id/uploads/:secret/:filename", delete_by_name);
}

const PICTURES: [&str; 8] = [
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".svg", ".webp", ".ico",
];

/// As GitLab's uploader: odd letters become underscores.
fn sanitized(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let sane = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let text: String = last
        .chars()
        .map(|c| if sane(c) { c } else { '_' })
        .collect();
    if text.trim_matches('.').is_empty() {
        "unknown".to_owned()
    } else {
        text
    }
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let author = cx.user()?.id;
    let file = cx.params.file("file").cloned();
    let file = file.ok_or_else(|| ApiError::missing("file"))?;
    let name = sanitized(&file.filename);
    let secret = cx.world.ids.hex("upload", 32);
    let mut fields = Fields::new();
    fields.insert("secret".to_owned(), json!(secret));
    fields.insert("filename".to_owned(), json!(name));
    fields.insert("size".to_owned(), json!(file.content.len()));
    let home = Home::Project(project.id);
    let id = cx.world.add_record(KIND, home, fields, author, cx.now);
    if let Some(upload) = cx.world.record_mut(KIND, id) {
        upload.content = Some(Arc::from(&file.content[..]));
    }
    let url = format!("/uploads/{secret}/{name}");
    let lower = name.to_lowercase();
    let picture = PICTURES.iter().any(|ending| lower.ends_with(ending));
    let alt = match name.rsplit_once('.') {
        Some((stem, _)) if picture => stem,
        _ => name.as_str(),
    };
    let bang = if picture { "!" } else { "" };
    Ok(Answer::created(&json!({
        "id": id,
        "alt": alt,
        "url": url,
        "full_path": format!("/-/project/{}{url}", project.id),
        "markdown": format!("{bang}[{alt}]({url})"),
    })))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let rows = cx.world.records_in(KIND, Home::Project(project.id)).rev();
    let rows: Vec<&Record> = rows.collect();
    pagination::offset(cx, &rows, |upload| {
        json!({
            "id": upload.id,
            "size": upload.number("size"),
            "filename": upload.text("filename"),
            "created_at": upload.created_at,
            "uploaded_by": basic_by_id(cx, upload.author),
        })
    })
}

fn find(cx: &Cx<'_>, fits: impl Fn(&Record) -> bool) -> Result<Record, ApiError> {
    let project = cx.project()?;
    let mut all = cx.world.records_in(KIND, Home::Project(project.id));
    let found = all.find(|upload| fits(upload));
    found.cloned().ok_or_else(|| ApiError::not_found("Upload"))
}

fn named(cx: &Cx<'_>) -> Result<Record, ApiError> {
    let (secret, name) = (cx.path.get("secret"), cx.path.get("filename"));
    find(cx, |one| {
        one.text("secret") == secret && one.text("filename") == name
    })
}

fn numbered(cx: &Cx<'_>) -> Result<Record, ApiError> {
    let id = cx.number("upload_id", "Upload")?;
    find(cx, |one| one.id == id)
}

fn content(upload: &Record) -> Result<Answer, ApiError> {
    let content = upload.content.as_ref().ok_or_else(ApiError::gone)?;
    let name = format!("attachment; filename=\"{}\"", upload.text("filename"));
    let answer = Answer::bytes("application/octet-stream", content.to_vec());
    Ok(answer.header("Content-Disposition", name))
}

fn by_id(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.project_as(MAINTAINER)?;
    content(&numbered(cx)?)
}

fn by_name(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    content(&named(cx)?)
}

fn delete(cx: &mut Cx<'_>, upload: Result<Record, ApiError>) -> Result<Answer, ApiError> {
    cx.project_as(MAINTAINER)?;
    cx.world.remove_record(KIND, upload?.id);
    Ok(Answer::no_content())
}

fn delete_by_id(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let upload = numbered(cx);
    delete(cx, upload)
}

fn delete_by_name(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let upload = named(cx);
    delete(cx, upload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_plain_ones() {
        for (name, wanted) in [
            ("../../etc/passwd", "passwd"),
            ("a b\"c.png", "a_b_c.png"),
            ("..", "unknown"),
            ("C:\\x\\y.txt", "y.txt"),
        ] {
            assert_eq!(sanitized(name), wanted);
        }
    }
}
