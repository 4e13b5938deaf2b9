//! The program of an earlier release, built from the history of this repository and kept in the
//! cache.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Workbench;
use crate::report::{Lack, say};

/// Names the revision.
const VARIABLE: &str = "GITLAB_MCP_TEST_EARLIER";
const ASK: Duration = Duration::from_secs(30);
const BUILD: Duration = Duration::from_hours(1);

/// An earlier release.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    /// Its tag, or the revision that was asked for.
    pub(crate) name: String,
    /// Its program.
    pub(crate) program: PathBuf,
}

impl Earlier {
    /// The revision that was asked for, or the latest release before this commit; `None` when there
    /// was no release yet.
    pub(super) fn find(workbench: &Workbench) -> Result<Option<Self>, Lack> {
        let told = std::env::var_os(VARIABLE).filter(|text| !text.is_empty());
        let told = told.map(|text| text.to_string_lossy().into_owned());
        let tag = ["describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^"];
        let Some(name) = told.or_else(|| asked(workbench, &tag)) else {
            return Ok(None);
        };
        let commit = format!("{name}^{{commit}}");
        let commit = asked(workbench, &["rev-parse", "--verify", "--quiet", &commit]);
        let commit = commit.ok_or_else(|| {
            Lack::Broken(format!(
                "{VARIABLE}: this repository has no revision {name}"
            ))
        })?;
        let program = workbench
            .cache()
            .join("earlier")
            .join(commit)
            .join("gitlab-mcp");
        if !program.exists() {
            say(&format!("building the earlier release {name} …"));
            build(workbench, &program).map_err(Lack::Broken)?;
        }
        Ok(Some(Self { name, program }))
    }
}

/// What git answers, if it has an answer.
fn asked(workbench: &Workbench, words: &[&str]) -> Option<String> {
    let mut command = workbench.clean(Path::new("git"));
    let done = workbench.run(command.args(words), ASK).ok()?;
    let said = done.output.stdout().trim().to_owned();
    done.succeeded().then_some(said)
}

/// Builds the commit that the folder of `program` is named after; only the program stays.
fn build(workbench: &Workbench, program: &Path) -> Result<(), String> {
    let broken = |error: std::io::Error| format!("{}: {error}", program.display());
    let folder = program.parent().unwrap_or(program);
    let commit = folder.file_name().unwrap_or_default();
    let (source, target) = (folder.join("source"), folder.join("target"));
    std::fs::create_dir_all(&source).map_err(broken)?;
    let archive = folder.join("source.tar");
    let mut pack = workbench.clean(Path::new("git"));
    pack.args(["archive", "--output"]).arg(&archive).arg(commit);
    let mut unpack = workbench.clean(Path::new("tar"));
    unpack.arg("-xf").arg(&archive).arg("-C").arg(&source);
    let mut cargo = workbench.cargo(&["build", "--locked", "--package", "gitlab-mcp"]);
    cargo
        .args(["--bin", "gitlab-mcp"])
        .current_dir(&source)
        .env("CARGO_TARGET_DIR", &target);
    for command in [&mut pack, &mut unpack, &mut cargo] {
        step(workbench, command)?;
    }
    std::fs::copy(target.join("debug/gitlab-mcp"), folder.join("copy")).map_err(broken)?;
    for left in [&source, &target] {
        std::fs::remove_dir_all(left).map_err(broken)?;
    }
    std::fs::remove_file(&archive).map_err(broken)?;
    // Whoever finds it finds all of it.
    std::fs::rename(folder.join("copy"), program).map_err(broken)
}

fn step(workbench: &Workbench, command: &mut Command) -> Result<(), String> {
    let done = workbench.run(command, BUILD)?;
    if done.succeeded() {
        return Ok(());
    }
    Err(done.describe())
}
