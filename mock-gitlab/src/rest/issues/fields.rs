//! Fields that issues and merge requests share.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::milestones;
use crate::rest::users::basic_by_id;
use crate::world::access::PLANNER;
use crate::world::{Award, Label, Owner, Project};

/// The short form of several users.
pub(crate) fn users(cx: &Cx<'_>, ids: &[u64]) -> Value {
    ids.iter().map(|id| basic_by_id(cx, *id)).collect()
}

/// Label names, or whole labels with `with_labels_details`.
pub(crate) fn labels(cx: &Cx<'_>, project: u64, names: &[String], details: bool) -> Value {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort();
    if !details {
        return json!(names);
    }
    let known = names
        .iter()
        .filter_map(|name| find_label(cx, project, name));
    known
        .map(|label| {
            json!({
                "id": label.id,
                "name": label.name,
                "color": label.color,
                "description": label.description,
                "description_html": label.description,
                "text_color": "#FFFFFF",
                "archived": false,
            })
        })
        .collect()
}

fn find_label<'a>(cx: &'a Cx<'_>, project: u64, name: &str) -> Option<&'a Label> {
    let labels = cx.world.labels.values();
    let mut named = labels.filter(|label| label.name == name);
    named.find(|label| match label.owner {
        Owner::Project(id) => id == project,
        Owner::Group(group) => cx
            .world
            .projects_below(group)
            .any(|below| below.id == project),
    })
}

/// Makes the labels a project does not know yet, as GitLab does.
pub(crate) fn ensure_labels(cx: &mut Cx<'_>, project: &Project, names: &[String]) {
    for name in names {
        if find_label(cx, project.id, name).is_some() {
            continue;
        }
        let id = cx.world.next_id("label");
        let label = Label {
            id,
            owner: Owner::Project(project.id),
            name: name.clone(),
            color: "#6699cc".to_owned(),
            description: None,
            priority: None,
        };
        cx.world.labels.insert(id, label);
    }
}

/// A milestone by id, or `null`.
pub(crate) fn milestone(cx: &Cx<'_>, id: Option<u64>) -> Value {
    let found = id.and_then(|id| cx.world.milestones.get(&id));
    found.map_or(Value::Null, |found| milestones::entity(cx, found))
}

/// `milestone_id` (0 or empty clears); one from elsewhere is dropped without a word,
/// as at GitLab.
pub(crate) fn set_milestone(
    cx: &Cx<'_>,
    project: &Project,
    milestone: &mut Option<u64>,
) -> Result<(), ApiError> {
    if !cx.params.has("milestone_id") {
        return Ok(());
    }
    let wanted = cx.params.id("milestone_id")?;
    let known = wanted.and_then(|id| cx.world.milestones.get(&id));
    let fitting = known.filter(|known| match known.owner {
        Owner::Project(owner) => owner == project.id,
        Owner::Group(group) => {
            let mut below = cx.world.projects_below(group);
            below.any(|below| below.id == project.id)
        }
    });
    *milestone = fitting.map(|known| known.id);
    Ok(())
}

/// `assignee_ids` or the older `assignee_id`; users who are gone are left out.
pub(crate) fn assignee_change(cx: &Cx<'_>) -> Result<Option<Vec<u64>>, ApiError> {
    let many = cx.params.ids("assignee_ids")?;
    let one = || cx.params.ids("assignee_id");
    let ids = match many {
        Some(ids) => Some(ids),
        None => one()?,
    };
    Ok(ids.map(|ids| known_users(cx, ids)))
}

/// Only users that exist, each once.
pub(crate) fn known_users(cx: &Cx<'_>, ids: Vec<u64>) -> Vec<u64> {
    let mut known = Vec::new();
    for id in ids {
        if cx.world.users.contains_key(&id) && !known.contains(&id) {
            known.push(id);
        }
    }
    known
}

/// `labels`, `add_labels` and `remove_labels` applied to what is there.
pub(crate) fn label_change(
    cx: &mut Cx<'_>,
    project: &Project,
    now: &[String],
) -> Option<Vec<String>> {
    let list = |name: &str| cx.params.list(name);
    let clears = cx.params.has("labels") && list("labels").is_none();
    let (set, add, remove) = (list("labels"), list("add_labels"), list("remove_labels"));
    if set.is_none() && add.is_none() && remove.is_none() && !clears {
        return None;
    }
    let mut labels = match set {
        Some(labels) => labels,
        None if clears => Vec::new(),
        None => now.to_vec(),
    };
    labels.extend(add.unwrap_or_default());
    let remove = remove.unwrap_or_default();
    labels.retain(|label| !label.is_empty() && !remove.contains(label));
    let mut unique: Vec<String> = Vec::new();
    for label in labels {
        if !unique.contains(&label) {
            // Of a scoped pair `priority::high`, `priority::low` only the last one stays.
            let scope = label
                .rsplit_once("::")
                .map(|(scope, _)| format!("{scope}::"));
            unique.retain(|other| {
                scope
                    .as_ref()
                    .is_none_or(|scope| !other.starts_with(scope.as_str()))
            });
            unique.push(label);
        }
    }
    ensure_labels(cx, project, &unique);
    Some(unique)
}

