//! `/api/graphql`: async-graphql over the same world, the same permissions and the same
//! handlers as REST. <https://docs.gitlab.com/api/graphql/>

mod connection;
mod errors;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod iterations;
mod limits;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod merge_requests;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod mutations;
mod notes;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod pipelines;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod projects;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod query;
mod resolvers;
mod schema;
mod session;
mod shape;
mod timelogs;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod vulnerabilities;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod widgets;
#[expect(clippy::unnecessary_wraps, reason = "the shape of a resolver")]
mod work_items;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::request::Request;
use crate::routes::RouteTable;
use crate::world::TokenKind;
use resolvers::Resolver;
use session::Session;

/// The longest query, in characters.
const LONGEST: usize = 10_000;
/// So many queries at most in one request.
const BATCH: usize = 20;
/// Resolvers never wait: a query that is not done after so many turns never will be.
const TURNS: usize = 100_000;

pub(crate) fn routes(table: &mut RouteTable) {
    table.post("graphql", execute);
    table.get("graphql", execute);
}

/// Why a field has no value.
#[derive(Clone, Debug)]
enum Refusal {
    /// Not there, or not for this caller.
    Missing,
    /// What the caller sent is wrong; mutations say so in their payload.
    Invalid(Vec<String>),
    /// Anything else.
    Error(String),
}

impl From<Refusal> for async_graphql::Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(match refusal {
            Refusal::Missing => errors::NOT_AVAILABLE.to_owned(),
            Refusal::Invalid(lines) => lines.join(", "),
            Refusal::Error(text) => text,
        })
    }
}

/// The name of the operation a request asks for, if it has one.
pub(crate) fn operation_name(request: &Request) -> Option<String> {
    if request.path != "/api/graphql" {
        return None;
    }
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    if let Some(name) = body.get("operationName").and_then(Value::as_str) {
        return Some(name.to_owned());
    }
    let document = parse_query(body.get("query")?.as_str()?).ok()?;
    match document.operations {
        DocumentOperations::Single(_) => None,
        DocumentOperations::Multiple(all) => {
            let mut names = all.keys();
            let name = names.next().map(ToString::to_string);
            name.filter(|_| names.next().is_none())
        }
    }
}

fn execute(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let writes = may_write(cx)?;
    let asked = if cx.request.is_read() {
        let text = |name: &str| cx.params.text(name);
        let variables = text("variables").and_then(|text| serde_json::from_str(&text).ok());
        json!({
            "query": text("query"),
            "variables": variables.unwrap_or(Value::Null),
            "operationName": text("operationName"),
        })
    } else {
        asked(cx)?
    };
    let body = match asked {
        Value::Array(all) if all.len() > BATCH => {
            return Err(errors::refuse(422, "Too many queries in one request"));
        }
        Value::Array(all) => {
            let mut answers = Vec::new();
            for one in &all {
                answers.push(run(cx, one, writes)?);
            }
            Value::Array(answers)
        }
        one => run(cx, &one, writes)?,
    };
    Ok(Answer::json(&body))
}

/// JSON, or the fields of a form.
fn asked(cx: &Cx<'_>) -> Result<Value, ApiError> {
    let kind = cx.request.header("content-type").unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(json!({ "query": cx.params.text("query") }));
    }
    serde_json::from_slice(&cx.request.body)
        .map_err(|_| errors::refuse(400, "There was a problem parsing the request body"))
}

/// Whether the token may run mutations; without `api` or `read_api` it may do nothing.
fn may_write(cx: &Cx<'_>) -> Result<bool, ApiError> {
    if cx.caller.kind == Some(TokenKind::Job) {
        return Err(ApiError::graphql_unauthorized());
    }
    let token = cx.caller.token.as_ref();
    let Some(token) = token.and_then(|value| cx.world.tokens.get(value)) else {
        return Ok(cx.caller.user.is_some());
    };
    let has = |name: &str| token.scopes.iter().any(|scope| scope == name);
    if has("api") {
        return Ok(true);
    }
    if has("read_api") {
        return Ok(false);
    }
    Err(ApiError::graphql_unauthorized())
}

/// One query.
fn run(cx: &mut Cx<'_>, asked: &Value, writes: bool) -> Result<Value, ApiError> {
    let text = asked
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.chars().count() > LONGEST {
        return Err(errors::refuse(422, "Query too large"));
    }
    if text.trim().is_empty() {
        return Ok(errors::only("Unexpected end of document"));
    }
    let document = match parse_query(text) {
        Ok(document) => document,
        Err(error) => return Ok(errors::syntax(&error)),
    };
    let variables = match asked.get("variables").unwrap_or(&Value::Null) {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    };
    if !matches!(variables, Value::Null | Value::Object(_)) {
        return Err(errors::refuse(
            422,
            "Variables are invalid: they are not an object",
        ));
    }
    let weight = limits::weigh(&document, &variables);
    let signed_in = cx.caller.user.is_some();
    if let Some(refused) = errors::too_heavy(weight, signed_in) {
        return Ok(refused);
    }
    let name = asked.get("operationName").and_then(Value::as_str);
    if cx.request.is_read() && changes(&document, name) {
        return Err(errors::refuse(
            422,
            "Mutations are forbidden in GET requests",
        ));
    }
    let Some(schema) = schema::schema() else {
        return Err(ApiError::message(500, "500 Internal Server Error"));
    };
    let lent = Session::lend(cx, writes);
    let mut request = async_graphql::Request::new(text)
        .variables(Variables::from_json(variables))
        .data(Arc::clone(&lent.session));
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        request = request.operation_name(name);
    }
    request.set_parsed_query(document);
    let mut work = pin!(schema.execute(request));
    let mut turn = Context::from_waker(Waker::noop());
    for _ in 0..TURNS {
        if let Poll::Ready(response) = work.as_mut().poll(&mut turn) {
            return Ok(errors::translate(response));
        }
    }
    Ok(errors::only("Timeout on Query"))
}

/// Whether the operation that would run is a mutation.
fn changes(document: &ExecutableDocument, name: Option<&str>) -> bool {
    match &document.operations {
        DocumentOperations::Single(one) => one.node.ty == OperationType::Mutation,
        DocumentOperations::Multiple(all) => all.iter().any(|(own, operation)| {
            name.is_none_or(|name| own == name) && operation.node.ty == OperationType::Mutation
        }),
    }
}
