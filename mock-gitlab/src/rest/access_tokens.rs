//! Access tokens of projects and groups; each speaks for a bot of its own.
//! <https://docs.gitlab.com/api/project_access_tokens/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::personal_access_tokens::{entity, mint, replace};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{GRANTABLE, MAINTAINER, OWNER};
use crate::world::{Member, Owner, Token, TokenKind, User};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/access_tokens", |cx| list(cx, project));
    table.post("projects/:id/access_tokens", |cx| create(cx, project));
    table.get("projects/:id/access_tokens/:token_id", |cx| {
        get(cx, project)
    });
    table.delete("projects/:id/access_tokens/:token_id", |cx| {
        revoke(cx, project)
    });
    table.post("projects/:id/access_tokens/:token_id/rotate", |cx| {
        rotate(cx, project)
    });
    table.get("groups/:id/access_tokens", |cx| list(cx, group));
    table.post("groups/:id/access_tokens", |cx| create(cx, group));
    table.get("groups/:id/access_tokens/:token_id", |cx| get(cx, group));
    table.delete("groups/:id/access_tokens/:token_id", |cx| revoke(cx, group));
    table.post("groups/:id/access_tokens/:token_id/rotate", |cx| {
        rotate(cx, group)
    });
}

/// Whose tokens a route is about, and the caller's level there.
type Resolve = fn(&Cx<'_>) -> Result<(Owner, u8), ApiError>;

fn project(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    Ok((Owner::Project(project.id), cx.level_in(&project)))
}

fn group(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let group = cx.group_as(OWNER)?;
    Ok((Owner::Group(group.id), cx.level_in_group(&group)))
}

fn members<'a>(cx: &'a mut Cx<'_>, owner: Owner) -> Option<&'a mut Vec<Member>> {
    match owner {
        Owner::Project(id) => cx
            .world
            .projects
            .get_mut(&id)
            .map(|project| &mut project.members),
        Owner::Group(id) => cx.world.groups.get_mut(&id).map(|group| &mut group.members),
    }
}

/// As a personal token, with the level of its bot.
fn shown(cx: &Cx<'_>, owner: Owner, token: &Token) -> Value {
    let members = match owner {
        Owner::Project(id) => cx.world.projects.get(&id).map(|project| &project.members),
        Owner::Group(id) => cx.world.groups.get(&id).map(|group| &group.members),
    };
    let bot = members
        .into_iter()
        .flatten()
        .find(|member| member.user == token.user);
    with_level(entity(token, cx.now), owner, bot.map_or(0, |bot| bot.level))
}

fn with_level(mut value: Value, owner: Owner, level: u8) -> Value {
    if let Value::Object(all) = &mut value {
        let (kind, id) = match owner {
            Owner::Project(id) => ("project", id),
            Owner::Group(id) => ("group", id),
        };
        all.insert("access_level".to_owned(), json!(level));
        all.insert("resource_type".to_owned(), json!(kind));
        all.insert("resource_id".to_owned(), json!(id));
    }
    value
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let active = cx
        .params
        .choice("state", &["active", "inactive"])?
        .map(|state| state == "active");
    let fits = |token: &&Token| {
        token.resource == Some(owner)
            && active.is_none_or(|wanted| token.is_active(cx.now) == wanted)
    };
    let mut tokens: Vec<&Token> = cx.world.tokens.values().filter(fits).collect();
    tokens.sort_by_key(|token| token.id);
    pagination::offset(cx, &tokens, |token| shown(cx, owner, token))
}

fn find(cx: &Cx<'_>, owner: Owner) -> Result<(String, Token), ApiError> {
    let id = cx.number("token_id", "Access Token")?;
    let mut tokens = cx.world.tokens.iter();
    let found = tokens.find(|(_, token)| token.resource == Some(owner) && token.id == id);
    let found = found.map(|(value, token)| (value.clone(), token.clone()));
    found.ok_or_else(|| ApiError::message(404, "Could not find token"))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let (_, token) = find(cx, owner)?;
    Ok(Answer::json(&shown(cx, owner, &token)))
}

fn revoke(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let (value, token) = find(cx, owner)?;
    cx.world.tokens.insert(
        value,
        Token {
            revoked: true,
            ..token
        },
    );
    Ok(Answer::no_content())
}

fn rotate(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let (value, _) = find(cx, owner)?;
    replace(cx, &value)
}

fn create(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, own_level) = resolve(cx)?;
    let name = cx.params.required("name")?;
    let scopes = cx
        .params
        .list("scopes")
        .ok_or_else(|| ApiError::missing("scopes"))?;
    let level = cx
        .params
        .id("access_level")?
        .map_or(Ok(MAINTAINER), u8::try_from);
    let level = level.ok().filter(|level| GRANTABLE.contains(level));
    let level = level.ok_or_else(|| ApiError::not_a_choice("access_level"))?;
    if level > own_level {
        return Err(ApiError::bad_request(
            "Access level of the token can not be greater than the access level of the user who created the token",
        ));
    }
    let expires_at = cx.params.time("expires_at")?;
    let bot = bot(cx, owner, &name);
    let member = Member::new(bot, level, cx.now);
    if let Some(members) = members(cx, owner) {
        members.push(member);
    }
    let kind = match owner {
        Owner::Project(_) => TokenKind::Project,
        Owner::Group(_) => TokenKind::Group,
    };
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let token = Token::personal(0, bot, &name, &scopes, cx.now);
    let token = Token {
        kind,
        resource: Some(owner),
        expires_at,
        ..token
    };
    let value = mint(cx, token);
    Ok(Answer::created(&with_level(value, owner, level)))
}

/// The user behind the token, with a name as GitLab gives it.
fn bot(cx: &mut Cx<'_>, owner: Owner, name: &str) -> u64 {
    let place = match owner {
        Owner::Project(id) => format!("project_{id}"),
        Owner::Group(id) => format!("group_{id}"),
    };
    let username = format!("{place}_bot_{}", cx.world.ids.hex("bot", 32));
    let id = cx.world.next_id("user");
    let user = User {
        id,
        namespace_id: cx.world.next_id("namespace"),
        email: format!("{username}@noreply.{}", cx.site.host()),
        username,
        name: name.to_owned(),
        state: "active".to_owned(),
        bot: true,
        created_at: cx.now,
        ..User::default()
    };
    cx.world.users.insert(id, user);
    id
}
