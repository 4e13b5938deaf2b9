//! A client whose answers are written down beforehand, and a context to call tools in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gitlab_mcp_core::auth::{AuthError, AuthProvider, Caller, Credential, Principal};
use gitlab_mcp_core::clock::SystemClock;
use gitlab_mcp_core::conversation::{
    AskError, Conversation, ListKind, LogLevel, Question, Reply, Suspension,
};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, GitLab, Instance};
use gitlab_mcp_core::random::SeededRandom;
use gitlab_mcp_core::tool::{
    Catalog, Context, Policy, PolicyInput, ToolError, ToolOutput, ToolSettings, execute,
};
use http::request::Parts;
use serde_json::{Map, Value};

/// Answers what it has replies for, as clients without server requests do; the rest suspends.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) supports: &'static [&'static str],
    pub(super) replies: BTreeMap<String, Reply>,
    pub(super) state: Option<Value>,
    pub(super) heard: Mutex<Vec<String>>,
}

impl Client {
    fn hear(&self, notice: String) {
        self.heard.lock().unwrap().push(notice);
    }
}

#[async_trait]
impl Conversation for Client {
    async fn progress(&self, progress: f64, total: Option<f64>, _: Option<String>) {
        self.hear(format!("{progress}/{}", total.unwrap_or_default()));
    }

    async fn log(&self, level: LogLevel, _: &str, data: Value) {
        self.hear(format!("{level:?} {data}"));
    }

    async fn list_changed(&self, kind: ListKind) {
        self.hear(format!("{kind:?} changed"));
    }

    async fn resource_updated(&self, uri: &str) {
        self.hear(format!("{uri} updated"));
    }

    async fn ask(
        &self,
        questions: BTreeMap<String, Question>,
    ) -> Result<BTreeMap<String, Reply>, AskError> {
        let asked: Option<BTreeMap<String, Reply>> = questions
            .keys()
            .map(|key| Some((key.clone(), self.replies.get(key)?.clone())))
            .collect();
        asked.ok_or(AskError::Suspended(Suspension {
            questions,
            missing_capability: None,
            state: None,
        }))
    }

    fn state(&self) -> Option<Value> {
        self.state.clone()
    }

    fn supports(&self, capability: &str) -> bool {
        self.supports.contains(&capability)
    }

    async fn interrupt_stream(&self) {
        self.hear("stream closed".to_owned());
    }

    async fn cancelled(&self) {
        std::future::pending::<()>().await;
    }
}

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl AuthProvider for Nobody {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        Ok(caller())
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        Ok(None)
    }
}

fn caller() -> Caller {
    let instance = Instance::parse("https://gitlab.example").unwrap();
    Caller::new(Principal::new(instance, "nobody"))
}

pub(super) fn context(client: Arc<Client>) -> Context {
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    let clock = Arc::new(SystemClock::new());
    let random = Arc::new(SeededRandom::new(1));
    Context {
        caller: caller(),
        gitlab: Arc::new(GitLab::new(egress, Arc::new(Nobody), clock, random)),
        settings: Arc::new(ToolSettings::default()),
        conversation: client,
    }
}

/// Calls a registered tool as the server does.
pub(super) async fn call(
    name: &str,
    arguments: Value,
    client: Arc<Client>,
) -> Result<ToolOutput, ToolError> {
    let catalog = Catalog::linked().unwrap();
    let (policy, _) = Policy::new(PolicyInput::default(), &catalog).unwrap();
    let entry = catalog.find(name).unwrap();
    let allowed = policy.decide(entry).unwrap();
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    execute(allowed, arguments, &context(client)).await
}
