//! The part of `.gitlab-ci.yml` that decides which jobs a pipeline has: stages,
//! and each job's `stage`, `when`, `allow_failure` and `trigger`.
//! <https://docs.gitlab.com/ci/yaml/>

/// A job as the file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) stage: String,
    pub(super) manual: bool,
    pub(super) allow_failure: bool,
    pub(super) bridge: bool,
}

/// Words at the left margin that are no jobs.
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

/// The jobs of a file in the order of their stages.
pub(super) fn read(text: &str) -> Vec<Plan> {
    let mut stages: Vec<String> = Vec::new();
    let mut jobs: Vec<Plan> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or(line).trim_end();
        if line.trim_start().starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let inside = line.starts_with(' ') || line.starts_with('-');
        if inside {
            if section == "stages" {
                stages.extend(line.trim().strip_prefix("- ").map(unquoted));
            } else if let Some(job) = jobs.last_mut().filter(|job| job.name == section) {
                describe(job, line.trim());
            }
            continue;
        }
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        section = unquoted(key);
        if section == "stages" {
            let list = value.trim().trim_start_matches('[').trim_end_matches(']');
            stages.extend(
                list.split(',')
                    .map(unquoted)
                    .filter(|name| !name.is_empty()),
            );
        } else if !GLOBAL.contains(&section.as_str()) && !section.starts_with('.') {
            jobs.push(Plan {
                name: section.clone(),
                stage: "test".to_owned(),
                manual: false,
                allow_failure: false,
                bridge: false,
            });
        }
    }
    if stages.is_empty() {
        stages = ["build", "test", "deploy"].map(str::to_owned).to_vec();
    }
    jobs.sort_by_key(|job| stages.iter().position(|stage| *stage == job.stage));
    jobs
}

fn describe(job: &mut Plan, line: &str) {
    let Some((key, value)) = line.split_once(':') else {
        return;
    };
    match (key.trim(), unquoted(value).as_str()) {
        ("stage", stage) => stage.clone_into(&mut job.stage),
        // A manual job nobody waits for, unless the file says otherwise.
        ("when", "manual") => (job.manual, job.allow_failure) = (true, true),
        ("allow_failure", answer) => job.allow_failure = answer == "true",
        ("trigger", _) => job.bridge = true,
        _ => {}
    }
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_stand_in_the_order_of_their_stages() {
        let text = "stages: [build, deliver]\n\nengrave:\n  stage: deliver\n  when: manual\n\
                    .hidden:\n  stage: build\nbuild:\n  stage: build # first\n  script: make\n";
        let names: Vec<(String, bool)> =
            read(text).into_iter().map(|j| (j.name, j.manual)).collect();
        assert_eq!(
            names,
            [("build".to_owned(), false), ("engrave".to_owned(), true)]
        );
    }

    #[test]
    fn nonsense_makes_no_jobs() {
        assert_eq!(read("- a\n  b: c\n# d:\n"), []);
    }
}
