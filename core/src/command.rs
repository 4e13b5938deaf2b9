//! Sub-commands that a plugin adds to the command line. A plugin implements [`Command`] and
//! registers it with [`register_command!`](crate::register_command); the server shows it in
//! `--help`, reads its settings and runs it.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;

use async_trait::async_trait;

use crate::auth::BuildContext;
use crate::config::{Reader, Section, Setting, Table};
use crate::tool::BoxFuture;

/// A word that may follow the name of a command, such as `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
}

/// A flag of a command, beside the flags of all settings, which are valid everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// The flag without its dashes.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// The setting it is a shorter spelling of; `None` for a switch of the command itself.
    pub setting: Option<&'static Setting>,
}

/// What was asked for on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The word after the command's name.
    pub word: Option<&'static str>,
    /// The switches that were given, without their dashes.
    pub switches: BTreeSet<&'static str>,
}

impl Asked {
    /// Whether this switch was given.
    pub fn has(&self, switch: &str) -> bool {
        self.switches.contains(switch)
    }
}

/// Where a command writes.
pub struct Console<'a> {
    /// For programs: what was asked for and nothing else.
    pub out: &'a mut (dyn Write + Send),
    /// For people.
    pub err: &'a mut (dyn Write + Send),
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

impl Console<'_> {
    /// A line for programs. A reader that went away ends the output quietly.
    pub fn say(&mut self, line: &str) {
        drop(writeln!(self.out, "{line}").and_then(|()| self.out.flush()));
    }

    /// A line for people.
    pub fn tell(&mut self, line: &str) {
        drop(writeln!(self.err, "{line}").and_then(|()| self.err.flush()));
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0.
    Done,
    /// 1.
    Failed,
    /// 2: the command line cannot be understood.
    Usage,
}

impl Exit {
    /// The exit code of the process.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
        }
    }
}

/// A sub-command.
#[async_trait]
pub trait Command: 'static {
    /// Its name, `[a-z][a-z0-9-]{1,31}`.
    const NAME: &'static str;
    /// One line for `--help`.
    const ABOUT: &'static str;
    /// The words that may follow; none of them has to.
    const WORDS: &'static [Word];
    /// Its flags.
    const FLAGS: &'static [Flag];
    /// The settings it reads.
    type Config: Section + Send;

    /// Runs it. What went wrong is told on [`Console::err`].
    async fn run(
        config: Self::Config,
        asked: Asked,
        context: BuildContext,
        console: &mut Console<'_>,
    ) -> Exit;
}

/// A run that has everything but what the command line says.
type Run =
    dyn for<'a> FnOnce(Asked, BuildContext, &'a mut Console<'_>) -> BoxFuture<'a, Exit> + Send;

/// A command whose settings have been read.
pub struct Prepared(Box<Run>);

impl Prepared {
    /// Runs the command.
    pub async fn run(self, asked: Asked, context: BuildContext, console: &mut Console<'_>) -> Exit {
        (self.0)(asked, context, console).await
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared")
    }
}

/// A registered command; what inventory holds.
#[derive(Debug, Clone, Copy)]
pub struct CommandDescriptor {
    /// See [`Command::NAME`].
    pub name: &'static str,
    /// See [`Command::ABOUT`].
    pub about: &'static str,
    /// See [`Command::WORDS`].
    pub words: &'static [Word],
    /// See [`Command::FLAGS`].
    pub flags: &'static [Flag],
    /// The settings it reads.
    pub settings: &'static [&'static Setting],
    /// The tables of the configuration file it reads.
    pub tables: &'static [&'static Table],
    /// The crate it comes from.
    pub crate_name: &'static str,
    prepare: fn(&mut Reader) -> Prepared,
}

impl CommandDescriptor {
    /// The descriptor of `C`. Use [`register_command!`](crate::register_command).
    pub const fn of<C: Command>(crate_name: &'static str) -> Self {
        Self {
            name: C::NAME,
            about: C::ABOUT,
            words: C::WORDS,
            flags: C::FLAGS,
            settings: C::Config::SETTINGS,
            tables: C::Config::TABLES,
            crate_name,
            prepare: prepare::<C>,
        }
    }

    /// Reads the command's settings; everything wrong is reported to `reader`.
    pub fn prepare(&self, reader: &mut Reader) -> Prepared {
        (self.prepare)(reader)
    }
}

fn prepare<C: Command>(reader: &mut Reader) -> Prepared {
    let config = C::Config::read(reader);
    Prepared(Box::new(move |asked, context, console| {
        Box::pin(C::run(config, asked, context, console))
    }))
}

inventory::collect!(CommandDescriptor);

/// Registers a [`Command`]; the last line of its file.
#[macro_export]
macro_rules! register_command {
    ($name:ty) => {
        $crate::__inventory::submit! {
            $crate::command::CommandDescriptor::of::<$name>(env!("CARGO_PKG_NAME"))
        }
    };
}

/// Two sub-commands with one name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("two commands are called `{name}`: one in crate {first}, one in crate {second}")]
#[expect(missing_docs, reason = "the message says it")]
pub struct NameTaken {
    pub name: String,
    pub first: &'static str,
    pub second: &'static str,
}

/// The linked commands, by name. `own` are the names `crate_name` itself gives to commands.
///
/// # Errors
/// One [`NameTaken`] for each name that is taken twice.
pub fn linked(
    crate_name: &'static str,
    own: &[String],
) -> Result<Vec<CommandDescriptor>, Vec<NameTaken>> {
    let commands = inventory::iter::<CommandDescriptor>.into_iter().copied();
    checked(commands.collect(), crate_name, own)
}

fn checked(
    mut commands: Vec<CommandDescriptor>,
    crate_name: &'static str,
    own: &[String],
) -> Result<Vec<CommandDescriptor>, Vec<NameTaken>> {
    commands.sort_by_key(|command| (command.name, command.crate_name));
    let mut names: Vec<(&str, &str)> = own.iter().map(|name| (&**name, crate_name)).collect();
    names.extend(commands.iter().map(|one| (one.name, one.crate_name)));
    names.sort_by_key(|(name, _)| *name);
    let twice: Vec<NameTaken> = names
        .iter()
        .zip(names.iter().skip(1))
        .filter(|(one, next)| one.0 == next.0)
        .map(|(one, next)| NameTaken {
            name: one.0.to_owned(),
            first: one.1,
            second: next.1,
        })
        .collect();
    if twice.is_empty() {
        Ok(commands)
    } else {
        Err(twice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::NoSettings;

    struct Greet;

    #[async_trait]
    impl Command for Greet {
        const NAME: &'static str = "greet";
        const ABOUT: &'static str = "";
        const WORDS: &'static [Word] = &[];
        const FLAGS: &'static [Flag] = &[];
        type Config = NoSettings;

        async fn run(_: NoSettings, _: Asked, _: BuildContext, console: &mut Console<'_>) -> Exit {
            console.say("hello");
            Exit::Done
        }
    }

    #[test]
    fn a_name_taken_twice_names_both_crates() {
        let of = CommandDescriptor::of::<Greet>;
        let check = ["check".to_owned()];
        assert!(checked(vec![of("a")], "server", &check).is_ok());
        let taken = |first, second| NameTaken {
            name: "greet".to_owned(),
            first,
            second,
        };
        let twice = checked(vec![of("b"), of("a")], "server", &check);
        assert_eq!(twice.unwrap_err(), [taken("a", "b")]);
        let own = checked(vec![of("a")], "server", &["greet".to_owned()]);
        assert_eq!(own.unwrap_err(), [taken("server", "a")]);
    }
}
