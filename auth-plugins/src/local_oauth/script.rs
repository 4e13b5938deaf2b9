//! A command of the operator's that prints an access token.
//!
//! Prints one of: the token itself, a JSON string, or a JSON object with `access_token` or `token`
//! and perhaps `expires_in` (seconds). Its output appears in no message.

use std::fmt;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gitlab_mcp_core::auth::{AuthError, Credential, Generation, HeaderKind};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::settings::{ScriptConfig, TOKEN_SCRIPT};
use crate::single_flight::SingleFlight;

/// The longest output, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The least time between the starts of two runs.
const PAUSE: Duration = Duration::from_secs(1);

/// A token is used until this long before its end, so that it lives through the request.
const MARGIN: Duration = Duration::from_secs(10);

/// Why a run gave no token. Says nothing of what the script printed but its length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScriptProblem {
    #[error("did not start ({0})")]
    NotStarted(std::io::ErrorKind),
    #[error("was ended after {0} s, without having finished")]
    TooSlow(u64),
    #[error("printed more than 1 MiB")]
    TooMuch,
    #[error("ended with exit code {code}, having printed {bytes} bytes")]
    Failed { code: i32, bytes: usize },
    #[error("was ended by a signal, having printed {bytes} bytes")]
    Killed { bytes: usize },
    #[error("printed {bytes} bytes that are no token")]
    NoToken { bytes: usize },
    #[error("broke down")]
    Broken,
}

impl From<ScriptProblem> for AuthError {
    fn from(problem: ScriptProblem) -> Self {
        let variable = TOKEN_SCRIPT.variable();
        Self::Unusable {
            problem: format!("the token script ({variable}) {problem}"),
            remedy: "run the script by hand to see what is wrong, then repeat the call".to_owned(),
        }
    }
}

/// A token a run printed.
#[derive(Debug)]
pub(super) struct Printed {
    token: Arc<Secret<GitLabToken>>,
    /// On the monotonic clock; `None` when the script does not say.
    ends: Option<Duration>,
    number: Generation,
}

impl Printed {
    /// What requests to `instance` carry.
    pub(super) fn credential(&self, instance: &Instance) -> Credential {
        let token = Arc::clone(&self.token);
        Credential::new(instance, HeaderKind::Bearer, token).generation(self.number)
    }
}

type Outcome = Result<Arc<Printed>, ScriptProblem>;

/// The script, and the token it printed last.
pub(super) struct TokenScript {
    config: ScriptConfig,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    flight: Arc<SingleFlight<(), Outcome>>,
}

#[derive(Debug, Default)]
struct State {
    printed: Option<Arc<Printed>>,
    last: Option<(Duration, Outcome)>,
    number: Generation,
}

impl fmt::Debug for TokenScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenScript").finish_non_exhaustive()
    }
}

