//! The command line.

use crate::groups;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask test [--list] [--only GROUP]… [--write]

  --list        name the groups
  --only GROUP  run this group (may be given more than once)
  --write       write the documents that a group otherwise compares with its run

GITLAB_MCP_TEST_CACHE  where the Node and Python packages go (default: xtask-cache below the
                       target directory)
GITLAB_MCP_TEST_ROUNDS rounds of each race (default: 100 in the group replicas, 25 in second-upstream)
GITLAB_MCP_TEST_KILLS  servers that the group replicas kills (default: 20)
GITLAB_MCP_TEST_CRASHES  rounds in which the group replicas kills each store (default: 5)
GITLAB_MCP_TEST_AWAY   seconds for which the group replicas takes each store or server away (default:
                       a little longer than it is waited for)
GITLAB_MCP_TEST_EARLIER revision that the group replicas takes for the release before this one
                        (default: the latest tag v* before this commit)
GITLAB_MCP_TEST_PROGRAM  the server that the group memory measures (default: the debug build)
GITLAB_MCP_FULL_FLOOD  floods and crowds of the size of an attack: 100,000 requests, 10,000 logins";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Say how it is used.
    Help,
    /// Name the groups.
    List,
    /// Run the groups; an empty list means all of them.
    Test {
        /// Names of groups.
        only: Vec<String>,
        /// Write the documents that groups compare with.
        write: bool,
    },
}

impl Arguments {
    /// Reads the words behind the program's name.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut words = words.into_iter();
        match words.next().as_deref() {
            Some("test") => Self::parse_test(words),
            Some("help" | "--help" | "-h") | None => Ok(Self::Help),
            Some(other) => Err(format!("no such command: {other}")),
        }
    }

    fn parse_test(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut only, mut write) = (Vec::new(), false);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--list" => return Ok(Self::List),
                "--help" | "-h" => return Ok(Self::Help),
                "--only" => only.push(group(words.next())?),
                "--write" => write = true,
                other => return Err(format!("no such option: {other}")),
            }
        }
        Ok(Self::Test { only, write })
    }
}

fn group(name: Option<String>) -> Result<String, String> {
    let name = name.ok_or("--only needs the name of a group")?;
    if groups::ALL.iter().any(|group| group.name == name) {
        return Ok(name);
    }
    let names: Vec<_> = groups::ALL.iter().map(|group| group.name).collect();
    Err(format!(
        "no such group: {name}; there are {}",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn no_option_means_every_group() {
        assert_eq!(
            parse("test"),
            Ok(Arguments::Test {
                only: Vec::new(),
                write: false
            })
        );
    }

    #[test]
    fn groups_add_up() {
        let only = vec!["format".to_owned(), "clients".to_owned()];
        assert_eq!(
            parse("test --only format --only clients"),
            Ok(Arguments::Test { only, write: false })
        );
    }

    #[test]
    fn documents_are_written_when_asked_for() {
        let only = vec!["oauth".to_owned()];
        assert_eq!(
            parse("test --write --only oauth"),
            Ok(Arguments::Test { only, write: true })
        );
    }

    #[test]
    fn an_unknown_group_names_the_known_ones() {
        let problem = parse("test --only clocks").unwrap_err();
        assert!(
            problem.contains("clocks") && problem.contains("conformance"),
            "{problem}"
        );
    }

    #[test]
    fn an_unknown_word_is_refused() {
        assert!(parse("tset").is_err());
        assert!(parse("test --fast").is_err());
    }
}
