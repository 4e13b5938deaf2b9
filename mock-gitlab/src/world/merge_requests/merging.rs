//! Merging and rebasing on the commit graph.
//! <https://docs.gitlab.com/user/project/merge_requests/methods/>

use super::MergeRequest;
use crate::clock::Timestamp;
use crate::world::repository::{Commit, Merged, NewCommit, Person};
use crate::world::{Noteable, Repository, World};

/// How to merge.
#[derive(Clone, Debug, Default)]
pub struct MergeOptions {
    /// One commit instead of many.
    pub squash: bool,
    /// Message of the merge commit.
    pub message: Option<String>,
    /// Message of the squashed commit.
    pub squash_message: Option<String>,
    /// Delete the source branch afterwards.
    pub remove_source_branch: bool,
}

/// Why a merge did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeProblem {
    /// Both branches changed the same files.
    #[error("Branch cannot be merged")]
    Conflict,
    /// A branch or commit is gone.
    #[error("The source or target branch no longer exists")]
    Gone,
}

/// The commits a merge leaves behind.
struct Outcome {
    head: String,
    merge: Option<String>,
    squash: Option<String>,
}

impl World {
    /// Merges: a merge commit, or fast-forward where the project says so.
    pub fn merge(
        &mut self,
        id: u64,
        options: &MergeOptions,
        by: u64,
        now: Timestamp,
    ) -> Result<(), MergeProblem> {
        let request = self.merge_requests.get(&id).cloned();
        let request = request.ok_or(MergeProblem::Gone)?;
        if request.conflict {
            return Err(MergeProblem::Conflict);
        }
        let person = self.person(by, now);
        let messages = self.messages(&request, options);
        let fast = self.merge_method(request.project) == "ff";
        let repository = self.repositories.get_mut(&request.project);
        let repository = repository.ok_or(MergeProblem::Gone)?;
        let outcome = unite(
            repository,
            &request,
            (options.squash, fast),
            &messages,
            &person,
        )?;
        repository
            .branches
            .insert(request.target_branch.clone(), outcome.head.clone());
        if options.remove_source_branch && request.source_branch != repository.default_branch {
            repository.branches.remove(&request.source_branch);
        }
        if let Some(request) = self.merge_requests.get_mut(&id) {
            "merged".clone_into(&mut request.state);
            request.merge_commit_sha = outcome.merge;
            request.squash_commit_sha = outcome.squash;
            request.merged_by = Some(by);
            request.merged_at = Some(now);
            request.updated_at = now;
            request.auto_merge = false;
        }
        self.add_system_note(Noteable::MergeRequest(id), by, "merged", now);
        self.close_mentioned(&request, by, now);
        Ok(())
    }

    fn person(&self, user: u64, at: Timestamp) -> Person {
        let user = self.users.get(&user);
        Person {
            name: user.map_or_else(String::new, |user| user.name.clone()),
            email: user.map_or_else(String::new, |user| user.email.clone()),
            at,
        }
    }

    fn messages(&self, request: &MergeRequest, options: &MergeOptions) -> (String, String) {
        let (source, target) = (&request.source_branch, &request.target_branch);
        let project = self.projects.get(&request.project);
        let path = project.map_or_else(String::new, |project| self.project_path(project));
        let merge = format!(
            "Merge branch '{source}' into '{target}'\n\n{}\n\nSee merge request {path}!{}",
            request.title, request.iid
        );
        (
            options.message.clone().unwrap_or(merge),
            options
                .squash_message
                .clone()
                .unwrap_or_else(|| request.title.clone()),
        )
    }

    /// The issues a merge closes: `Closes #3` in the description.
    pub fn issues_closed_by(&self, request: &MergeRequest) -> Vec<u64> {
        let words = request.description.split_whitespace().collect::<Vec<_>>();
        let closing = words.windows(2).filter_map(|pair| {
            let [verb, number] = pair else { return None };
            let verb = verb.to_lowercase();
            let closes = [
                "close",
                "closes",
                "closed",
                "fix",
                "fixes",
                "fixed",
                "resolve",
                "resolves",
                "implements",
            ];
            let number = number
                .strip_prefix('#')?
                .trim_end_matches(|c: char| !c.is_ascii_digit());
            if closes.contains(&verb.as_str()) {
                number.parse::<u64>().ok()
            } else {
                None
            }
        });
        let issues = closing.filter_map(|iid| self.issue(request.project, iid));
        issues.map(|issue| issue.id).collect()
    }

