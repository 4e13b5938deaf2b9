//! A watchman for the case that the runner itself dies: a shell outside our process group that
//! reads from a pipe which process groups to end once the pipe closes.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

const WATCH: &str = r#"
groups=" "
while read -r word group; do
    case $word in
        watch) groups="$groups$group " ;;
        forget) case $groups in *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;; esac ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
"#;

/// The watchman; every clone talks to the same one.
#[derive(Debug, Clone)]
pub(crate) struct Guard(Arc<Mutex<Watchman>>);

#[derive(Debug)]
struct Watchman {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Starts it.
    pub(crate) fn start() -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", WATCH])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self(Arc::new(Mutex::new(Watchman { shell, pipe }))))
    }

    /// From here on this group does not outlive us.
    pub(super) fn watch(&self, group: u32) {
        self.tell("watch", group);
    }

    /// This group has ended.
    pub(super) fn forget(&self, group: u32) {
        self.tell("forget", group);
    }

    fn tell(&self, word: &str, group: u32) {
        let mut watchman = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = &mut watchman.pipe {
            // A watchman that is gone cannot watch; the run goes on without it.
            drop(writeln!(pipe, "{word} {group}"));
        }
    }
}

impl Drop for Watchman {
    fn drop(&mut self) {
        self.pipe = None;
        drop(self.shell.wait());
    }
}

/// Sends a signal to process groups of ours, to all at the same moment.
pub(super) fn signal(name: &str, groups: &[u32]) {
    let sent = Command::new("/bin/sh")
        .args(["-c", r#"kill -s "$0" -- "$@""#, name])
        .args(groups.iter().map(|group| format!("-{group}")))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    drop(sent); // a group without members is what we want
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::process::pause;

    #[test]
    fn the_watched_end_with_the_watchman_and_the_forgotten_stay() {
        let guard = Guard::start().unwrap();
        let mut sleepers: Vec<_> = (0..3).map(|_| sleeper()).collect();
        for sleeper in &sleepers {
            guard.watch(sleeper.id());
        }
        guard.forget(sleepers[1].id());
        drop(guard);
        pause(Duration::from_millis(50));
        let ended: Vec<_> = sleepers
            .iter_mut()
            .map(|child| child.try_wait().unwrap().is_some())
            .collect();
        sleepers[1].kill().unwrap();
        sleepers[1].wait().unwrap();
        assert_eq!(ended, [true, false, true]);
    }

    fn sleeper() -> Child {
        Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .unwrap()
    }
}
