//! Search in code: <https://docs.gitlab.com/api/search/#scope-blobs>

use crate::prelude::*;

use super::Search;

/// Search in the code of the whole GitLab; needs advanced or exact code search.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct SearchCode {
    #[serde(flatten)]
    code: Code,
    #[serde(flatten)]
    page: Paged,
}

/// Search in the code of a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct SearchProjectCode {
    /// Project ID or path.
    project_id: ProjectId,
    #[serde(flatten)]
    code: Code,
    /// Branch or tag (the default branch).
    r#ref: Option<String>,
    #[serde(flatten)]
    page: Paged,
}

/// Search in the code of a group; needs advanced or exact code search.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct SearchGroupCode {
    /// Group ID or path.
    group_id: GroupId,
    #[serde(flatten)]
    code: Code,
    #[serde(flatten)]
    page: Paged,
}

// The three narrowing arguments are no parameters of GitLab: they stand in the text.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Code {
    /// Text to find.
    #[serde(skip_serializing)]
    search: String,
    /// Only files with this name; `*` stands for anything.
    #[serde(skip_serializing)]
    filename: Option<String>,
    /// Only files whose path contains this.
    #[serde(skip_serializing)]
    path: Option<String>,
    /// Only files with this extension.
    #[serde(skip_serializing)]
    extension: Option<String>,
}

impl Code {
    fn text(&self) -> String {
        let narrowing = [
            ("filename", &self.filename),
            ("path", &self.path),
            ("extension", &self.extension),
        ];
        let words = narrowing
            .into_iter()
            .filter_map(|(word, value)| Some(format!("{word}:{}", value.as_ref()?)));
        let mut text = vec![self.search.clone()];
        text.extend(words);
        text.join(" ")
    }
}

macro_rules! code_search {
    ($tool:ident, $name:literal, $path:literal) => {
        impl Endpoint for $tool {
            const NAME: &'static str = $name;
            type Set = Search;
            const ROUTE: Route = Route {
                method: Method::Get,
                path: $path,
            };
            const FACTS: Facts = Facts::read().paged(Paging::Offset);

            fn request(&self) -> Result<ApiRequest, RequestError> {
                let request = ApiRequest::from_fields(&Self::ROUTE, self)?;
                Ok(request
                    .query("scope", "blobs")
                    .query("search", self.code.text()))
            }
        }

        register_endpoint!($tool);
    };
}

code_search!(SearchCode, "search_code", "search");
code_search!(
    SearchProjectCode,
    "search_project_code",
    "projects/{project_id}/search"
);
code_search!(
    SearchGroupCode,
    "search_group_code",
    "groups/{group_id}/search"
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn narrowing_words_stand_in_the_text() {
        assert_eq!(
            request::<SearchCode>(&json!({ "search": "fn main", "extension": "rs", "page": 2 })),
            "GET search?page=2&scope=blobs&search=fn main extension:rs"
        );
        assert_eq!(
            request::<SearchProjectCode>(&json!({
                "project_id": "a/b", "search": "x", "filename": "*.rs", "path": "src", "ref": "v1",
            })),
            "GET projects/a%2Fb/search?ref=v1&scope=blobs&search=x filename:*.rs path:src"
        );
        assert_eq!(
            request::<SearchGroupCode>(&json!({ "group_id": 7, "search": "x" })),
            "GET groups/7/search?scope=blobs&search=x"
        );
    }
}
