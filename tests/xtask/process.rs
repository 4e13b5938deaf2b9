//! Children: each in a process group of its own, with a deadline, ended by the id of its group.

mod family;
mod guard;
mod output;

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub(crate) use guard::Guard;
pub(crate) use output::Output;

const POLL: Duration = Duration::from_millis(15);
/// Longest wait until a process that was stopped is.
const STOPPED: Duration = Duration::from_secs(1);
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running child. Dropping it ends its whole group.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    output: Output,
    guard: Guard,
    ended: bool,
}

/// How a child ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// `None` when it had to be ended at its deadline.
    pub(crate) status: Option<ExitStatus>,
    /// What it said.
    pub(crate) output: Output,
}

impl Finished {
    /// Whether it ended by itself with exit code 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Its exit in words, and the end of what it said.
    pub(crate) fn describe(&self) -> String {
        let exit = self.status.map_or_else(
            || "ended at its deadline".to_owned(),
            |status| status.to_string(),
        );
        format!("{}\n{exit}", self.output.tail())
    }
}

impl Process {
    /// Starts a child with closed stdin; both its outputs are kept.
    pub(crate) fn start(command: &mut Command, guard: &Guard) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        guard.watch(child.id());
        let output = Output::of(&mut child);
        Ok(Self {
            child,
            output,
            guard: guard.clone(),
            ended: false,
        })
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said so far.
    pub(crate) const fn output(&self) -> &Output {
        &self.output
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends, or ends it at the deadline.
    pub(crate) fn finish(mut self, limit: Duration) -> io::Result<Finished> {
        let status = self.wait(limit)?;
        self.end();
        self.output.settle(LAST_WORDS);
        Ok(Finished {
            status,
            output: self.output.clone(),
        })
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        self.end();
    }

    /// Takes the processor away from it and from all it has started: they keep their connections and
    /// answer nothing.
    pub(crate) fn freeze(&self) {
        let groups = self.family();
        for group in groups.iter().skip(1) {
            self.guard.watch(*group);
        }
        guard::signal("STOP", &groups);
    }

    /// Lets a frozen child go on.
    pub(crate) fn thaw(&self) {
        let groups = family::groups(self.child.id());
        guard::signal("CONT", &groups);
        for group in groups.iter().skip(1) {
            self.guard.forget(*group);
        }
    }

    /// Asks it to end, and ends it if it does not.
    pub(crate) fn stop(mut self, patience: Duration) -> io::Result<Finished> {
        guard::signal("TERM", &[self.child.id()]);
        let status = self.wait(patience)?;
        self.end();
        self.output.settle(LAST_WORDS);
        Ok(Finished {
            status,
            output: self.output.clone(),
        })
    }

    /// Its group and those of all it has started, which are known for certain once it is stopped and
    /// starts no more.
    fn family(&self) -> Vec<u32> {
        let child = self.child.id();
        guard::signal("STOP", &[child]);
        let deadline = Deadline::after(STOPPED);
        while !family::is_at_rest(child) && !deadline.is_over() {
            pause(Duration::from_millis(1));
        }
        family::groups(child)
    }

    fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Deadline::after(limit);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if deadline.is_over() {
                return Ok(None);
            }
            pause(POLL);
        }
    }

    /// Ends whatever is left of the group, and of those its children made.
    fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        let groups = self.family();
        guard::signal("KILL", &groups);
        if self.child.wait().is_err() {
            return; // it was waited for before
        }
        for group in groups {
            self.guard.forget(group);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a child to its end.
pub(crate) fn run(command: &mut Command, limit: Duration, guard: &Guard) -> io::Result<Finished> {
    Process::start(command, guard)?.finish(limit)
}

/// A point in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// That long from now.
    #[expect(
        clippy::disallowed_methods,
        reason = "children are measured in real time"
    )]
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// Whether it has come.
    pub(crate) fn is_over(self) -> bool {
        self.0.elapsed() > Duration::ZERO
    }
}

/// Real time since a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// From here on.
    #[expect(
        clippy::disallowed_methods,
        reason = "children are measured in real time"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long that was ago.
    pub(crate) fn read(self) -> Duration {
        self.0.elapsed()
    }
}

/// Measures a piece of work.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let watch = Stopwatch::start();
    let done = work();
    (done, watch.read())
}

/// Lets a child go on for a while.
#[expect(
    clippy::disallowed_methods,
    reason = "children are waited for in real time"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn exit_code_and_both_outputs_are_kept() {
        let guard = Guard::start().unwrap();
        let limit = Duration::from_secs(20);
        let done = run(&mut shell("echo out; echo err >&2; exit 3"), limit, &guard).unwrap();
        assert_eq!(done.status.and_then(|status| status.code()), Some(3));
        assert_eq!(done.output.stdout(), "out\n");
        assert!(done.describe().contains("err"));
    }

    #[test]
    fn a_child_is_frozen_and_goes_on_with_those_that_left_its_group() {
        let guard = Guard::start().unwrap();
        let script = "setsid sh -c 'while :; do echo tick; sleep 0.02; done' & wait";
        let child = Process::start(&mut shell(script), &guard).unwrap();
        let ticks = || child.output().lines_that(|line| line == "tick").len();
        let ticks_on = || {
            let before = ticks();
            let deadline = Deadline::after(Duration::from_secs(5));
            while ticks() == before && !deadline.is_over() {
                pause(Duration::from_millis(5));
            }
            ticks() > before
        };
        assert!(ticks_on());
        child.freeze();
        // What was written before is read.
        pause(Duration::from_millis(100));
        let frozen = ticks();
        pause(Duration::from_millis(300));
        assert_eq!(ticks(), frozen);
        child.thaw();
        assert!(ticks_on());
    }

    #[test]
    fn a_child_past_its_deadline_ends_with_its_children() {
        let guard = Guard::start().unwrap();
        let limit = Duration::from_millis(300);
        let done = run(&mut shell("sleep 60 & echo $!; wait"), limit, &guard).unwrap();
        assert!(done.status.is_none());
        let grandchild = done.output.stdout().trim().to_owned();
        let alive = format!("/proc/{grandchild}/cmdline");
        let gone = (0..100).any(|_| {
            pause(Duration::from_millis(20));
            std::fs::read(&alive).is_ok_and(|line| line.is_empty())
                || std::fs::read(&alive).is_err()
        });
        assert!(gone, "{grandchild} is still there");
    }
}
