//! The list of supported endpoints, as the page in `docs/` shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Every route as Markdown, grouped by the first word of its path.
pub fn routes_as_markdown() -> String {
    let table = crate::rest::table();
    let mut groups: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (method, path) in table.listing().filter(|(method, _)| *method != "OPTIONS") {
        groups
            .entry(heading(path))
            .or_default()
            .push((path, method));
    }
    let mut text = String::from(
        "# Endpoints\n\nWritten by `mock-gitlab --print-routes`. `:name` is one path segment, percent-encoded;\n\
         `*name` is the rest of the path. `HEAD` works wherever `GET` does.\n",
    );
    for (group, mut routes) in groups {
        routes.sort_unstable();
        // Writing to a String cannot fail.
        write!(text, "\n## {group}\n\n").ok();
        let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
        for (path, method) in routes {
            match rows.last_mut().filter(|(last, _)| *last == path) {
                Some((_, methods)) => methods.push(method),
                None => rows.push((path, vec![method])),
            }
        }
        for (path, methods) in rows {
            writeln!(text, "- `{path}` {}", methods.join(" ")).ok();
        }
    }
    text
}

/// `projects` for `/api/v4/projects/:id`, and for what lies below a project the word
/// after it: `projects/issues` would be read as a path, so a space stands between.
fn heading(path: &str) -> &str {
    let Some(inside) = path.strip_prefix("/api/v4/") else {
        return match path.trim_start_matches('/').split('/').next() {
            Some("api") => "GraphQL",
            Some("oauth" | ".well-known") => "OAuth",
            _ if path.starts_with("/-/mock") => "Control of the mock",
            _ => "Pages and health",
        };
    };
    let mut parts = inside.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("projects" | "groups" | "users"), Some(_), Some(below)) => below,
        (Some(first), _, _) => first,
        _ => inside,
    }
}
