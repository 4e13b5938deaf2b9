//! From configuration to a running server's parts: everything is read and checked, every mistake
//! collected, and only then anything is built.

use std::fmt;
use std::sync::Arc;

use gitlab_mcp_core::auth::{
    self, AuthDescriptor, AuthProvider, BuildContext, Identity, Selection,
};
use gitlab_mcp_core::clock::{Clock, SystemClock};
use gitlab_mcp_core::command::{self, CommandDescriptor};
use gitlab_mcp_core::config::{
    ConfigError, Reader, Section, Setting, Sources, Table, UsageError, Warning,
};
use gitlab_mcp_core::gitlab::{Egress, GitLab, Instance, Resolver, SystemResolver};
use gitlab_mcp_core::plugin::{Plugin, check_linked};
use gitlab_mcp_core::prompt::PromptDescriptor;
use gitlab_mcp_core::random::{OsRandom, Random};
use gitlab_mcp_core::resource::{Capability, ResourceDescriptor};
use gitlab_mcp_core::tool::{Catalog, Policy};

use crate::app::App;
use crate::cli;
use crate::config::{
    self, GitLabConfig, ListenerConfig, LoggingConfig, NetworkConfig, ToolsConfig, Transport,
};
use crate::http::CountedBy;

/// Why nothing was started.
#[derive(Debug)]
pub enum StartError {
    /// The command line cannot be understood: exit code 2.
    Usage(UsageError),
    /// The configuration cannot be used: exit code 1.
    Config(ConfigError),
    /// What is linked into this binary does not fit together: exit code 1.
    Linked(Vec<String>),
    /// Something could not be built: exit code 1.
    Build(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => write!(f, "{error}"),
            Self::Config(error) => write!(f, "{error}"),
            Self::Build(text) => f.write_str(text),
            Self::Linked(problems) => {
                let plural = if problems.len() == 1 { "" } else { "s" };
                write!(
                    f,
                    "this binary is not usable ({} problem{plural})",
                    problems.len()
                )?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl StartError {
    /// The same content for `LOG_FORMAT=json`, on one line.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Config(error) => error.to_json(),
            Self::Usage(_) | Self::Build(_) => serde_json::json!({ "error": self.to_string() }),
            Self::Linked(problems) => serde_json::json!({
                "error": "this binary is not usable",
                "problems": problems,
            }),
        }
    }
}

impl std::error::Error for StartError {}

impl From<UsageError> for StartError {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// What is linked into this binary, checked.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) catalog: Catalog,
    pub(crate) modes: Vec<AuthDescriptor>,
    pub(crate) commands: Vec<CommandDescriptor>,
}

impl Linked {
    /// Reads the registries; every problem at once.
    pub(crate) fn read(expected: &[Plugin]) -> Result<Self, StartError> {
        let mut problems: Vec<String> = Vec::new();
        if let Err(missing) = check_linked(expected) {
            problems.extend(missing.iter().map(ToString::to_string));
        }
        let catalog = Catalog::linked();
        let modes = auth::linked();
        let commands = command::linked(env!("CARGO_PKG_NAME"), &cli::own_commands());
        match (catalog, modes, commands) {
            (Ok(catalog), Ok(modes), Ok(commands)) if problems.is_empty() => Ok(Self {
                catalog,
                modes,
                commands,
            }),
            (catalog, modes, commands) => {
                problems.extend(catalog.err().iter().flatten().map(ToString::to_string));
                problems.extend(modes.err().iter().flatten().map(ToString::to_string));
                problems.extend(commands.err().iter().flatten().map(ToString::to_string));
                Err(StartError::Linked(problems))
            }
        }
    }

    /// Every setting that anything linked reads.
    pub(crate) fn settings(&self) -> Vec<&'static Setting> {
        config::settings(&self.modes, &self.commands)
    }

    /// Every table of the configuration file that anything linked reads.
    pub(crate) fn tables(&self) -> Vec<&'static Table> {
        config::tables(&self.modes, &self.commands)
    }

    /// What `sources` say about everything linked.
    pub(crate) fn reader(&self, sources: &Sources) -> Result<Reader, UsageError> {
        Reader::open_with(sources, &self.settings(), &self.tables())
    }
}

