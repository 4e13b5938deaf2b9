"""Rows I (issues) and X (what else a project has)."""

from __future__ import annotations

import time

import gitlab
import requests

from mock import Mock
from stage import ALICE, Stage, holds, refused, rows, same

ROWS: dict = {}
row = rows(ROWS)


@row("I01", "I02")
def create_and_find(stage: Stage) -> None:
    title = stage.fresh("The crank is stiff")
    issues = stage.project.issues
    issue = issues.create({"title": title, "labels": "grease,crank"})
    for found in [
        issues.list(labels=["grease"]),
        issues.list(search=title),
        issues.list(state="opened", labels="crank"),
    ]:
        holds(issue.iid in [one.iid for one in found], f"{issue.iid} in {found}")
    same(issues.list(state="closed", search=title), [])


@row("I03")
def unknown_order(stage: Stage) -> None:
    error = refused(400, lambda: stage.project.issues.list(order_by="colour"))
    same(error.error_message, "order_by does not have a valid value")


@row("I04")
def title_missing(stage: Stage) -> None:
    path = f"/projects/{stage.project.id}/issues"
    error = refused(400, lambda: stage.alice.http_post(path, post_data={"description": "x"}))
    same(error.error_message, "title is missing")


@row("I05")
def close_and_reopen(stage: Stage) -> None:
    issue = stage.project.issues.create({"title": "Door"})
    for event, state in [("close", "closed"), ("reopen", "opened")]:
        issue.state_event = event
        issue.save()
        same(stage.project.issues.get(issue.iid).state, state)
    events = [one.state for one in issue.resourcestateevents.list()]
    same(events, ["closed", "reopened"])


@row("I06")
def notes_and_threads(stage: Stage) -> None:
    issue = stage.project.issues.create({"title": "Talk"})
    same(issue.notes.create({"body": "Hello"}).body, "Hello")
    thread = issue.discussions.create({"body": "Question"})
    thread.notes.create({"body": "Answer"})
    path = f"/projects/{stage.project.id}/issues/{issue.iid}/discussions/{thread.id}"
    stage.alice.http_put(path, post_data={"resolved": True})
    notes = issue.discussions.get(thread.id).attributes["notes"]
    same([one["resolved"] for one in notes], [True, True])


@row("I07")
def links(stage: Stage) -> None:
    one = stage.project.issues.create({"title": "One"})
    two = stage.project.issues.create({"title": "Two"})
    one.links.create({"target_project_id": stage.project.id, "target_issue_iid": two.iid})
    link = two.links.list()[0]
    same(link.iid, one.iid)
    two.links.delete(link.issue_link_id)
    same(one.links.list(), [])


@row("I08")
def time_and_deletion(stage: Stage) -> None:
    issue = stage.project.issues.create({"title": "Short-lived"})
    same(issue.time_estimate("1h30m")["time_estimate"], 5400)
    same(issue.add_spent_time("20m")["total_time_spent"], 1200)
    issue.delete()
    refused(404, lambda: stage.project.issues.get(issue.iid))


@row("X01")
def labels_and_milestones(stage: Stage) -> None:
    label = stage.project.labels.create({"name": stage.fresh("label"), "color": "#112233"})
    label.new_name = stage.fresh("renamed")
    label.save()
    same(stage.project.labels.get(label.name).color, "#112233")
    label.delete()
    milestone = stage.project.milestones.create({"title": stage.fresh("Summer")})
    milestone.state_event = "close"
    milestone.save()
    same(stage.project.milestones.get(milestone.id).state, "closed")
    milestone.delete()


@row("X02")
def releases(stage: Stage) -> None:
    tag = stage.fresh("v2.0.")
    release = stage.project.releases.create({"tag_name": tag, "ref": "main", "name": "Two"})
    link = release.links.create({"name": "score", "url": "https://example.com/score.pdf"})
    same(stage.project.releases.get(tag).assets["links"][0]["url"], link.url)
    refused(409, lambda: stage.project.releases.create({"tag_name": tag}))
    stage.project.releases.delete(tag)
    holds(stage.project.tags.get(tag), "the tag stays")


