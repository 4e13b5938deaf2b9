//! A GitLab that always answers the same project, and the bare handler to compare with.

use std::io::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use tokio::net::TcpListener;

/// A project of 1.8 KB, the size of GitLab's own answer without statistics.
fn project() -> String {
    let filler: Vec<String> = (0..24)
        .map(|index| {
            format!(r#""member_{index}_enabled":true,"member_{index}_access_level":"enabled""#)
        })
        .collect();
    format!(
        r#"{{"id":42,"name":"web","path_with_namespace":"shop/web","description":"The shop","default_branch":"main","web_url":"https://gitlab.example/shop/web","avatar_url":null,"_links":{{"self":"https://gitlab.example/api/v4/projects/42"}},"namespace":{{"id":7,"name":"shop","path":"shop","kind":"group"}},"topics":["shop","web"],{}}}"#,
        filler.join(",")
    )
}

/// Starts the upstream on a free port.
pub(crate) async fn start() -> SocketAddr {
    let body = project();
    let answer = move || {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/json")], body) }
    };
    let router = Router::new().route("/api/v4/projects/{id}", get(answer));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Serves a fixed JSON answer until the process is ended; prints its address like the server does.
pub(crate) fn bare_handler() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let router = Router::new().route(
            "/mcp",
            post(|body: axum::body::Bytes| async move {
                let request: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                let answer =
                    serde_json::json!({ "jsonrpc": "2.0", "id": request["id"], "result": {} });
                ([(CONTENT_TYPE, "application/json")], answer.to_string())
            }),
        );
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let line = format!("listening on http://{address}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        axum::serve(listener, router).await.unwrap();
    });
}
