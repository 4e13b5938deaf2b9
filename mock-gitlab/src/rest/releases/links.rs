//! Files and pages a release points to. <https://docs.gitlab.com/api/releases/links/>

use serde_json::{Value, json};

use super::find;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::conventions::parameters::Params;
use crate::rest::conventions::resources::Fields;
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::{Home, Record};

pub(super) const KIND: &str = "release link";

pub(super) fn routes(table: &mut RouteTable) {
    let all = "projects/:id/releases/:tag_name/assets/links";
    let one = "projects/:id/releases/:tag_name/assets/links/:link_id";
    table.get(all, list).job_token();
    table.post(all, create).job_token();
    table.get(one, get).job_token();
    table.put(one, update).job_token();
    table.delete(one, delete).job_token();
}

const TYPES: [&str; 4] = ["other", "runbook", "image", "package"];

/// The fields of a link, checked.
pub(super) fn fields(given: &Params) -> Result<Fields, ApiError> {
    let mut fields = Fields::new();
    fields.insert("name".to_owned(), json!(given.required("name")?));
    fields.insert("url".to_owned(), json!(given.required("url")?));
    change(given, &mut fields)?;
    Ok(fields)
}

fn change(given: &Params, fields: &mut Fields) -> Result<(), ApiError> {
    for name in ["name", "url"] {
        if let Some(text) = given.filled(name) {
            fields.insert(name.to_owned(), json!(text));
        }
    }
    let url = fields.get("url").and_then(Value::as_str);
    let schemes = ["http://", "https://", "ftp://"];
    if !url.is_some_and(|url| schemes.iter().any(|scheme| url.starts_with(scheme))) {
        let text = "is blocked: Only allowed schemes are http, https, ftp";
        return Err(ApiError::validation("url", text));
    }
    let path = given
        .filled("direct_asset_path")
        .or_else(|| given.filled("filepath"));
    if let Some(path) = path {
        if !path.starts_with('/') {
            return Err(ApiError::validation("filepath", "is in an invalid format"));
        }
        fields.insert("filepath".to_owned(), json!(path));
    }
    let kind = given.choice("link_type", &TYPES)?;
    if let Some(kind) = kind {
        fields.insert("link_type".to_owned(), json!(kind));
    }
    fields.entry("link_type").or_insert_with(|| json!("other"));
    Ok(())
}

fn entity(link: &Record, url: &str, tag: &str) -> Value {
    let direct = match link.text("filepath") {
        "" => link.text("url").to_owned(),
        path => format!("{url}/-/releases/{tag}/downloads{path}"),
    };
    json!({
        "id": link.id,
        "name": link.text("name"),
        "url": link.text("url"),
        "direct_asset_url": direct,
        "link_type": link.text("link_type"),
    })
}

/// The links of a release.
pub(super) fn of(cx: &Cx<'_>, release: &Record, url: &str, tag: &str) -> Vec<Value> {
    let links = cx
        .world
        .records_in(KIND, Home::Record("release", release.id));
    links.map(|link| entity(link, url, tag)).collect()
}

struct Place {
    release: Record,
    url: String,
}

impl Place {
    fn find(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let (project, release) = find(cx)?;
        let url = cx
            .site
            .url(&format!("/{}", cx.world.project_path(&project)));
        Ok(Self { release, url })
    }

    fn writable(cx: &Cx<'_>) -> Result<Self, ApiError> {
        cx.project_as(DEVELOPER)?;
        Self::find(cx)
    }

    fn entity(&self, link: &Record) -> Value {
        entity(link, &self.url, self.release.text("tag_name"))
    }

    fn link(&self, cx: &Cx<'_>) -> Result<Record, ApiError> {
        let id = cx.number("link_id", "Release Link")?;
        let link = cx.world.record(KIND, id);
        let link = link.filter(|link| link.home == Home::Record("release", self.release.id));
        link.cloned().ok_or_else(ApiError::gone)
    }

    /// Two links of a release have neither name nor address in common.
    fn distinct(&self, cx: &Cx<'_>, fields: &Fields, own: Option<u64>) -> Result<(), ApiError> {
        let home = Home::Record("release", self.release.id);
        for name in ["url", "name", "filepath"] {
            let Some(value) = fields.get(name) else {
                continue;
            };
            let mut others = cx.world.records_in(KIND, home);
            if others.any(|other| Some(other.id) != own && other.fields.get(name) == Some(value)) {
                return Err(ApiError::validation(name, "has already been taken"));
            }
        }
        Ok(())
    }
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = Place::find(cx)?;
    let home = Home::Record("release", place.release.id);
    let links: Vec<&Record> = cx.world.records_in(KIND, home).collect();
    pagination::offset(cx, &links, |link| place.entity(link))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = Place::find(cx)?;
    let link = place.link(cx)?;
    Ok(Answer::json(&place.entity(&link)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = Place::writable(cx)?;
    let user = cx.user()?.id;
    let fields = fields(&cx.params)?;
    place.distinct(cx, &fields, None)?;
    let home = Home::Record("release", place.release.id);
    let id = cx.world.add_record(KIND, home, fields, user, cx.now);
    let link = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&place.entity(link)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = Place::writable(cx)?;
    let mut link = place.link(cx)?;
    change(&cx.params, &mut link.fields)?;
    place.distinct(cx, &link.fields, Some(link.id))?;
    let answer = Answer::json(&place.entity(&link));
    cx.world.records.insert((KIND, link.id), link);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = Place::writable(cx)?;
    let link = place.link(cx)?;
    cx.world.remove_record(KIND, link.id);
    Ok(Answer::json(&place.entity(&link)))
}

/// `/downloads/<path>` leads to where the link of that path points.
pub(super) fn download(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (_, release) = find(cx)?;
    let path = format!("/{}", cx.path.get("path"));
    let mut links = cx
        .world
        .records_in(KIND, Home::Record("release", release.id));
    let link = links.find(|link| link.text("filepath") == path);
    let url = link.map(|link| link.text("url").to_owned());
    Ok(Answer::redirect(302, url.ok_or_else(ApiError::gone)?))
}