@row("X03")
def wikis(stage: Stage) -> None:
    page = stage.project.wikis.create({"title": "How to wind", "content": "Slowly"})
    same(page.slug, "How-to-wind")
    page.content = "Very slowly"
    page.save()
    same(stage.project.wikis.get(page.slug).content, "Very slowly")
    page.delete()
    refused(404, lambda: stage.project.wikis.get(page.slug))


@row("X04")
def snippets(stage: Stage) -> None:
    files = [{"file_path": "tune.txt", "content": "c d e"}]
    snippet = stage.project.snippets.create(
        {"title": "Tune", "files": files, "visibility": "private"}
    )
    same(snippet.content(), b"c d e")
    snippet.delete()
    own = stage.alice.snippets.create({"title": "Mine", "files": files, "visibility": "private"})
    refused(404, lambda: stage.bob.snippets.get(own.id))
    own.delete()


@row("X05")
def search(stage: Stage) -> None:
    client = stage.alice
    holds(client.search("projects", "music"), "projects")
    holds(stage.music_box.search("blobs", "spring"), "blobs")
    holds(client.groups.get("larkspur").search("issues", "the"), "issues of a group")


@row("X06")
def both_shapes_of_too_many_requests(stage: Stage) -> None:
    impatient = {"obey_rate_limit": False}
    for kind, type_ in [("rate_limit_edge", "text/plain"), ("rate_limit_endpoint", "json")]:
        stage.mock.fault(kind=kind, on="GET /projects/*", times=1, retry_after="1")
        error = refused(
            429, lambda: stage.alice.http_get(f"/projects/{stage.project.id}", **impatient)
        )
        holds(error.response_body, type_)
    stage.mock.fault(kind="rate_limit_edge", on="GET /projects/*", times=1, retry_after="1")
    started = time.monotonic()
    same(stage.alice.projects.get(stage.project.id).id, stage.project.id)
    holds(time.monotonic() - started >= 1, "the client waits as long as it is told")


@row("X07")
def graphql(stage: Stage) -> None:
    client = gitlab.GraphQL(stage.mock.url, token=ALICE)
    same(client.execute("{ currentUser { username } }")["currentUser"]["username"], "alice")
    refused_query = "{ currentUser { noSuchField } }"
    try:
        client.execute(refused_query)
    except Exception as error:  # noqa: BLE001 - the class is gql's
        holds("noSuchField" in str(error), error)
    else:
        raise AssertionError("a query for a field nobody has")
    address = f"{stage.mock.url}/api/graphql"
    headers = {"Authorization": "Bearer glpat-nobody"}
    body = {"query": "{ currentUser { username } }"}
    answer = requests.post(address, json=body, headers=headers, timeout=20)
    same((answer.status_code, answer.json()["errors"][0]["message"]), (401, "Invalid token"))


@row("X08")
def more_rows_than_are_counted(stage: Stage) -> None:
    with Mock(stage.program, "--world", "huge") as mock:
        client = gitlab.Gitlab(mock.url, private_token=ALICE, timeout=60)
        warehouse = client.projects.get("larkspur/warehouse")
        page = warehouse.issues.list(per_page=100, iterator=True)
        same((page.total, page.total_pages), (None, None))
        files = warehouse.repository_tree(
            path="shelves", per_page=100, pagination="keyset", get_all=True
        )
        same(len({one["path"] for one in files}), 12_000)
        seen = 0
        last = 0
        for issue in warehouse.issues.list(
            per_page=100, iterator=True, order_by="created_at", sort="asc"
        ):
            holds(issue.iid > last, f"{issue.iid} after {last}")
            last = issue.iid
            seen += 1
            if seen == 12_000:
                break
        same(seen, 12_000)
        path = f"{mock.url}/api/v4/projects/{warehouse.id}"
        headers = {"PRIVATE-TOKEN": ALICE}
        first = requests.get(path, headers=headers, timeout=20)
        tag = first.headers["ETag"]
        again = requests.get(path, headers={**headers, "If-None-Match": tag}, timeout=20)
        same((again.status_code, again.content), (304, b""))
