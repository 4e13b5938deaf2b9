//! Further addresses of users. <https://docs.gitlab.com/api/user_email_addresses/>

use serde_json::{Value, json};

use super::conventions::resources::{Field, Fields, Place, Resource, Spec, in_own, routes as five};
use super::ssh_keys::others;
use super::users::looks_like_email;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;
use crate::world::{Home, Record};

const EMAIL: Spec = Spec {
    kind: "email",
    word: "Email",
    place: in_own,
    fields: &[Field::text("email").required(), Field::time("confirmed_at")],
    read: OWNER,
    write: OWNER,
    parameter: "email_id",
    times: false,
    check,
    ..Spec::USUAL
};

struct Own;

impl Resource for Own {
    const SPEC: Spec = EMAIL;
}

struct OfUser;

impl Resource for OfUser {
    const SPEC: Spec = Spec {
        place: of_user,
        ..EMAIL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<Own>(table, "user/emails");
    five::<OfUser>(table, "users/:id/emails");
}

fn of_user(cx: &Cx<'_>) -> Result<Place, ApiError> {
    Ok(Place {
        home: Home::User(others(cx)?),
        level: OWNER,
    })
}

/// Unconfirmed, unless an administrator vouches for it.
fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    former: Option<&Record>,
) -> Result<(), ApiError> {
    if former.is_some() {
        return Err(ApiError::no_route());
    }
    let address = fields
        .get("email")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !looks_like_email(address) {
        return Err(ApiError::validation("email", "is invalid"));
    }
    let taken = |known: &str| known.eq_ignore_ascii_case(address);
    let mut emails = cx.world.records_of_kind("email");
    if emails.any(|known| taken(known.text("email")))
        || cx.world.users.values().any(|known| taken(&known.email))
    {
        return Err(ApiError::validation("email", "has already been taken"));
    }
    let vouched = cx.is_admin() && cx.params.is_set("skip_confirmation")?;
    let confirmed = vouched.then_some(cx.now);
    fields.insert("confirmed_at".to_owned(), json!(confirmed));
    Ok(())
}
