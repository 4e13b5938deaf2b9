"""Rows A (credentials) and P (projects, groups, pages)."""

from __future__ import annotations

import re

import gitlab
import requests

from stage import ALICE, ALICE_READS, CAROL, MUSIC_BOX, Stage, holds, refused, rows, same

ROWS: dict = {}
row = rows(ROWS)


def who(client: gitlab.Gitlab, **query: object) -> str:
    return client.http_get("/user", query_data=query)["username"]


def oauth_token(stage: Stage) -> str:
    application = next(one for one in stage.mock.secrets["applications"] if one["confidential"])
    alice = next(one for one in stage.mock.secrets["users"] if one["username"] == "alice")
    form = {
        "grant_type": "password",
        "username": "alice",
        "password": alice["password"],
        "client_id": application["client_id"],
        "client_secret": application["client_secret"],
        "scope": "api",
    }
    answer = requests.post(f"{stage.mock.url}/oauth/token", data=form, timeout=20)
    return answer.json()["access_token"]


@row("A01")
def token_in_a_header(stage: Stage) -> None:
    same(who(stage.client()), "alice")


@row("A02")
def token_in_the_query(stage: Stage) -> None:
    same(who(stage.client(None), private_token=ALICE), "alice")


@row("A03")
def personal_token_as_bearer(stage: Stage) -> None:
    same(who(stage.client(None, oauth_token=ALICE)), "alice")


@row("A04")
def oauth_token_as_bearer(stage: Stage) -> None:
    same(who(stage.client(None, oauth_token=oauth_token(stage))), "alice")


@row("A05")
def oauth_token_in_the_query(stage: Stage) -> None:
    same(who(stage.client(None), access_token=oauth_token(stage)), "alice")


@row("A06")
def job_token(stage: Stage) -> None:
    job = stage.music_box.jobs.list(per_page=1, get_all=False)[0]
    token = stage.mock.control("POST", "edit", {"do": "mint_job_token", "job": job.id})["token"]
    same(stage.client(None, job_token=token).http_get("/job")["id"], job.id)
    refused(401, lambda: who(stage.client(None, job_token=token)))


def signed_in(stage: Stage) -> tuple[gitlab.Gitlab, str]:
    session = requests.Session()
    page = session.get(f"{stage.mock.url}/users/sign_in", timeout=20).text
    token = re.search(r'name="authenticity_token" value="([^"]+)"', page).group(1)
    alice = next(one for one in stage.mock.secrets["users"] if one["username"] == "alice")
    form = {
        "authenticity_token": token,
        "user[login]": "alice",
        "user[password]": alice["password"],
    }
    page = session.post(f"{stage.mock.url}/users/sign_in", data=form, timeout=20).text
    csrf = re.search(r'name="csrf-token" content="([^"]+)"', page).group(1)
    return stage.client(None, session=session), csrf


@row("A07")
def cookie_reads(stage: Stage) -> None:
    client, _ = signed_in(stage)
    same(who(client), "alice")


@row("A08")
def cookie_writes_with_its_csrf_token_only(stage: Stage) -> None:
    client, csrf = signed_in(stage)
    path = f"/projects/{stage.project.id}/issues"
    refused(401, lambda: client.http_post(path, post_data={"title": "No"}))
    client.headers["X-CSRF-Token"] = csrf
    same(client.http_post(path, post_data={"title": "Yes"})["title"], "Yes")


@row("A09")
def no_token(stage: Stage) -> None:
    error = refused(401, lambda: who(stage.client(None)))
    same(error.error_message, "401 Unauthorized")


@row("A10")
def unknown_token(stage: Stage) -> None:
    error = refused(401, lambda: who(stage.client("glpat-nobody-knows-this")))
    same(error.error_message, "401 Unauthorized")


@row("A11")
def revoked_token(stage: Stage) -> None:
    token = stage.mock.mint("alice", ["api"])
    client = stage.client(token)
    client.personal_access_tokens.get("self").delete()
    error = refused(401, lambda: who(client))
    holds(b"Token was revoked" in error.response_body, error.response_body)


