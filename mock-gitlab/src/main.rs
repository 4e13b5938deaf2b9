//! `mock-gitlab`: the library as a program, for tests in other languages and for
//! trying things out by hand.

mod listing;

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use mock_gitlab::{Clock, FaultPlan, MockGitlab, Plan, Quirks, Timestamp, Tls, World};

/// A believable GitLab to test against. It is a test double: its secrets are known.
#[derive(Debug, Parser)]
#[command(name = "mock-gitlab")]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Arguments {
    /// Port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 8929)]
    port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// What is there at the start
    #[arg(long, value_enum)]
    world: Option<Start>,
    /// What ids and tokens are drawn from; the name of a world stands for `--world`
    #[arg(long, default_value = "42")]
    seed: Seed,
    /// Path below which the instance lives
    #[arg(long, default_value = "")]
    base_path: String,
    /// Address printed in bodies and links
    #[arg(long)]
    external_url: Option<String>,
    /// Version of GitLab the instance claims to be
    #[arg(long, default_value = "19.5.1-ee")]
    version: String,
    /// `real`, or the time at which the clock stands
    #[arg(long, default_value = "real")]
    clock: String,
    /// The licence of the instance: what it does not hold is refused as GitLab refuses it
    #[arg(long, value_enum, default_value_t = Licence::Ultimate)]
    plan: Licence,
    /// A departure from the usual, such as `refresh_grace_seconds=30`; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    quirk: Vec<String>,
    /// Faults from the first request on: a TOML file of `[[fault]]` tables
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// A file in which the instance remembers what happened, across restarts
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Speaks HTTPS: files with the certificate (and its chain) and the key, in PEM
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    tls: Vec<PathBuf>,
    /// Limits requests as GitLab.com does
    #[arg(long)]
    rate_limits: bool,
    /// Takes the control API `/-/mock/` away
    #[arg(long)]
    no_control: bool,
    /// Prints the supported endpoints as Markdown, and ends
    #[arg(long)]
    print_routes: bool,
    /// Prints users, passwords, tokens and applications as JSON
    #[arg(long)]
    print_tokens: bool,
    /// Writes a line to stderr for each request
    #[arg(long, value_enum, default_value_t = Log::Off)]
    log: Log,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Start {
    /// A small maker of music boxes: people, projects, work in progress
    Company,
    /// The administrator `root`, and nothing else
    Empty,
    /// The company, and lists, diffs and logs that are too long
    Huge,
}

/// A number, or the name of a world.
#[derive(Clone, Copy, Debug)]
enum Seed {
    Number(u64),
    World(Start),
}

impl std::str::FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        let world = Start::from_str(text, true);
        world
            .map(Self::World)
            .map_err(|_| "neither a number nor a world (company, empty, huge)".to_owned())
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Licence {
    /// No licence: what GitLab calls Free
    #[value(alias = "free")]
    None,
    Premium,
    Ultimate,
}

impl From<Licence> for Plan {
    fn from(licence: Licence) -> Self {
        match licence {
            Licence::None => Self::None,
            Licence::Premium => Self::Premium,
            Licence::Ultimate => Self::Ultimate,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Log {
    Requests,
    Off,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.print_routes {
        // A reader that has seen enough is no failure.
        write!(std::io::stdout(), "{}", mock_gitlab::routes_as_markdown()).ok();
        return ExitCode::SUCCESS;
    }
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("mock-gitlab: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let clock = clock(&arguments.clock)?;
    if !arguments.host.is_loopback() {
        complain(
            "warning: listening beyond this machine; everyone who can reach it knows its secrets",
        );
    }
    let (seed, named) = match arguments.seed {
        Seed::Number(number) => (number, None),
        Seed::World(world) => (42, Some(world)),
    };
    let world = match arguments.world.or(named).unwrap_or(Start::Company) {
        Start::Company => World::company(),
        Start::Empty => World::empty(),
        Start::Huge => World::huge(),
    };
    let mut quirks = quirks(&arguments.quirk)?;
    quirks.rate_limits |= arguments.rate_limits;
    let mut builder = MockGitlab::builder()
        .seed(seed)
        .world(world)
        .version(&arguments.version)
        .faults(faults(arguments.faults.as_deref())?)
        .plan(arguments.plan.into())
        .clock(clock)
        .quirks(quirks)
        .base_path(&arguments.base_path)
        .log_requests(arguments.log == Log::Requests)
        .bind(SocketAddr::new(arguments.host, arguments.port));
    if let Some(url) = &arguments.external_url {
        builder = builder.external_url(url);
    }
    if let Some(file) = arguments.state {
        builder = builder.state(file);
    }
    if let [certificate, key] = arguments.tls.as_slice() {
        builder = builder.tls(tls(certificate, key)?);
    }
    if arguments.no_control {
        builder = builder.without_control();
    }
    let gitlab = builder.start().await?;
    let told_to_stop = until_told_to_stop()?;
    announce(&gitlab, arguments.print_tokens)?;
    told_to_stop.await?;
    gitlab.shutdown().await;
    Ok(())
}

fn clock(text: &str) -> std::io::Result<Clock> {
    if text == "real" {
        return Ok(Clock::real());
    }
    let time = Timestamp::parse(text);
    let wrong = || std::io::Error::other(format!("--clock: `{text}` is neither `real` nor a time"));
    time.map(Clock::standing_at).ok_or_else(wrong)
}

fn quirks(texts: &[String]) -> std::io::Result<Quirks> {
    let mut quirks = Quirks::default();
    for text in texts {
        let (name, value) = text.split_once('=').unwrap_or((text, "on"));
        quirks
            .set(name, value)
            .map_err(|reason| std::io::Error::other(format!("--quirk: {reason}")))?;
    }
    Ok(quirks)
}

fn faults(file: Option<&Path>) -> std::io::Result<FaultPlan> {
    let Some(file) = file else {
        return Ok(FaultPlan::new());
    };
    let wrong =
        |reason: String| std::io::Error::other(format!("--faults: {}: {reason}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    FaultPlan::from_toml(&text).map_err(wrong)
}

fn tls(certificate: &Path, key: &Path) -> std::io::Result<Tls> {
    let read = |file: &Path| {
        let wrong = |error| std::io::Error::other(format!("--tls: {}: {error}", file.display()));
        std::fs::read(file).map_err(wrong)
    };
    let (certificate, key) = (read(certificate)?, read(key)?);
    Tls::from_pem(&certificate, &key)
        .map_err(|error| std::io::Error::other(format!("--tls: {error}")))
}

/// The ready line comes first and alone, so that a harness can wait for it.
fn announce(gitlab: &MockGitlab, print_tokens: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "mock-gitlab listening on {}", gitlab.url())?;
    if print_tokens {
        let listing = gitlab.edit(|world| listing::of(world));
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&listing).unwrap_or_default()
        )?;
    }
    out.flush()
}

/// Ends when told to stop. Listens from the moment it is called, not only when awaited:
/// who reads the ready line may send the signal at once.
fn until_told_to_stop() -> std::io::Result<impl Future<Output = std::io::Result<()>>> {
    #[cfg(unix)]
    let mut terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate())?
    };
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    })
}

fn complain(text: &str) {
    // Nothing is left to be done when stderr is closed.
    writeln!(std::io::stderr(), "{text}").ok();
}
