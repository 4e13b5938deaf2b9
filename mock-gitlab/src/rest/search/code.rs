//! Searching files and commits. <https://docs.gitlab.com/user/search/exact_code_search/>

use serde_json::{Value, json};

use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::commits;
use crate::world::Project;

/// Lines shown around a hit.
const AROUND: usize = 2;

/// Words and the filters `filename:`, `path:`, `extension:` of a code search.
#[derive(Debug, Default)]
struct Query {
    words: String,
    filename: Option<String>,
    path: Option<String>,
    extension: Option<String>,
}

impl Query {
    fn read(text: &str) -> Self {
        let mut query = Self::default();
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            match word.split_once(':') {
                Some(("filename", value)) => query.filename = Some(value.replace('*', "")),
                Some(("path", value)) => query.path = Some(value.replace('*', "")),
                Some(("extension", value)) => query.extension = Some(format!(".{value}")),
                _ => words.push(word),
            }
        }
        query.words = words.join(" ").trim_matches('"').to_lowercase();
        query
    }

    fn takes(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.filename
            .as_ref()
            .is_none_or(|part| name.contains(part))
            && self.path.as_ref().is_none_or(|part| path.contains(part))
            && self
                .extension
                .as_ref()
                .is_none_or(|end| path.ends_with(end))
    }
}

/// The first hit in each file, with a few lines around it.
pub(super) fn blobs(cx: &Cx<'_>, within: &[Project]) -> Result<Vec<Value>, ApiError> {
    let query = Query::read(&cx.params.required("search")?);
    let revision = cx.params.filled("ref").unwrap_or_else(|| "HEAD".to_owned());
    let mut found = Vec::new();
    for project in within.iter().filter(|project| cx.reads_code(project)) {
        let Some(repository) = cx.world.repositories.get(&project.id) else {
            continue;
        };
        let Some(commit) = repository.resolve(&revision) else {
            continue;
        };
        let shown = if revision == "HEAD" {
            &repository.default_branch
        } else {
            &revision
        };
        for (path, entry) in repository
            .files(commit)
            .iter()
            .filter(|(path, _)| query.takes(path))
        {
            let Some(blob) = repository.blob(&entry.blob) else {
                continue;
            };
            let text = String::from_utf8_lossy(blob);
            let lines: Vec<&str> = text.lines().collect();
            let line = lines
                .iter()
                .position(|line| line.to_lowercase().contains(&query.words));
            let by_name = path.to_lowercase().contains(&query.words);
            let Some(line) = line.or(by_name.then_some(0)) else {
                continue;
            };
            let start = line.saturating_sub(AROUND);
            let end = (line + AROUND + 1).min(lines.len());
            let data = lines.get(start..end).unwrap_or_default().join("\n");
            found.push(json!({
                "basename": path.rsplit_once('.').map_or(path.as_str(), |(base, _)| base),
                "data": format!("{data}\n"),
                "path": path,
                "filename": path,
                "id": null,
                "ref": shown,
                "startline": start + 1,
                "project_id": project.id,
            }));
        }
    }
    Ok(found)
}

/// Commits by message or by the beginning of their id.
pub(super) fn commits(cx: &Cx<'_>, within: &[Project], text: &str) -> Result<Vec<Value>, ApiError> {
    let revision = cx.params.filled("ref").unwrap_or_else(|| "HEAD".to_owned());
    let ascending = cx.params.ascending(false)?;
    let mut found = Vec::new();
    for project in within.iter().filter(|project| cx.reads_code(project)) {
        let Some(repository) = cx.world.repositories.get(&project.id) else {
            continue;
        };
        let Some(head) = repository.resolve(&revision) else {
            continue;
        };
        for commit in repository.log(&[head]) {
            let by_id = text.len() >= 7 && commit.id.starts_with(text);
            if by_id || commit.message.to_lowercase().contains(text) {
                let mut value = commits::entity(cx, project, commit);
                if let Value::Object(all) = &mut value {
                    all.insert("project_id".to_owned(), json!(project.id));
                }
                found.push(value);
            }
        }
    }
    if ascending {
        found.reverse();
    }
    Ok(found)
}
