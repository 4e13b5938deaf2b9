//! Pictures: uploaded with the thing they show, read at an address of their own.
//! <https://docs.gitlab.com/api/avatar/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::site::Site;
use crate::world::Avatar;

/// Larger pictures are refused, as GitLab does.
const MAX_BYTES: usize = 200 * 1024;

/// Endings that count as pictures, and their media types.
const FORMATS: [(&str, &str); 9] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("bmp", "image/bmp"),
    ("tiff", "image/tiff"),
    ("ico", "image/vnd.microsoft.icon"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
];

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("avatar", by_email).also(&["read_user"]);
    table.get("projects/:id/avatar", of_project);
    table.get("groups/:id/avatar", of_group);
}

/// What lies beside the API.
pub(crate) fn pages(table: &mut RouteTable) {
    table.get("uploads/-/system/:kind/avatar/:id/:filename", show);
}

/// The address of a picture, or `null`. `kind` is `user`, `group`, `project` or `topic`.
pub(crate) fn url(site: &Site, kind: &str, id: u64, avatar: Option<&Avatar>) -> Value {
    avatar.map_or(Value::Null, |avatar| {
        let place = format!("/uploads/-/system/{kind}/avatar/{id}/{}", avatar.filename);
        json!(site.url(&place))
    })
}

/// The picture after a change: the file of `avatar`, none when that is empty, or the one
/// it was.
pub(crate) fn changed(cx: &Cx<'_>, former: Option<Avatar>) -> Result<Option<Avatar>, ApiError> {
    let Some(file) = cx.params.file("avatar") else {
        let emptied = cx.params.has("avatar") && cx.params.filled("avatar").is_none();
        return Ok(former.filter(|_| !emptied));
    };
    if media_type(&file.filename).is_none() {
        return Err(ApiError::validation(
            "avatar",
            "file format is not supported. Please try one of the following supported formats: \
             image/png, image/jpeg, image/gif, image/bmp, image/tiff, image/vnd.microsoft.icon, \
             image/webp",
        ));
    }
    if file.content.len() > MAX_BYTES {
        return Err(ApiError::validation(
            "avatar",
            "is too big (should be at most 200 KiB)",
        ));
    }
    Ok(Some(Avatar {
        filename: sanitized(&file.filename),
        content: file.content.clone(),
    }))
}

/// As GitLab's uploader: the last part of the path, odd letters replaced.
fn sanitized(filename: &str) -> String {
    let last = filename.rsplit(['/', '\\']).next().unwrap_or(filename);
    let sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    last.chars()
        .map(|c| if sane(c) { c } else { '_' })
        .collect()
}

fn media_type(filename: &str) -> Option<&'static str> {
    let ending = filename.rsplit_once('.')?.1.to_ascii_lowercase();
    FORMATS
        .iter()
        .find(|(known, _)| *known == ending)
        .map(|(_, kind)| *kind)
}

fn by_email(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let email = cx.params.required("email")?;
    let mut users = cx.world.users.values();
    let user = users.find(|user| user.email.eq_ignore_ascii_case(&email));
    let own = user.and_then(|user| {
        let picture = user.avatar.as_ref()?;
        Some(url(cx.site, "user", user.id, Some(picture)))
    });
    let size = cx.params.integer("size")?.unwrap_or(80);
    let drawn = || {
        let hash = crate::world::repository::blob_id(email.to_lowercase().as_bytes());
        json!(format!(
            "https://secure.gravatar.com/avatar/{hash}?s={size}&d=identicon"
        ))
    };
    Ok(Answer::json(
        &json!({ "avatar_url": own.unwrap_or_else(drawn) }),
    ))
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    file(project.avatar.as_ref())
}

fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    file(group.avatar.as_ref())
}

fn file(avatar: Option<&Avatar>) -> Result<Answer, ApiError> {
    let avatar = avatar.ok_or_else(|| ApiError::not_found("Avatar"))?;
    let kind = media_type(&avatar.filename).unwrap_or("application/octet-stream");
    Ok(Answer::bytes(kind, avatar.content.clone()))
}

/// Pictures of what a visitor may not see are not there.
fn show(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = cx.number("id", "File")?;
    let avatar = match cx.path.get("kind") {
        "user" => cx.world.users.get(&id).and_then(|user| user.avatar.clone()),
        "topic" => cx
            .world
            .topics
            .get(&id)
            .and_then(|topic| topic.avatar.clone()),
        "group" => {
            let group = cx.world.groups.get(&id);
            let group = group.filter(|group| cx.sees_group(group));
            group.and_then(|group| group.avatar.clone())
        }
        "project" => {
            let project = cx.world.projects.get(&id);
            let project = project.filter(|project| cx.sees_project(project));
            project.and_then(|project| project.avatar.clone())
        }
        _ => None,
    };
    let named = |avatar: &Avatar| avatar.filename == cx.path.get("filename");
    file(avatar.as_ref().filter(|avatar| named(avatar)))
}
