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

impl CreateOrUpdateFile {
    fn body(&self, context: &Context) -> Value {
        let encoding = self.encoding.map_or_else(
            || json!(context.settings.file_encoding),
            |given| json!(given),
        );
        let mut body = json!({
            "branch": self.branch,
            "content": self.content,
            "commit_message": self.commit_message,
            "encoding": encoding,
            "start_branch": self.start_branch,
            "last_commit_id": self.last_commit_id,
            "author_name": self.author_name,
            "author_email": self.author_email,
            "execute_filemode": self.execute_filemode,
        });
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, member| !member.is_null());
        }
        body
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
    const FACTS: Facts = Facts::write();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let exists = self.exists(context).await?;
        if exists && self.overwrite == Some(false) {
            return Err(ToolError::argument(
                "file_path",
                "the file exists and overwrite is false; choose another path",
            ));
        }
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("file_path", &self.file_path),
        ];
        let method = if exists { Method::Put } else { Method::Post };
        let request =
            ApiRequest::new(method, ApiPath::fill(FILE, &segments)?).json(self.body(context));
        let answer = context.send(request).await?;
        let mut output = context.envelope(&answer, &Self::FACTS, &Map::new())?;
        if let Some(members) = output.structured.as_mut().and_then(Value::as_object_mut) {
            members.insert("created".to_owned(), (!exists).into());
        }
        Ok(output)
    }
}

register_tool!(CreateOrUpdateFile);
