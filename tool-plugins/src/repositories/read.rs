//! Reading files: <https://docs.gitlab.com/api/repository_files/#get-raw-file-from-repository>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitlab_mcp_core::gitlab::Answer;
use gitlab_mcp_core::tool::Content;
use serde_json::{Map, Value, json};

use super::Repositories;
use super::tree::GetRepositoryTree;
use crate::prelude::*;

const RAW: &str = "projects/{project_id}/repository/files/{file_path}/raw";

/// Largest image that is shown, in bytes.
const MAX_IMAGE: usize = 1024 * 1024;

/// Read one file, or list a folder.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetFileContents {
    /// Project ID or path.
    project_id: ProjectId,
    /// Path of the file from the root of the repository.
    #[schemars(extend("x-aliases" = ["path"]))]
    file_path: String,
    /// Branch, tag or commit (the default branch).
    r#ref: Option<String>,
    /// First line to show, counted from 0.
    #[schemars(range(min = 0))]
    start: Option<u32>,
    /// Lines to show.
    #[schemars(range(min = 1))]
    limit: Option<u32>,
}

/// The media type of an image that clients can show, by its first bytes.
fn image_type(body: &[u8]) -> Option<&'static str> {
    if body.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if body.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if body.starts_with(b"GIF87a") || body.starts_with(b"GIF89a") {
        Some("image/gif")
    } else if body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// What is told about bytes that are no text, with the image if it is a small one.
fn binary(mut about: Map<String, Value>, body: &[u8]) -> ToolOutput {
    let image = image_type(body);
    about.insert("binary".to_owned(), true.into());
    about.insert("bytes".to_owned(), body.len().into());
    if let Some(mime_type) = image {
        about.insert("media_type".to_owned(), mime_type.into());
    }
    let about = json!({ "item": about });
    match image {
        Some(mime_type) if body.len() <= MAX_IMAGE => ToolOutput::json(about.clone())
            .with(Content::Text(about.to_string()))
            .with(Content::Image {
                data: STANDARD.encode(body),
                mime_type: mime_type.to_owned(),
            }),
        _ => ToolOutput::json(about),
    }
}

impl GetFileContents {
    /// The path without slashes around it; empty for the root.
    fn path(&self) -> &str {
        match self.file_path.trim_matches('/') {
            "." => "",
            path => path,
        }
    }

    fn about(&self, answer: &Answer) -> Map<String, Value> {
        let mut about = Map::new();
        about.insert("file_path".to_owned(), self.path().into());
        for (header, member) in [
            ("x-gitlab-size", "size"),
            ("x-gitlab-ref", "ref"),
            ("x-gitlab-last-commit-id", "last_commit_id"),
            ("x-gitlab-content-sha256", "content_sha256"),
        ] {
            if let Some(value) = answer.header(header) {
                about.insert(member.to_owned(), value.into());
            }
        }
        about
    }

    async fn raw(&self, context: &Context) -> Result<Answer, ToolError> {
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("file_path", self.path()),
        ];
        let request = ApiRequest::get(RAW, &segments)?;
        let request = request.query("ref", self.r#ref.as_deref().unwrap_or("HEAD"));
        context.send(request).await
    }

    /// The entries of the folder of this path, if there is one.
    async fn folder(&self, context: &Context) -> Result<Option<ToolOutput>, ToolError> {
        let tree = GetRepositoryTree::of(&self.project_id, self.path(), self.r#ref.as_deref());
        let entries = match context.all_pages(tree.request()?).await {
            Err(error) if error.status == Some(404) => return Ok(None),
            entries => entries?,
        };
        let is_there = entries.as_array().is_some_and(|list| !list.is_empty());
        Ok(is_there.then(|| context.shown(entries, &GetRepositoryTree::FACTS)))
    }
}

#[async_trait]
impl Tool for GetFileContents {
    const NAME: &'static str = "get_file_contents";
    type Set = Repositories;
    const FACTS: Facts = Facts::read().answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let answer = if self.path().is_empty() {
            Err(ToolError::argument("file_path", "the repository is empty"))
        } else {
            self.raw(context).await
        };
        let answer = match answer {
            Err(error) if self.path().is_empty() || error.status == Some(404) => {
                return self.folder(context).await?.ok_or(error);
            }
            answer => answer?,
        };
        let about = self.about(&answer);
        if answer.body.contains(&0) || image_type(&answer.body).is_some() {
            return Ok(binary(about, &answer.body));
        }
        let start = i64::from(self.start.unwrap_or_default());
        let count = self.limit.map_or(usize::MAX, |limit| limit as usize);
        Ok(context.window(about, &answer.text(), start, count))
    }
}

register_tool!(GetFileContents);

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn small_images_are_shown_and_other_bytes_only_described() {
        let image = binary(Map::new(), PNG);
        assert!(
            matches!(image.content.last(), Some(Content::Image { mime_type, .. }) if mime_type == "image/png")
        );
        let mut large = PNG.to_vec();
        large.resize(MAX_IMAGE + 1, 0);
        for body in [large.as_slice(), b"\x7fELF\0\0"] {
            let described = binary(Map::new(), body);
            assert!(described.content.is_empty());
            let about = described.structured.unwrap();
            assert_eq!(about["item"]["bytes"], body.len());
        }
    }

    #[test]
    fn images_are_known_by_their_first_bytes() {
        for (body, expected) in [
            (b"GIF89a..".as_slice(), Some("image/gif")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x01\x02\x03\x04WAVE", None),
            (b"<svg></svg>", None),
        ] {
            assert_eq!(image_type(body), expected, "{body:?}");
        }
    }
}
