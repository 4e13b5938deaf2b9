//! What a child says, line by line as it comes.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SHOWN: usize = 60;
const LONGEST: usize = 600;

/// The lines of both streams; every clone sees the same ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Debug, Default)]
struct Lines {
    all: Vec<(Stream, String)>,
    open: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

impl Output {
    /// Starts to read what a new child says.
    pub(super) fn of(child: &mut Child) -> Self {
        let output = Self::default();
        if let Some(stdout) = child.stdout.take() {
            output.follow(Stream::Stdout, stdout);
        }
        if let Some(stderr) = child.stderr.take() {
            output.follow(Stream::Stderr, stderr);
        }
        output
    }

    fn follow(&self, stream: Stream, from: impl Read + Send + 'static) {
        self.lines().open += 1;
        let output = self.clone();
        std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while matches!(from.read_until(b'\n', &mut line), Ok(read) if read > 0) {
                let text = String::from_utf8_lossy(&line)
                    .trim_end_matches(['\r', '\n'])
                    .to_owned();
                line.clear();
                output.lines().all.push((stream, text));
                output.0.1.notify_all();
            }
            output.lines().open -= 1;
            output.0.1.notify_all();
        });
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the rest of an ended child's output.
    pub(super) fn settle(&self, limit: Duration) {
        let guard = self.lines();
        drop(
            self.0
                .1
                .wait_timeout_while(guard, limit, |lines| lines.open > 0),
        );
    }

    /// The first line of either stream for which `find` has an answer.
    pub(crate) fn find<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.lines().all.iter().find_map(|(_, line)| find(line))
    }

    /// The lines of either stream that `is_meant`.
    pub(crate) fn lines_that(&self, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.lines();
        let all = lines.all.iter().map(|(_, line)| line);
        all.filter(|line| is_meant(line)).cloned().collect()
    }

    /// All of stdout.
    pub(crate) fn stdout(&self) -> String {
        let lines = self.lines();
        let mut text = String::new();
        for (_, line) in lines
            .all
            .iter()
            .filter(|(stream, _)| *stream == Stream::Stdout)
        {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The end of both streams, as they came.
    pub(crate) fn tail(&self) -> String {
        self.tail_of(SHOWN)
    }

    /// The last lines of both streams, as they came.
    pub(crate) fn tail_of(&self, count: usize) -> String {
        let lines = self.lines();
        let first = lines.all.len().saturating_sub(count);
        let shown = lines.all.iter().skip(first);
        let shown: Vec<_> = shown.map(|(_, line)| shortened(line)).collect();
        shown.join("\n")
    }
}

fn shortened(line: &str) -> String {
    line.chars().take(LONGEST).collect()
}
