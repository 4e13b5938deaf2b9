//! From the JSON of the REST API to what a field of the schema promises: global ids,
//! names in camel case, enumerations in capitals.

use serde_json::{Value, json};

/// A field of an object: under its own name, or as the REST API calls it.
pub(super) fn plain(parent: &Value, field: &str) -> Value {
    let get = |name: &str| parent.get(name).filter(|value| !value.is_null());
    if let Some(value) = get(field) {
        return value.clone();
    }
    let snake = snake_case(field);
    if let Some(value) = get(&snake) {
        return value.clone();
    }
    if field == "webPath" {
        let url = get("web_url").and_then(Value::as_str).unwrap_or_default();
        let path = url
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'));
        return path.map_or(Value::Null, |(_, path)| json!(format!("/{path}")));
    }
    // Rendered text is the text itself: nothing here renders Markdown.
    let text = field.strip_suffix("Html").and_then(get);
    text.cloned().unwrap_or_default()
}

/// `webUrl` as `web_url`.
pub(super) fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The class in the global ids of a type.
fn class_of(type_name: &str) -> Option<&'static str> {
    Some(match type_name {
        "UserCore" | "CurrentUser" => "User",
        "Project" => "Project",
        "Group" => "Group",
        "Issue" => "Issue",
        "WorkItem" => "WorkItem",
        "MergeRequest" => "MergeRequest",
        "Pipeline" => "Ci::Pipeline",
        "CiJob" => "Ci::Build",
        "Label" => "ProjectLabel",
        "Milestone" => "Milestone",
        "Iteration" => "Iteration",
        "Note" => "Note",
        "Discussion" => "Discussion",
        "Todo" => "Todo",
        "Vulnerability" => "Vulnerability",
        "ProjectMember" => "ProjectMember",
        "GroupMember" => "GroupMember",
        _ => return None,
    })
}

/// A global id.
pub(super) fn gid(class: &str, id: impl std::fmt::Display) -> String {
    format!("gid://gitlab/{class}/{id}")
}

/// The number at the end of a global id, when the class is one of these; a bare number
/// is taken as well.
pub(super) fn number_of(id: &str, classes: &[&str]) -> Option<u64> {
    if let Ok(number) = id.parse() {
        return Some(number);
    }
    let (class, number) = id.strip_prefix("gid://gitlab/")?.rsplit_once('/')?;
    classes.contains(&class).then(|| number.parse().ok())?
}

/// Turns the `id` of an object into a global id and keeps the number as `_id`.
pub(super) fn dress(type_name: &str, value: Value) -> Value {
    match value {
        Value::Array(items) => items
            .into_iter()
            .map(|item| dress(type_name, item))
            .collect(),
        Value::Object(mut all) => {
            if let Some(class) = class_of(type_name)
                && !all.contains_key("_id")
                && let Some(id) = all.get("id").cloned()
            {
                let plain = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                all.insert("id".to_owned(), json!(gid(class, plain)));
                all.insert("_id".to_owned(), id);
            }
            Value::Object(all)
        }
        other => other,
    }
}

/// The number behind an object.
pub(super) fn id(parent: &Value) -> u64 {
    number(parent, "_id")
}

/// A number of an object; 0 when there is none.
pub(super) fn number(parent: &Value, name: &str) -> u64 {
    parent.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// A text of an object.
pub(super) fn text<'a>(parent: &'a Value, name: &str) -> &'a str {
    parent.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_global_id_is_read_only_for_its_class() {
        assert_eq!(
            number_of("gid://gitlab/WorkItem/7", &["WorkItem", "Issue"]),
            Some(7)
        );
        assert_eq!(number_of("7", &["WorkItem"]), Some(7));
        for wrong in [
            "gid://gitlab/Label/7",
            "gid://gitlab/WorkItem/x",
            "gid://other/WorkItem/7",
            "",
        ] {
            assert_eq!(number_of(wrong, &["WorkItem"]), None, "{wrong}");
        }
    }

    #[test]
    fn fields_are_found_under_both_names() {
        let user = json!({ "web_url": "http://host:1/alice", "title": "a" });
        assert_eq!(plain(&user, "webUrl"), "http://host:1/alice");
        assert_eq!(plain(&user, "webPath"), "/alice");
        assert_eq!(plain(&user, "titleHtml"), "a");
        assert_eq!(plain(&user, "nothing"), Value::Null);
    }
}
