//! Connections: `nodes`, `edges`, `pageInfo`, `count`, at most 100 nodes a page.
//! <https://docs.gitlab.com/api/graphql/#pagination>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Refusal;
use super::session::rest;
use super::shape::dress;
use crate::context::Cx;

/// The longest page.
const MOST: usize = 100;

/// Rows of a list of the REST API, fetched page by page: `/projects/1/labels?search=x`.
pub(super) fn list(path: impl Into<String>) -> Value {
    json!({ "$list": path.into() })
}

/// Rows that are looked up only when they are on the page.
pub(super) fn issue_rows(ids: impl IntoIterator<Item = u64>) -> Value {
    ids.into_iter().map(|id| json!({ "$issue": id })).collect()
}

/// The page that `first`, `last`, `after` and `before` ask for.
pub(super) fn page(
    cx: &mut Cx<'_>,
    rows: Value,
    arguments: &Map<String, Value>,
    node: &str,
) -> Result<Value, Refusal> {
    let size = |name: &str| {
        let asked = arguments.get(name).and_then(Value::as_u64);
        asked.map(|asked| usize::try_from(asked).unwrap_or(MOST).min(MOST))
    };
    let at = |name: &str| arguments.get(name).and_then(Value::as_str).map(position);
    let after = at("after")
        .transpose()?
        .map_or(0, |after| after.saturating_add(1));
    let before = at("before").transpose()?;
    let (first, last) = (size("first"), size("last"));
    let window = match rows {
        Value::Null => return Ok(Value::Null),
        Value::Array(rows) => cut(rows, after, before, (first, last)),
        listed => fetch(cx, &listed, after, first.or(last).unwrap_or(MOST))?,
    };
    let Window {
        start,
        rows,
        more,
        total,
    } = window;
    let nodes: Vec<Value> = rows
        .into_iter()
        .map(|row| dress(node, expand(cx, row)))
        .collect();
    let cursor = |offset: usize| json!(cursor(start + offset));
    let edges: Vec<Value> = nodes
        .iter()
        .enumerate()
        .map(|(offset, node)| json!({ "cursor": cursor(offset), "node": node }))
        .collect();
    let count = nodes.len();
    Ok(json!({
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": start > 0,
            "startCursor": if count > 0 { cursor(0) } else { Value::Null },
            "endCursor": if count > 0 { cursor(count - 1) } else { Value::Null },
        },
        "nodes": nodes,
        "edges": edges,
        "count": total,
    }))
}

struct Window {
    start: usize,
    rows: Vec<Value>,
    more: bool,
    total: Option<usize>,
}

fn cut(
    mut rows: Vec<Value>,
    after: usize,
    before: Option<usize>,
    (first, last): (Option<usize>, Option<usize>),
) -> Window {
    let total = rows.len();
    let end = before.unwrap_or(total).min(total);
    let start = after.min(end);
    let (start, stop) = match (first, last) {
        (None, Some(last)) => (start.max(end.saturating_sub(last)), end),
        (first, _) => (start, end.min(start + first.unwrap_or(MOST))),
    };
    rows.truncate(stop);
    Window {
        start,
        rows: rows.split_off(start.min(rows.len())),
        more: stop < total,
        total: Some(total),
    }
}

/// Rows of the REST API from `start` on. A window that lies across two pages is put
/// together.
fn fetch(cx: &mut Cx<'_>, listed: &Value, start: usize, size: usize) -> Result<Window, Refusal> {
    let path = listed
        .get("$list")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sign = if path.contains('?') { '&' } else { '?' };
    let per_page = size.max(1);
    let (mut rows, mut total, mut more) = (Vec::new(), None, false);
    let first = start / per_page;
    let skip = start % per_page;
    for number in [first, first + 1] {
        if number > first && (skip == 0 || !more) {
            break;
        }
        let address = format!("{path}{sign}page={}&per_page={per_page}", number + 1);
        let page = rest(cx, "GET", &address, None)?;
        total = page.total;
        more = page.more;
        if let Value::Array(items) = page.body {
            rows.extend(items);
        }
    }
    let mut rows = rows.split_off(skip.min(rows.len()));
    more |= rows.len() > size;
    rows.truncate(size);
    Ok(Window {
        start,
        rows,
        more,
        total,
    })
}

/// Looks a row up that is only named.
pub(super) fn expand(cx: &mut Cx<'_>, row: Value) -> Value {
    match row.get("$issue").and_then(Value::as_u64) {
        Some(id) => issue(cx, id),
        None => row,
    }
}

/// An issue by its global number, as the REST API shows it to the caller.
pub(super) fn issue(cx: &mut Cx<'_>, id: u64) -> Value {
    let Some((project, iid)) = cx.world.issues.get(&id).map(|one| (one.project, one.iid)) else {
        return Value::Null;
    };
    super::session::one(cx, &format!("/projects/{project}/issues/{iid}"))
}

fn cursor(at: usize) -> String {
    STANDARD.encode(format!("{{\"offset\":\"{at}\"}}"))
}

fn position(cursor: &str) -> Result<usize, Refusal> {
    let read = || {
        let plain = STANDARD.decode(cursor).ok()?;
        let value: Value = serde_json::from_slice(&plain).ok()?;
        value.get("offset")?.as_str()?.parse().ok()
    };
    read().ok_or_else(|| Refusal::Error("Please provide a valid cursor".to_owned()))
}