impl TokenScript {
    pub(super) fn new(config: ScriptConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            config,
            clock,
            state: Mutex::default(),
            flight: Arc::default(),
        }
    }

    /// A token that has not ended.
    pub(super) async fn fresh(self: &Arc<Self>) -> Outcome {
        match self.present() {
            Some(printed) => Ok(printed),
            None => self.run().await,
        }
    }

    /// A token printed after the one GitLab refused; `None` when the script prints nothing else.
    pub(super) async fn renewed(
        self: &Arc<Self>,
        rejected: Generation,
    ) -> Result<Option<Arc<Printed>>, ScriptProblem> {
        {
            let mut state = self.state();
            if state
                .printed
                .as_ref()
                .is_some_and(|one| one.number <= rejected)
            {
                state.printed = None;
            }
        }
        let printed = self.fresh().await?;
        Ok((printed.number > rejected).then_some(printed))
    }

    /// Waits for a run under way.
    pub(super) async fn settled(&self) {
        self.flight.landed().await;
    }

    fn present(&self) -> Option<Arc<Printed>> {
        let now = self.clock.monotonic();
        let printed = self.state().printed.clone();
        printed.filter(|one| one.ends.is_none_or(|end| now < end))
    }

    async fn run(self: &Arc<Self>) -> Outcome {
        let script = Arc::clone(self);
        let outcome = self.flight.join((), async move { script.again().await });
        outcome.await.unwrap_or(Err(ScriptProblem::Broken))
    }

    /// The outcome of the last run while it is a second old at most, else of another one.
    async fn again(&self) -> Outcome {
        let began = self.clock.monotonic();
        if let Some((last, outcome)) = &self.state().last
            && began.saturating_sub(*last) < PAUSE
        {
            return outcome.clone();
        }
        let outcome = self.obtain(began).await;
        if let Err(problem) = &outcome {
            tracing::warn!(%problem, "the token script gave no token");
        }
        self.state().last = Some((began, outcome.clone()));
        outcome
    }

    async fn obtain(&self, began: Duration) -> Outcome {
        let output = output_of(&self.config).await?;
        let bytes = output.len();
        let (token, life) = parse(&output).ok_or(ScriptProblem::NoToken { bytes })?;
        let mut state = self.state();
        state.number = Generation(state.number.0.saturating_add(1));
        let printed = Arc::new(Printed {
            token: Arc::new(token),
            ends: life.map(|life| began.saturating_add(life.saturating_sub(MARGIN))),
            number: state.number,
        });
        state.printed = Some(Arc::clone(&printed));
        Ok(printed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the script to its end and takes what it prints.
async fn output_of(config: &ScriptConfig) -> Result<Zeroizing<Vec<u8>>, ScriptProblem> {
    let mut command = shell(&config.command);
    for name in &config.secret_variables {
        command.env_remove(name);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let child = command.spawn();
    let child = child.map_err(|error| ScriptProblem::NotStarted(error.kind()))?;
    let mut run = Run(child);
    let finished = tokio::time::timeout(config.timeout, run.finish()).await;
    finished.unwrap_or(Err(ScriptProblem::TooSlow(config.timeout.as_secs())))
}

/// A script under way. Dropping it ends the script and everything it started.
struct Run(Child);

impl Run {
    async fn finish(&mut self) -> Result<Zeroizing<Vec<u8>>, ScriptProblem> {
        let mut output = Zeroizing::new(Vec::with_capacity(4096));
        if let Some(stdout) = self.0.stdout.take() {
            read(stdout, &mut output).await?;
        }
        let status = self.0.wait().await.map_err(|_| ScriptProblem::Broken)?;
        let bytes = output.len();
        match status.code() {
            Some(0) => Ok(output),
            Some(code) => Err(ScriptProblem::Failed { code, bytes }),
            None => Err(ScriptProblem::Killed { bytes }),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        #[cfg(unix)]
        end_group(&self.0);
    }
}

async fn read(output: impl AsyncRead + Unpin, into: &mut Vec<u8>) -> Result<(), ScriptProblem> {
    let mut output = output.take(LONGEST + 1);
    let read = output.read_to_end(into).await;
    read.map_err(|_| ScriptProblem::Broken)?;
    if u64::try_from(into.len()).is_ok_and(|length| length > LONGEST) {
        return Err(ScriptProblem::TooMuch);
    }
    Ok(())
}

#[cfg(unix)]
fn shell(text: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    // A group of its own, so that what the script starts can be ended together with it.
    command.arg("-c").arg(text).process_group(0);
    command
}

#[cfg(windows)]
fn shell(text: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").raw_arg(text);
    command
}

/// A script that has been waited for has no id any more, and its number may be somebody else's.
#[cfg(unix)]
fn end_group(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(group) = id.and_then(Pid::from_raw) {
        kill_process_group(group, Signal::KILL).ok();
    }
}

/// The token in what a script printed, and its life when the script says.
fn parse(output: &[u8]) -> Option<(Secret<GitLabToken>, Option<Duration>)> {
    let text = std::str::from_utf8(output).ok()?.trim();
    let secret = |text: &str| Secret::parse(text.to_owned(), 1).ok();
    if !text.starts_with(['{', '"', '[']) {
        return Some((secret(text)?, None));
    }
    match serde_json::from_str(text).ok()? {
        Value::String(token) => Some((secret(&token)?, None)),
        Value::Object(members) => {
            let member = |name: &str| members.get(name).and_then(Value::as_str);
            let token = member("access_token").or_else(|| member("token"))?;
            let life = members.get("expires_in").and_then(Value::as_u64);
            Some((secret(token)?, life.map(Duration::from_secs)))
        }
        _ => None,
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
