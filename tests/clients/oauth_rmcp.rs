//! The client of `rmcp`, with its own OAuth, as a program: what `oauth_steps.py` does with others.
//!
//! Its feature `auth` needs no TLS besides the one of the workspace.
#![expect(
    clippy::print_stdout,
    reason = "a script of the test runner talks on stdout"
)]

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;

type Problem = Box<dyn Error + Send + Sync>;
type Client = RunningService<RoleClient, ()>;

const TOOLS: [&str; 2] = ["get_project", "create_merge_request_note"];
const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 28\r\nconnection: close\r\n\r\n\
                    You can close this window.\r\n";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Problem> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let url = setting("URL")?;
    let client = AuthClient::new(http()?, signed_in(&url).await?);
    let before = client.get_access_token().await?;
    let config = StreamableHttpClientTransportConfig::with_uri(Arc::from(url.as_str()));
    let transport = StreamableHttpClientTransport::with_client(client.clone(), config);
    let session = ().serve(transport).await?;
    let tools = session.list_all_tools().await?;
    for wanted in TOOLS {
        if !tools.iter().any(|tool| tool.name == wanted) {
            return Err(format!("{wanted} is not listed").into());
        }
    }
    work(&session, "signed in").await?;
    let_expire().await?;
    work(&session, "refreshed").await?;
    if client.get_access_token().await? == before {
        return Err("the access token is still the first one".into());
    }
    session.cancel().await?;
    Ok(())
}

/// From nothing but the URL to tokens.
async fn signed_in(url: &str) -> Result<rmcp::transport::auth::AuthorizationManager, Problem> {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", setting("PORT")?)).await?;
    let redirect = format!("http://{}/callback", listener.local_addr()?);
    let mut state = OAuthState::new(url, None).await?;
    let asked = AuthorizationRequest::new(&redirect).with_client_name("rmcp client of the tests");
    state.start_authorization(asked).await?;
    let link = state.get_authorization_url().await?;
    let mut person = Command::new(setting("PERSON_PROGRAM")?).arg(link).spawn()?;
    let place = arrival(&listener).await?;
    state
        .handle_callback_url(&format!("{redirect}?{place}"))
        .await?;
    if !person.wait().await?.success() {
        return Err("the person did not get through".into());
    }
    let manager = state.into_authorization_manager();
    manager.ok_or_else(|| "the sign-in did not come to its end".into())
}

/// The query with which the browser comes back. RFC 8252 section 7.3
async fn arrival(listener: &TcpListener) -> Result<String, Problem> {
    let (mut socket, _) = listener.accept().await?;
    let mut request = vec![0; 8192];
    let read = socket.read(&mut request).await?;
    request.truncate(read);
    socket.write_all(DONE.as_bytes()).await?;
    socket.shutdown().await?;
    let request = String::from_utf8(request)?;
    let target = request.split(' ').nth(1).unwrap_or_default();
    let query = target.split_once('?').map(|(_, query)| query.to_owned());
    query.ok_or_else(|| format!("the browser came back without a query: {target}").into())
}

/// Reads and writes; the answers are the right person's.
async fn work(session: &Client, when: &str) -> Result<(), Problem> {
    let project = setting("PROJECT")?;
    let found = call(session, "get_project", json!({ "project_id": project })).await?;
    if !found.to_string().contains(&project) {
        return Err(format!("{when}: {found}").into());
    }
    let body = format!("{when} of rmcp");
    let note = json!({ "project_id": project, "merge_request_iid": "2", "body": body });
    let written = call(session, "create_merge_request_note", note).await?;
    let author = written.pointer("/item/author/username");
    let is_own = author.and_then(Value::as_str) == Some(&setting("PERSON")?);
    if !is_own || written.pointer("/item/body").and_then(Value::as_str) != Some(&body) {
        return Err(format!("{when}: {written}").into());
    }
    Ok(())
}

async fn call(session: &Client, tool: &'static str, arguments: Value) -> Result<Value, Problem> {
    let mut request = CallToolRequestParams::new(tool);
    request.arguments = arguments.as_object().cloned();
    let result: CallToolResult = session.call_tool(request).await?;
    if result.is_error == Some(true) {
        return Err(format!("{tool}: {result:?}").into());
    }
    result
        .structured_content
        .ok_or_else(|| format!("{tool} answered no structure").into())
}

/// Every access token there is, ours and GitLab's, is past its life afterwards.
async fn let_expire() -> Result<(), Problem> {
    let seconds = setting("LIFE")?;
    let clock = format!("{}/-/mock/clock", setting("GITLAB")?);
    let moved = http()?
        .post(clock)
        .header("content-type", "application/json")
        .body(format!(r#"{{"advance_seconds":{seconds}}}"#))
        .send()
        .await?;
    moved.error_for_status()?;
    std::fs::write(setting("CLOCK")?, seconds)?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client of the server, on loopback"
)]
fn http() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().no_proxy().build()
}

/// A setting of the runner; its absence is a mistake in the call.
#[expect(clippy::disallowed_methods, reason = "a script of the test runner")]
fn setting(name: &str) -> Result<String, Problem> {
    let name = format!("GITLAB_MCP_TEST_{name}");
    std::env::var(&name).map_err(|_| format!("{name} is not set").into())
}
