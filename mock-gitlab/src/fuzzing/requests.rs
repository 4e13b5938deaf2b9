//! Requests that are nearly right.

use crate::faults::Dice;

/// Values for path segments, already encoded.
const SEGMENTS: [&str; 34] = [
    "1",
    "2",
    "3",
    "4",
    "12",
    "0",
    "-1",
    "18446744073709551615",
    "18446744073709551616",
    "larkspur%2Fmusic-box",
    "larkspur",
    "larkspur%2Fworkshop",
    "alice",
    "root",
    "main",
    "feature%2Fcrank-sensor",
    "HEAD",
    "HEAD~1",
    "HEAD~99999999999999999999",
    "%E2%82%AC~1",
    "README.md",
    "src%2Fmain.rs",
    "docs%2FAssembly%20guide.md",
    "bug",
    "%00",
    "%FF%FE",
    "..",
    "%2E%2E%2F",
    "%",
    "a%0D%0Ab",
    "thumbsup",
    "home",
    "v1.0.0",
    "self",
];

/// Names of parameters, in queries and bodies.
const NAMES: [&str; 96] = [
    "page",
    "per_page",
    "order_by",
    "sort",
    "search",
    "state",
    "labels",
    "scope",
    "scope[]",
    "ref",
    "ref_name",
    "path",
    "sha",
    "from",
    "to",
    "straight",
    "ids[]",
    "iids[]",
    "not[labels]",
    "created_after",
    "updated_before",
    "pagination",
    "id_after",
    "id_before",
    "cursor",
    "page_token",
    "recursive",
    "simple",
    "owned",
    "membership",
    "with_stats",
    "milestone",
    "milestone_id",
    "assignee_id",
    "assignee_ids",
    "reviewer_ids",
    "author_username",
    "username",
    "name",
    "title",
    "description",
    "body",
    "branch",
    "start_branch",
    "content",
    "encoding",
    "commit_message",
    "actions",
    "last_commit_id",
    "position",
    "variables",
    "variables[0][key]",
    "key",
    "value",
    "variable_type",
    "filter[environment_scope]",
    "environment_scope",
    "color",
    "new_name",
    "priority",
    "due_date",
    "start_date",
    "weight",
    "state_event",
    "confidential",
    "issue_type",
    "source_branch",
    "target_branch",
    "target_project_id",
    "target_issue_iid",
    "link_type",
    "squash",
    "merge_when_pipeline_succeeds",
    "resolved",
    "duration",
    "user_id",
    "access_level",
    "expires_at",
    "scopes",
    "visibility",
    "namespace_id",
    "parent_id",
    "url",
    "token",
    "tag_name",
    "link_url",
    "cron",
    "active",
    "unidiff",
    "with_labels_details",
    "in",
    "grant_type",
    "client_id",
    "redirect_uri",
    "code",
    "refresh_token",
];

/// Values of parameters.
const VALUES: [&str; 40] = [
    "",
    "0",
    "1",
    "2",
    "-1",
    "100",
    "101",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "true",
    "false",
    "maybe",
    "null",
    "asc",
    "desc",
    "keyset",
    "id",
    "name",
    "opened",
    "close",
    "all",
    "main",
    "feature/crank-sensor",
    "../../etc/passwd",
    "2026-11-01",
    "2026-11-01T09:00:00Z",
    "99999-99-99T99:99:99Z",
    "-9999-01-01",
    "None",
    "Any",
    "bug,docs",
    "\u{1f600}\u{0}\u{202e}",
    "Draft: ",
    "/close\n/label ~bug\n/spend 9999999999999w",
    "base64",
    "%%%",
    "[[[[",
    "authorization_code",
    "1mo 2w 3d 4h 5m",
];

/// Who asks.
const CREDENTIALS: [&str; 9] = [
    "private-token: glpat-root-company-00001",
    "private-token: glpat-root-company-00001",
    "private-token: glpat-alice-company-0001",
    "private-token: glpat-alice-company-read",
    "authorization: Bearer glpat-bob-company-000001",
    "private-token: glpat-carol-company-0001",
    "private-token: glpat-nobody",
    "authorization: Basic Og==",
    "cookie: _gitlab_session=%00; a",
];

/// Other headers.
const HEADERS: [&str; 7] = [
    "sudo: bob",
    "sudo: \u{ff}",
    "if-none-match: *",
    "x-forwarded-for: 10.0.0.1, ::1",
    "job-token: x",
    "range: bytes=0-5",
    "if-unmodified-since: never",
];

