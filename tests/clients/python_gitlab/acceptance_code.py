"""Rows R (repositories) and M (merge requests)."""

from __future__ import annotations

import base64

from stage import Stage, holds, refused, rows, same

ROWS: dict = {}
row = rows(ROWS)


@row("R01")
def tree(stage: Stage) -> None:
    whole = stage.music_box.repository_tree(recursive=True, get_all=True)
    chain = stage.music_box.repository_tree(
        recursive=True, pagination="keyset", per_page=3, get_all=True
    )
    same([one["path"] for one in chain], [one["path"] for one in whole])


@row("R02", "R03")
def one_file_three_ways(stage: Stage) -> None:
    project = stage.music_box
    file = project.files.get(file_path="README.md", ref="main")
    headers = project.files.head(file_path="README.md", ref="main")
    for field, header in [("size", "Size"), ("blob_id", "Blob-Id"), ("file_path", "File-Path")]:
        same(str(getattr(file, field)), headers[f"X-Gitlab-{header}"])
    same(file.decode(), project.files.raw(file_path="README.md", ref="main"))


@row("R04")
def path_with_space_and_dot(stage: Stage) -> None:
    file = stage.music_box.files.get(file_path="docs/Assembly guide.md", ref="HEAD")
    same(file.file_path, "docs/Assembly guide.md")


@row("R05", "R06")
def create_update_and_a_stale_update(stage: Stage) -> None:
    path = f"{stage.fresh('notes')}.md"
    data = {"file_path": path, "branch": "main", "content": "a", "commit_message": "Add"}
    file = stage.project.files.create(data)
    same((file.file_path, file.branch), (path, "main"))
    first = stage.project.files.get(file_path=path, ref="main")
    before = first.last_commit_id
    first.content = base64.b64encode(b"b").decode()
    first.save(branch="main", commit_message="Change", encoding="base64")
    stale = {"last_commit_id": before, "content": "c"}
    change = {"branch": "main", "commit_message": "Late", **stale}
    refused(400, lambda: stage.project.files.update(path, change))


@row("R07")
def several_actions(stage: Stage) -> None:
    branch = stage.fresh("actions")
    stage.commit(branch, f"{branch}/a", "a", start_branch="main")
    stage.commit(branch, f"{branch}/b", "b")
    actions = [
        {"action": "create", "file_path": f"{branch}/c", "content": "c"},
        {"action": "update", "file_path": f"{branch}/a", "content": "A"},
        {"action": "move", "file_path": f"{branch}/d", "previous_path": f"{branch}/b"},
        {"action": "delete", "file_path": "README.md"},
    ]
    commit = stage.project.commits.create(
        {"branch": branch, "commit_message": "All at once", "actions": actions}
    )
    same(len(commit.diff(get_all=True)), 4)


@row("R08")
def compare(stage: Stage) -> None:
    found = stage.music_box.repository_compare("main", "feature/crank-sensor")
    holds(found["commits"] and found["diffs"], "commits and diffs")


@row("R09")
def branch_with_a_slash(stage: Stage) -> None:
    name = f"feature/{stage.fresh('slash')}"
    branch = stage.project.branches.create({"branch": name, "ref": "main"})
    error = refused(400, lambda: stage.project.branches.create({"branch": name, "ref": "main"}))
    same(error.error_message, "Branch already exists")
    same(stage.project.branches.get(name).name, name)
    branch.delete()
    refused(404, lambda: stage.project.branches.get(name))


@row("R10")
def tags(stage: Stage) -> None:
    tag = stage.project.tags.create(
        {"tag_name": stage.fresh("v1."), "ref": "main", "message": "One"}
    )
    same(stage.project.tags.get(tag.name).message, "One")


@row("M01", "M02")
def merge_request_and_its_twin(stage: Stage) -> None:
    request = stage.merge_request()
    twin = {"source_branch": request.source_branch, "target_branch": "main", "title": "Again"}
    error = refused(409, lambda: stage.project.mergerequests.create(twin))
    holds("Another open merge request" in str(error.error_message), error.error_message)


@row("M03")
def merge_status(stage: Stage) -> None:
    same(stage.merge_request().detailed_merge_status, "mergeable")
    draft = stage.merge_request(title="Draft: not yet")
    same(draft.detailed_merge_status, "draft_status")


@row("M04")
def diffs_in_pages(stage: Stage) -> None:
    request = stage.merge_request()
    path = f"/projects/{stage.project.id}/merge_requests/{request.iid}/diffs"
    answer = stage.alice.http_request("get", path, query_data={"per_page": 1})
    same(len(answer.json()), 1)
    same(answer.headers["X-Per-Page"], "1")
    same(len(request.diffs.list()), 1)


@row("M05")
def thread_on_a_line(stage: Stage) -> None:
    request = stage.merge_request()
    position = {
        **request.diff_refs,
        "position_type": "text",
        "new_path": f"{request.source_branch}.txt",
        "old_path": f"{request.source_branch}.txt",
        "new_line": 2,
    }
    thread = request.discussions.create({"body": "Why two?", "position": position})
    note = thread.attributes["notes"][0]
    same((note["type"], note["position"]["new_line"]), ("DiffNote", 2))
    again = request.discussions.get(thread.id).attributes["notes"][0]
    same(again["position"], note["position"])


@row("M06")
def approve_and_take_it_back(stage: Stage) -> None:
    bob = stage.bob.users.list(username="bob")[0]
    if bob.id not in [one.id for one in stage.project.members.list()]:
        stage.project.members.create({"user_id": bob.id, "access_level": 30})
    iid = stage.merge_request().iid
    request = stage.bob.projects.get(stage.project.id).mergerequests.get(iid)
    request.approve()
    holds("bob" in approvers(request), "approved by bob")
    request.unapprove()
    holds("bob" not in approvers(request), "not approved by bob")


def approvers(request) -> list[str]:
    return [one["user"]["username"] for one in request.approvals.get().approved_by]


@row("M07")
def merge_of_another_sha(stage: Stage) -> None:
    request = stage.merge_request()
    path = f"/projects/{stage.project.id}/merge_requests/{request.iid}/merge"
    error = refused(409, lambda: stage.alice.http_put(path, post_data={"sha": "0" * 40}))
    holds("SHA does not match HEAD" in str(error.error_message), error.error_message)
    request.merge()
    same(stage.project.mergerequests.get(request.iid).state, "merged")


@row("M08")
def not_mergeable(stage: Stage) -> None:
    draft = stage.merge_request(title="Draft: never")
    refused(405, draft.merge)
    conflict = stage.merge_request()
    body = {"do": "conflict", "project": stage.project.path_with_namespace, "iid": conflict.iid}
    stage.mock.control("POST", "edit", body)
    refused(422, conflict.merge)


@row("M09")
def pipelines_of_a_merge_request(stage: Stage) -> None:
    requests = stage.music_box.mergerequests.list(state="all", get_all=True)
    found = [pipeline for one in requests for pipeline in one.pipelines.list(get_all=True)]
    holds(found, "a merge request with a pipeline")


@row("M10")
def draft_notes(stage: Stage) -> None:
    request = stage.merge_request()
    request.draft_notes.create({"note": "First thought"})
    request.draft_notes.create({"note": "Second thought"})
    same(len(request.draft_notes.list()), 2)
    request.draft_notes.bulk_publish()
    same(request.draft_notes.list(), [])
    bodies = [one.body for one in request.notes.list(get_all=True)]
    holds({"First thought", "Second thought"} <= set(bodies), bodies)
