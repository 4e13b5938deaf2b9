//! Node 22, the MCP packages and a client of GitLab, by npm.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{Shelf, step, version};
use crate::process::Guard;
use crate::report::{Lack, say};

/// Each package and its exact version; `node` is the runtime itself.
const PACKAGES: [(&str, &str); 10] = [
    ("node", "22.23.3"),
    ("@modelcontextprotocol/conformance", "0.2.0-alpha.12"),
    ("@modelcontextprotocol/sdk", "1.32.2"),
    ("@modelcontextprotocol/client", "2.4.0"),
    ("@modelcontextprotocol/inspector", "2.12.0"),
    ("mcp-remote", "0.15.1"),
    ("@gitbeaker/rest", "43.8.0"),
    ("playwright-core", "1.65.1"),
    ("axe-core", "4.14.1"),
    ("oidc-provider", "9.13.3"),
];
const OLDEST: u32 = 22;

/// An installed Node.
#[derive(Debug)]
pub(crate) struct Node {
    folder: PathBuf,
}

impl Node {
    /// Installs what is not there yet.
    pub(crate) fn install(cache: &Path, guard: &Guard) -> Result<Self, Lack> {
        let manifest = manifest();
        let shelf = Shelf::new(cache.join("node"), manifest.clone());
        let node = Self {
            folder: shelf.folder.clone(),
        };
        if shelf.is_filled() && node.works(guard) {
            return Ok(node);
        }
        if version(Path::new("npm"), guard).is_none() {
            return Err(Lack::Missing(
                "there is no npm on the search path".to_owned(),
            ));
        }
        say("installing Node and its packages …");
        shelf.clear()?;
        let write = std::fs::write(node.folder.join("package.json"), &manifest);
        write.map_err(|error| shelf.broken(&error))?;
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--ignore-scripts=false",
        ]);
        step(npm.current_dir(&node.folder), guard)
            .map_err(|said| Lack::Broken(format!("npm could not install its packages\n{said}")))?;
        if !node.works(guard) {
            let program = node.program();
            let text = format!("{} is not Node {OLDEST} or newer", program.display());
            return Err(Lack::Broken(format!("{text}: did its install script run?")));
        }
        shelf.fill()?;
        Ok(node)
    }

    /// The `node` program.
    pub(crate) fn program(&self) -> PathBuf {
        self.folder.join("node_modules/.bin/node")
    }

    /// The folder that holds `node_modules`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A search path on which our Node is the first.
    pub(crate) fn search_path(&self) -> OsString {
        let mut path = self.folder.join("node_modules/.bin").into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        path
    }

    fn works(&self, guard: &Guard) -> bool {
        version(&self.program(), guard).is_some_and(|version| major(&version) >= OLDEST)
    }
}

/// The package file; newer versions of npm run only the install scripts that it allows.
fn manifest() -> String {
    let packages: serde_json::Map<_, _> = PACKAGES
        .iter()
        .map(|(name, version)| ((*name).to_owned(), json!(version)))
        .collect();
    let manifest = json!({
        "name": "gitlab-mcp-black-box",
        "private": true,
        "dependencies": packages,
        "allowScripts": { "node": true, "@modelcontextprotocol/inspector": false },
    });
    format!("{manifest:#}\n")
}

fn major(version: &str) -> u32 {
    let digits = version.trim_start_matches('v').split('.').next();
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_first_number() {
        assert_eq!(
            (major("v22.23.3"), major("v9.1.0"), major("none")),
            (22, 9, 0)
        );
    }

    #[test]
    fn every_version_is_exact() {
        for (name, version) in PACKAGES {
            assert!(
                version.starts_with(|c: char| c.is_ascii_digit()),
                "{name} {version}"
            );
        }
    }
}
