//! Iterations. <https://docs.gitlab.com/api/graphql/reference/#iteration>

use serde_json::{Map, Value, json};

use super::Refusal;
use super::connection::list;
use super::resolvers::{Resolver, address, text};
use super::shape::{id, number, number_of};
use crate::context::Cx;
use crate::rest::iterations;

type Arguments = Map<String, Value>;

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("Query.iteration", iteration),
    ("Group.iterations", |_, group, arguments| {
        Ok(all(&format!("/groups/{}", id(group)), arguments))
    }),
    ("Project.iterations", |_, project, arguments| {
        Ok(all(&format!("/projects/{}", id(project)), arguments))
    }),
    ("Iteration.state", |_, iteration, _| {
        Ok(json!(match number(iteration, "state") {
            1 => "upcoming",
            2 => "current",
            _ => "closed",
        }))
    }),
    ("WorkItemWidgetIteration.iteration", |_, widget, _| {
        Ok(widget.get("iteration").cloned().unwrap_or_default())
    }),
];

/// For those who see its group.
fn iteration(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Result<Value, Refusal> {
    let wanted = number_of(text(arguments, "id").unwrap_or_default(), &["Iteration"]);
    let found = wanted.and_then(|id| cx.world.iterations.get(&id));
    let seen = found.filter(|one| {
        let group = cx.world.groups.get(&one.group);
        group.is_some_and(|group| cx.sees_group(group))
    });
    Ok(seen.map_or(Value::Null, |one| iterations::entity(cx, one)))
}

fn all(place: &str, arguments: &Arguments) -> Value {
    let pairs = [
        ("state", text(arguments, "state")),
        ("search", text(arguments, "title")),
    ];
    list(address(&format!("{place}/iterations"), &pairs))
}
