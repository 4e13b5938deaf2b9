//! MCP clients of both eras over HTTP, with the least machinery that is still correct.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{Reply, Request};

/// Which MCP a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2025-11-25: `initialize`, then a session.
    Legacy,
    /// 2026-07-28: each request stands alone.
    Modern,
}

impl Era {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Legacy, Self::Modern];

    /// The revision.
    pub fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

/// A client.
#[derive(Debug)]
pub struct McpClient {
    address: SocketAddr,
    era: Era,
    bearer: Option<String>,
    session: Option<String>,
    next: u64,
}

impl McpClient {
    /// A client that has said what it has to say before its first request.
    pub async fn connect(address: SocketAddr, era: Era, bearer: Option<&str>) -> Self {
        let mut client = Self {
            address,
            era,
            bearer: bearer.map(str::to_owned),
            session: None,
            next: 1,
        };
        if era == Era::Legacy {
            client.open_session().await;
        }
        client
    }

    async fn open_session(&mut self) {
        let params = json!({
            "protocolVersion": self.era.version(),
            "capabilities": {},
            "clientInfo": { "name": "it", "version": "1" },
        });
        let reply = self.exchange("initialize", params).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.session = reply.header("mcp-session-id").map(str::to_owned);
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let reply = self.raw(initialized.to_string()).send(self.address).await;
        assert_eq!(reply.status, 202, "{reply:?}");
    }

    /// The id of its session, if it has one.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// A request of this client with any body.
    pub fn raw(&self, body: impl Into<Vec<u8>>) -> Request {
        let mut request = Request::mcp(body);
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", &format!("Bearer {bearer}"));
        }
        if let Some(session) = &self.session {
            request = request
                .header("Mcp-Session-Id", session)
                .header("MCP-Protocol-Version", self.era.version());
        }
        request
    }

    /// The request for a method, complete.
    pub fn request(&mut self, method: &str, mut params: Value) -> Request {
        let id = self.next;
        self.next += 1;
        if self.era == Era::Modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.era.version(),
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let name = params["name"].as_str().map(str::to_owned);
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let request = self.raw(body.to_string());
        if self.era == Era::Legacy {
            return request;
        }
        let request = request
            .header("MCP-Protocol-Version", self.era.version())
            .header("Mcp-Method", method);
        match name {
            Some(name) => request.header("Mcp-Name", &name),
            None => request,
        }
    }

    /// Sends a request and reads the answer.
    pub async fn exchange(&mut self, method: &str, params: Value) -> Reply {
        let address = self.address;
        self.request(method, params).send(address).await
    }

    /// Calls a tool.
    ///
    /// # Panics
    /// When the answer is a protocol error.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> CallResult {
        let params = json!({ "name": tool, "arguments": arguments });
        let reply = self.exchange("tools/call", params).await;
        let message = reply.message();
        let result = message.get("result").cloned();
        CallResult(result.unwrap_or_else(|| unreachable!("{tool}: {reply:?}")))
    }

    /// The tools this client is shown.
    pub async fn tools(&mut self) -> Vec<Value> {
        let reply = self.exchange("tools/list", json!({})).await;
        let tools = reply.message()["result"]["tools"].as_array().cloned();
        tools.unwrap_or_else(|| unreachable!("{reply:?}"))
    }
}

/// What a tool answered.
#[derive(Debug, Clone)]
pub struct CallResult(pub Value);

impl CallResult {
    /// True when the tool failed.
    pub fn is_error(&self) -> bool {
        self.0["isError"].as_bool().unwrap_or_default()
    }

    /// The structured part.
    pub fn structured(&self) -> &Value {
        &self.0["structuredContent"]
    }

    /// The object of an answer that is one.
    pub fn item(&self) -> &Value {
        assert!(!self.is_error(), "{self:?}");
        &self.structured()["item"]
    }

    /// The members of an answer that is a list.
    ///
    /// # Panics
    /// When it is none.
    pub fn items(&self) -> &[Value] {
        let items = self.structured()["items"].as_array();
        items.unwrap_or_else(|| unreachable!("{self:?}"))
    }

    /// The code of a failure.
    ///
    /// # Panics
    /// When the tool succeeded.
    pub fn code(&self) -> &str {
        let code = self.structured()["error"]["code"].as_str();
        code.unwrap_or_else(|| unreachable!("{self:?}"))
    }

    /// Every text block, joined.
    pub fn text(&self) -> String {
        let blocks = self.0["content"].as_array().into_iter().flatten();
        let texts: Vec<&str> = blocks.filter_map(|block| block["text"].as_str()).collect();
        texts.join("\n")
    }
}
