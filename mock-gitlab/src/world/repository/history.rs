//! Walking the commit graph.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::{Commit, Repository};

impl Repository {
    /// A commit and everything before it, newest first; children come before parents
    /// wherever the clock allows it.
    pub fn log<'a>(&'a self, from: &[&'a Commit]) -> Vec<&'a Commit> {
        let mut seen = BTreeSet::new();
        let mut queue = BinaryHeap::new();
        let mut turn = 0_u64;
        let mut push = |queue: &mut BinaryHeap<_>, commit: &'a Commit| {
            if seen.insert(commit.id.as_str()) {
                turn += 1;
                queue.push((commit.committer.at, Reverse(turn), commit.id.as_str()));
            }
        };
        for commit in from {
            push(&mut queue, commit);
        }
        let mut log = Vec::new();
        while let Some((_, _, id)) = queue.pop() {
            let Some(commit) = self.commit(id) else {
                continue;
            };
            log.push(commit);
            for parent in commit.parents.iter().filter_map(|id| self.commit(id)) {
                push(&mut queue, parent);
            }
        }
        log
    }

    /// Whether a commit changed what lies at `path` (a file or a directory).
    pub fn touches(&self, commit: &Commit, path: &str) -> bool {
        let at = |commit: &Commit| self.entry_at(commit, path).map(|e| (e.mode, e.id.clone()));
        let here = at(commit);
        let mut parents = commit
            .parents
            .iter()
            .filter_map(|id| self.commit(id))
            .peekable();
        if parents.peek().is_none() {
            return here.is_some();
        }
        parents.all(|parent| at(parent) != here)
    }

    /// The newest commit that changed `path`, seen from `from`.
    pub fn last_commit_of<'a>(&'a self, from: &'a Commit, path: &str) -> Option<&'a Commit> {
        self.log(&[from])
            .into_iter()
            .find(|commit| self.touches(commit, path))
    }

    /// The best common ancestor of two commits.
    pub fn merge_base<'a>(&'a self, one: &'a Commit, two: &'a Commit) -> Option<&'a Commit> {
        let before: BTreeSet<&str> = self
            .log(&[one])
            .into_iter()
            .map(|commit| commit.id.as_str())
            .collect();
        self.log(&[two])
            .into_iter()
            .find(|commit| before.contains(commit.id.as_str()))
    }

    /// The commits of `to` that `from` does not have, newest first.
    pub fn between<'a>(&'a self, from: &'a Commit, to: &'a Commit) -> Vec<&'a Commit> {
        let known: BTreeSet<&str> = self
            .log(&[from])
            .into_iter()
            .map(|commit| commit.id.as_str())
            .collect();
        let mut new = self.log(&[to]);
        new.retain(|commit| !known.contains(commit.id.as_str()));
        new
    }

    /// Whether `ancestor` is part of the history of `commit`.
    pub fn contains(&self, commit: &Commit, ancestor: &str) -> bool {
        self.log(&[commit]).iter().any(|known| known.id == ancestor)
    }
}
