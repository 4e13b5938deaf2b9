//! Offset and keyset pages, their headers and their `Link`.
//! <https://docs.gitlab.com/api/rest/#pagination>

use serde_json::Value;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;

/// Above this many rows GitLab no longer counts for the client.
const COUNT_LIMIT: usize = 10_000;
/// `page × per_page` beyond this needs keyset pages on the routes that have them.
const OFFSET_LIMIT: usize = 50_000;

/// Number and size of the page a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

impl Page {
    /// `page` (1) and `per_page` (20, at most 100).
    pub(crate) fn wanted(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let positive = |name: &str, default: usize| match cx.params.filled(name) {
            None => Ok(default),
            Some(text) => match text.trim().parse::<usize>() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(ApiError::not_a_choice(name)),
            },
        };
        let zero = cx.params.text("per_page").is_some_and(|text| text == "0");
        if zero {
            return Err(ApiError::error(400, "per_page has a value not allowed"));
        }
        Ok(Self {
            number: positive("page", 1)?,
            size: positive("per_page", 20)?.min(100),
        })
    }
}

/// Cuts the wanted page out of `rows`, renders it and sets the `X-` headers and `Link`.
pub(crate) fn offset<T>(
    cx: &Cx<'_>,
    rows: &[T],
    render: impl Fn(&T) -> Value,
) -> Result<Answer, ApiError> {
    if wants_keyset(cx) {
        return Err(no_keyset());
    }
    let page = Page::wanted(cx)?;
    let total = rows.len();
    let start = (page.number - 1).saturating_mul(page.size);
    let slice = rows.get(start.min(total)..start.saturating_add(page.size).min(total));
    let items: Vec<Value> = slice.unwrap_or_default().iter().map(render).collect();
    Ok(with_headers(
        cx,
        Answer::json(&Value::Array(items)),
        page,
        total,
    ))
}

/// As [`offset`] on a route that also has keyset pages by `id`: `pagination=keyset`
/// switches over, and deep offsets are refused.
pub(crate) fn offset_or_keyset<T>(
    cx: &Cx<'_>,
    mut rows: Vec<T>,
    id: impl Fn(&T) -> u64,
    render: impl Fn(&T) -> Value,
) -> Result<Answer, ApiError> {
    let page = Page::wanted(cx)?;
    if !wants_keyset(cx) {
        if page.number.saturating_mul(page.size) > OFFSET_LIMIT {
            let text = "Offset pagination has a maximum allowed offset of 50000 for requests that \
                        return objects of this type. Remaining records can be retrieved using \
                        keyset pagination.";
            return Err(ApiError::error(405, text));
        }
        return offset(cx, &rows, render);
    }
    if cx
        .params
        .filled("order_by")
        .is_some_and(|order| order != "id")
    {
        return Err(no_keyset());
    }
    let ascending = cx.params.ascending(false)?;
    rows.sort_by_key(&id);
    if !ascending {
        rows.reverse();
    }
    let after = cx.params.id("id_after")?;
    let before = cx.params.id("id_before")?;
    rows.retain(|row| {
        after.is_none_or(|bound| id(row) > bound) && before.is_none_or(|bound| id(row) < bound)
    });
    let items: Vec<Value> = rows.iter().take(page.size).map(render).collect();
    let answer = Answer::json(&Value::Array(items));
    let last = rows
        .get(page.size - 1)
        .map(id)
        .filter(|_| rows.len() > page.size);
    Ok(match last {
        None => answer,
        Some(last) => {
            let name = if ascending { "id_after" } else { "id_before" };
            next_link(cx, answer, name, &last.to_string())
        }
    })
}

fn wants_keyset(cx: &Cx<'_>) -> bool {
    cx.params.text("pagination").as_deref() == Some("keyset")
}

fn no_keyset() -> ApiError {
    let text = "Keyset pagination is not yet available for this type of request";
    ApiError::error(405, text)
}

