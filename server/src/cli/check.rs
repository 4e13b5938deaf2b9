//! `gitlab-mcp check`: is the configuration valid, is GitLab there, who am I, what may I do.

use std::process::ExitCode;

use gitlab_mcp_core::auth::{Caller, Principal};
use gitlab_mcp_core::config::Sources;
use gitlab_mcp_core::gitlab::ApiRequest;
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
            started.mode, started.because
        ));
        Ok(if ask(&started).await {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

async fn ask(started: &Started) -> bool {
    let caller = started
        .app
        .auth
        .local()
        .unwrap_or_else(|| Caller::new(Principal::new(started.instance.clone(), "anonymous")));
    let url = started.instance.base();
    let get = async |path| {
        let request = ApiRequest::get(path, &[]).map_err(ToolError::from)?;
        let answer = started.app.gitlab.send(&caller, request).await?;
        Ok::<Value, ToolError>(answer.json()?)
    };
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("unknown")
            .to_owned()
    };
    let version = get("version").await;
    match &version {
        Ok(version) => {
            print::out(&format!(
                "GitLab         {url}, version {}",
                text(version, "version")
            ));
        }
        // An anonymous caller may not read the version, but the instance did answer.
        Err(error) if error.status.is_some() => {
            print::out(&format!("GitLab         {url}, reachable"))
        }
        Err(error) => {
            print::out(&format!("GitLab         {url}: {}", error.to_text()));
            return false;
        }
    }
    if started.mode == "none" {
        print::out("you            nobody: public data only");
        return true;
    }
    let user = match get("user").await {
        Ok(user) => Ok(text(&user, "username")),
        Err(error) => match get("job").await {
            Ok(job) => Ok(format!(
                "{} (CI job)",
                text(job.get("user").unwrap_or(&Value::Null), "username")
            )),
            Err(_) => Err(error),
        },
    };
    match user {
        Ok(user) => print::out(&format!("you            {user}")),
        Err(error) => {
            print::out(&format!("you            {}", error.to_text()));
            return false;
        }
    }
    if let Ok(token) = get("personal_access_tokens/self").await {
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
        let may_write = scopes.contains(&"api");
        let meaning = if may_write {
            "read and write"
        } else {
            "read only"
        };
        print::out(&format!(
            "token          {} ({meaning}), expires {expires}",
            scopes.join(", ")
        ));
    }
    print::out(&format!("tools          {}", count(started)));
    true
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
