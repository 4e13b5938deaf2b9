//! GPG keys of users. <https://docs.gitlab.com/api/gpg_keys/>

use serde_json::{Value, json};

use super::conventions::resources::{
    Field, Fields, Place, Resource, Spec, delete, get, routes as five,
};
use super::ssh_keys::{anyone, others, own};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;
use crate::world::{Home, Record};

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

const KEY: Spec = Spec {
    kind: "gpg key",
    word: "GPG Key",
    place: own_place,
    fields: &[Field::text("key").required()],
    read: 0,
    write: OWNER,
    parameter: "key_id",
    times: false,
    check,
    view,
    ..Spec::USUAL
};

struct Own;

impl Resource for Own {
    const SPEC: Spec = KEY;
}

struct OfUser;

impl Resource for OfUser {
    const SPEC: Spec = Spec {
        place: place_of_user,
        ..KEY
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<Own>(table, "user/gpg_keys");
    five::<OfUser>(table, "users/:id/gpg_keys");
    table.post("user/gpg_keys/:key_id/revoke", |cx| revoke(cx, &Own::SPEC));
    table.post("users/:id/gpg_keys/:key_id/revoke", |cx| {
        revoke(cx, &OfUser::SPEC)
    });
}

fn own_place(cx: &Cx<'_>) -> Result<Place, ApiError> {
    Ok(Place {
        home: Home::User(own(cx)?),
        level: OWNER,
    })
}

/// Public keys are public; others than administrators cannot change those of others.
fn place_of_user(cx: &Cx<'_>) -> Result<Place, ApiError> {
    Ok(Place {
        home: Home::User(anyone(cx)?),
        level: if others(cx).is_ok() { OWNER } else { 0 },
    })
}

fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let key = fields
        .get("key")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let key = key.trim().to_owned();
    if !key.starts_with(BEGIN) || !key.ends_with(END) {
        let text = format!(
            "is invalid. A valid public GPG key begins with '{BEGIN}' and ends with '{END}'"
        );
        return Err(ApiError::validation("key", &text));
    }
    let mut known = cx.world.records_of_kind("gpg key");
    if known.any(|known| known.text("key") == key) {
        return Err(ApiError::validation(
            "fingerprint",
            "has already been taken",
        ));
    }
    fields.insert("key".to_owned(), json!(key));
    Ok(())
}

fn view(_cx: &Cx<'_>, key: &Record, all: &mut Fields) {
    all.insert("created_at".to_owned(), json!(key.created_at));
}

/// As deletion; signatures made with the key lose their mark.
fn revoke(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    get(cx, spec)?;
    delete(cx, spec)?;
    Ok(Answer::accepted())
}
