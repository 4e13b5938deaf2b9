//! OAuth applications of the instance, for administrators.
//! <https://docs.gitlab.com/api/applications/>

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::oauth::{are_scopes, may_be_registered};
use crate::routes::RouteTable;
use crate::world::Application;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("applications", list);
    table.post("applications", create);
    table.delete("applications/:application_id", delete);
    table.post("applications/:application_id/renew-secret", renew_secret);
}

fn entity(application: &Application) -> Value {
    json!({
        "id": application.id,
        "application_id": application.uid,
        "application_name": application.name,
        "callback_url": application.redirect_uris.join("\n"),
        "confidential": application.confidential,
    })
}

/// The secret is told when it is made, and never again.
fn with_secret(application: &Application) -> Value {
    let mut value = entity(application);
    if let Value::Object(all) = &mut value {
        all.insert("secret".to_owned(), application.secret.clone().into());
    }
    value
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let all = cx.world.applications.values();
    let rows: Vec<&Application> = all.filter(|one| one.owner.is_none()).collect();
    pagination::offset(cx, &rows, |one| entity(one))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let (name, uris) = (
        cx.params.required("name")?,
        cx.params.required("redirect_uri")?,
    );
    let scopes = cx.params.required("scopes")?;
    let scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
    if !are_scopes(&scopes) {
        let text = "doesn't match configured on the server.";
        return Err(ApiError::validation("scopes", text));
    }
    let redirect_uris: Vec<String> = uris.split_whitespace().map(str::to_owned).collect();
    if !redirect_uris.iter().all(|uri| may_be_registered(uri)) {
        let text = "must be an absolute URI.";
        return Err(ApiError::validation("redirect_uri", text));
    }
    let id = cx.world.next_id("application");
    let application = Application {
        id,
        uid: cx.world.ids.hex("client id", 64),
        secret: format!("gloas-{}", cx.world.ids.hex("client secret", 64)),
        name,
        owner: None,
        redirect_uris,
        scopes,
        confidential: cx.params.flag("confidential")?.unwrap_or(true),
        trusted: cx.params.is_set("trusted")?,
        dynamic: false,
        device: !cx.world.quirks.device_default_off,
        created_at: cx.now,
    };
    let value = with_secret(&application);
    cx.world.applications.insert(id, application);
    Ok(Answer::created(&value))
}

fn find(cx: &Cx<'_>) -> Result<u64, ApiError> {
    cx.admin()?;
    let id = cx.number("application_id", "Application")?;
    let found = cx.world.applications.get(&id);
    let found = found.filter(|one| one.owner.is_none());
    found
        .map(|one| one.id)
        .ok_or_else(|| ApiError::not_found("Application"))
}

/// What it was given goes with it.
fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = find(cx)?;
    cx.world.remove_application(id);
    Ok(Answer::no_content())
}

fn renew_secret(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = find(cx)?;
    let secret = format!("gloas-{}", cx.world.ids.hex("client secret", 64));
    let application = cx.world.applications.get_mut(&id);
    let application = application.ok_or_else(|| ApiError::not_found("Application"))?;
    application.secret = secret;
    Ok(Answer::created(&with_secret(application)))
}
