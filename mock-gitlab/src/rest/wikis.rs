//! Wikis of projects and groups. <https://docs.gitlab.com/api/wikis/>
//!
//! Pages are not paged: the list has them all.

use std::sync::Arc;

use serde_json::{Value, json};

use super::conventions::resources::{Fields, Place, in_group, in_project};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, GUEST, REPORTER};
use crate::world::{Home, Record, Visibility};

type In = fn(&Cx<'_>) -> Result<Place, ApiError>;

const KIND: &str = "wiki page";
const FORMATS: [&str; 4] = ["markdown", "rdoc", "asciidoc", "org"];

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/wikis", |cx| list(cx, in_project));
    table.post("projects/:id/wikis", |cx| create(cx, in_project));
    table.get("projects/:id/wikis/:slug", |cx| get(cx, in_project));
    table.put("projects/:id/wikis/:slug", |cx| update(cx, in_project));
    table.delete("projects/:id/wikis/:slug", |cx| delete(cx, in_project));
    table.post("projects/:id/wikis/attachments", |cx| {
        attach(cx, in_project)
    });
    table.get("groups/:id/wikis", |cx| list(cx, in_group));
    table.post("groups/:id/wikis", |cx| create(cx, in_group));
    table.get("groups/:id/wikis/:slug", |cx| get(cx, in_group));
    table.put("groups/:id/wikis/:slug", |cx| update(cx, in_group));
    table.delete("groups/:id/wikis/:slug", |cx| delete(cx, in_group));
    table.post("groups/:id/wikis/attachments", |cx| attach(cx, in_group));
}

/// Whoever sees a public project reads its wiki; in private ones members do.
fn readable(cx: &Cx<'_>, of: In) -> Result<Place, ApiError> {
    let place = of(cx)?;
    let open = match place.home {
        Home::Project(id) => cx.world.projects.get(&id).is_some_and(|project| {
            let enabled = project.settings.get("wiki_enabled");
            if enabled == Some(&json!(false)) {
                return false;
            }
            project.visibility != Visibility::Private || place.level >= GUEST
        }),
        _ => place.level >= REPORTER || cx.group()?.visibility != Visibility::Private,
    };
    if open {
        Ok(place)
    } else {
        Err(ApiError::forbidden())
    }
}

fn writable(cx: &Cx<'_>, of: In) -> Result<Place, ApiError> {
    let place = readable(cx, of)?;
    cx.user()?;
    if place.level < DEVELOPER {
        return Err(ApiError::forbidden());
    }
    Ok(place)
}

fn entity(cx: &Cx<'_>, page: &Record, content: bool) -> Value {
    let mut value = json!({
        "format": page.text("format"),
        "slug": page.text("slug"),
        "title": page.text("title"),
        "wiki_page_meta_id": page.id,
    });
    if let (true, Value::Object(all)) = (content, &mut value) {
        let text = page.text("content");
        let text = if cx.params.is_set("render_html").unwrap_or(false) {
            format!("<p dir=\"auto\">{}</p>", escaped(text))
        } else {
            text.to_owned()
        };
        all.insert("content".to_owned(), json!(text));
        all.insert("encoding".to_owned(), json!("UTF-8"));
        all.insert("front_matter".to_owned(), json!({}));
    }
    value
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn list(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = readable(cx, of)?;
    let content = cx.params.is_set("with_content")?;
    let mut pages: Vec<&Record> = cx.world.records_in(KIND, place.home).collect();
    pages.sort_by_key(|page| page.text("slug"));
    let pages = pages.into_iter().map(|page| entity(cx, page, content));
    Ok(Answer::json(&pages.collect()))
}

fn find(cx: &Cx<'_>, place: &Place) -> Result<Record, ApiError> {
    let slug = cx.path.get("slug");
    let mut pages = cx.world.records_in(KIND, place.home);
    let found = pages.find(|page| page.text("slug") == slug);
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Wiki Page"))
}

fn get(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = readable(cx, of)?;
    let page = find(cx, &place)?;
    Ok(Answer::json(&entity(cx, &page, true)))
}

/// `A page/With parts` becomes `A-page/With-parts`.
fn slug(title: &str) -> String {
    title
        .trim_matches(['/', ' '])
        .split('/')
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join("-"))
        .collect::<Vec<_>>()
        .join("/")
}

