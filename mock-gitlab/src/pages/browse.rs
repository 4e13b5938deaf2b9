//! Something behind each link of the API: projects, issues, merge requests, pipelines,
//! groups and people, to be read. <https://docs.gitlab.com/user/project/>

use maud::{Markup, html};

use super::layout::Page;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Project, Visibility};

pub(super) fn routes(table: &mut RouteTable) {
    table.get("", home);
    table.fallback(show);
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn home(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let body = html! {
        h1 { "Projects" }
        (project_list(cx, |_| true))
    };
    Ok(Page::new("Projects", body).send(cx))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn show(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let path = cx.path.get("path").trim_end_matches('/').to_owned();
    let (place, below) = path.split_once("/-/").unwrap_or((&path, ""));
    let found = match cx.world.find_project(place).filter(|p| cx.sees_project(p)) {
        // A number is a reference of the API, not an address of a page.
        Some(project) if cx.world.project_path(project).eq_ignore_ascii_case(place) => {
            of_project(cx, project, below)
        }
        _ if below.is_empty() => namespace(cx, place),
        _ => None,
    };
    if let Some((title, body)) = found {
        return Ok(Page::new(&title, body).send(cx));
    }
    let body = html! {
        h1 { "404: Page not found" }
        p { "This page does not exist, or you may not see it." }
    };
    Ok(Page::new("Not Found", body).status(404).send(cx))
}

type Shown = Option<(String, Markup)>;

fn of_project(cx: &Cx<'_>, project: &Project, below: &str) -> Shown {
    let (kind, rest) = below.split_once('/').unwrap_or((below, ""));
    match (kind, rest.parse::<u64>().ok()) {
        ("", _) => Some(overview(cx, project)),
        ("issues", None) if rest.is_empty() => Some(issues(cx, project)),
        ("merge_requests", None) if rest.is_empty() => Some(merge_requests(cx, project)),
        ("issues" | "work_items", Some(iid)) => issue(cx, project, iid),
        ("merge_requests", Some(iid)) => merge_request(cx, project, iid),
        ("pipelines", Some(id)) => pipeline(cx, project, id),
        _ => None,
    }
}

fn address(cx: &Cx<'_>, project: &Project, below: &str) -> String {
    cx.site
        .url(&format!("/{}{below}", cx.world.project_path(project)))
}

fn overview(cx: &Cx<'_>, project: &Project) -> (String, Markup) {
    let body = html! {
        h1 { (project.name) }
        p class="muted" { (cx.world.project_path(project)) " · " (project.visibility.name()) }
        p { (project.description) }
        ul {
            li { a href=(address(cx, project, "/-/issues")) { "Issues" } }
            li { a href=(address(cx, project, "/-/merge_requests")) { "Merge requests" } }
        }
    };
    (project.name.clone(), body)
}

/// Confidential issues are for their authors, assignees and reporters.
fn sees_issue(cx: &Cx<'_>, project: &Project, issue: &crate::world::Issue) -> bool {
    let own = cx
        .caller
        .user
        .is_some_and(|user| issue.author == user || issue.assignees.contains(&user));
    !issue.confidential || own || cx.level_in(project) >= crate::world::access::REPORTER
}

fn issues(cx: &Cx<'_>, project: &Project) -> (String, Markup) {
    let all = cx.world.issues.values();
    let rows = all
        .filter(|issue| issue.project == project.id && sees_issue(cx, project, issue))
        .map(|issue| (issue.iid, &issue.title, &issue.state));
    let rows: Vec<_> = rows.collect();
    let body = list(cx, project, ("Issues", "issues", '#'), &rows);
    (format!("Issues · {}", project.name), body)
}

fn merge_requests(cx: &Cx<'_>, project: &Project) -> (String, Markup) {
    let all = cx.world.merge_requests.values();
    let rows = all
        .filter(|mr| mr.project == project.id)
        .map(|mr| (mr.iid, &mr.title, &mr.state));
    let rows: Vec<_> = rows.collect();
    let body = list(
        cx,
        project,
        ("Merge requests", "merge_requests", '!'),
        &rows,
    );
    (format!("Merge requests · {}", project.name), body)
}

fn list(
    cx: &Cx<'_>,
    project: &Project,
    (heading, word, sign): (&str, &str, char),
    rows: &[(u64, &String, &String)],
) -> Markup {
    html! {
        h1 { (heading) " of " (project.name) }
        @if rows.is_empty() { p { "There are none." } }
        ul {
            @for (iid, title, state) in rows {
                li {
                    a href=(address(cx, project, &format!("/-/{word}/{iid}"))) {
                        (sign) (iid) " " (title)
                    }
                    " " span class="muted" { (state) }
                }
            }
        }
    }
}

fn issue(cx: &Cx<'_>, project: &Project, iid: u64) -> Shown {
    let mut all = cx.world.issues.values();
    let issue = all.find(|issue| issue.project == project.id && issue.iid == iid)?;
    sees_issue(cx, project, issue).then(|| {
        let title = format!("{} (#{iid}) · {}", issue.title, project.name);
        (
            title,
            item(
                cx,
                (&issue.title, &issue.state, &issue.description),
                issue.author,
            ),
        )
    })
}

fn merge_request(cx: &Cx<'_>, project: &Project, iid: u64) -> Shown {
    let mut all = cx.world.merge_requests.values();
    let mr = all.find(|mr| mr.project == project.id && mr.iid == iid)?;
    let title = format!("{} (!{iid}) · {}", mr.title, project.name);
    let body = html! {
        (item(cx, (&mr.title, &mr.state, &mr.description), mr.author))
        p { code { (mr.source_branch) } " into " code { (mr.target_branch) } }
    };
    Some((title, body))
}

fn pipeline(cx: &Cx<'_>, project: &Project, id: u64) -> Shown {
    let pipeline = cx.world.pipelines.get(&id)?;
    let jobs = cx.world.jobs.values().filter(|job| job.pipeline == id);
    (pipeline.project == project.id).then(|| {
        let body = html! {
            h1 { "Pipeline " (id) }
            p { (pipeline.status) " · " code { (pipeline.sha) } }
            ul { @for job in jobs { li { (job.stage) ": " (job.name) " · " (job.status) } } }
        };
        (format!("Pipeline {id} · {}", project.name), body)
    })
}

fn item(cx: &Cx<'_>, (title, state, text): (&str, &str, &str), author: u64) -> Markup {
    let author = cx.world.users.get(&author).map(|user| &user.username);
    html! {
        h1 { (title) }
        p class="muted" { (state) @if let Some(name) = author { " · by @" (name) } }
        pre { (text) }
    }
}

fn namespace(cx: &Cx<'_>, path: &str) -> Shown {
    let below = format!("{}/", path.to_ascii_lowercase());
    let projects =
        |cx: &Cx<'_>| project_list(cx, |path| path.to_ascii_lowercase().starts_with(&below));
    let mut groups = cx.world.groups.values();
    let group = groups.find(|g| cx.world.group_path(g.id).eq_ignore_ascii_case(path));
    if let Some(group) = group {
        let level = cx
            .caller
            .user
            .map_or(0, |user| cx.world.group_level(user, group.id));
        let seen = match group.visibility {
            Visibility::Public => true,
            Visibility::Internal => cx.caller.user.is_some(),
            Visibility::Private => level > 0 || cx.is_admin(),
        };
        let body = || html! { h1 { (group.name) } p { (group.description) } (projects(cx)) };
        return seen.then(|| (group.name.clone(), body()));
    }
    let mut users = cx.world.users.values();
    let user = users.find(|user| user.username.eq_ignore_ascii_case(path))?;
    let body = html! {
        h1 { (user.name) }
        p class="muted" { "@" (user.username) }
        p { (user.bio) }
        (projects(cx))
    };
    Some((user.name.clone(), body))
}

fn project_list(cx: &Cx<'_>, wanted: impl Fn(&str) -> bool) -> Markup {
    let seen = cx.world.projects.values().filter(|p| cx.sees_project(p));
    let seen = seen.map(|project| (cx.world.project_path(project), project));
    html! {
        ul {
            @for (path, project) in seen.filter(|(path, _)| wanted(path)) {
                li { a href=(cx.site.url(&format!("/{path}"))) { (path) } " " (project.description) }
            }
        }
    }
}