/// What is linked and the whole configuration, read and checked. Nothing is built yet.
pub(crate) struct Checked {
    linked: Linked,
    listener: ListenerConfig,
    gitlab: GitLabConfig,
    network: NetworkConfig,
    tools: ToolsConfig,
    /// How to log; from here on there is something to say.
    pub(crate) logging: LoggingConfig,
    selection: Option<Selection>,
    policy: Option<Policy>,
    warnings: Vec<Warning>,
}

/// Reads and checks everything `sources` and the linked plugins say.
pub(crate) fn check(sources: &Sources, plugins: &[Plugin]) -> Result<Checked, StartError> {
    let linked = Linked::read(plugins)?;
    let mut reader = linked.reader(sources)?;
    let mut listener = ListenerConfig::read(&mut reader);
    if let Some(setting) = auth::implied_http(&linked.modes, &mut reader) {
        listener.imply_http(&mut reader, setting);
    }
    let gitlab = GitLabConfig::read(&mut reader);
    let network = network(&mut reader, &gitlab);
    let tools = ToolsConfig::read(&mut reader);
    let mut logging = LoggingConfig::read(&mut reader);
    logging.settle(listener.transport, &mut reader);
    let selection = auth::select(&linked.modes, &mut reader, listener.listening());
    if let Some(selection) = &selection {
        ListenerConfig::warn_if_not_stateless(&mut reader, selection.mode.name);
        if selection.mode.serves_root {
            listener.serve_root(&reader);
        }
    }
    let policy = tools.resolve(&linked.catalog, &mut reader);
    let warnings = reader.finish()?;
    Ok(Checked {
        linked,
        listener,
        gitlab,
        network,
        tools,
        logging,
        selection,
        policy,
        warnings,
    })
}

fn network(reader: &mut Reader, target: &GitLabConfig) -> NetworkConfig {
    let mut network = NetworkConfig::read(reader);
    let internal = &mut network.egress.internal_hosts;
    internal.clone_from(&target.internal_hosts);
    network
}

/// The parts of a server that is ready to listen.
#[derive(Debug)]
pub struct Started {
    /// What every request may use.
    pub app: App,
    /// The default GitLab instance.
    pub instance: Instance,
    /// How clients reach it.
    pub transport: Transport,
    /// Why this mode.
    pub because: String,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}

/// Everything outside the process that the server depends on, as parameters.
#[derive(Debug, Clone)]
pub struct Outside {
    /// The only source of time.
    pub clock: Arc<dyn Clock>,
    /// The only source of randomness.
    pub random: Arc<dyn Random>,
    /// The only source of addresses.
    pub resolver: Arc<dyn Resolver>,
}