const QUERIES: [&str; 9] = [
    "{ currentUser { id } }",
    "query a($x: ID!) { project(fullPath: $x) { name issues(first: 3) { nodes { iid title } } } }",
    "{ project(fullPath: \"larkspur/music-box\") { mergeRequests(last: 2, before: \"x\") { edges { cursor node { iid headPipeline { id } } } } } }",
    "{ namespace(fullPath: \"larkspur/music-box\") { workItem(iid: \"3\") { widgets { type ... on WorkItemWidgetHierarchy { parent { id } } } } } }",
    "mutation { workItemUpdate(input: { id: \"gid://gitlab/WorkItem/4103\", title: \"x\", hierarchyWidget: { parentId: null } }) { errors } }",
    "mutation { createNote(input: { noteableId: \"gid://gitlab/Issue/4103\", body: \"/close\" }) { errors note { id } } }",
    "{ __schema { types { name fields { name } } } }",
    "query { ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "{ a: echo(text: \"",
];

/// Draws from lists.
struct Draw(Dice);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.0.roll() % limit).unwrap_or(0)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list.get(self.below(list.len()))
            .copied()
            .unwrap_or_default()
    }

    /// One in so many.
    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// The request of a number.
pub(super) fn make(routes: &[(String, String)], number: u64) -> Vec<u8> {
    let mut draw = Draw(Dice::seeded(number));
    let at = draw.below(routes.len());
    let (method, pattern) = routes.get(at).cloned().unwrap_or_default();
    let method = if draw.one_in(30) {
        draw.of(&[
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW",
        ])
        .to_owned()
    } else {
        method
    };
    let mut text = format!("{method} {}", path(&mut draw, &pattern));
    if draw.one_in(2) {
        text.push('?');
        text.push_str(&pairs(&mut draw));
    }
    text.push('\n');
    if !draw.one_in(8) {
        text.push_str(draw.of(&CREDENTIALS));
        text.push('\n');
    }
    if draw.one_in(6) {
        text.push_str(draw.of(&HEADERS));
        text.push('\n');
    }
    if method != "GET" || draw.one_in(20) {
        let (kind, body) = body(&mut draw, pattern.contains("graphql"));
        text.extend(["content-type: ", kind, "\n\n", &body]);
    }
    let mut bytes = text.into_bytes();
    if draw.one_in(5) {
        spoil(&mut draw, &mut bytes);
    }
    bytes
}

fn path(draw: &mut Draw, pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| match part.chars().next() {
        Some(':') => draw.of(&SEGMENTS).to_owned(),
        Some('*') => format!("{}/{}", draw.of(&SEGMENTS), draw.of(&SEGMENTS)),
        _ => part.to_owned(),
    });
    let parts: Vec<String> = parts.collect();
    parts.join("/")
}

fn pairs(draw: &mut Draw) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for _ in 0..=draw.below(4) {
        text.append_pair(draw.of(&NAMES), draw.of(&VALUES));
    }
    text.finish()
}

fn body(draw: &mut Draw, graphql: bool) -> (&'static str, String) {
    if graphql {
        let variables = value(draw, 2);
        let body =
            serde_json::json!({ "query": draw.of(&QUERIES), "variables": { "x": variables } });
        return ("application/json", body.to_string());
    }
    match draw.below(10) {
        0 => ("application/x-www-form-urlencoded", pairs(draw)),
        1 => {
            let (name, text) = (draw.of(&NAMES), draw.of(&VALUES));
            let body = format!(
                "--x\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{text}\"\r\n\r\n{text}\r\n--x--"
            );
            ("multipart/form-data; boundary=x", body)
        }
        2 => (
            "application/json",
            draw.of(&["", "{", "[]", "null", "\"x\"", "1e999"])
                .to_owned(),
        ),
        3 => ("application/json", "[".repeat(draw.below(400))),
        4 => ("text/plain", draw.of(&VALUES).to_owned()),
        _ => {
            let mut all = serde_json::Map::new();
            for _ in 0..=draw.below(6) {
                all.insert(draw.of(&NAMES).to_owned(), value(draw, 3));
            }
            (
                "application/json",
                serde_json::Value::Object(all).to_string(),
            )
        }
    }
}

fn value(draw: &mut Draw, depth: usize) -> serde_json::Value {
    use serde_json::{Value, json};
    match draw.below(if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(draw.one_in(2)),
        2 => json!(draw.below(5)),
        3 => json!(-1),
        4 | 5 => json!(draw.of(&VALUES)),
        6 => (0..draw.below(3)).map(|_| value(draw, depth - 1)).collect(),
        7 => json!({ draw.of(&NAMES): value(draw, depth - 1) }),
        _ => {
            json!([{ "action": "create", "file_path": draw.of(&VALUES), "content": "x", "key": "k" }])
        }
    }
}

/// Damages bytes in a few places.
fn spoil(draw: &mut Draw, bytes: &mut Vec<u8>) {
    for _ in 0..=draw.below(4) {
        let at = draw.below(bytes.len());
        let byte = u8::try_from(draw.below(256)).unwrap_or(0);
        match draw.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, byte),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {
                if let Some(slot) = bytes.get_mut(at) {
                    *slot = byte;
                }
            }
        }
    }
}
