//! What GitLab is asked, as a value. Paths are built from a template and typed segments, each
//! encoded once; nothing formats a URL. <https://docs.gitlab.com/api/rest/#namespaced-paths>

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::tool::CLEAR;

/// Everything but RFC 3986 unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Names that would smuggle a credential or another identity into a request.
const FORBIDDEN_QUERY: [&str; 5] = [
    "private_token",
    "access_token",
    "job_token",
    "sudo",
    "_method",
];

/// The methods of GitLab's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of RFC 9110")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// True when asking again cannot change anything.
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Get)
    }

    pub(crate) fn to_http(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Post => http::Method::POST,
            Self::Put => http::Method::PUT,
            Self::Patch => http::Method::PATCH,
            Self::Delete => http::Method::DELETE,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Method and path template of an endpoint, relative to `/api/v4/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path with `{holes}`, without a leading slash.
    pub path: &'static str,
}

/// A field that cannot stand where the request needs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{argument}: {expected}")]
pub struct RequestError {
    /// The argument.
    pub argument: String,
    /// What was expected.
    pub expected: String,
}

impl RequestError {
    fn new(argument: &str, expected: &str) -> Self {
        Self {
            argument: argument.to_owned(),
            expected: expected.to_owned(),
        }
    }
}

/// An encoded path below `/api/v4/`. Made only from a template and checked segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiPath(String);

impl ApiPath {
    /// Fills the holes of `template` with the segments of the same names.
    ///
    /// # Errors
    /// [`RequestError`] for a hole without a segment, and for a segment that is empty, holds
    /// control characters, or means `.` or `..` however often it is encoded.
    pub fn fill(template: &'static str, segments: &[(&str, &str)]) -> Result<Self, RequestError> {
        let mut path = String::with_capacity(template.len() + 32);
        for (index, part) in template.split('/').enumerate() {
            if index > 0 {
                path.push('/');
            }
            let Some(hole) = part
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
            else {
                path.push_str(part);
                continue;
            };
            let segment = segments
                .iter()
                .find(|(name, _)| *name == hole)
                .map(|(_, value)| *value);
            let Some(segment) = segment else {
                return Err(RequestError::new(hole, "this argument is required"));
            };
            check_segment(hole, segment)?;
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Ok(Self(path))
    }

    /// The path as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_segment(name: &str, segment: &str) -> Result<(), RequestError> {
    if segment.is_empty() {
        return Err(RequestError::new(name, "must not be empty"));
    }
    if segment.len() > 4_096 {
        return Err(RequestError::new(
            name,
            "must not be longer than 4096 bytes",
        ));
    }
    if segment.chars().any(char::is_control) {
        return Err(RequestError::new(name, "must not hold control characters"));
    }
    let mut text = segment.to_owned();
    for _ in 0..4 {
        if text
            .split(['/', '\\'])
            .any(|part| matches!(part, "." | ".."))
        {
            return Err(RequestError::new(
                name,
                "must not hold `.` or `..` as a path segment",
            ));
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    Ok(())
}

/// One request to GitLab's REST API, before anybody's credential is on it.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest {
    method: Method,
    path: ApiPath,
    query: Vec<(String, String)>,
    body: Option<Value>,
}

impl ApiRequest {
    /// A request without query and body.
    pub fn new(method: Method, path: ApiPath) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
        }
    }

    /// A GET of a template filled with `segments`.
    ///
    /// # Errors
    /// As [`ApiPath::fill`].
    pub fn get(template: &'static str, segments: &[(&str, &str)]) -> Result<Self, RequestError> {
        Ok(Self::new(Method::Get, ApiPath::fill(template, segments)?))
    }

    /// The request of an endpoint: fields named by holes fill the path, the others become the
    /// query of GET and DELETE or the JSON body. Absent fields are left out.
    ///
    /// # Errors
    /// As [`ApiPath::fill`].
    pub fn from_fields<T: Serialize>(route: &Route, fields: &T) -> Result<Self, RequestError> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(fields) else {
            return Err(RequestError::new("", "the arguments are not an object"));
        };
        let mut segments = Vec::new();
        for part in route.path.split('/') {
            let hole = part
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            if let Some((hole, value)) =
                hole.and_then(|hole| Some((hole, fields.shift_remove(hole)?)))
            {
                segments.push((hole, scalar(&value).unwrap_or_default()));
            }
        }
        let filled: Vec<(&str, &str)> = segments
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut request = Self::new(route.method, ApiPath::fill(route.path, &filled)?);
        fields.retain(|_, value| !value.is_null());
        if matches!(route.method, Method::Get | Method::Delete) {
            request.query = query_of(fields);
        } else if !fields.is_empty() {
            fields
                .values_mut()
                .filter(|value| value.as_str() == Some(CLEAR))
                .for_each(|value| {
                    *value = Value::Null;
                });
            request.body = Some(Value::Object(fields));
        }
        Ok(request)
    }

    /// Adds a query parameter. Names that carry credentials or switch identity are dropped.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        if !FORBIDDEN_QUERY.contains(&name) {
            self.query.push((name.to_owned(), value.to_string()));
        }
        self
    }

    /// Adds a query parameter when there is a value.
    #[must_use]
    pub fn maybe_query(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same request for another path, after GitLab said that a project has moved.
    #[must_use]
    pub(crate) fn moved_to(mut self, path: ApiPath) -> Self {
        self.path = path;
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path below `/api/v4/`.
    pub fn path(&self) -> &ApiPath {
        &self.path
    }

    /// The query parameters, in order.
    pub fn query_pairs(&self) -> &[(String, String)] {
        &self.query
    }

    /// The JSON body.
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }
}

/// `POST projects/1/issues?x=y {"title":"t"}`: for previews and tests; holds no credential.
impl fmt::Display for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path.as_str())?;
        for (index, (name, value)) in self.query.iter().enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        match &self.body {
            Some(body) => write!(f, " {body}"),
            None => Ok(()),
        }
    }
}

/// Reads the numeric id out of the `Location` of a moved project and puts it in place of the
/// first segment after `projects/`. Everything else about the path stays.
pub(crate) fn moved_project(path: &ApiPath, location: &str) -> Option<ApiPath> {
    let target = location.rsplit_once("/api/v4/projects/")?.1;
    let id: u64 = target.split(['/', '?']).next()?.parse().ok()?;
    let rest = path.as_str().strip_prefix("projects/")?;
    let tail = rest
        .split_once('/')
        .map(|(_, tail)| format!("/{tail}"))
        .unwrap_or_default();
    Some(ApiPath(format!("projects/{id}{tail}")))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// `a=1`, `list[]=x`, `hash[key]=y`: <https://docs.gitlab.com/api/rest/#array-and-hash-types>
fn query_of(fields: Map<String, Value>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in fields
        .into_iter()
        .filter(|(name, _)| !FORBIDDEN_QUERY.contains(&name.as_str()))
    {
        match value {
            Value::Array(items) => {
                pairs.extend(
                    items
                        .iter()
                        .filter_map(scalar)
                        .map(|item| (format!("{name}[]"), item)),
                );
            }
            Value::Object(members) => pairs.extend(
                members
                    .iter()
                    .filter_map(|(key, member)| Some((format!("{name}[{key}]"), scalar(member)?))),
            ),
            other => pairs.extend(scalar(&other).map(|text| (name, text))),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ROUTE: Route = Route {
        method: Method::Put,
        path: "projects/{project_id}/repository/files/{file_path}",
    };

    #[test]
    fn holes_become_one_encoded_segment_each_and_the_rest_is_the_body() {
        let fields = json!({
            "project_id": "group/project", "file_path": "src/a b/c.d.rs", "branch": "main", "absent": null,
        });
        let request = ApiRequest::from_fields(&ROUTE, &fields).unwrap();
        assert_eq!(
            request.path().as_str(),
            "projects/group%2Fproject/repository/files/src%2Fa%20b%2Fc.d.rs"
        );
        assert_eq!(request.body(), Some(&json!({ "branch": "main" })));
    }

    #[test]
    fn lists_and_hashes_have_gitlabs_query_form() {
        let route = Route {
            method: Method::Get,
            path: "issues",
        };
        let fields = json!({ "iids": [1, 2], "not": { "labels": "bug" }, "sudo": "root" });
        let request = ApiRequest::from_fields(&route, &fields).unwrap();
        let pairs: Vec<_> = request
            .query_pairs()
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [("iids[]", "1"), ("iids[]", "2"), ("not[labels]", "bug")]
        );
    }

    #[test]
    fn segments_that_would_leave_the_path_are_refused() {
        for segment in [
            "",
            ".",
            "..",
            "a/../b",
            "%2e%2e",
            "%252e%252e",
            "a%2f..%2fb",
            "a\\..\\b",
            "a\u{0}b",
            "a\nb",
        ] {
            let result = ApiPath::fill("projects/{id}/x", &[("id", segment)]);
            assert!(result.is_err(), "{segment:?} became {result:?}");
        }
    }

    #[test]
    fn a_moved_project_is_asked_for_by_its_id() {
        let path = ApiPath::fill("projects/{id}/issues", &[("id", "old/name")]).unwrap();
        let moved = moved_project(&path, "https://gitlab.example/api/v4/projects/42").unwrap();
        assert_eq!(moved.as_str(), "projects/42/issues");
    }

    proptest! {
        #[test]
        fn whatever_a_segment_holds_the_path_keeps_its_shape(segment in "\\PC{0,60}") {
            if let Ok(path) = ApiPath::fill("projects/{id}/merge_requests", &[("id", &segment)]) {
                let url = url::Url::parse(&format!("https://gitlab.example/api/v4/{}", path.as_str())).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 5);
                prop_assert_eq!(&segments[..3], ["api", "v4", "projects"]);
                prop_assert_eq!(segments[4], "merge_requests");
                prop_assert!(url.query().is_none() && url.fragment().is_none());
            }
        }
    }
}
