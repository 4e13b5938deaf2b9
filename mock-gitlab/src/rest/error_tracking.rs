//! Error tracking settings and client keys. <https://docs.gitlab.com/api/error_tracking/>

use serde_json::{Value, json};

use super::conventions::resources::{Field, Fields, Place, Resource, Spec, create, delete, list};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::{Home, Record};

const SETTINGS: &str = "error tracking";

struct ClientKeys;

impl Resource for ClientKeys {
    const SPEC: Spec = Spec {
        kind: "error tracking key",
        word: "",
        fields: &[Field::flag("active", true).fixed()],
        parameter: "key_id",
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    let base = "projects/:id/error_tracking";
    table.get(&format!("{base}/settings"), get);
    table.patch(&format!("{base}/settings"), change);
    table.put(&format!("{base}/settings"), set);
    let keys = format!("{base}/client_keys");
    table.get(&keys, |cx| list(cx, &ClientKeys::SPEC));
    table.post(&keys, |cx| create(cx, &ClientKeys::SPEC));
    table.delete(&format!("{keys}/:key_id"), |cx| {
        delete(cx, &ClientKeys::SPEC)
    });
}

#[expect(clippy::unnecessary_wraps, reason = "the type that every check has")]
fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let key = format!("glet_{}", cx.world.ids.hex("error tracking", 32));
    fields.insert("public_key".to_owned(), json!(key));
    Ok(())
}

fn view(cx: &Cx<'_>, key: &Record, all: &mut Fields) {
    let public = key.text("public_key");
    all.insert("public_key".to_owned(), json!(public));
    if let Home::Project(id) = key.home {
        let host = cx.site.host();
        let address = format!("https://{public}@{host}/errortracking/api/v1/projects/{id}");
        all.insert("sentry_dsn".to_owned(), json!(address));
    }
}

fn entity(settings: &Record) -> Value {
    json!({
        "active": settings.flag("active"),
        "project_name": null,
        "sentry_external_url": null,
        "api_url": null,
        "integrated": settings.flag("integrated"),
    })
}

fn of(cx: &Cx<'_>, project: u64) -> Option<Record> {
    let home = Home::Project(project);
    cx.world.records_in(SETTINGS, home).next().cloned()
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let settings = of(cx, project.id);
    let settings = settings.ok_or_else(|| ApiError::not_found("Error Tracking Setting"))?;
    Ok(Answer::json(&entity(&settings)))
}

fn change(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let settings = of(cx, project.id);
    let mut settings = settings.ok_or_else(|| ApiError::not_found("Error Tracking Setting"))?;
    let active = cx.params.flag("active")?;
    settings.set("active", active.ok_or_else(|| ApiError::missing("active"))?);
    if let Some(integrated) = cx.params.flag("integrated")? {
        settings.set("integrated", integrated);
    }
    let answer = Answer::json(&entity(&settings));
    cx.world.records.insert((SETTINGS, settings.id), settings);
    Ok(answer)
}

fn set(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let user = cx.user()?.id;
    for name in ["active", "integrated"] {
        cx.params.required(name)?;
    }
    if of(cx, project.id).is_none() {
        let home = Home::Project(project.id);
        cx.world
            .add_record(SETTINGS, home, Fields::new(), user, cx.now);
    }
    change(cx)
}