/// Whether the caller may set labels, milestone, assignees and the like.
pub(crate) fn sets_metadata(cx: &Cx<'_>, project: &Project) -> bool {
    cx.level_in(project) >= PLANNER
}

/// Seconds as `1h 30m`, GitLab's working weeks and days included.
pub(crate) fn human_time(seconds: i64) -> Option<String> {
    if seconds == 0 {
        return None;
    }
    let mut rest = seconds.abs();
    let mut parts = Vec::new();
    for (unit, size) in [
        ("mo", 576_000),
        ("w", 144_000),
        ("d", 28_800),
        ("h", 3600),
        ("m", 60),
        ("s", 1),
    ] {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    let sign = if seconds < 0 { "-" } else { "" };
    Some(format!("{sign}{}", parts.join(" ")))
}

/// `1w 2d 3h30m` as seconds; a bare number counts hours, as at GitLab.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let (sign, text) = text
        .trim()
        .strip_prefix('-')
        .map_or((1, text.trim()), |rest| (-1, rest));
    if let Ok(hours) = text.parse::<i64>() {
        return hours.checked_mul(3600).map(|seconds| sign * seconds);
    }
    let (mut total, mut number, mut unit) = (0_i64, String::new(), String::new());
    let mut take = |number: &mut String, unit: &mut String| -> Option<()> {
        let size = match unit.as_str() {
            "mo" => 576_000,
            "w" => 144_000,
            "d" => 28_800,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(size)?)?;
        number.clear();
        unit.clear();
        Some(())
    };
    for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
        if letter.is_ascii_digit() {
            if !unit.is_empty() {
                take(&mut number, &mut unit)?;
            }
            number.push(letter);
        } else {
            unit.push(letter);
        }
    }
    take(&mut number, &mut unit)?;
    Some(sign * total)
}

/// Estimated and spent time.
pub(crate) fn time_stats(estimate: i64, spent: i64) -> Value {
    json!({
        "time_estimate": estimate,
        "total_time_spent": spent,
        "human_time_estimate": human_time(estimate),
        "human_total_time_spent": human_time(spent),
    })
}

/// Check boxes in a description.
pub(crate) fn tasks(description: &str) -> (usize, usize) {
    let lines = description.lines().map(|line| {
        line.trim_start()
            .trim_start_matches(['-', '*', '+'])
            .trim_start()
    });
    let boxes = lines.filter(|line| {
        line.starts_with("[ ] ") || line.starts_with("[x] ") || line.starts_with("[X] ")
    });
    let boxes: Vec<&str> = boxes.collect();
    let done = boxes.iter().filter(|line| !line.starts_with("[ ]")).count();
    (boxes.len(), done)
}

/// `#3`, `#3` and `larkspur/music-box#3`.
pub(crate) fn references(cx: &Cx<'_>, project: Option<&Project>, mark: char, iid: u64) -> Value {
    let path = project.map_or_else(String::new, |project| cx.world.project_path(project));
    let short = format!("{mark}{iid}");
    json!({ "short": short, "relative": short, "full": format!("{path}{short}") })
}

/// How many reacted with a name.
pub(crate) fn votes(awards: &[Award], name: &str) -> usize {
    awards.iter().filter(|award| award.name == name).count()
}

/// A day `2026-11-01`; `null` and empty text clear it.
pub(crate) fn set_day(cx: &Cx<'_>, name: &str, day: &mut Option<String>) -> Result<(), ApiError> {
    if cx.params.has(name) {
        *day = cx.params.time(name)?.map(Timestamp::date);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write() {
        assert_eq!(parse_time("1h30m"), Some(5400));
        assert_eq!(parse_time("1d 2h"), Some(36_000));
        assert_eq!(parse_time("-30m"), Some(-1800));
        assert_eq!(parse_time("soon"), None);
        assert_eq!(parse_time(""), None);
        assert_eq!(human_time(36_000).unwrap(), "1d 2h");
        assert_eq!(human_time(0), None);
    }

    #[test]
    fn check_boxes_are_counted() {
        assert_eq!(tasks("- [ ] one\n* [x] two\n[link](x)\n"), (2, 1));
    }
}