impl Outside {
    /// The real ones.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(OsRandom),
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// What no problem of the configuration explains.
const INCOMPLETE: &str = "the configuration is incomplete";

/// Reads and checks everything `sources` and the linked plugins say, and builds the server's
/// parts. Nothing listens yet, and GitLab has not been asked anything.
///
/// # Errors
/// [`StartError`] with every mistake at once.
pub async fn start(sources: &Sources, plugins: &[Plugin]) -> Result<Started, StartError> {
    start_in(Outside::real(), sources, plugins).await
}

/// [`start`] in an outside of the caller's choice, for tests.
///
/// # Errors
/// [`StartError`] with every mistake at once.
pub async fn start_in(
    outside: Outside,
    sources: &Sources,
    plugins: &[Plugin],
) -> Result<Started, StartError> {
    build(outside, check(sources, plugins)?).await
}

/// Builds the server's parts.
pub(crate) async fn build(outside: Outside, checked: Checked) -> Result<Started, StartError> {
    let selection = checked.selection.ok_or_else(incomplete)?;
    let policy = checked.policy.ok_or_else(incomplete)?;
    let instance = checked.gitlab.instance.clone().ok_or_else(incomplete)?;
    let (mode, because) = (selection.mode.name, selection.because.clone());
    let mut http = checked.listener.http;
    http.counted_by = match selection.mode.identity {
        Identity::EachCaller => CountedBy::Principal,
        Identity::Server | Identity::Nobody => CountedBy::Address,
    };
    http.silences.clone_from(&checked.logging.silences);
    let network = Network::open(outside, &checked.network, checked.gitlab, selection).await?;
    http.legacy_sessions &= !network.auth.is_stateless();
    let app = App {
        catalog: Arc::new(checked.linked.catalog),
        policy: Arc::new(policy),
        prompts: Arc::new(prompts()),
        resources: Arc::new(
            inventory::iter::<ResourceDescriptor>
                .into_iter()
                .map(|one| (one.make)())
                .collect(),
        ),
        capabilities: Arc::new(inventory::iter::<Capability>.into_iter().copied().collect()),
        mode,
        auth: network.auth,
        gitlab: network.gitlab,
        tool_settings: Arc::new(checked.tools.settings),
        tool_timeout: checked.tools.timeout,
        server_name: checked.listener.server_name.into(),
        clock: network.clock,
        random: network.random,
        http: Arc::new(http),
    };
    let transport = checked.listener.transport;
    Ok(Started {
        app,
        instance,
        transport,
        because,
        warnings: checked.warnings,
    })
}

/// A part is missing although nothing was reported.
fn incomplete() -> StartError {
    StartError::Build(INCOMPLETE.to_owned())
}

/// A command of a plugin that is ready to run, and what the operator should know.
pub(crate) struct ReadyCommand {
    pub(crate) command: command::Prepared,
    pub(crate) context: BuildContext,
    pub(crate) warnings: Vec<Warning>,
}

/// Reads and checks what a plugin's command needs; neither an auth mode nor a transport does.
pub(crate) fn ready(
    outside: Outside,
    sources: &Sources,
    linked: &Linked,
    command: &CommandDescriptor,
) -> Result<ReadyCommand, StartError> {
    let mut reader = linked.reader(sources)?;
    let gitlab = GitLabConfig::read(&mut reader);
    let network = network(&mut reader, &gitlab);
    let command = command.prepare(&mut reader);
    let warnings = reader.finish()?;
    let instance = gitlab.instance.ok_or_else(incomplete)?;
    let egress = Egress::with_resolver(&network.egress, outside.resolver)
        .map_err(|error| StartError::Build(error.to_string()))?;
    let context = BuildContext {
        instance,
        instances: gitlab.instances,
        egress,
        clock: outside.clock,
        random: outside.random,
    };
    Ok(ReadyCommand {
        command,
        context,
        warnings,
    })
}

/// Who signs in, and the way to GitLab.
struct Network {
    auth: Arc<dyn AuthProvider>,
    gitlab: Arc<GitLab>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Network {
    async fn open(
        outside: Outside,
        config: &NetworkConfig,
        target: GitLabConfig,
        selection: Selection,
    ) -> Result<Self, StartError> {
        let failed = |error: &dyn fmt::Display| StartError::Build(error.to_string());
        let Outside {
            clock,
            random,
            resolver,
        } = outside;
        let egress =
            Egress::with_resolver(&config.egress, resolver).map_err(|error| failed(&error))?;
        let context = BuildContext {
            instance: target.instance.ok_or_else(incomplete)?,
            instances: target.instances,
            egress: egress.clone(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        };
        let auth = selection
            .build(context)
            .await
            .map_err(|error| failed(&error))?;
        let gitlab = GitLab::new(
            egress,
            Arc::clone(&auth),
            Arc::clone(&clock),
            Arc::clone(&random),
        )
        .with_patience(config.timeouts, config.retries);
        Ok(Self {
            auth,
            gitlab: Arc::new(gitlab),
            clock,
            random,
        })
    }
}

fn prompts() -> Vec<Box<dyn gitlab_mcp_core::prompt::Prompt>> {
    let mut prompts: Vec<_> = inventory::iter::<PromptDescriptor>
        .into_iter()
        .map(|one| (one.make)())
        .collect();
    prompts.sort_by_key(|prompt| prompt.spec().name);
    prompts
}
