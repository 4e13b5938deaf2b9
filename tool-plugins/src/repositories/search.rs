//! Projects by text: <https://docs.gitlab.com/api/projects/#list-all-projects>

use super::Repositories;
use crate::model::Visibility;
use crate::prelude::*;
use crate::projects::{PROJECT, ProjectOrder};

/// Find projects by text.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
struct SearchRepositories {
    /// Text in name or path; `topic:rust` narrows to a topic.
    #[schemars(extend("x-aliases" = ["query", "q"]))]
    search: String,
    /// Only these.
    visibility: Option<Visibility>,
    /// Only archived ones, or only others.
    archived: Option<bool>,
    /// Sort key.
    order_by: Option<ProjectOrder>,
    /// Direction.
    sort: Option<Order>,
    /// Only those that use this language.
    with_programming_language: Option<String>,
    #[serde(flatten)]
    page: Paged,
}

/// The text without its `topic:name` words, and those names.
fn topics(text: &str) -> (String, Vec<&str>) {
    let (topics, words): (Vec<&str>, Vec<&str>) = text
        .split_whitespace()
        .partition(|word| word.len() > "topic:".len() && word.starts_with("topic:"));
    let names = topics
        .into_iter()
        .filter_map(|word| word.strip_prefix("topic:"));
    (words.join(" "), names.collect())
}

impl Endpoint for SearchRepositories {
    const NAME: &'static str = "search_repositories";
    type Set = Repositories;
    const ROUTE: Route = Route {
        method: Method::Get,
        path: "projects",
    };
    const FACTS: Facts = Facts::read().paged(Paging::Offset).fields(PROJECT);

    fn request(&self) -> Result<ApiRequest, RequestError> {
        let (search, topics) = topics(&self.search);
        let fields = Self {
            search,
            ..self.clone()
        };
        let request = ApiRequest::from_fields(&Self::ROUTE, &fields)?;
        let topics = (!topics.is_empty()).then(|| topics.join(","));
        Ok(request.maybe_query("topic", topics))
    }
}

register_endpoint!(SearchRepositories);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn topic_words_become_the_topic_filter() {
        assert_eq!(
            request::<SearchRepositories>(&json!({ "q": "mcp topic:rust topic:ai server" })),
            "GET projects?search=mcp server&topic=rust,ai"
        );
        assert_eq!(
            request::<SearchRepositories>(&json!({ "search": "topic:", "per_page": 5 })),
            "GET projects?search=topic:&per_page=5"
        );
    }
}
