//! The programs of the workspace, built once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::Workbench;
use crate::report::{Lack, say};

const MESSAGES: &str = "--message-format=json-render-diagnostics";
const BUILD: [&str; 4] = ["build", "--workspace", "--bins", MESSAGES];
const LIMIT: Duration = Duration::from_mins(30);

/// Where each program is.
#[derive(Debug)]
pub(crate) struct Binaries(BTreeMap<String, PathBuf>);

impl Binaries {
    /// Builds them.
    pub(super) fn build(workbench: &Workbench) -> Result<Self, Lack> {
        say("building the programs of the workspace …");
        let done = workbench
            .run(&mut workbench.cargo(&BUILD), LIMIT)
            .map_err(Lack::Broken)?;
        if !done.succeeded() {
            return Err(Lack::Broken(done.describe()));
        }
        Ok(Self(
            done.output.stdout().lines().filter_map(program).collect(),
        ))
    }

    /// An example of a package.
    pub(crate) fn example(
        workbench: &Workbench,
        package: &str,
        name: &str,
    ) -> Result<PathBuf, Lack> {
        let words = ["build", "--package", package, "--example", name, MESSAGES];
        let done = workbench
            .run(&mut workbench.cargo(&words), LIMIT)
            .map_err(Lack::Broken)?;
        if !done.succeeded() {
            return Err(Lack::Broken(done.describe()));
        }
        let built: BTreeMap<_, _> = done.output.stdout().lines().filter_map(program).collect();
        let path = built.get(name).cloned();
        path.ok_or_else(|| Lack::Broken(format!("{package} has no example `{name}`")))
    }

    /// One of them.
    pub(crate) fn get(&self, name: &str) -> Result<&Path, Lack> {
        let path = self.0.get(name).map(PathBuf::as_path);
        path.ok_or_else(|| Lack::Broken(format!("the workspace builds no program `{name}`")))
    }
}

fn program(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message.get("executable")?.as_str()?;
    let name = message.pointer("/target/name")?.as_str()?;
    Some((name.to_owned(), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_with_an_executable_name_a_program() {
        let line =
            r#"{"reason":"compiler-artifact","target":{"name":"tool"},"executable":"/t/tool"}"#;
        assert_eq!(
            program(line),
            Some(("tool".to_owned(), PathBuf::from("/t/tool")))
        );
        let line = r#"{"reason":"compiler-artifact","target":{"name":"lib"},"executable":null}"#;
        assert_eq!(program(line), None);
        assert_eq!(program("not JSON"), None);
    }
}
