"""Rows O (OAuth and discovery): python-gitlab takes whole addresses as well as paths, and so
reaches what lies beside the API. The pages for people are walked with the session the client
speaks through; devices are approved over the control interface."""

from __future__ import annotations

import base64
import hashlib
import re
import urllib.parse

import gitlab
import requests

from acceptance_people import signed_in
from stage import Stage, holds, refused, rows, same

ROWS: dict = {}
row = rows(ROWS)

CALLBACK = "http://127.0.0.1/callback"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-0"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Server:
    """The authorization server of a mock, as an application sees it."""

    def __init__(self, stage: Stage, scopes: str = "api read_user openid") -> None:
        self.stage = stage
        self.url = stage.mock.url
        self.client = stage.client(None)
        new = {
            "name": stage.fresh("desk"),
            "redirect_uri": f"{CALLBACK}\nhttp://localhost:7000/callback",
            "scopes": scopes,
            "confidential": False,
        }
        made = stage.root.applications.create(new)
        self.uid = made.application_id

    def get(self, path: str, **options: object) -> dict:
        return self.client.http_get(f"{self.url}{path}", **options)

    def post(self, path: str, **fields: object) -> dict:
        fields = {"client_id": self.uid, **fields}
        return self.client.http_post(f"{self.url}{path}", post_data=fields, obey_rate_limit=False)

    def refused(self, status: int, word: str, path: str, **fields: object) -> None:
        error = refused(status, lambda: self.post(path, **fields))
        holds(f'"error":"{word}"'.encode() in error.response_body, error.response_body)

    def question(self, **changed: str) -> str:
        """The address of the consent page."""
        fields = {
            "client_id": self.uid,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "api",
            "state": "xyz",
            **changed,
        }
        return f"{self.url}/oauth/authorize?{urllib.parse.urlencode(fields)}"

    def answer(self, approve: bool, **changed: str) -> dict[str, str]:
        """What the browser of alice brings back."""
        client, _ = signed_in(self.stage)
        page = client.session.get(self.question(**changed), timeout=20)
        same(page.status_code, 200)
        forms = re.findall(r"<form.*?</form>", page.text, re.DOTALL)
        wanted = [form for form in forms if 'name="client_id"' in form]
        form = next(one for one in wanted if ('value="delete"' in one) != approve)
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
        answer = client.session.post(
            f"{self.url}/oauth/authorize", data=fields, allow_redirects=False, timeout=20
        )
        same(answer.status_code, 302)
        location = urllib.parse.urlsplit(answer.headers["Location"])
        holds(answer.headers["Location"].startswith(changed.get("redirect_uri", CALLBACK)), location)
        return dict(urllib.parse.parse_qsl(location.query))

    def code(self, **changed: str) -> str:
        return self.answer(True, **changed)["code"]

    def exchange(self, code: str, **more: str) -> dict:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.post("/oauth/token", **{**fields, **more})

    def pair(self, scope: str = "api") -> dict:
        return self.exchange(self.code(scope=scope))

    def page(self, **changed: str) -> requests.Response:
        client, _ = signed_in(self.stage)
        return client.session.get(self.question(**changed), allow_redirects=False, timeout=20)

    def bearer(self, pair: dict) -> gitlab.Gitlab:
        return self.stage.client(None, oauth_token=pair["access_token"])


@row("O01")
def four_documents(stage: Stage) -> None:
    server = Server(stage)
    openid = server.get("/.well-known/openid-configuration")
    holds("registration_endpoint" not in openid, "registration_endpoint")
    same(openid["code_challenge_methods_supported"], ["plain", "S256"])
    holds("none" not in openid["token_endpoint_auth_methods_supported"], "none")
    holds("device_authorization_endpoint" not in openid, "device_authorization_endpoint")
    plain = server.get("/.well-known/oauth-authorization-server")
    same(plain["registration_endpoint"], f"{server.url}/oauth/register")
    mcp = server.get("/.well-known/oauth-authorization-server/api/v4/mcp")
    same((mcp["issuer"], mcp["scopes_supported"]), (server.url, ["mcp"]))
    resource = server.get("/.well-known/oauth-protected-resource/api/v4/mcp")
    same(resource["resource"], [f"{server.url}/api/v4/mcp"])


@row("O02", "O03")
def registration(stage: Stage) -> None:
    server = Server(stage)
    new = {"client_name": "desk", "redirect_uris": [CALLBACK]}
    # Every request of an hour counts, those of a former run of this row too.
    stage.mock.advance(3600)
    made = server.post("/oauth/register", **new)
    same((made["scope"], made["dynamic"], made["require_pkce"]), ("mcp", True, True))
    holds("client_secret" not in made, "a secret")
    server.refused(400, "invalid_client_metadata", "/oauth/register", redirect_uris=[CALLBACK])
    for _ in range(8):
        server.post("/oauth/register", **new)
    refused(429, lambda: server.post("/oauth/register", **new))