    fn close_mentioned(&mut self, request: &MergeRequest, by: u64, now: Timestamp) {
        for id in self.issues_closed_by(request) {
            let Some(issue) = self
                .issues
                .get_mut(&id)
                .filter(|issue| issue.state == "opened")
            else {
                continue;
            };
            issue.close(by, now);
            let text = format!("closed with merge request !{}", request.iid);
            self.add_system_note(Noteable::Issue(id), by, &text, now);
        }
    }

    /// Puts the commits of the source branch on top of the target branch.
    pub fn rebase(&mut self, id: u64, by: u64, now: Timestamp) -> Result<(), MergeProblem> {
        let request = self.merge_requests.get(&id).cloned();
        let request = request.ok_or(MergeProblem::Gone)?;
        if self.has_conflicts(&request) {
            return Err(MergeProblem::Conflict);
        }
        if self.is_up_to_date(&request) {
            return Ok(());
        }
        let person = self.person(by, now);
        let repository = self.repositories.get_mut(&request.project);
        let head = repository.and_then(|repository| replay(repository, &request, &person));
        head.ok_or(MergeProblem::Gone)?;
        self.look_at_branches(id, now);
        Ok(())
    }
}

fn unite(
    repository: &mut Repository,
    request: &MergeRequest,
    (squash, fast): (bool, bool),
    (merge_message, squash_message): &(String, String),
    person: &Person,
) -> Result<Outcome, MergeProblem> {
    let commits = |repository: &Repository| -> Option<(Commit, Commit)> {
        let ours = repository.resolve(&request.target_branch)?.clone();
        Some((ours, repository.commit(&request.sha)?.clone()))
    };
    let (ours, theirs) = commits(repository).ok_or(MergeProblem::Gone)?;
    let Merged::Clean(files) = repository.merge(&ours, &theirs) else {
        return Err(MergeProblem::Conflict);
    };
    let commit = |parents: Vec<String>, message: &str| NewCommit {
        parents,
        author: person.clone(),
        committer: person.clone(),
        message: message.to_owned(),
    };
    let squash = squash
        .then(|| repository.write_commit(&files, commit(vec![ours.id.clone()], squash_message)));
    let source = squash.clone().unwrap_or_else(|| theirs.id.clone());
    if fast {
        return Ok(Outcome {
            head: source,
            merge: None,
            squash,
        });
    }
    let merge = repository.write_commit(&files, commit(vec![ours.id, source], merge_message));
    Ok(Outcome {
        head: merge.clone(),
        merge: Some(merge),
        squash,
    })
}

/// Applies each commit's own change on top of the target, oldest first.
fn replay(
    repository: &mut Repository,
    request: &MergeRequest,
    committer: &Person,
) -> Option<String> {
    let target = repository.resolve(&request.target_branch)?.clone();
    let head = repository.commit(&request.sha)?;
    let mut commits: Vec<Commit> = repository
        .between(&target, head)
        .into_iter()
        .cloned()
        .collect();
    commits.reverse();
    let mut files = repository.files(&target);
    let mut last = target.id;
    for commit in commits.iter().filter(|commit| commit.parents.len() == 1) {
        let parent = repository.commit(commit.parents.first()?)?;
        let (before, after) = (repository.files(parent), repository.files(commit));
        files.retain(|path, _| !before.contains_key(path) || after.contains_key(path));
        for (path, entry) in after
            .iter()
            .filter(|(path, entry)| before.get(*path) != Some(*entry))
        {
            files.insert(path.clone(), entry.clone());
        }
        let new = NewCommit {
            parents: vec![last],
            author: commit.author.clone(),
            committer: committer.clone(),
            message: commit.message.clone(),
        };
        last = repository.write_commit(&files, new);
    }
    repository
        .branches
        .insert(request.source_branch.clone(), last.clone());
    Some(last)
}
