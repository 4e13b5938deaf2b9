//! Markdown as HTML. <https://docs.gitlab.com/api/markdown/>

use pulldown_cmark::{Event, Options, Parser, html};
use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    table.post("markdown", render);
}

fn render(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    let text = cx
        .params
        .text("text")
        .ok_or_else(|| ApiError::missing("text"))?;
    if let Some(project) = cx.params.filled("project") {
        cx.project_named(&project)?;
    }
    Ok(Answer::created(&json!({ "html": to_html(&text) })))
}

/// Tags a text carries come out as text.
fn to_html(text: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(tag) | Event::InlineHtml(tag) => Event::Text(tag),
        event => event,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out.replace("<p>", "<p dir=\"auto\">").trim_end().to_owned()
}
