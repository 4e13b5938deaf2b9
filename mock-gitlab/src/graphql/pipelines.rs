//! Pipelines, stages and jobs.

use serde_json::{Map, Value, json};

use super::Refusal;
use super::connection::list;
use super::resolvers::{Resolver, address, text, texts};
use super::session::one;
use super::shape::{self, gid, id, number, number_of};
use crate::context::Cx;

type Arguments = Map<String, Value>;
type Resolved = Result<Value, Refusal>;

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("Project.pipeline", pipeline),
    ("Project.pipelines", |_, project, arguments| {
        let status = text(arguments, "status").map(str::to_lowercase);
        let pairs = [
            ("status", status.as_deref()),
            ("ref", text(arguments, "ref")),
            ("sha", text(arguments, "sha")),
            ("source", text(arguments, "source")),
        ];
        Ok(list(address(
            &format!("/projects/{}/pipelines", id(project)),
            &pairs,
        )))
    }),
    ("Project.jobs", |_, project, arguments| {
        Ok(jobs(&format!("/projects/{}/jobs", id(project)), arguments))
    }),
    ("Pipeline.jobs", |_, pipeline, arguments| {
        Ok(jobs(&format!("{}/jobs", path(pipeline)), arguments))
    }),
    ("Pipeline.stages", stages),
    ("Pipeline.path", |_, pipeline, _| {
        Ok(shape::plain(pipeline, "webPath"))
    }),
    ("Pipeline.detailedStatus", |cx, pipeline, _| {
        Ok(status_of(&whole(cx, pipeline)))
    }),
    ("Pipeline.duration", |cx, pipeline, _| {
        Ok(field(&whole(cx, pipeline), "duration"))
    }),
    ("Pipeline.user", |cx, pipeline, _| {
        Ok(field(&whole(cx, pipeline), "user"))
    }),
    ("Pipeline.startedAt", |cx, pipeline, _| {
        Ok(field(&whole(cx, pipeline), "started_at"))
    }),
    ("Pipeline.finishedAt", |cx, pipeline, _| {
        Ok(field(&whole(cx, pipeline), "finished_at"))
    }),
    ("CiStage.jobs", |_, stage, _| Ok(field(stage, "jobs"))),
    ("CiJob.stage", |_, job, _| {
        let name = shape::text(job, "stage");
        Ok(json!({ "id": gid("Ci::Stage", 0), "name": name, "status": job.get("status") }))
    }),
    ("CiJob.detailedStatus", |_, job, _| Ok(status_of(job))),
    ("CiJob.failureMessage", |_, job, _| {
        Ok(field(job, "failure_reason"))
    }),
    ("CiJob.refName", |_, job, _| Ok(field(job, "ref"))),
    ("CiJob.shortSha", |_, job, _| {
        let commit = job.get("commit").cloned().unwrap_or_default();
        Ok(field(&commit, "short_id"))
    }),
    ("CiJob.retryable", |_, job, _| {
        let done = matches!(
            shape::text(job, "status"),
            "success" | "failed" | "canceled"
        );
        Ok(json!(done))
    }),
    ("CiJob.playable", |_, job, _| {
        Ok(json!(shape::text(job, "status") == "manual"))
    }),
];

fn field(parent: &Value, name: &str) -> Value {
    parent.get(name).cloned().unwrap_or_default()
}

fn path(pipeline: &Value) -> String {
    format!(
        "/projects/{}/pipelines/{}",
        number(pipeline, "project_id"),
        id(pipeline)
    )
}

/// Rows of a list lack what only the single form has.
fn whole(cx: &mut Cx<'_>, pipeline: &Value) -> Value {
    if pipeline.get("detailed_status").is_some() {
        return pipeline.clone();
    }
    one(cx, &path(pipeline))
}

fn status_of(parent: &Value) -> Value {
    let status = shape::text(parent, "status");
    let mut value = parent.get("detailed_status").cloned().unwrap_or_else(|| {
        json!({ "text": status, "label": status, "group": status, "icon": format!("status_{status}") })
    });
    if let Value::Object(all) = &mut value {
        all.insert("id".to_owned(), json!(format!("{status}-{}", id(parent))));
    }
    value
}

fn jobs(place: &str, arguments: &Arguments) -> Value {
    let statuses = texts(arguments, "statuses").unwrap_or_default();
    let statuses: Vec<String> = statuses.iter().map(|word| word.to_lowercase()).collect();
    let pairs: Vec<(&str, Option<&str>)> = statuses
        .iter()
        .map(|word| ("scope[]", Some(word.as_str())))
        .collect();
    list(address(place, &pairs))
}

fn pipeline(cx: &mut Cx<'_>, project: &Value, arguments: &Arguments) -> Resolved {
    let project = id(project);
    let by_id = text(arguments, "id").and_then(|id| number_of(id, &["Ci::Pipeline"]));
    let iid: Option<u64> = text(arguments, "iid").and_then(|iid| iid.parse().ok());
    let sha = text(arguments, "sha");
    let mut all = cx.world.pipelines.values().rev();
    let found = all.find(|pipeline| {
        pipeline.project == project
            && (by_id == Some(pipeline.id)
                || iid == Some(pipeline.iid)
                || sha == Some(&pipeline.sha))
    });
    let Some(found) = found.map(|pipeline| pipeline.id) else {
        return Ok(Value::Null);
    };
    Ok(one(cx, &format!("/projects/{project}/pipelines/{found}")))
}

fn stages(cx: &mut Cx<'_>, pipeline: &Value, _: &Arguments) -> Resolved {
    let jobs = one(cx, &format!("{}/jobs?per_page=100", path(pipeline)));
    let mut jobs = jobs.as_array().cloned().unwrap_or_default();
    jobs.reverse();
    let mut stages: Vec<(String, Vec<Value>)> = Vec::new();
    for job in jobs {
        let name = shape::text(&job, "stage").to_owned();
        match stages.iter_mut().find(|(own, _)| *own == name) {
            Some((_, inside)) => inside.push(job),
            None => stages.push((name, vec![job])),
        }
    }
    Ok(stages
        .into_iter()
        .enumerate()
        .map(|(at, (name, jobs))| {
            let failed = jobs
                .iter()
                .any(|job| shape::text(job, "status") == "failed");
            let all = |word: &str| jobs.iter().all(|job| shape::text(job, "status") == word);
            let status = match () {
                () if failed => "failed",
                () if all("success") => "success",
                () => "running",
            };
            json!({ "id": gid("Ci::Stage", at + 1), "name": name, "status": status, "jobs": jobs })
        })
        .collect())
}
