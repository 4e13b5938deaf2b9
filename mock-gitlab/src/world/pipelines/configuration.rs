//! The part of `.gitlab-ci.yml` that decides which jobs a pipeline has and how they
//! end: stages, and each job's `stage`, `when`, `allow_failure`, `trigger`, `rules`,
//! `only`, `script` and `artifacts`. <https://docs.gitlab.com/ci/yaml/>

use std::time::Duration;

use super::script;
use super::yaml::{self, Node};

/// A job as the file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) stage: String,
    pub(super) manual: bool,
    pub(super) allow_failure: bool,
    pub(super) bridge: bool,
    /// How long its script waits, when it says so.
    pub(super) runs: Option<Duration>,
    /// What a runner must be able to do.
    pub(super) tags: Vec<String>,
    /// What it leaves behind.
    pub(super) artifacts: Vec<(String, Vec<u8>)>,
    sources: Sources,
}

/// Which kinds of pipelines a job belongs to, as far as its rules speak of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sources {
    /// All but those of merge requests.
    Usual,
    /// Those of merge requests alone.
    MergeRequests,
    /// All.
    Any,
}

/// Words at the top that are no jobs.
const GLOBAL: [&str; 11] = [
    "stages",
    "image",
    "services",
    "variables",
    "default",
    "include",
    "workflow",
    "cache",
    "before_script",
    "after_script",
    "spec",
];

/// The jobs of a file that belong to a pipeline of this source, in the order of their
/// stages.
pub(super) fn read(text: &str, source: &str) -> Vec<Plan> {
    let Ok(Some(root)) = yaml::read(text) else {
        return Vec::new();
    };
    let stages = stages(&root);
    let mut jobs: Vec<Plan> = jobs_of(&root)
        .map(|(name, job)| plan(name, job))
        .filter(|plan| plan.belongs_to(source))
        .collect();
    jobs.sort_by_key(|job| stages.iter().position(|stage| *stage == job.stage));
    jobs
}

fn stages(root: &Node) -> Vec<&str> {
    let stages = root.get("stages").map(Node::texts).unwrap_or_default();
    if stages.is_empty() {
        vec!["build", "test", "deploy"]
    } else {
        stages
    }
}

fn jobs_of(root: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let global = |name: &str| GLOBAL.contains(&name);
    root.pairs()
        .iter()
        .map(|(name, job)| (name.as_str(), job))
        .filter(move |(name, _)| !global(name) && !name.starts_with('.'))
}

fn plan(name: &str, job: &Node) -> Plan {
    let text = |key: &str| job.get(key).and_then(Node::text);
    let manual = text("when") == Some("manual");
    let script = job.get("script").map(Node::texts).unwrap_or_default();
    let tags = job.get("tags").map(Node::texts).unwrap_or_default();
    // A manual job nobody waits for, unless the file says otherwise.
    let allow_failure = match text("allow_failure") {
        Some(answer) => answer == "true",
        None => manual,
    };
    Plan {
        name: name.to_owned(),
        stage: text("stage").unwrap_or("test").to_owned(),
        manual,
        allow_failure,
        bridge: job.get("trigger").is_some(),
        tags: tags.into_iter().map(str::to_owned).collect(),
        runs: script::duration(&script),
        artifacts: artifacts(job, &script),
        sources: sources(job),
    }
}

fn sources(job: &Node) -> Sources {
    const MARK: &str = "merge_request_event";
    let only = job.get("only").map(Node::texts).unwrap_or_default();
    if only.contains(&"merge_requests") {
        return if only.len() == 1 {
            Sources::MergeRequests
        } else {
            Sources::Any
        };
    }
    let Some(Node::List(rules)) = job.get("rules") else {
        return Sources::Usual;
    };
    let conditions = rules.iter().filter(|rule| {
        let when = rule.get("when").and_then(Node::text);
        when != Some("never")
    });
    let conditions: Vec<&str> = conditions
        .map(|rule| rule.get("if").and_then(Node::text).unwrap_or_default())
        .collect();
    let about = |text: &&&str| text.contains(MARK) && !text.contains("!=");
    let inside = conditions.iter().filter(about).count();
    match inside {
        0 => Sources::Usual,
        all if all == conditions.len() => Sources::MergeRequests,
        _ => Sources::Any,
    }
}

/// Of the files the script writes those the job keeps.
fn artifacts(job: &Node, script: &[&str]) -> Vec<(String, Vec<u8>)> {
    let Some(kept) = job.get("artifacts") else {
        return Vec::new();
    };
    let all = kept.get("untracked").and_then(Node::text) == Some("true");
    let paths = kept.get("paths").map(Node::texts).unwrap_or_default();
    let fits = |name: &str| {
        paths.iter().any(|path| {
            let path = path.trim_start_matches("./");
            match path.split_once('*') {
                Some((head, tail)) => {
                    let tail = tail.trim_start_matches(['*', '/']);
                    name.starts_with(head) && name.ends_with(tail)
                }
                None => {
                    name == path || name.starts_with(&format!("{}/", path.trim_end_matches('/')))
                }
            }
        })
    };
    let mut files = script::files(script);
    files.retain(|(name, _)| all || fits(name));
    files
}

