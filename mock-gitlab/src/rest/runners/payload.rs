//! What a runner is given together with a job.

use serde_json::{Value, json};

use crate::context::Cx;
use crate::error::ApiError;
use crate::world::{Home, Job, Namespace, Pipeline, Project, Record, World};

/// Seconds a job may take when nothing else is said.
const TIMEOUT: i64 = 3600;

/// The job of that number, its token made for this run.
pub(super) fn of(cx: &mut Cx<'_>, id: u64) -> Result<Value, ApiError> {
    let token = cx.world.job_token(id, cx.now);
    let job = cx.world.jobs.get(&id).ok_or_else(ApiError::gone)?;
    let pipeline = cx.world.pipelines.get(&job.pipeline);
    let pipeline = pipeline.ok_or_else(ApiError::gone)?;
    let project = cx.world.projects.get(&job.project);
    let project = project.ok_or_else(ApiError::gone)?;
    let runner = job.runner.and_then(|id| cx.world.runners.get(&id));
    let path = cx.world.project_path(project);
    let timeout = runner.and_then(|runner| runner.maximum_timeout);
    let timeout = timeout.unwrap_or(TIMEOUT).min(TIMEOUT);
    let waited = job
        .queued_at
        .map_or(0, |at| cx.now.as_seconds() - at.as_seconds());
    Ok(json!({
        "id": job.id,
        "token": token,
        "allow_git_fetch": true,
        "job_info": {
            "id": job.id,
            "name": job.name,
            "stage": job.stage,
            "project_id": project.id,
            "project_name": project.path,
            "project_full_path": path,
            "time_in_queue_seconds": waited,
        },
        "git_info": git(cx, pipeline, &path, &token),
        "runner_info": { "timeout": timeout, "runner_session_url": null },
        "variables": variables(cx, (job, pipeline, project), &token),
        "steps": [{
            "name": "script",
            "script": script(cx.world, job, pipeline),
            "timeout": timeout,
            "when": "on_success",
            "allow_failure": job.allow_failure,
        }],
        "image": null,
        "services": [],
        "artifacts": [],
        "cache": [],
        "credentials": [],
        "dependencies": [],
        "hooks": [],
        "features": { "trace_sections": true, "failure_reasons": super::jobs::REASONS },
    }))
}

fn git(cx: &Cx<'_>, pipeline: &Pipeline, path: &str, token: &str) -> Value {
    let url = cx.site.url(&format!("/{path}.git"));
    let url = url.replacen("://", &format!("://gitlab-ci-token:{token}@"), 1);
    let kind = if pipeline.tag { "tag" } else { "branch" };
    let place = if pipeline.tag { "tags" } else { "heads" };
    json!({
        "repo_url": url,
        "repo_object_format": "sha1",
        "ref": pipeline.r#ref,
        "ref_type": kind,
        "sha": pipeline.sha,
        "before_sha": "0".repeat(40),
        "refspecs": [format!("+refs/{place}/{0}:refs/remotes/origin/{0}", pipeline.r#ref)],
        "depth": 20,
    })
}

/// The lines of the job in the configuration of its commit.
fn script(world: &World, job: &Job, pipeline: &Pipeline) -> Vec<String> {
    let repository = world.repositories.get(&job.project);
    let text = repository.and_then(|repository| {
        let commit = repository.resolve(&pipeline.sha)?;
        let entry = repository.entry_at(commit, ".gitlab-ci.yml")?;
        repository.blob(&entry.id)
    });
    let text = text.map_or_else(String::new, |text| {
        String::from_utf8_lossy(text).into_owned()
    });
    let jobs = World::lint(&text).jobs;
    let found = jobs.into_iter().find(|(name, ..)| *name == job.name);
    found.map(|(_, _, script)| script).unwrap_or_default()
}

/// What the script finds in its environment. Of several with one name the last one counts:
/// predefined, instance, groups from the top, project, pipeline.
/// <https://docs.gitlab.com/ci/variables/#cicd-variable-precedence>
fn variables(
    cx: &Cx<'_>,
    (job, pipeline, project): (&Job, &Pipeline, &Project),
    token: &str,
) -> Value {
    let path = cx.world.project_path(project);
    let plain = |key: &str, value: &str| json!({ "key": key, "value": value, "public": true, "masked": false });
    let mut all = vec![
        plain("CI", "true"),
        plain("GITLAB_CI", "true"),
        plain("CI_SERVER_URL", &cx.site.url("")),
        plain("CI_API_V4_URL", &cx.site.api_url("")),
        plain("CI_PROJECT_ID", &project.id.to_string()),
        plain("CI_PROJECT_PATH", &path),
        plain("CI_PIPELINE_ID", &pipeline.id.to_string()),
        plain("CI_PIPELINE_IID", &pipeline.iid.to_string()),
        plain("CI_PIPELINE_SOURCE", &pipeline.source),
        plain("CI_COMMIT_SHA", &pipeline.sha),
        plain("CI_COMMIT_REF_NAME", &pipeline.r#ref),
        plain("CI_JOB_ID", &job.id.to_string()),
        plain("CI_JOB_NAME", &job.name),
        plain("CI_JOB_STAGE", &job.stage),
        json!({ "key": "CI_JOB_TOKEN", "value": token, "public": false, "masked": true }),
    ];
    let open = cx.world.is_protected(job, project);
    let seen = |one: &&Record| {
        (open || !one.flag("protected")) && matches!(one.text("environment_scope"), "" | "*")
    };
    let mut homes = vec![("instance variable", Home::Instance)];
    if let Namespace::Group(id) = project.namespace {
        let mut above: Vec<u64> = cx.world.ancestry(id).map(|group| group.id).collect();
        if !above.contains(&id) {
            above.insert(0, id);
        }
        homes.extend(above.iter().rev().map(|id| ("variable", Home::Group(*id))));
    }
    homes.push(("variable", Home::Project(project.id)));
    for (kind, home) in homes {
        let kept = cx.world.records_in(kind, home).filter(seen);
        all.extend(kept.map(|one| {
            json!({
                "key": one.text("key"),
                "value": one.text("value"),
                "public": false,
                "masked": one.flag("masked"),
                "raw": one.flag("raw"),
                "file": one.text("variable_type") == "file",
            })
        }));
    }
    let given = pipeline.variables.iter();
    all.extend(given.map(
        |(key, value)| json!({ "key": key, "value": value, "public": false, "masked": false }),
    ));
    Value::Array(all)
}
