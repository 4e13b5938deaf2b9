//! Namespaces of Linux, for what must not touch the network of the machine.
//! <https://man7.org/linux/man-pages/man1/unshare.1.html>

use std::path::Path;
use std::process::Command;

use super::{PROBE, debian};
use crate::process::{Guard, run};
use crate::report::Lack;

const UNSHARE: &str = "unshare";
/// A network and mounts of one's own.
const OWN: [&str; 2] = ["--net", "--mount"];
/// The same for whoever is not root: they are root there.
const MAPPED: &str = "--map-root-user";

/// How a program gets namespaces of its own.
#[derive(Debug)]
pub(crate) struct Namespaces {
    words: Vec<&'static str>,
}

impl Namespaces {
    /// Tries it, and installs the program that gives addresses where that is allowed.
    pub(crate) fn find(guard: &Guard) -> Result<Self, Lack> {
        let mut words = OWN.to_vec();
        if !debian::is_root(guard) {
            words.push(MAPPED);
        }
        let mut probe = Command::new(UNSHARE);
        probe.args(&words).arg("true");
        let said = match run(&mut probe, PROBE, guard) {
            Ok(done) if done.succeeded() => None,
            Ok(done) => Some(done.describe()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(said) = said {
            let reason = format!("this machine gives nobody a network namespace\n{said}");
            return Err(Lack::Missing(reason));
        }
        let has_ip = |guard| {
            let asked = run(Command::new("ip").arg("-Version"), PROBE, guard);
            asked.is_ok_and(|done| done.succeeded())
        };
        if !has_ip(guard) {
            debian::install("ip", &["iproute2"], guard)?;
        }
        Ok(Self { words })
    }

    /// What starts the program.
    #[expect(clippy::unused_self, reason = "whoever has none cannot start it")]
    pub(crate) fn program(&self) -> &Path {
        Path::new(UNSHARE)
    }

    /// What stands before the program.
    pub(crate) fn words(&self) -> &[&'static str] {
        &self.words
    }
}
