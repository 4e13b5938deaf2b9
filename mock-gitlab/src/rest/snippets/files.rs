//! The files of a snippet.

use serde_json::{Value, json};

use super::find;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::Record;

/// Path and content.
pub(super) type File = (String, String);

/// At GitLab a snippet has at most ten files.
const MOST: usize = 10;

pub(super) fn of(snippet: &Record) -> Vec<File> {
    let list = snippet.fields.get("files").and_then(Value::as_array);
    let text = |file: &Value, name: &str| {
        let text = file.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    list.into_iter()
        .flatten()
        .map(|file| (text(file, "path"), text(file, "content")))
        .collect()
}

pub(super) fn store(snippet: &mut Record, files: &[File]) {
    let files = files
        .iter()
        .map(|(path, content)| json!({ "path": path, "content": content }));
    snippet.set("files", files.collect::<Value>());
}

/// The files of a snippet to be made: `files`, or the older pair of one name and content.
pub(super) fn given(cx: &Cx<'_>) -> Result<Vec<File>, ApiError> {
    let Some(list) = cx.params.objects("files") else {
        let name = cx.params.text("file_name");
        let content = cx.params.text("content");
        return match (name, content) {
            (Some(name), Some(content)) if !content.is_empty() => Ok(vec![(name, content)]),
            (Some(_), Some(_)) => Err(ApiError::error(400, "content is empty")),
            (None, None) => Err(ApiError::error(
                400,
                "files, content are missing, exactly one parameter must be provided",
            )),
            (None, _) => Err(ApiError::missing("file_name")),
            (_, None) => Err(ApiError::missing("content")),
        };
    };
    let mut files = Vec::new();
    for (at, file) in list.iter().enumerate() {
        let missing = |name: &str| ApiError::error(400, &format!("files[{at}][{name}] is missing"));
        let path = file.filled("file_path");
        let path = path.ok_or_else(|| missing("file_path"))?;
        let content = file.text("content").ok_or_else(|| missing("content"))?;
        files.push((path, content));
    }
    bounded(files)
}

fn bounded(files: Vec<File>) -> Result<Vec<File>, ApiError> {
    if files.is_empty() || files.len() > MOST {
        let text = format!("Snippets can have between 1 and {MOST} files");
        return Err(ApiError::bad_request(&text));
    }
    for (at, (path, _)) in files.iter().enumerate() {
        let twin = files.iter().skip(at + 1).any(|(other, _)| other == path);
        if twin || path.split('/').any(|part| part == "..") || path.is_empty() {
            return Err(ApiError::bad_request(&format!(
                "The file {path} cannot be created"
            )));
        }
    }
    Ok(files)
}

/// What a request makes of the files that are there.
pub(super) fn changed(cx: &Cx<'_>, mut files: Vec<File>) -> Result<Vec<File>, ApiError> {
    let Some(list) = cx.params.objects("files") else {
        // The older form is about the first file.
        if let Some(first) = files.first_mut() {
            if let Some(name) = cx.params.filled("file_name") {
                first.0 = name;
            }
            if let Some(content) = cx.params.filled("content") {
                first.1 = content;
            }
        }
        return Ok(files);
    };
    for change in list {
        let actions = ["create", "update", "delete", "move"];
        let action = change.choice("action", &actions)?;
        let action = action.ok_or_else(|| ApiError::missing("files[0][action]"))?;
        let path = change.filled("file_path").unwrap_or_default();
        let former = change
            .filled("previous_path")
            .unwrap_or_else(|| path.clone());
        let content = change.text("content");
        let at = files.iter().position(|(known, _)| *known == former);
        let missing = || ApiError::bad_request("A file with this name doesn't exist");
        match (action, at) {
            ("create", None) => files.push((path, content.unwrap_or_default())),
            ("create", Some(_)) => {
                return Err(ApiError::bad_request(
                    "A file with this name already exists",
                ));
            }
            ("delete", Some(at)) => {
                files.remove(at);
            }
            (_, Some(at)) => {
                if let Some(file) = files.get_mut(at) {
                    let kept = std::mem::take(&mut file.1);
                    *file = (path, content.unwrap_or(kept));
                }
            }
            (_, None) => return Err(missing()),
        }
    }
    bounded(files)
}

fn plain(content: &str) -> Answer {
    Answer::text(200, content.to_owned()).header("Content-Disposition", "attachment")
}

pub(super) fn first(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let files = of(&find(cx)?);
    let (_, content) = files.first().ok_or_else(ApiError::gone)?;
    Ok(plain(content))
}

pub(super) fn one(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let files = of(&find(cx)?);
    let wanted = cx.path.get("file_path");
    let known = matches!(cx.path.get("ref"), "main" | "HEAD");
    let file = files.iter().find(|(path, _)| known && path == wanted);
    let (_, content) = file.ok_or_else(|| ApiError::not_found("File"))?;
    Ok(plain(content))
}