@row("A12")
def expired_token(stage: Stage) -> None:
    token = stage.mock.mint("alice", ["api"])
    stage.mock.control("POST", "edit", {"do": "expire_token", "token": token})
    error = refused(401, lambda: who(stage.client(token)))
    holds(b"Token is expired" in error.response_body, error.response_body)


@row("A13")
def a_reading_token_does_not_write(stage: Stage) -> None:
    reader = stage.client(ALICE_READS).projects.get(stage.project.id)
    error = refused(403, lambda: reader.issues.create({"title": "No"}))
    holds(b"insufficient_scope" in error.response_body, error.response_body)


@row("A14")
def sudo(stage: Stage) -> None:
    root = stage.root
    same(root.http_get("/user", sudo="bob")["username"], "bob")
    refused(403, lambda: stage.alice.http_get("/user", sudo="bob"))
    refused(404, lambda: root.http_get("/user", sudo="nobody-of-that-name"))


@row("P01", "P02")
def pages(stage: Stage) -> None:
    client = stage.root
    page = client.projects.list(per_page=500, iterator=True)
    same(page.per_page, 100)
    page = client.projects.list(per_page=2, iterator=True)
    holds(page.total >= 5 and page.prev_page is None and page.next_page == 2, "page 2")
    answer = client.http_request("get", "/projects", query_data={"per_page": 2, "page": 2})
    order = re.findall(r'rel="(\w+)"', answer.headers["Link"])
    same(order, ["prev", "next", "first", "last"])
    everything = client.projects.list(per_page=2, get_all=True)
    same(len({one.id for one in everything}), page.total)


@row("P03")
def keyset_chain(stage: Stage) -> None:
    chain = stage.root.projects.list(
        pagination="keyset", order_by="id", sort="asc", per_page=2, get_all=True
    )
    ids = [one.id for one in chain]
    same(ids, sorted(set(ids)))
    same(len(ids), stage.root.projects.list(iterator=True).total)


@row("P04", "P05")
def by_number_and_by_path(stage: Stage) -> None:
    by_path = stage.alice.projects.get(MUSIC_BOX)
    same(stage.alice.projects.get(by_path.id).path_with_namespace, MUSIC_BOX)


@row("P06")
def moved_path(stage: Stage) -> None:
    project = stage.alice.projects.create({"name": stage.fresh("Moving")})
    former = project.path_with_namespace
    project.path = stage.fresh("moved")
    project.save()
    encoded = former.replace("/", "%2F")
    address = f"{stage.mock.url}/api/v4/projects/{encoded}"
    headers = {"PRIVATE-TOKEN": ALICE}
    answer = requests.get(address, headers=headers, allow_redirects=False, timeout=20)
    same(answer.status_code, 301)
    holds(answer.headers["Location"].endswith(f"/api/v4/projects/{project.id}"), "Location")
    same(stage.alice.projects.get(former).id, project.id)


@row("P07")
def what_is_invisible_is_not_there(stage: Stage) -> None:
    error = refused(404, lambda: stage.client(CAROL).projects.get(stage.project.id))
    same(error.error_message, "404 Project Not Found")


@row("P08")
def create_and_create_again(stage: Stage) -> None:
    name = stage.fresh("Twice")
    same(stage.alice.projects.create({"name": name}).name, name)
    error = refused(400, lambda: stage.alice.projects.create({"name": name}))
    holds("has already been taken" in str(error.error_message), error.error_message)


@row("P09")
def groups(stage: Stage) -> None:
    holds("larkspur" in [one.path for one in stage.alice.groups.list()], "larkspur")
    workshop = stage.alice.groups.get("larkspur/workshop")
    same(workshop.full_path, "larkspur/workshop")
    holds(workshop.projects.list(), "projects")


@row("P10")
def members(stage: Stage) -> None:
    project = stage.project
    carol = stage.alice.users.list(search="carol")[0]
    member = project.members.create({"user_id": carol.id, "access_level": 20})
    same(member.access_level, 20)
    holds(carol.id in [one.id for one in project.members.list()], "carol")
    inside = stage.music_box
    direct = {one.id for one in inside.members.list(get_all=True)}
    everyone = {one.id for one in inside.members_all.list(get_all=True)}
    holds(direct < everyone, "inherited members only in all")
    member.delete()
    refused(404, lambda: project.members.get(carol.id))
