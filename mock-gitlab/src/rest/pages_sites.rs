//! Pages of projects and their domains. <https://docs.gitlab.com/api/pages/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::{
    Field, Fields, Key, Place, Resource, Spec, in_project, routes as five,
};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Project, Record};

const SITE: &str = "pages site";

struct Domains;

impl Resource for Domains {
    const SPEC: Spec = Spec {
        kind: "pages domain",
        word: "PagesDomain",
        fields: &[
            Field::text("domain").required().fixed(),
            Field::flag("auto_ssl_enabled", false),
            Field::text("certificate").secret(),
            Field::text("key").secret(),
        ],
        key: Key::Field("domain"),
        parameter: "domain",
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<Domains>(table, "projects/:id/pages/domains");
    table.put("projects/:id/pages/domains/:domain/verify", verify);
    table.get("pages/domains", everywhere);
    table.get("projects/:id/pages", get);
    table.patch("projects/:id/pages", update);
    table.delete("projects/:id/pages", delete);
}

fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    former: Option<&Record>,
) -> Result<(), ApiError> {
    let domain = fields.get("domain").and_then(Value::as_str);
    let domain = domain.unwrap_or_default().to_owned();
    let fits = |part: &str| {
        let sane = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !part.is_empty() && part.chars().all(sane)
    };
    if !domain.contains('.') || !domain.split('.').all(fits) {
        return Err(ApiError::validation("domain", "is invalid"));
    }
    // A domain belongs to one project of the whole instance.
    let mut others = cx.world.records_of_kind(Domains::SPEC.kind);
    let own = former.map(|one| one.id);
    if others.any(|one| Some(one.id) != own && one.text("domain") == domain) {
        return Err(ApiError::validation("domain", "has already been taken"));
    }
    drop(others);
    if former.is_none() {
        let code = cx.world.ids.hex("pages domain", 32);
        fields.insert("verification_code".to_owned(), json!(code));
    }
    Ok(())
}

fn view(_cx: &Cx<'_>, one: &Record, all: &mut Fields) {
    all.remove("id");
    let domain = one.text("domain");
    let secure = !one.text("certificate").is_empty();
    let scheme = if secure { "https" } else { "http" };
    all.insert("url".to_owned(), json!(format!("{scheme}://{domain}")));
    if let Home::Project(id) = one.home {
        all.insert("project_id".to_owned(), json!(id));
    }
    all.insert("verified".to_owned(), json!(one.flag("verified")));
    let code = one.text("verification_code");
    all.insert("verification_code".to_owned(), json!(code));
    let until = one.fields.get("enabled_until").cloned();
    all.insert("enabled_until".to_owned(), json!(until));
    if secure {
        let certificate = json!({
            "subject": format!("/CN={domain}"), "expired": false,
            "certificate": one.text("certificate"), "certificate_text": "",
        });
        all.insert("certificate".to_owned(), certificate);
    }
}

/// The mock asks no name server: whoever asks has set the record.
fn verify(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = in_project(cx)?;
    cx.user()?;
    if place.level < MAINTAINER {
        return Err(ApiError::forbidden());
    }
    let mut domain = super::conventions::resources::find(cx, &Domains::SPEC, &place)?;
    domain.set("verified", true);
    let week = std::time::Duration::from_hours(7 * 24);
    domain.set("enabled_until", json!(cx.now.plus(week)));
    let answer = super::conventions::resources::render(cx, &Domains::SPEC, &domain);
    cx.world
        .records
        .insert((Domains::SPEC.kind, domain.id), domain);
    Ok(Answer::json(&answer))
}

fn everywhere(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let rows: Vec<&Record> = cx.world.records_of_kind(Domains::SPEC.kind).collect();
    pagination::offset(cx, &rows, |one| {
        super::conventions::resources::render(cx, &Domains::SPEC, one)
    })
}

fn site(cx: &Cx<'_>, project: &Project) -> Fields {
    let home = Home::Project(project.id);
    let site = cx.world.records_in(SITE, home).next();
    site.map_or_else(Fields::new, |site| site.fields.clone())
}

fn entity(cx: &Cx<'_>, project: &Project) -> Value {
    let site = site(cx, project);
    let flag = |name: &str, default: bool| {
        let value = site.get(name).and_then(Value::as_bool);
        value.unwrap_or(default)
    };
    let unique = flag("pages_unique_domain_enabled", true);
    let path = cx.world.project_path(project);
    let (owner, rest) = path.split_once('/').unwrap_or((&path, ""));
    let url = if unique {
        let suffix = crate::world::repository::blob_id(path.as_bytes());
        let suffix = suffix.get(..6).unwrap_or_default();
        format!("http://{}-{suffix}.pages.{}", project.path, cx.site.host())
    } else {
        format!("http://{owner}.pages.{}/{rest}", cx.site.host())
    };
    json!({
        "url": url,
        "is_unique_domain_enabled": unique,
        "force_https": flag("pages_https_only", false),
        "deployments": [],
        "primary_domain": site.get("pages_primary_domain"),
    })
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    Ok(Answer::json(&entity(cx, &project)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let user = cx.user()?.id;
    let mut fields = site(cx, &project);
    for name in ["pages_unique_domain_enabled", "pages_https_only"] {
        if let Some(flag) = cx.params.flag(name)? {
            fields.insert(name.to_owned(), json!(flag));
        }
    }
    if cx.params.has("pages_primary_domain") {
        let domain = cx.params.filled("pages_primary_domain");
        fields.insert("pages_primary_domain".to_owned(), json!(domain));
    }
    forget(cx, &project);
    let home = Home::Project(project.id);
    cx.world.add_record(SITE, home, fields, user, cx.now);
    Ok(Answer::json(&entity(cx, &project)))
}

fn forget(cx: &mut Cx<'_>, project: &Project) {
    let home = Home::Project(project.id);
    let former: Vec<u64> = cx.world.records_in(SITE, home).map(|one| one.id).collect();
    for id in former {
        cx.world.remove_record(SITE, id);
    }
}

/// Takes what is published away, with its settings.
fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    forget(cx, &project);
    Ok(Answer::no_content())
}
