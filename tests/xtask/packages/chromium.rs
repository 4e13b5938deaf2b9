//! Chromium, from Debian's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{step, version};
use crate::process::{Guard, run};
use crate::report::{Lack, say};

const PROGRAM: &str = "/usr/bin/chromium";

/// An installed Chromium.
#[derive(Debug)]
pub(crate) struct Chromium {
    program: PathBuf,
}

impl Chromium {
    /// Takes the one that is there; installs it where that is allowed.
    pub(crate) fn install(guard: &Guard) -> Result<Self, Lack> {
        let program = PathBuf::from(PROGRAM);
        if !program.exists() {
            if !is_root(guard) || version(Path::new("apt-get"), guard).is_none() {
                let text = "needs root and apt-get to install it";
                return Err(Lack::Missing(format!(
                    "there is no {PROGRAM}, and it {text}"
                )));
            }
            say("installing Chromium …");
            let packages = [
                "install",
                "-y",
                "-qq",
                "--no-install-recommends",
                "chromium",
            ];
            for words in [&["update", "-qq"][..], &packages] {
                let mut apt = Command::new("apt-get");
                apt.env("DEBIAN_FRONTEND", "noninteractive").args(words);
                step(&mut apt, guard).map_err(|said| {
                    Lack::Missing(format!("there is no {PROGRAM}, and apt-get failed\n{said}"))
                })?;
            }
        }
        if version(&program, guard).is_none() {
            return Err(Lack::Broken(format!("{PROGRAM} does not start")));
        }
        Ok(Self { program })
    }

    /// The program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }
}

fn is_root(guard: &Guard) -> bool {
    let asked = run(Command::new("id").arg("-u"), super::PROBE, guard);
    asked.is_ok_and(|done| done.output.stdout().trim() == "0")
}
