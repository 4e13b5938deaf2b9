//! Writing one file: <https://docs.gitlab.com/api/repository_files/>

use serde_json::{Map, Value, json};

use super::Repositories;
use crate::prelude::*;

const FILE: &str = "projects/{project_id}/repository/files/{file_path}";

words!(Encoding: Text, Base64);

/// Create a file, or replace its content, in one commit.
#[derive(Debug, Deserialize, JsonSchema)]
struct CreateOrUpdateFile {
    /// Project ID or path.
    project_id: ProjectId,
    /// Path of the file from the root of the repository.
    file_path: String,
    /// The whole new content.
    content: String,
    /// Message of the commit.
    commit_message: String,
    /// Branch to commit to.
    branch: String,
    /// Where the file was, to move it.
    previous_path: Option<String>,
    /// Create `branch` from this one if it does not exist.
    start_branch: Option<String>,
    /// Refuse if the file has changed since this commit.
    last_commit_id: Option<String>,
    /// Form of `content` (text).
    encoding: Option<Encoding>,
    /// Set to false to refuse replacing an existing file.
    overwrite: Option<bool>,
    /// Author of the commit.
    author_name: Option<String>,
    /// E-mail of the author.
    author_email: Option<String>,
    /// Make the file executable.
    execute_filemode: Option<bool>,
}

/// A file that moves is gone from where it was.
fn moves(arguments: &Map<String, Value>) -> bool {
    arguments.contains_key("previous_path")
}

fn extend(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

fn without_nulls(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    body
}

impl CreateOrUpdateFile {
    /// The one request that writes: `exists` tells a new file from an old one.
    fn request(&self, exists: bool, fallback: &str) -> Result<ApiRequest, RequestError> {
        let encoding = self
            .encoding
            .map_or_else(|| json!(fallback), |given| json!(given));
        let file = json!({
            "content": self.content,
            "encoding": encoding,
            "last_commit_id": self.last_commit_id,
        });
        let mut commit = json!({
            "branch": self.branch,
            "commit_message": self.commit_message,
            "start_branch": self.start_branch,
            "author_name": self.author_name,
            "author_email": self.author_email,
        });
        let project = ("project_id", self.project_id.as_str());
        if let Some(previous_path) = &self.previous_path {
            let mut action = json!({
                "action": "move",
                "file_path": self.file_path,
                "previous_path": previous_path,
            });
            extend(&mut action, file);
            extend(&mut commit, json!({ "actions": [without_nulls(action)] }));
            let path = ApiPath::fill("projects/{project_id}/repository/commits", &[project])?;
            return Ok(ApiRequest::new(Method::Post, path).json(without_nulls(commit)));
        }
        extend(&mut commit, file);
        extend(
            &mut commit,
            json!({ "execute_filemode": self.execute_filemode }),
        );
        let method = if exists { Method::Put } else { Method::Post };
        let path = ApiPath::fill(FILE, &[project, ("file_path", &self.file_path)])?;
        Ok(ApiRequest::new(method, path).json(without_nulls(commit)))
    }

    /// Whether the file is there, on the branch that will hold the commit.
    async fn exists(&self, context: &Context) -> Result<bool, ToolError> {
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("file_path", &self.file_path),
        ];
        let base = self.start_branch.as_ref().unwrap_or(&self.branch);
        match context
            .send(ApiRequest::get(FILE, &segments)?.query("ref", base))
            .await
        {
            Ok(_) => Ok(true),
            Err(error) if error.status == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Tool for CreateOrUpdateFile {
    const NAME: &'static str = "create_or_update_file";
    type Set = Repositories;
    const FACTS: Facts = Facts::write().deletes_when(moves);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let exists = self.exists(context).await?;
        if exists && self.overwrite == Some(false) {
            return Err(ToolError::argument(
                "file_path",
                "the file exists and overwrite is false; choose another path",
            ));
        }
        let request = self.request(exists, context.settings.file_encoding)?;
        let answer = context.send(request).await?;
        let mut output = context.envelope(&answer, &Self::FACTS, &Map::new())?;
        if let Some(members) = output.structured.as_mut().and_then(Value::as_object_mut) {
            members.insert("created".to_owned(), (!exists).into());
        }
        Ok(output)
    }
}

register_tool!(CreateOrUpdateFile);

#[cfg(test)]
mod tests {
    use super::*;

    fn request(more: &Value, exists: bool) -> String {
        let mut fields = json!({ "project_id": "a/b", "file_path": "src/a b.rs", "content": "x",
            "commit_message": "m", "branch": "main" });
        extend(&mut fields, more.clone());
        let tool: CreateOrUpdateFile = serde_json::from_value(fields).unwrap();
        tool.request(exists, "text").unwrap().to_string()
    }

    #[test]
    fn a_new_file_is_posted_and_an_old_one_put() {
        let path = "projects/a%2Fb/repository/files/src%2Fa%20b.rs";
        let body = r#"{"branch":"main","commit_message":"m","content":"x","encoding":"text"}"#;
        assert_eq!(request(&json!({}), false), format!("POST {path} {body}"));
        assert_eq!(request(&json!({}), true), format!("PUT {path} {body}"));
    }

    #[test]
    fn a_move_is_a_commit_and_counts_as_deleting() {
        let more = json!({ "previous_path": "old.rs", "encoding": "base64" });
        assert_eq!(
            request(&more, false),
            r#"POST projects/a%2Fb/repository/commits {"branch":"main","commit_message":"m","actions":[{"action":"move","file_path":"src/a b.rs","previous_path":"old.rs","content":"x","encoding":"base64"}]}"#
        );
        assert!(moves(more.as_object().unwrap()));
        assert!(!moves(&Map::new()));
    }
}
