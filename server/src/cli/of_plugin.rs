//! Commands that plugins registered: shown in `--help`, run with the settings they declare.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ArgMatches, Command};
use gitlab_mcp_core::command::{Asked, CommandDescriptor, Console};
use gitlab_mcp_core::config::Sources;

use super::{print, serve};
use crate::build::{Linked, Outside, StartError, ready};

/// Where the word after the command's name is kept.
const WORD: &str = "word of the command";

/// The command as the parser knows it.
pub(super) fn command(one: &CommandDescriptor) -> Command {
    let mut command = Command::new(one.name).about(one.about);
    if !one.words.is_empty() {
        let words = one.words.iter();
        let words = words.map(|word| PossibleValue::new(word.name).help(word.about));
        command = command.arg(
            Arg::new(WORD)
                .value_name("WHAT")
                .value_parser(words.collect::<Vec<_>>()),
        );
    }
    command.args(one.flags.iter().map(|flag| {
        let arg = Arg::new(flag.name).long(flag.name).help(flag.about);
        match flag.setting {
            Some(_) => arg.num_args(1).value_name("VALUE"),
            None => arg.action(ArgAction::SetTrue),
        }
    }))
}

/// The command's own spellings of settings, as the flags every command knows.
pub(super) fn given(matches: &ArgMatches, one: &CommandDescriptor) -> Vec<OsString> {
    let flags = one.flags.iter();
    flags
        .filter_map(|flag| {
            let known = flag.setting?.flags().into_iter().next()?;
            let value = matches.get_one::<String>(flag.name)?;
            Some(format!("{known}={value}").into())
        })
        .collect()
}

/// Runs the command.
pub(super) fn run(
    sources: &Sources,
    linked: &Linked,
    one: &CommandDescriptor,
    matches: &ArgMatches,
) -> Result<ExitCode, StartError> {
    let ready = ready(Outside::real(), sources, linked, one)?;
    for warning in &ready.warnings {
        print::error(&format!("warning: {warning}"));
    }
    let given = matches.try_get_one::<String>(WORD).ok().flatten();
    let words = one.words.iter().map(|word| word.name);
    let switches = one.flags.iter().filter(|flag| flag.setting.is_none());
    let asked = Asked {
        word: words
            .into_iter()
            .find(|word| given.is_some_and(|given| given == word)),
        switches: switches
            .map(|flag| flag.name)
            .filter(|name| matches.get_flag(name))
            .collect(),
    };
    let exit = serve::runtime()?.block_on(async {
        let mut console = Console {
            out: &mut std::io::stdout(),
            err: &mut std::io::stderr(),
        };
        ready.command.run(asked, ready.context, &mut console).await
    });
    Ok(ExitCode::from(exit.code()))
}
