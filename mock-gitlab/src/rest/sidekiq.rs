//! Numbers about background jobs. The mock has none that wait, so they are calm.
//! <https://docs.gitlab.com/api/sidekiq_metrics/>

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("sidekiq/queue_metrics", |cx| answer(cx, &["queues"]));
    table.get("sidekiq/process_metrics", |cx| answer(cx, &["processes"]));
    table.get("sidekiq/job_stats", |cx| answer(cx, &["jobs"]));
    table.get("sidekiq/compound_metrics", |cx| {
        answer(cx, &["queues", "processes", "jobs"])
    });
}

fn answer(cx: &mut Cx<'_>, parts: &[&str]) -> Result<Answer, ApiError> {
    cx.admin()?;
    let all: Map<String, Value> = parts
        .iter()
        .map(|part| ((*part).to_owned(), metrics(cx, part)))
        .collect();
    Ok(Answer::json(&Value::Object(all)))
}

fn metrics(cx: &Cx<'_>, part: &str) -> Value {
    let calm = json!({ "backlog": 0, "latency": 0 });
    match part {
        "queues" => json!({ "default": calm, "mailers": calm }),
        "processes" => json!([{
            "hostname": cx.site.host(),
            "pid": 1,
            "tag": "gitlab",
            "started_at": cx.now,
            "queues": ["default", "mailers"],
            "labels": [],
            "concurrency": 20,
            "busy": 0,
        }]),
        _ => json!({
            "processed": cx.world.pipelines.len() + cx.world.notes.len(),
            "failed": 0,
            "enqueued": 0,
            "dead": 0,
        }),
    }
}
