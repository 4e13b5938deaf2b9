//! Chromium, from Debian's packages.

use std::path::{Path, PathBuf};

use super::{debian, version};
use crate::process::Guard;
use crate::report::Lack;

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
            debian::install(PROGRAM, &["chromium"], guard)?;
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
