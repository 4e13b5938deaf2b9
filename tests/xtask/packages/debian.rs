//! Packages of Debian, for a runner that may install them.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{PROBE, step, version};
use crate::process::{Guard, run, timed};
use crate::report::{Lack, say};

/// Who asks before a package starts a service of its own.
/// <https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt>
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs packages because `lacking` is not there; none of them starts a service.
pub(super) fn install(lacking: &str, packages: &[&str], guard: &Guard) -> Result<(), Lack> {
    if !is_root(guard) || version(Path::new("apt-get"), guard).is_none() {
        return Err(Lack::Missing(format!(
            "there is no {lacking}, and it needs root and apt-get to install it"
        )));
    }
    say(&format!("installing {lacking} …"));
    let _quiet = NoServices::new();
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(packages);
    let (done, took) = timed(|| {
        [&["update", "-qq"][..], &install]
            .iter()
            .try_for_each(|words| {
                let mut apt = Command::new("apt-get");
                apt.env("DEBIAN_FRONTEND", "noninteractive").args(*words);
                step(&mut apt, guard)
            })
    });
    done.map_err(|said| {
        Lack::Missing(format!("there is no {lacking}, and apt-get failed\n{said}"))
    })?;
    say(&format!(
        "installed {lacking} ({:.1} s)",
        took.as_secs_f32()
    ));
    Ok(())
}

/// Whether this process is root's.
pub(crate) fn is_root(guard: &Guard) -> bool {
    let asked = run(Command::new("id").arg("-u"), PROBE, guard);
    asked.is_ok_and(|done| done.output.stdout().trim() == "0")
}

/// While it lives, packages start nothing. A policy that the machine has is left as it is.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn new() -> Self {
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(POLICY)
            .and_then(|mut file| file.write_all(b"#!/bin/sh\nexit 101\n"));
        Self { ours: made.is_ok() }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            drop(std::fs::remove_file(POLICY));
        }
    }
}
