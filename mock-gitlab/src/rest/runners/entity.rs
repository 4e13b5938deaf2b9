//! How runners look.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::context::Cx;
use crate::rest::{groups, projects};
use crate::world::{Reach, Runner};

/// A runner that said nothing for so long is offline.
const ONLINE: Duration = Duration::from_hours(2);

/// `online`, `offline`, or `never_contacted`.
pub(super) fn status(cx: &Cx<'_>, runner: &Runner) -> &'static str {
    match runner.contacted_at {
        None => "never_contacted",
        Some(at) if at.plus(ONLINE) > cx.now => "online",
        Some(_) => "offline",
    }
}

fn is_busy(cx: &Cx<'_>, runner: &Runner) -> bool {
    let mut jobs = cx.world.jobs.values();
    jobs.any(|job| job.runner == Some(runner.id) && job.status == "running")
}

/// As lists show it.
pub(crate) fn short(cx: &Cx<'_>, runner: &Runner) -> Map<String, Value> {
    let status = status(cx, runner);
    let shown = json!({
        "id": runner.id,
        "description": runner.description,
        "ip_address": null,
        "active": !runner.paused,
        "paused": runner.paused,
        "is_shared": runner.reach == Reach::Instance,
        "runner_type": runner.reach.name(),
        "name": null,
        "online": runner.contacted_at.map(|_| status == "online"),
        "created_by": super::super::users::basic_by_id(cx, runner.created_by),
        "created_at": runner.created_at,
        "status": status,
        "job_execution_status": if is_busy(cx, runner) { "active" } else { "idle" },
    });
    match shown {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

/// As its keepers see it.
pub(super) fn full(cx: &Cx<'_>, runner: &Runner) -> Value {
    let mut all = short(cx, runner);
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("tag_list", json!(runner.tags));
    put("run_untagged", json!(runner.run_untagged));
    put("locked", json!(runner.locked));
    put("maximum_timeout", json!(runner.maximum_timeout));
    put("access_level", json!(runner.access_level));
    put("maintenance_note", json!(runner.maintenance_note));
    put("contacted_at", json!(runner.contacted_at));
    for name in ["version", "revision", "platform", "architecture"] {
        put(name, Value::Null);
    }
    match &runner.reach {
        Reach::Instance => {}
        Reach::Group(id) => {
            let group = cx.world.groups.get(id);
            let rows: Vec<Value> = group
                .map(|group| groups::short(cx, group))
                .into_iter()
                .collect();
            put("groups", json!(rows));
        }
        Reach::Projects(_, ids) => {
            let known = ids.iter().filter_map(|id| cx.world.projects.get(id));
            let rows: Vec<Value> = known.map(|project| projects::short(cx, project)).collect();
            put("projects", json!(rows));
        }
    }
    Value::Object(all)
}
