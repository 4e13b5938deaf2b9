//! Taking suggestions over into the source branch.
//! <https://docs.gitlab.com/api/suggestions/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::repository::{Change, Person};
use crate::world::{MergeRequest, Note, Noteable, Suggestion};

pub(super) fn routes(table: &mut RouteTable) {
    table.put("suggestions/:suggestion_id/apply", apply);
    table.put("suggestions/batch_apply", apply_many);
}

fn apply(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = cx.number("suggestion_id", "Suggestion")?;
    let value = take(cx, id)?;
    Ok(Answer::json(&value))
}

fn apply_many(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let ids = cx
        .params
        .ids("ids")?
        .ok_or_else(|| ApiError::missing("ids"))?;
    let values: Result<Vec<Value>, ApiError> = ids.into_iter().map(|id| take(cx, id)).collect();
    Ok(Answer::json(&Value::Array(values?)))
}

/// Replaces the lines, commits, and resolves the thread.
fn take(cx: &mut Cx<'_>, id: u64) -> Result<Value, ApiError> {
    let missing = || ApiError::not_found("Suggestion");
    let user = cx.user()?;
    let (note, suggestion) = find(cx, id).ok_or_else(missing)?;
    let Noteable::MergeRequest(request) = note.noteable else {
        return Err(missing());
    };
    let request = cx
        .world
        .merge_requests
        .get(&request)
        .cloned()
        .ok_or_else(missing)?;
    let project = cx.world.projects.get(&request.source_project).cloned();
    let project = project
        .filter(|project| cx.reads_code(project))
        .ok_or_else(missing)?;
    if !cx.pushes_to(&project, &request.source_branch) {
        return Err(ApiError::forbidden());
    }
    let refused = || ApiError::bad_request("A suggestion is not applicable.");
    if suggestion.applied || !request.is_open() {
        return Err(refused());
    }
    let path = note
        .position
        .as_ref()
        .and_then(|position| position.get("new_path"));
    let path = path.and_then(Value::as_str).ok_or_else(refused)?;
    let text = changed(cx, &request, path, &suggestion).ok_or_else(refused)?;
    let message = cx.params.filled("commit_message");
    let message = message.unwrap_or_else(|| "Apply 1 suggestion(s) to 1 file(s)".to_owned());
    let person = Person {
        name: user.name.clone(),
        email: user.email.clone(),
        at: cx.now,
    };
    let repository = cx.repository_mut(&project)?;
    let change = [Change::update(path, &text)];
    let made = repository.commit_to(&request.source_branch, &change, &person, &message);
    made.map_err(|_| refused())?;
    if let Some(note) = cx.world.notes.get_mut(&note.id) {
        for other in note.suggestions.iter_mut().filter(|other| other.id == id) {
            other.applied = true;
        }
    }
    cx.world
        .resolve_discussion(&note.discussion, Some((user.id, cx.now)));
    Ok(json!({
        "id": suggestion.id,
        "from_line": suggestion.from_line,
        "to_line": suggestion.to_line,
        "appliable": false,
        "applied": true,
        "from_content": cx.world.suggested_lines(&note, &suggestion),
        "to_content": suggestion.to_content,
    }))
}

fn find(cx: &Cx<'_>, id: u64) -> Option<(Note, Suggestion)> {
    cx.world.notes.values().find_map(|note| {
        let suggestion = note
            .suggestions
            .iter()
            .find(|suggestion| suggestion.id == id)?;
        Some((note.clone(), suggestion.clone()))
    })
}

/// The file with the suggested lines in place.
fn changed(
    cx: &Cx<'_>,
    request: &MergeRequest,
    path: &str,
    suggestion: &Suggestion,
) -> Option<String> {
    let repository = cx.world.source_repository(request)?;
    let entry = repository.entry_at(repository.commit(&request.sha)?, path)?;
    let text = String::from_utf8_lossy(repository.blob(&entry.id)?).into_owned();
    let mut result = String::new();
    for (line, number) in text.split_inclusive('\n').zip(1_u64..) {
        if number == suggestion.from_line {
            result.push_str(&suggestion.to_content);
        }
        if number < suggestion.from_line || number > suggestion.to_line {
            result.push_str(line);
        }
    }
    Some(result)
}