/// As [`offset`] on a route that has keyset pages in one order only, with an opaque
/// `cursor`. The rows come in that order already.
pub(crate) fn offset_or_cursor<T>(
    cx: &Cx<'_>,
    rows: &[T],
    order: &str,
    id: impl Fn(&T) -> u64,
    render: impl Fn(&T) -> Value,
) -> Result<Answer, ApiError> {
    if !wants_keyset(cx) {
        return offset(cx, rows, render);
    }
    let wanted = cx.params.filled("order_by");
    if wanted.is_some_and(|wanted| wanted != order) {
        return Err(no_keyset());
    }
    let cursor = |row: &T| format!("{:016x}", id(row));
    by_cursor(cx, rows, "cursor", cursor, render)
}

/// Keyset pages over rows with an opaque text cursor, such as a tree's `page_token`.
pub(crate) fn by_cursor<T>(
    cx: &Cx<'_>,
    rows: &[T],
    parameter: &str,
    cursor: impl Fn(&T) -> String,
    render: impl Fn(&T) -> Value,
) -> Result<Answer, ApiError> {
    let size = Page::wanted(cx)?.size;
    let start = match cx.params.filled(parameter) {
        None => 0,
        Some(token) => rows
            .iter()
            .position(|row| cursor(row) == token)
            .map_or(0, |at| at + 1),
    };
    let rest = rows.get(start..).unwrap_or_default();
    let items: Vec<Value> = rest.iter().take(size).map(render).collect();
    let answer = Answer::json(&Value::Array(items));
    Ok(match rest.get(size - 1).filter(|_| rest.len() > size) {
        None => answer,
        Some(last) => next_link(cx, answer, parameter, &cursor(last)),
    })
}

/// The `X-` headers and `Link` of an offset page.
pub(crate) fn with_headers(cx: &Cx<'_>, answer: Answer, page: Page, total: usize) -> Answer {
    let pages = total.div_ceil(page.size).max(1);
    let previous = (page.number > 1).then(|| page.number - 1);
    let next = (page.number < pages).then_some(page.number + 1);
    let text = |number: Option<usize>| number.map_or_else(String::new, |n| n.to_string());
    let counted = total <= COUNT_LIMIT;
    let mut links = Vec::new();
    let mut link = |number: usize, rel: &str| {
        let changes = [
            ("page", number.to_string()),
            ("per_page", page.size.to_string()),
        ];
        links.push(format!("<{}>; rel=\"{rel}\"", address(cx, &changes)));
    };
    // The order is GitLab's: prev, next, first, last.
    if let Some(number) = previous {
        link(number, "prev");
    }
    if let Some(number) = next {
        link(number, "next");
    }
    link(1, "first");
    if counted {
        link(pages, "last");
    }
    let answer = answer
        .header("Link", links.join(", "))
        .header("X-Next-Page", text(next))
        .header("X-Page", page.number.to_string())
        .header("X-Per-Page", page.size.to_string())
        .header("X-Prev-Page", text(previous));
    if counted {
        answer
            .header("X-Total", total.to_string())
            .header("X-Total-Pages", pages.to_string())
    } else {
        answer
    }
}

fn next_link(cx: &Cx<'_>, answer: Answer, name: &str, value: &str) -> Answer {
    let link = address(cx, &[(name, value.to_owned())]);
    answer.header("Link", format!("<{link}>; rel=\"next\""))
}

/// The address of this request with some query parameters replaced, the others
/// repeated; credentials are left out.
fn address(cx: &Cx<'_>, changes: &[(&str, String)]) -> String {
    const SECRETS: [&str; 3] = ["private_token", "access_token", "job_token"];
    let mut query: Vec<(String, String)> = form_urlencoded::parse(cx.request.query.as_bytes())
        .filter(|(name, _)| !SECRETS.contains(&name.as_ref()))
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    query.extend(
        changes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    query.sort_by(|one, two| one.0.cmp(&two.0));
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query);
    format!("{}?{}", cx.site.url(&cx.request.path), text.finish())
}
