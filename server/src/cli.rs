//! The command line. Without a sub-command the server runs with the environment it finds.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use gitlab_mcp_core::command::CommandDescriptor;
use gitlab_mcp_core::config::{Section as _, Setting, Sources};
use gitlab_mcp_core::plugin::Plugin;

use crate::build::{Linked, Outside, StartError};
use crate::config::{LogFormat, LoggingConfig};

mod auth_modes;
mod check;
mod of_plugin;
pub(crate) mod print;
mod reference;
pub(crate) mod serve;
mod settings;
mod switches;
mod tools;

/// Runs a command line; `outside` is where the server serves.
pub(crate) fn run(outside: Outside, arguments: Vec<OsString>, plugins: &[Plugin]) -> ExitCode {
    match dispatch(outside, arguments, plugins) {
        Ok(code) => code,
        Err(Failure { error, json }) => {
            print::error(&if json {
                error.to_json().to_string()
            } else {
                error.to_string()
            });
            ExitCode::from(if matches!(error, StartError::Usage(_)) {
                2
            } else {
                1
            })
        }
    }
}

/// Why a command failed, and whether to say so in JSON.
struct Failure {
    error: StartError,
    json: bool,
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self { error, json: false }
    }
}

/// Whether the operator wants log lines as JSON, as far as that can be read.
fn wants_json(sources: &Sources, linked: &Linked) -> bool {
    linked
        .reader(sources)
        .is_ok_and(|mut reader| LoggingConfig::read(&mut reader).format == LogFormat::Json)
}

fn dispatch(
    outside: Outside,
    arguments: Vec<OsString>,
    plugins: &[Plugin],
) -> Result<ExitCode, Failure> {
    let linked = Linked::read(plugins)?;
    let settings = linked.settings();
    let modes: Vec<&str> = linked.modes.iter().map(|mode| mode.name).collect();
    let arguments = switches::joined(arguments, &settings);
    let matches = match command(&settings, &modes, &linked.commands).try_get_matches_from(arguments)
    {
        Ok(matches) => matches,
        Err(error) => return Ok(not_run(&error)),
    };
    let (name, own) = matches.subcommand().unwrap_or(("", &matches));
    let (inner, own) = own.subcommand().unwrap_or(("", own));
    let mut flags = given_flags(own, &settings, name);
    if let Some(one) = linked.commands.iter().find(|one| one.name == name) {
        flags.extend(of_plugin::given(own, one));
    }
    let sources = Sources::from_process(flags);
    let given = Given {
        sources: &sources,
        linked: &linked,
        plugins,
    };
    run_command(outside, (name, inner), own, given).map_err(|error| Failure {
        json: wants_json(&sources, &linked),
        error,
    })
}

/// What every command may look at.
#[derive(Clone, Copy)]
struct Given<'a> {
    sources: &'a Sources,
    linked: &'a Linked,
    plugins: &'a [Plugin],
}

fn run_command(
    outside: Outside,
    name: (&str, &str),
    own: &ArgMatches,
    given: Given<'_>,
) -> Result<ExitCode, StartError> {
    let Given {
        sources,
        linked,
        plugins,
    } = given;
    match name.0 {
        "auth-modes" => auth_modes::run(sources, linked, own.get_flag("json")),
        "tools" => {
            let tool = own.get_one::<String>("name").map(String::as_str);
            tools::run(sources, linked, tool, own.get_flag("json"))
        }
        "check" => check::run(sources, plugins),
        "config" => match name.1 {
            "print" => settings::print(sources, linked, own.get_flag("json")),
            "check" => settings::check(sources, plugins),
            // Not a sub-command: the flag, or the word, asks for the reference.
            _ => reference::run(linked),
        },
        #[cfg(feature = "demo")]
        "demo" => crate::demo::run(own.get_flag("once"), plugins),
        _ => match linked.commands.iter().find(|one| one.name == name.0) {
            Some(one) => of_plugin::run(sources, linked, one, own),
            None => serve::run(outside, sources, plugins),
        },
    }
}

/// The names of the commands the server has itself.
pub(crate) fn own_commands() -> Vec<String> {
    let names = subcommands();
    let names = names.iter().map(|one| one.get_name().to_owned());
    names.chain(["help".to_owned()]).collect()
}

