//! The hand-written handler rmcp calls: each method looks up, maps, and nothing else.
#![expect(
    deprecated,
    reason = "logging and resource subscription are deprecated in MCP; legacy clients use them"
)]

use std::borrow::Cow;
use std::sync::Arc;

use gitlab_mcp_core::auth::Caller;
use http::request::Parts;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
    CustomRequest, CustomResult, DiscoverResult, ErrorCode, ErrorData, GetPromptRequestParams,
    GetPromptResponse, InitializeRequestParams, InitializeResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, LoggingLevel,
    PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
    ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};

use super::standing::Standing;
use super::tool_list::TTL_MS;
use super::{Shared, Wire, call, complete, listen, prompts, resources};

/// Revisions we serve.
const VERSIONS: [ProtocolVersion; 4] = [
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// One connection's view of the server. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    pub(super) shared: Arc<Shared>,
    /// What the client of a session or of stdio told us; `None` where each request stands alone.
    pub(super) standing: Option<Arc<Standing>>,
    /// The caller of a stdio process; over HTTP the guard names the caller of each request.
    pub(super) local: Option<Caller>,
}

pub(super) type Request = RequestContext<RoleServer>;

impl Handler {
    /// True when the request names 2026-07-28 or later.
    pub(super) fn is_modern(request: &Request) -> bool {
        request
            .protocol_version()
            .is_some_and(|version| !version.has_initialize())
    }

    /// Who is calling.
    pub(super) fn caller(&self, request: &Request) -> Result<Caller, ErrorData> {
        let parts = request.extensions.get::<Parts>();
        parts
            .and_then(|parts| parts.extensions.get::<Caller>())
            .or(self.local.as_ref())
            .cloned()
            .ok_or_else(|| ErrorData::internal_error("the request has no caller", None))
    }

    fn config(&self, wire: Wire) -> ServerConfig {
        let mut config = ServerConfig::new(self.shared.declared.capabilities(wire))
            .with_server_info(self.shared.identity.clone())
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE);
        config.instructions.clone_from(&self.shared.instructions);
        config
    }

    fn standing(&self, method: &'static str) -> Result<&Standing, ErrorData> {
        self.standing.as_deref().ok_or_else(|| unknown(method))
    }
}

/// The method does not exist here.
pub(super) fn unknown(method: impl Into<Cow<'static, str>>) -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None)
}

/// Lists are never cut, so no cursor of ours exists.
pub(super) fn no_cursor(params: Option<&PaginatedRequestParams>) -> Result<(), ErrorData> {
    match params.and_then(|params| params.cursor.as_ref()) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params(
            "the cursor is not one of this server: list again without a cursor",
            None,
        )),
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        self.config(if self.standing.is_some() {
            Wire::Session
        } else {
            Wire::Modern
        })
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(&VERSIONS)
    }

    async fn initialize(
        &self,
        params: InitializeRequestParams,
        request: Request,
    ) -> Result<InitializeResult, ErrorData> {
        request.peer.set_peer_info(params.clone());
        let wire = if self.standing.is_some() {
            Wire::Session
        } else {
            Wire::Stateless
        };
        let mut result = self.config(wire);
        if params.protocol_version.has_initialize() && VERSIONS.contains(&params.protocol_version) {
            result.protocol_version = params.protocol_version;
        }
        Ok(result)
    }

    async fn discover(&self, _: Request) -> Result<DiscoverResult, ErrorData> {
        let config = self.config(Wire::Modern);
        Ok(DiscoverResult::from_server_info(VERSIONS.to_vec(), config)
            .with_ttl_ms(TTL_MS)
            .with_cache_scope(CacheScope::Private))
    }

    async fn list_tools(
        &self,
        params: Option<PaginatedRequestParams>,
        request: Request,
    ) -> Result<ListToolsResult, ErrorData> {
        no_cursor(params.as_ref())?;
        let identity = Self::is_modern(&request).then_some(&self.shared.identity_meta);
        Ok(self.shared.tools.result(identity))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.shared.tools.with_headers(name)
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        request: Request,
    ) -> Result<CallToolResponse, ErrorData> {
        call::call(self, params, request).await
    }

    async fn list_prompts(
        &self,
        params: Option<PaginatedRequestParams>,
        request: Request,
    ) -> Result<ListPromptsResult, ErrorData> {
        no_cursor(params.as_ref())?;
        prompts::list(self, &request)
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        request: Request,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(self, params, request).await
    }

    async fn list_resources(
        &self,
        params: Option<PaginatedRequestParams>,
        request: Request,
    ) -> Result<ListResourcesResult, ErrorData> {
        no_cursor(params.as_ref())?;
        resources::list(self, &request)
    }

    async fn list_resource_templates(
        &self,
        params: Option<PaginatedRequestParams>,
        request: Request,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        no_cursor(params.as_ref())?;
        resources::list_templates(self, &request)
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        request: Request,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(self, params, request).await
    }

    async fn complete(
        &self,
        params: CompleteRequestParams,
        request: Request,
    ) -> Result<CompleteResult, ErrorData> {
        complete::complete(self, params, request).await
    }

    async fn set_level(&self, params: SetLevelRequestParams, _: Request) -> Result<(), ErrorData> {
        if !self.shared.declared.logging {
            return Err(unknown("logging/setLevel"));
        }
        // Without a session there is nothing to remember, and nothing is sent either.
        if let Some(standing) = &self.standing {
            standing.set_level(wire_rank(params.level));
        }
        Ok(())
    }

    async fn subscribe(&self, params: SubscribeRequestParams, _: Request) -> Result<(), ErrorData> {
        if !self.shared.declared.subscriptions {
            return Err(unknown("resources/subscribe"));
        }
        let standing = self.standing("resources/subscribe")?;
        if standing.watch(params.uri) {
            return Ok(());
        }
        Err(ErrorData::invalid_params(
            "too many resources are watched in this session: unsubscribe from some first",
            None,
        ))
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        _: Request,
    ) -> Result<(), ErrorData> {
        if !self.shared.declared.subscriptions {
            return Err(unknown("resources/unsubscribe"));
        }
        self.standing("resources/unsubscribe")?.unwatch(&params.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let caller = self.caller(subscription.request_context())?;
        let principal = caller.principal().clone();
        if listen::hold(&self.shared, principal, &subscription).await {
            return Ok(());
        }
        Err(ErrorData::invalid_request(
            "too many subscription streams are open: close one first",
            Some(serde_json::json!({ "reason": "too_many_streams" })),
        ))
    }

    async fn on_custom_request(
        &self,
        custom: CustomRequest,
        _: Request,
    ) -> Result<CustomResult, ErrorData> {
        // rmcp hands over what it could not read, known methods with wrong parameters included.
        if self.shared.declared.knows_legacy(&custom.method)
            || self.shared.declared.knows_modern(&custom.method)
        {
            return Err(ErrorData::invalid_params(
                format!("the parameters of {} have the wrong form", custom.method),
                None,
            ));
        }
        Err(unknown(custom.method))
    }
}

/// Order of severity of the eight words of the wire.
pub(super) fn wire_rank(level: LoggingLevel) -> u8 {
    match level {
        LoggingLevel::Debug => 0,
        LoggingLevel::Info => 1,
        LoggingLevel::Notice => 2,
        LoggingLevel::Warning => 3,
        LoggingLevel::Error => 4,
        _ => 5,
    }
}