fn free(cx: &Cx<'_>, place: &Place, slug: &str, own: Option<u64>) -> Result<(), ApiError> {
    let mut others = cx.world.records_in(KIND, place.home);
    if others.any(|page| Some(page.id) != own && page.text("slug") == slug) {
        let text = "Duplicate page: A page with that title already exists";
        return Err(ApiError::message(422, json!({ "base": [text] })));
    }
    Ok(())
}

/// The last part of the path, with the dashes read as spaces.
fn shown_title(title: &str) -> String {
    let last = title.rsplit('/').next().unwrap_or(title);
    last.replace('-', " ")
}

fn create(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let author = cx.user()?.id;
    let title = cx.params.required("title")?;
    let content = cx.params.required("content")?;
    let format = cx.params.choice("format", &FORMATS)?;
    let slug = slug(&title);
    if slug.is_empty() || slug.split('/').any(|part| part == "..") {
        let text = json!({ "title": ["can't be blank"] });
        return Err(ApiError::message(422, text));
    }
    free(cx, &place, &slug, None)?;
    let mut fields = Fields::new();
    fields.insert("slug".to_owned(), json!(slug));
    fields.insert("title".to_owned(), json!(shown_title(&title)));
    fields.insert("content".to_owned(), json!(content));
    fields.insert("format".to_owned(), json!(format.unwrap_or("markdown")));
    let id = cx
        .world
        .add_record(KIND, place.home, fields, author, cx.now);
    let page = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, page, true)))
}

fn update(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let mut page = find(cx, &place)?;
    let given = ["content", "title", "format"];
    if !given.iter().any(|name| cx.params.has(name)) {
        let text = "content, title, format are missing, at least one parameter must be provided";
        return Err(ApiError::error(400, text));
    }
    if let Some(title) = cx.params.filled("title") {
        // A title without a directory stays where it is.
        let directory = page.text("slug").rsplit_once('/').map(|(above, _)| above);
        let path = match directory {
            Some(above) if !title.contains('/') => format!("{above}/{title}"),
            _ => title.clone(),
        };
        let slug = slug(&path);
        free(cx, &place, &slug, Some(page.id))?;
        page.set("slug", slug);
        page.set("title", shown_title(&title));
    }
    if let Some(content) = cx.params.text("content") {
        page.set("content", content);
    }
    if let Some(format) = cx.params.choice("format", &FORMATS)? {
        page.set("format", format);
    }
    page.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &page, true));
    cx.world.records.insert((KIND, page.id), page);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let page = find(cx, &place)?;
    cx.world.remove_record(KIND, page.id);
    Ok(Answer::no_content())
}

fn attach(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let author = cx.user()?.id;
    let file = cx.params.file("file").cloned();
    let file = file.ok_or_else(|| ApiError::missing("file"))?;
    let name = file.filename.rsplit('/').next().unwrap_or_default();
    let secret = cx.world.ids.hex("wiki attachment", 32);
    let path = format!("uploads/{secret}/{name}");
    let branch = cx.params.filled("branch");
    let branch = branch.unwrap_or_else(|| "main".to_owned());
    let mut fields = Fields::new();
    fields.insert("file_path".to_owned(), json!(path));
    let kind = "wiki attachment";
    let id = cx
        .world
        .add_record(kind, place.home, fields, author, cx.now);
    if let Some(record) = cx.world.record_mut(kind, id) {
        record.content = Some(Arc::from(&file.content[..]));
    }
    let image = [".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"];
    let bang = if image.iter().any(|end| name.to_lowercase().ends_with(end)) {
        "!"
    } else {
        ""
    };
    Ok(Answer::created(&json!({
        "file_name": name,
        "file_path": path,
        "branch": branch,
        "link": { "url": path, "markdown": format!("{bang}[{name}]({path})") },
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_keep_their_directories() {
        for (title, wanted) in [
            ("Home", "Home"),
            ("How to  tune", "How-to-tune"),
            ("/parts/ the comb/", "parts/the-comb"),
        ] {
            assert_eq!(slug(title), wanted);
        }
    }
}
