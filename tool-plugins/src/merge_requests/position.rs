//! Where in a diff a comment stands:
//! <https://docs.gitlab.com/api/discussions/#create-a-new-thread-in-the-merge-request-diff>

use serde_json::{Map, Value, json};

use crate::diff::{FileDiff, Place, line_code};
use crate::model::{body_of, text_of};
use crate::prelude::*;

words!(PositionType: Text, Image, File);
words!(LineType: New, Old, Expanded);

#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "GitLab's names")]
pub(super) struct Position {
    /// What is commented on (text).
    position_type: Option<PositionType>,
    /// Path of the file; stands for `old_path` and `new_path`.
    #[serde(skip_serializing)]
    path: Option<String>,
    /// Path before the change.
    old_path: Option<String>,
    /// Path after the change.
    new_path: Option<String>,
    /// Line before the change.
    old_line: Option<u32>,
    /// Line after the change.
    new_line: Option<u32>,
    /// From `diff_refs`; filled in if absent.
    base_sha: Option<String>,
    /// From `diff_refs`; filled in if absent.
    start_sha: Option<String>,
    /// From `diff_refs`; filled in if absent.
    head_sha: Option<String>,
    /// Several lines.
    line_range: Option<LineRange>,
    /// Width of the image.
    width: Option<u32>,
    /// Height of the image.
    height: Option<u32>,
    /// Point in the image.
    x: Option<f64>,
    /// Point in the image.
    y: Option<f64>,
}

#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
struct LineRange {
    /// First line.
    start: LineEnd,
    /// Last line.
    end: LineEnd,
}

#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
struct LineEnd {
    /// Filled in if absent.
    line_code: Option<String>,
    /// Filled in if absent.
    r#type: Option<LineType>,
    /// Line before the change.
    old_line: Option<u32>,
    /// Line after the change.
    new_line: Option<u32>,
}

fn refuse(member: &str, expected: String) -> ToolError {
    ToolError::argument(&format!("position/{member}"), expected)
}

/// The members of one end of a range, completed from its line in the diff.
fn end_of(end: &LineEnd, path: &str, place: Place) -> Value {
    let mut members = body_of(end);
    members
        .entry("line_code")
        .or_insert_with(|| line_code(path, place).into());
    if let (Some(kind), false) = (kind_of(place), members.contains_key("type")) {
        members.insert("type".to_owned(), json!(kind));
    }
    set_lines(&mut members, place);
    members.into()
}

fn kind_of(place: Place) -> Option<LineType> {
    match (place.old_line(), place.new_line()) {
        (None, Some(_)) => Some(LineType::New),
        (Some(_), None) => Some(LineType::Old),
        _ => None,
    }
}

/// A context line has both numbers, the others one.
fn set_lines(members: &mut Map<String, Value>, place: Place) {
    for (name, line) in [
        ("old_line", place.old_line()),
        ("new_line", place.new_line()),
    ] {
        members.extend(line.map(|line| (name.to_owned(), line.into())));
    }
}

impl Position {
    fn is_text(&self) -> bool {
        !matches!(
            self.position_type,
            Some(PositionType::Image | PositionType::File)
        )
    }

    /// True when the caller gave everything: it may stand in another version of the diff.
    pub(super) fn is_complete(&self) -> bool {
        let named = self.position_type.is_some() && self.path.is_none();
        let shas = self.base_sha.is_some() && self.start_sha.is_some() && self.head_sha.is_some();
        named && shas && self.old_path.is_some() && self.new_path.is_some()
    }

    /// The path that is given, however it is called.
    pub(super) fn new_or_old_path(&self) -> Result<&str, ToolError> {
        [&self.path, &self.new_path, &self.old_path]
            .into_iter()
            .find_map(|path| path.as_deref())
            .ok_or_else(|| refuse("path", "name the file".to_owned()))
    }

    /// The whole position, from `diff_refs` of the merge request and the diff of the file.
    pub(super) fn filled(
        &self,
        merge_request: &Value,
        file: &FileDiff<'_>,
    ) -> Result<Value, ToolError> {
        let mut members = body_of(self);
        members
            .entry("position_type")
            .or_insert_with(|| json!(PositionType::Text));
        let refs = merge_request.get("diff_refs").unwrap_or(&Value::Null);
        for name in ["base_sha", "start_sha", "head_sha"] {
            if members.contains_key(name) {
                continue;
            }
            let sha = text_of(refs, name).ok_or_else(|| {
                let expected = "GitLab has not prepared the diff yet; try again, or give the shas";
                refuse(name, expected.to_owned())
            })?;
            members.insert(name.to_owned(), sha.into());
        }
        members.insert("old_path".to_owned(), file.old_path().into());
        members.insert("new_path".to_owned(), file.path().into());
        if self.is_text() {
            self.fill_lines(&mut members, file)?;
        }
        Ok(members.into())
    }

