//! The visible round: initialize, list tools, list open merge requests, read a diff, add a note.

use std::sync::Arc;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};

use crate::cli::print;

type Client = RunningService<RoleClient, ()>;

/// The longest part of an answer that is shown.
const SHOWN_LINES: usize = 16;

/// Makes the round against the server at `url` and prints what happened.
#[expect(
    clippy::disallowed_methods,
    reason = "the demo is a client of this server, on loopback"
)]
pub(super) async fn run(url: &str) -> Result<(), String> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| error.to_string())?;
    let config = StreamableHttpClientTransportConfig::with_uri(Arc::from(url));
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let client = ().serve(transport).await.map_err(|error| format!("initialize: {error}"))?;
    let round = steps(&client).await;
    drop(client.cancel().await);
    round
}

async fn steps(client: &Client) -> Result<(), String> {
    introduce(client)?;
    list_tools(client).await?;
    let url = list_open_merge_requests(client).await?;
    read_diff(client, &url).await?;
    add_note(client, &url).await
}

fn introduce(client: &Client) -> Result<(), String> {
    step(1, "initialize");
    let about = client
        .peer_info()
        .ok_or("initialize: the server did not introduce itself")?;
    let server = about
        .server_info
        .as_ref()
        .ok_or("initialize: the server gave no name")?;
    let version = &about.protocol_version;
    print::out(&format!(
        "  {} {} speaks MCP {version}",
        server.name, server.version
    ));
    Ok(())
}

async fn list_tools(client: &Client) -> Result<(), String> {
    step(2, "tools/list");
    let tools = client
        .list_all_tools()
        .await
        .map_err(|error| format!("tools/list: {error}"))?;
    let names: Vec<&str> = tools
        .iter()
        .take(6)
        .map(|tool| tool.name.as_ref())
        .collect();
    print::out(&format!("  {} tools: {}, …", tools.len(), names.join(", ")));
    Ok(())
}

/// Prints the open merge requests; the URL of the oldest is the one to look at.
async fn list_open_merge_requests(client: &Client) -> Result<String, String> {
    step(
        3,
        "tools/call list_merge_requests {state: opened, scope: all}",
    );
    let arguments = json!({ "state": "opened", "scope": "all" });
    let open = call(client, "list_merge_requests", arguments).await?;
    let items = open
        .structured_content
        .as_ref()
        .and_then(|answer| answer.get("items"));
    let items = items
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    for item in items {
        let (title, author) = (text(item, "/title"), text(item, "/author"));
        print::out(&format!("  !{} {title} (by {author})", item["iid"]));
    }
    let oldest = items.last().ok_or("no merge request is open")?;
    Ok(text(oldest, "/web_url"))
}

async fn read_diff(client: &Client, url: &str) -> Result<(), String> {
    step(
        4,
        &format!("tools/call get_merge_request_diffs {{project_id: {url}}}"),
    );
    let diff = call(
        client,
        "get_merge_request_diffs",
        json!({ "project_id": url }),
    )
    .await?;
    let diff = last_text(&diff).ok_or("the diff is empty")?;
    for line in diff.lines().take(SHOWN_LINES) {
        print::out(&format!("  {line}"));
    }
    if diff.lines().count() > SHOWN_LINES {
        print::out("  …");
    }
    Ok(())
}

async fn add_note(client: &Client, url: &str) -> Result<(), String> {
    step(
        5,
        &format!("tools/call create_merge_request_note {{project_id: {url}, body: …}}"),
    );
    let note = json!({ "project_id": url, "body": "Read by the gitlab-mcp demo: looks good." });
    let result = call(client, "create_merge_request_note", note).await?;
    let note = result
        .structured_content
        .as_ref()
        .and_then(|answer| answer.get("item"));
    let note = note
        .filter(|note| note["id"].is_u64())
        .ok_or("the note was not created")?;
    let (author, body) = (text(note, "/author/username"), text(note, "/body"));
    print::out(&format!(
        "  note {} added by {author}: {body}\n",
        note["id"]
    ));
    Ok(())
}

fn step(number: u8, what: &str) {
    print::out(&format!("{number}. {what}"));
}

async fn call(client: &Client, tool: &str, arguments: Value) -> Result<CallToolResult, String> {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    let result = client
        .call_tool(request)
        .await
        .map_err(|error| format!("{tool}: {error}"))?;
    if result.is_error == Some(true) {
        return Err(format!(
            "{tool}: {}",
            last_text(&result).unwrap_or_default()
        ));
    }
    Ok(result)
}

/// The last text block of a result: the framed text where there is one.
fn last_text(result: &CallToolResult) -> Option<String> {
    let block = result
        .content
        .iter()
        .rev()
        .find_map(|block| block.as_text())?;
    Some(block.text.clone())
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
