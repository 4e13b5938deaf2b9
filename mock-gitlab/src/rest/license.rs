//! The licence of the instance. <https://docs.gitlab.com/api/license/>

use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::site::Plan;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("license", get);
    table.get("licenses", list);
    table.post("license", add);
}

/// An instance without a licence has none to show.
fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    if cx.site.plan == Plan::None {
        return Err(ApiError::gone());
    }
    Ok(Answer::json(&entity(cx)))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let all: Vec<_> = (cx.site.plan != Plan::None)
        .then(|| entity(cx))
        .into_iter()
        .collect();
    Ok(Answer::json(&json!(all)))
}

fn entity(cx: &Cx<'_>) -> serde_json::Value {
    let people = cx
        .world
        .users
        .values()
        .filter(|user| !user.bot && user.state == "active");
    let people = people.count();
    json!({
        "id": 1,
        "plan": cx.site.plan.name(),
        "created_at": "2026-01-01T00:00:00.000Z",
        "starts_at": "2026-01-01",
        "expires_at": "2036-01-01",
        "historical_max": people,
        "maximum_user_count": people,
        "expired": false,
        "overage": 0,
        "user_limit": 1000,
        "active_users": people,
        "licensee": { "Name": "Mock", "Email": "licensee@gitlab.example", "Company": "Mock" },
        "add_ons": {},
    })
}

/// Licences are signed; nobody can make one for the mock.
fn add(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    cx.params.required("license")?;
    Err(ApiError::bad_request("The license key is invalid."))
}