    fn fill_lines(
        &self,
        members: &mut Map<String, Value>,
        file: &FileDiff<'_>,
    ) -> Result<(), ToolError> {
        let (old, new) = match &self.line_range {
            Some(range) if self.old_line.is_none() && self.new_line.is_none() => {
                (range.end.old_line, range.end.new_line)
            }
            _ => (self.old_line, self.new_line),
        };
        if old.is_none() && new.is_none() {
            let expected = "name a line, or use position_type file";
            return Err(refuse("new_line", expected.to_owned()));
        }
        let member = if new.is_some() {
            "new_line"
        } else {
            "old_line"
        };
        if let Some(place) = file.place(old, new).map_err(|text| refuse(member, text))? {
            set_lines(members, place);
        }
        let Some(range) = &self.line_range else {
            return Ok(());
        };
        let mut ends = Map::new();
        for (name, end) in [("start", &range.start), ("end", &range.end)] {
            let place = file
                .place(end.old_line, end.new_line)
                .map_err(|text| refuse(&format!("line_range/{name}"), text))?;
            let value = match place {
                Some(place) => end_of(end, file.path(), place),
                None => body_of(end).into(),
            };
            ends.insert(name.to_owned(), value);
        }
        members.insert("line_range".to_owned(), ends.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(position: Value) -> Result<Value, ToolError> {
        let merge_request =
            json!({ "diff_refs": { "base_sha": "b", "start_sha": "s", "head_sha": "h" } });
        let diffs = json!([{ "old_path": "old.rs", "new_path": "new.rs", "renamed_file": true,
            "diff": "@@ -1,2 +1,3 @@\n one\n+two\n+three\n last\n" }]);
        let position: Position = serde_json::from_value(position).unwrap();
        position.filled(&merge_request, &FileDiff::all(&diffs)[0])
    }

    #[test]
    fn path_and_line_are_enough() {
        assert_eq!(
            filled(json!({ "path": "new.rs", "new_line": 2 })).unwrap(),
            json!({ "new_line": 2, "position_type": "text", "base_sha": "b", "start_sha": "s",
                "head_sha": "h", "old_path": "old.rs", "new_path": "new.rs" })
        );
    }

    #[test]
    fn an_unchanged_line_gets_both_numbers() {
        let position = filled(json!({ "path": "old.rs", "old_line": 2 })).unwrap();
        assert_eq!(
            (&position["old_line"], &position["new_line"]),
            (&json!(2), &json!(4))
        );
    }

    #[test]
    fn a_line_outside_the_diff_is_refused() {
        let error = filled(json!({ "path": "new.rs", "new_line": 40 })).unwrap_err();
        assert_eq!(error.fields[0].pointer, "/position/new_line");
        assert!(error.to_string().contains("@@ -1,2 +1,3 @@"), "{error}");
        let error = filled(json!({ "path": "new.rs" })).unwrap_err();
        assert!(error.to_string().contains("name a line"), "{error}");
    }

    #[test]
    fn a_range_gets_codes_and_types() {
        let position = filled(json!({ "path": "new.rs",
            "line_range": { "start": { "new_line": 2 }, "end": { "new_line": 4 } } }))
        .unwrap();
        let range = &position["line_range"];
        assert_eq!(range["start"]["type"], "new");
        assert!(
            range["start"]["line_code"]
                .as_str()
                .unwrap()
                .ends_with("_2_2")
        );
        assert_eq!(range["end"]["old_line"], 2);
        assert!(range["end"].get("type").is_none());
        assert_eq!(position["new_line"], 4);
    }

    #[test]
    fn a_complete_position_is_the_callers_own() {
        let position: Position = serde_json::from_value(json!({ "position_type": "text",
            "base_sha": "b", "start_sha": "s", "head_sha": "h", "old_path": "a", "new_path": "a",
            "new_line": 99 }))
        .unwrap();
        assert!(position.is_complete());
    }
}