/// Help and version go to stdout as they are; a mistake is one line, and exit code 2.
fn not_run(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim);
    let mistake = lines.next().unwrap_or_default();
    let tip = lines
        .find(|line| line.starts_with("tip: "))
        .map(|tip| format!("; {tip}"));
    print::error(&format!(
        "{mistake}{} (gitlab-mcp --help lists what there is)",
        tip.unwrap_or_default()
    ));
    ExitCode::from(2)
}

/// The whole command line; the flags of settings are valid everywhere.
fn command(
    settings: &[&'static Setting],
    modes: &[&str],
    commands: &[CommandDescriptor],
) -> Command {
    let file = Arg::new("config-file")
        .long("config")
        .global(true)
        .value_name("FILE");
    Command::new("gitlab-mcp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Connects any MCP client to any GitLab, with any way of signing in")
        .after_help(format!(
            "Every setting can also be an environment variable or a key of a TOML file \
             (--config FILE).\nAuth modes in this binary: {}",
            modes.join(", ")
        ))
        .args(settings.iter().flat_map(|setting| flags_of(setting)))
        .arg(file.help("TOML file with settings [env: GITLAB_MCP_CONFIG]"))
        .subcommands(subcommands())
        .subcommands(commands.iter().map(of_plugin::command))
}

fn subcommands() -> Vec<Command> {
    let named = |name: &'static str, about: &'static str| Command::new(name).about(about);
    let json = || {
        Arg::new("json")
            .long("json")
            .action(ArgAction::SetTrue)
            .help("print JSON")
    };
    vec![
        named("stdio", "Serve stdio, whatever the environment says"),
        named("serve", "Serve with the environment (the default)"),
        named(
            "check",
            "Check the configuration, reach GitLab, say who you are and what you may do",
        ),
        named("auth-modes", "List the ways to sign in").arg(json()),
        named("tools", "List the enabled tools, or show one tool's schema")
            .arg(Arg::new("name").help("a tool"))
            .arg(json()),
        named("config", "Look at the configuration")
            .subcommand_negates_reqs(true)
            .arg(
                Arg::new("markdown")
                    .long("markdown")
                    .action(ArgAction::SetTrue)
                    .required(true)
                    .help("print the reference of all settings"),
            )
            .subcommand(named("check", "Say what is wrong with it"))
            .subcommand(named("markdown", "Print the reference of all settings"))
            .subcommand(named("print", "Print the effective values").arg(json())),
        #[cfg(feature = "demo")]
        named(
            "demo",
            "Start a mock GitLab and the server, make one visible round, keep serving",
        )
        .arg(
            Arg::new("once")
                .long("once")
                .action(ArgAction::SetTrue)
                .help("end after the round"),
        ),
    ]
}

/// One argument for each spelling of the setting's flag; only the preferred one is shown.
fn flags_of(setting: &'static Setting) -> Vec<Arg> {
    let mut args = Vec::new();
    for (index, flag) in setting.flags().into_iter().enumerate() {
        let name = flag.trim_start_matches('-').to_owned();
        let arg = Arg::new(name.clone())
            .long(name)
            .global(true)
            .hide(index > 0)
            .help(format!("{} [env: {}]", setting.about(), setting.variable()))
            .help_heading("Settings")
            .value_name("VALUE");
        args.push(if setting.is_switch() {
            arg.num_args(0..=1)
                .default_missing_value("true")
                .require_equals(true)
        } else {
            arg.num_args(1)
        });
    }
    args
}

/// The flags that were given, in one spelling, with the word that may select a transport.
fn given_flags(
    matches: &ArgMatches,
    settings: &[&'static Setting],
    subcommand: &str,
) -> Vec<OsString> {
    let spellings = settings.iter().flat_map(|setting| setting.flags());
    let mut flags: Vec<OsString> = spellings
        .filter_map(|flag| {
            let name = flag.trim_start_matches('-');
            let value = matches.try_get_one::<String>(name).ok()??;
            Some(format!("{flag}={value}").into())
        })
        .collect();
    if let Some(file) = matches.get_one::<String>("config-file") {
        flags.push(format!("--config={file}").into());
    }
    if subcommand == "stdio" {
        flags.push("stdio".into());
    }
    flags
}