impl Plan {
    fn belongs_to(&self, source: &str) -> bool {
        match self.sources {
            Sources::Any => true,
            Sources::Usual => source != "merge_request_event",
            Sources::MergeRequests => source == "merge_request_event",
        }
    }
}

/// What GitLab finds wrong with a file; nothing when it is fine.
/// <https://docs.gitlab.com/api/lint/>
pub(super) fn problems(text: &str) -> Vec<String> {
    let root = match yaml::read(text) {
        Err(problem) => return vec![problem],
        Ok(None) => return vec!["Please provide content of .gitlab-ci.yml".to_owned()],
        Ok(Some(root)) => root,
    };
    if !matches!(root, Node::Map(_)) {
        return vec!["Invalid configuration format".to_owned()];
    }
    let stages = stages(&root);
    let mut found = Vec::new();
    let mut any = false;
    for (name, job) in jobs_of(&root) {
        any = true;
        if !matches!(job, Node::Map(_)) {
            found.push(format!("jobs:{name} config should be a hash"));
            continue;
        }
        let acts = ["script", "run", "trigger", "extends"];
        if !acts.iter().any(|key| job.get(key).is_some()) {
            let text = "config should implement the script:, run:, or trigger: keyword";
            found.push(format!("jobs:{name} {text}"));
        }
        let stage = job.get("stage").and_then(Node::text);
        if let Some(stage) = stage.filter(|stage| !stages.contains(stage)) {
            let known = format!(".pre, {}, .post", stages.join(", "));
            if !matches!(stage, ".pre" | ".post") {
                found.push(format!(
                    "{name} job: chosen stage {stage} does not exist; available stages are {known}"
                ));
            }
        }
        for need in job.get("needs").map(Node::texts).unwrap_or_default() {
            if !jobs_of(&root).any(|(other, _)| other == need) {
                found.push(format!("{name} job: undefined need: {need}"));
            }
        }
    }
    if !any && found.is_empty() {
        found.push("jobs config should contain at least one visible job".to_owned());
    }
    found
}

/// The names, stages and scripts of the jobs a file has, for the answer of the linter.
pub(super) fn outline(text: &str) -> Vec<(String, String, Vec<String>)> {
    let Ok(Some(root)) = yaml::read(text) else {
        return Vec::new();
    };
    jobs_of(&root)
        .map(|(name, job)| {
            let stage = job.get("stage").and_then(Node::text).unwrap_or("test");
            let script = job.get("script").map(Node::texts).unwrap_or_default();
            let script = script.into_iter().map(str::to_owned).collect();
            (name.to_owned(), stage.to_owned(), script)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_stand_in_the_order_of_their_stages() {
        let text = "stages: [build, deliver]\n\nengrave:\n  stage: deliver\n  when: manual\n\
                    .hidden:\n  stage: build\nbuild:\n  stage: build # first\n  script: make\n";
        let names: Vec<(String, bool)> = read(text, "push")
            .into_iter()
            .map(|j| (j.name, j.manual))
            .collect();
        assert_eq!(
            names,
            [("build".to_owned(), false), ("engrave".to_owned(), true)]
        );
    }

    #[test]
    fn nonsense_makes_no_jobs() {
        for text in ["- a\n- b\n", "word", "", "a: ["] {
            assert_eq!(read(text, "push"), []);
            assert!(!problems(text).is_empty());
        }
    }

    #[test]
    fn rules_decide_between_branches_and_merge_requests() {
        let text = "a:\n  script: x\n  rules:\n    - if: '$CI_PIPELINE_SOURCE == \"merge_request_event\"'\n\
                    b:\n  script: y\nc:\n  script: z\n  only: [merge_requests, branches]\n";
        let names = |source: &str| {
            let plans = read(text, source);
            plans.into_iter().map(|plan| plan.name).collect::<Vec<_>>()
        };
        assert_eq!(names("push"), ["b", "c"]);
        assert_eq!(names("merge_request_event"), ["a", "c"]);
    }

    #[test]
    fn the_linter_names_what_is_wrong() {
        for (text, wanted) in [
            ("invalid", "Invalid configuration format"),
            (
                "a:\n  stage: test\n",
                "jobs:a config should implement the script:, run:, or trigger: keyword",
            ),
            (
                "a:\n  stage: sing\n  script: x\n",
                "a job: chosen stage sing does not exist; available stages are .pre, build, test, deploy, .post",
            ),
            (
                ".a:\n  script: x\n",
                "jobs config should contain at least one visible job",
            ),
        ] {
            assert_eq!(problems(text), [wanted]);
        }
        assert!(problems(":a:\n  :script: echo 1\n").is_empty());
    }
}