@row("O04", "O05")
def consent(stage: Stage) -> None:
    server = Server(stage)
    answer = server.answer(True)
    same(set(answer), {"code", "state"})
    same(answer["state"], "xyz")
    denied = server.answer(False)
    same((denied["error"], denied["state"]), ("access_denied", "xyz"))
    holds("code" not in denied, "a code")


@row("O06", "O07")
def what_is_not_asked(stage: Stage) -> None:
    server = Server(stage)
    for changed, word in [
        ({"scope": "api sudo"}, "invalid_scope"),
        ({"redirect_uri": "http://localhost:7001/callback"}, "invalid_redirect_uri"),
    ]:
        page = server.page(**changed)
        holds("Location" not in page.headers, "a redirect")
        holds(word in page.text, page.text)
    for port in ("http://127.0.0.1:49152/callback", "http://localhost:7000/callback"):
        holds("code" in server.answer(True, redirect_uri=port), port)


@row("O08", "O09")
def codes(stage: Stage) -> None:
    server = Server(stage)
    for challenge, method in [(CHALLENGE, "S256"), (VERIFIER, "plain")]:
        asked = {"code_challenge": challenge, "code_challenge_method": method}
        pair = server.exchange(server.code(**asked), code_verifier=VERIFIER)
        same((pair["token_type"], pair["scope"], pair["expires_in"]), ("Bearer", "api", 7200))
        for verifier, word in [("wrong" * 10, "invalid_grant"), ("", "invalid_request")]:
            fields = {"code": server.code(**asked), "redirect_uri": CALLBACK}
            fields |= {"grant_type": "authorization_code", "code_verifier": verifier}
            server.refused(400, word, "/oauth/token", **fields)
    code = server.code()
    server.exchange(code)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    server.refused(400, "invalid_grant", "/oauth/token", **fields)


@row("O10", "O11")
def refresh(stage: Stage) -> None:
    server = Server(stage)
    old = server.pair()
    same(server.bearer(old).http_get("/user")["username"], "alice")
    fields = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    new = server.post("/oauth/token", **fields)
    holds(new["access_token"] != old["access_token"], "the same token")
    same(server.bearer(new).http_get("/user")["username"], "alice")
    refused(401, lambda: server.bearer(old).http_get("/user"))
    server.refused(400, "invalid_grant", "/oauth/token", **fields)
    same(server.bearer(new).http_get("/user")["username"], "alice")


@row("O12", "O13")
def devices(stage: Stage) -> None:
    server = Server(stage)
    start = "/oauth/authorize_device"
    device = server.post(start, scope="read_user")
    same((device["expires_in"], device["interval"]), (300, 5))
    holds(re.fullmatch("[0-9A-Z]{8}", device["user_code"]), device["user_code"])
    poll = {"grant_type": DEVICE, "device_code": device["device_code"]}
    server.refused(400, "authorization_pending", "/oauth/token", **poll)
    server.refused(400, "slow_down", "/oauth/token", **poll)
    stage.mock.advance(5)
    change = {"do": "approve_device", "user_code": device["user_code"], "user": "bob"}
    stage.mock.control("POST", "edit", change)
    pair = server.post("/oauth/token", **poll)
    same(server.bearer(pair).http_get("/user")["username"], "bob")
    server.refused(400, "invalid_grant", "/oauth/token", **poll)
    late = server.post(start)
    stage.mock.advance(300)
    poll["device_code"] = late["device_code"]
    server.refused(400, "expired_token", "/oauth/token", **poll)
    change = {"do": "set_device_grant", "application": server.uid, "value": False}
    stage.mock.control("POST", "edit", change)
    server.refused(400, "access_denied", start)


@row("O14", "O15")
def introspection_and_revocation(stage: Stage) -> None:
    server, other = Server(stage), Server(stage)
    pair = server.pair()
    token = pair["access_token"]
    seen = server.post("/oauth/introspect", token=token)
    same((seen["active"], seen["client_id"], seen["scope"]), (True, server.uid, "api"))
    other.refused(403, "unauthorized_client", "/oauth/revoke", token=token)
    same(server.post("/oauth/revoke", token=token), {})
    same(server.post("/oauth/introspect", token=token), {"active": False})
    same(server.post("/oauth/revoke", token="unheard-of"), {})
    refused(401, lambda: server.bearer(pair).http_get("/user"))


@row("O16")
def about_a_token(stage: Stage) -> None:
    server = Server(stage)
    pair = server.pair("openid read_user")
    client = server.bearer(pair)
    alice = client.http_get("/user")["id"]
    info = client.http_get(f"{server.url}/oauth/token/info")
    same((info["resource_owner_id"], info["application"]["uid"]), (alice, server.uid))
    same(sorted(info["scope"]), ["openid", "read_user"])
    same(client.http_get(f"{server.url}/oauth/userinfo")["sub"], str(alice))
    narrow = server.bearer(server.pair("api"))
    refused(403, lambda: narrow.http_get(f"{server.url}/oauth/userinfo"))
    personal = stage.client(None, oauth_token=stage.mock.mint("alice", ["api"]))
    refused(401, lambda: personal.http_get(f"{server.url}/oauth/token/info"))
