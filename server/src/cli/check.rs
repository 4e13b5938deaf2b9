//! `gitlab-mcp check`: is the configuration valid, is GitLab there, who am I, what may I do.

use std::process::ExitCode;

use gitlab_mcp_core::auth::{Caller, Principal};
use gitlab_mcp_core::config::Sources;
use gitlab_mcp_core::gitlab::{ApiRequest, Situation};
use gitlab_mcp_core::plugin::Plugin;
use gitlab_mcp_core::tool::{Effect, ToolError};
use serde_json::Value;

use super::{print, serve};
use crate::build::{StartError, Started};

/// Runs the check; exit code 0 when GitLab accepts the credential.
pub(super) fn run(sources: &Sources, plugins: &[Plugin]) -> Result<ExitCode, StartError> {
    serve::runtime()?.block_on(async {
        let started = crate::start(sources, plugins).await?;
        for warning in &started.warnings {
            print::error(&format!("warning: {warning}"));
        }
        print::out(&format!(
            "configuration  valid; auth mode {} ({})",
            started.app.mode, started.because
        ));
        Ok(if ask(&started).await {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// Asks GitLab step by step and prints each finding; false when a step fails.
async fn ask(started: &Started) -> bool {
    let nobody = || Caller::new(Principal::new(started.instance.clone(), "anonymous"));
    let probe = Probe {
        caller: started.app.auth.local().unwrap_or_else(nobody),
        started,
    };
    if !probe.reach().await {
        return false;
    }
    if started.app.mode == "none" {
        print::out("you            nobody: public data only");
    } else if !probe.identify().await {
        return false;
    }
    probe.token().await;
    print::out(&format!("tools          {}", count(started)));
    true
}

/// Requests as the one caller of this process.
struct Probe<'a> {
    caller: Caller,
    started: &'a Started,
}

impl Probe<'_> {
    async fn get(&self, path: &'static str) -> Result<Value, ToolError> {
        let request = ApiRequest::get(path, &[])?;
        let gitlab = &self.started.app.gitlab;
        let mut answer = gitlab.send(&self.caller, request.clone()).await;
        if let Err(error) = &answer
            && matches!(error.situation, Situation::SignInFirst(_))
            && gitlab.signed_in(&self.caller).await
        {
            answer = gitlab.send(&self.caller, request).await;
        }
        Ok(answer?.json()?)
    }

    /// Is GitLab there?
    async fn reach(&self) -> bool {
        let url = self.started.instance.base();
        let (there, found) = match self.get("version").await {
            Ok(version) => (true, format!("version {}", text(&version, "version"))),
            // Whoever may not read the version still got an answer.
            Err(error) if error.status.is_some() => (true, "reachable".to_owned()),
            Err(error) => (false, error.to_text()),
        };
        print::out(&format!("GitLab         {url}, {found}"));
        there
    }

    /// Who am I? A CI job is nobody at `/user`.
    async fn identify(&self) -> bool {
        let (known, who) = match self.get("user").await {
            Ok(user) => (true, text(&user, "username").to_owned()),
            Err(error) => match self.get("job").await {
                Ok(job) => {
                    let user = job.get("user").unwrap_or(&Value::Null);
                    (true, format!("{} (CI job)", text(user, "username")))
                }
                Err(_) => (false, error.to_text()),
            },
        };
        print::out(&format!("you            {who}"));
        known
    }

    /// What may the token do? Not every credential can tell.
    async fn token(&self) {
        let Ok(token) = self.get("personal_access_tokens/self").await else {
            return;
        };
        let scopes = token
            .get("scopes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let scopes: Vec<&str> = scopes.filter_map(Value::as_str).collect();
        let expires = token
            .get("expires_at")
            .and_then(Value::as_str)
            .unwrap_or("never");
        let meaning = if scopes.contains(&"api") {
            "read and write"
        } else {
            "read only"
        };
        print::out(&format!(
            "token          {} ({meaning}), expires {expires}",
            scopes.join(", ")
        ));
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or("unknown")
}

fn count(started: &Started) -> String {
    let app = &started.app;
    let listed: Vec<_> = app
        .catalog
        .entries()
        .iter()
        .filter(|entry| app.policy.lists(entry))
        .collect();
    let writing = listed
        .iter()
        .filter(|entry| entry.tool.facts.effect != Effect::Read)
        .count();
    format!(
        "{} enabled, {writing} of them change something",
        listed.len()
    )
}
