//! Where a project, group or numbered item is: an id, a path, a reference such as
//! `group/project!12`, or a URL copied from the browser.
//! URL forms: <https://docs.gitlab.com/user/reserved_names/> (everything after `/-/` is a route).

use percent_encoding::percent_decode_str;

use super::Role;
use crate::gitlab::Instance;

/// What a text says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) project: Option<String>,
    pub(super) group: Option<String>,
    pub(super) iid: Option<u64>,
}

/// Reads a text given for an argument of `role`. The error says what was expected.
pub(super) fn read(text: &str, role: Role, instance: &Instance) -> Result<Location, String> {
    let text = text.trim();
    if text.starts_with("http://") || text.starts_with("https://") {
        return from_url(text, role, instance);
    }
    match role {
        Role::Project => Ok(Location {
            project: Some(path(text)?),
            ..Location::default()
        }),
        Role::Group => Ok(Location {
            group: Some(path(text)?),
            ..Location::default()
        }),
        Role::Iid => from_reference(text),
        Role::Markdown => Ok(Location::default()),
    }
}

/// A full path, decoded once if it came percent-encoded; numeric ids pass as they are.
fn path(text: &str) -> Result<String, String> {
    let expected = || "expected a numeric id or a full path such as group/project".to_owned();
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| expected())?;
    let decoded = decoded.trim_matches('/');
    let legal = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'))
    };
    if decoded.split('/').all(legal) {
        Ok(decoded.to_owned())
    } else {
        Err(expected())
    }
}

fn from_reference(text: &str) -> Result<Location, String> {
    let expected = || "expected a number such as 12, #12 or !12".to_owned();
    let (project, number) = match text.rsplit_once(['#', '!']) {
        Some((project, number)) => (project, number),
        None => ("", text),
    };
    let iid = number.trim().parse().map_err(|_| expected())?;
    let project = if project.is_empty() {
        None
    } else {
        Some(path(project)?)
    };
    Ok(Location {
        project,
        group: None,
        iid: Some(iid),
    })
}

fn from_url(text: &str, role: Role, instance: &Instance) -> Result<Location, String> {
    let foreign = || format!("expected a URL of {instance}");
    let rest = instance.path_of(text).ok_or_else(foreign)?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (namespace, route) = rest.split_once("/-/").unwrap_or((rest, ""));
    let namespace = namespace.strip_prefix("groups/").unwrap_or(namespace);
    let namespace = path(namespace.trim_end_matches('/'))?;
    let mut words = route.split('/');
    let numbered = matches!(
        words.next(),
        Some("issues" | "merge_requests" | "work_items" | "pipelines" | "jobs" | "milestones")
    );
    let iid = if numbered {
        words.next().and_then(|number| number.parse().ok())
    } else {
        None
    };
    if role == Role::Group {
        return Ok(Location {
            group: Some(namespace),
            ..Location::default()
        });
    }
    if role == Role::Iid && iid.is_none() {
        return Err("expected a URL that ends in a number".to_owned());
    }
    Ok(Location {
        project: Some(namespace),
        group: None,
        iid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gitlab() -> Instance {
        Instance::parse("https://gitlab.example/git").unwrap()
    }

    #[test]
    fn a_merge_request_url_names_project_and_number() {
        let url = "https://gitlab.example/git/shop/web/-/merge_requests/12/diffs#note_5";
        let found = read(url, Role::Project, &gitlab()).unwrap();
        assert_eq!(found.project.as_deref(), Some("shop/web"));
        assert_eq!(found.iid, Some(12));
    }

    #[test]
    fn references_are_numbers() {
        for (text, project, iid) in [
            ("12", None, 12),
            ("#12", None, 12),
            ("!7", None, 7),
            ("shop/web!7", Some("shop/web"), 7),
        ] {
            let found = read(text, Role::Iid, &gitlab()).unwrap();
            assert_eq!(
                (found.project.as_deref(), found.iid),
                (project, Some(iid)),
                "{text}"
            );
        }
    }

    #[test]
    fn foreign_hosts_and_dot_segments_are_refused() {
        for text in [
            "https://evil.example/shop/web",
            "https://gitlab.example.evil/git/shop/web",
            "..",
            "a%2f..%2fb",
            "shop//web",
            "shop/web?x=1",
            "",
        ] {
            assert!(read(text, Role::Project, &gitlab()).is_err(), "{text}");
        }
    }
}
