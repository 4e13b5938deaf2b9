"""Every way to sign in, started by its environment alone and used with the official Python client.

Usage: modes.py MODE stdio|http

The runner says where things are: GITLAB_MCP_TEST_GITLAB (the base URL of the mock), _PROGRAM (the
server's binary), _PROJECT and _LOGS (a folder for what the server logs at its most talkative, and
for the secrets that must not stand there).
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
import urllib.request
from pathlib import Path

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from browser import Browser
from steps import check, finish, setting

BEARER = "bearer-of-the-mode-tests-0000000001"
TOKENS = {"alice": "glpat-alice-company-0001", "bob": "glpat-bob-company-000001"}
PASSWORDS = {"alice": "alice-winds-the-spring", "bob": "bob-tunes-the-comb"}
APPLICATION = "6d63702d7075626c69632d6c61726b737075722d6170706c69636174696f6e31"
ROUNDS = 10


class Mode:
    """What a mode needs before it starts, and who its callers are."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.gitlab = setting("GITLAB")
        self.secrets: list[str] = []
        self.users: dict[str | None, dict[str, str]] = {}
        self.writes = True

    def environment(self) -> dict[str, str]:
        return {}


class Pat(Mode):
    def environment(self) -> dict[str, str]:
        self.users = {"alice": {}}
        self.secrets = [TOKENS["alice"]]
        return {"GITLAB_PERSONAL_ACCESS_TOKEN": TOKENS["alice"]}


class JobToken(Mode):
    def environment(self) -> dict[str, str]:
        project = urllib.parse.quote(setting("PROJECT"), safe="")
        alice = {"Private-Token": TOKENS["alice"]}
        jobs = self.ask(f"/api/v4/projects/{project}/jobs?per_page=1", alice)
        token = self.ask("/-/mock/edit", {}, {"do": "mint_job_token", "job": jobs[0]["id"]})["token"]
        self.users = {None: {}}
        self.secrets = [token]
        self.writes = False  # GitLab itself lets job tokens write no notes
        return {"GITLAB_JOB_TOKEN": token}

    def ask(self, path: str, headers: dict[str, str], body: object = None):
        data = json.dumps(body).encode() if body is not None else None
        headers = headers | ({"Content-Type": "application/json"} if data else {})
        request = urllib.request.Request(self.gitlab + path, data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


class Nobody(Mode):
    def environment(self) -> dict[str, str]:
        self.users = {None: {}}
        self.writes = False
        return {"GITLAB_AUTH_MODE": "none"}


class Cookie(Mode):
    def environment(self) -> dict[str, str]:
        browser = Browser(self.gitlab)
        browser.sign_in("alice", PASSWORDS["alice"])
        self.users = {"alice": {}}
        self.secrets = browser.cookie_values()
        path = self.home / "cookies.txt"
        browser.save_cookies(path)
        return {"GITLAB_AUTH_COOKIE_PATH": str(path)}


class Remote(Mode):
    def environment(self) -> dict[str, str]:
        self.users = {
            "alice": {"Private-Token": TOKENS["alice"]},
            "bob": {"Authorization": f"Bearer {TOKENS['bob']}"},
        }
        self.secrets = list(TOKENS.values())
        return {"REMOTE_AUTHORIZATION": "true"}


class LocalOAuth(Mode):
    def environment(self) -> dict[str, str]:
        path = self.home / "signed-in" / "token.json"
        environment = {
            "GITLAB_USE_OAUTH": "true",
            "GITLAB_OAUTH_CLIENT_ID": APPLICATION,
            "GITLAB_OAUTH_TOKEN_PATH": str(path),
        }
        self.sign_in(environment)
        stored = json.loads(path.read_text())
        check("the token file is the owner's alone", path.stat().st_mode & 0o777 == 0o600, path.stat())
        self.secrets = [stored["access_token"], stored["refresh_token"]]
        self.users = {"alice": {}}
        return environment

    def sign_in(self, environment: dict[str, str]) -> None:
        """The device flow, with the browser of another machine."""
        command = [setting("PROGRAM"), "auth", "login", "--no-browser"]
        given = usual(self.gitlab, self.home) | environment
        with subprocess.Popen(command, env=given, stderr=subprocess.PIPE, text=True) as login:
            said = []
            try:
                for line in login.stderr:
                    said.append(line)
                    link = next((word for word in line.split() if "user_code=" in word), None)
                    if link:
                        browser = Browser(self.gitlab)
                        browser.sign_in("alice", PASSWORDS["alice"])
                        browser.approve_device(link)
                code = login.wait(60)
            finally:
                login.kill()
        check("the device flow ends with exit code 0", code == 0, "".join(said))


MODES = {
    "pat": Pat,
    "job-token": JobToken,
    "none": Nobody,
    "cookie": Cookie,
    "remote-authorization": Remote,
    "local-oauth": LocalOAuth,
}


def usual(gitlab: str, home: Path) -> dict[str, str]:
    """What every server here is given besides its mode."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "GITLAB_API_URL": gitlab,
        "LOG_LEVEL": "trace",
        "MAX_REQUESTS_PER_MINUTE": "100000",
    }


def texts(result) -> str:
    return "".join(block.text for block in result.content if block.type == "text")


async def use(client: Client, user: str | None, writes: bool) -> None:
    """One caller: what it lists, reads and writes is its own."""
    project = setting("PROJECT")
    names = {tool.name for tool in (await client.list_tools()).tools}
    check(f"{user}: tools are listed", "get_project" in names, sorted(names))
    for turn in range(ROUNDS):
        found = await client.call_tool("get_project", {"project_id": project})
        check(f"{user}: reads", not found.is_error and project in texts(found), found)
        marker = f"note {turn} of {user} at {time.time_ns()}"
        note = {"project_id": project, "merge_request_iid": "2", "body": marker}
        written = await client.call_tool("create_merge_request_note", note)
        if not writes:
            check(f"{user}: cannot write", written.is_error, written)
            return
        body = (written.structured_content or {}).get("item", {})
        author = body.get("author", {}).get("username")
        check(f"{user}: writes as itself", author == user, written)
        check(f"{user}: gets its own answer", body.get("body") == marker, written)


async def over_http(url: str, mode: Mode) -> None:
    async def one(user: str | None, headers: dict[str, str]) -> None:
        async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode="auto", read_timeout_seconds=20) as client:
                await use(client, user, mode.writes)

    guarded = {"Authorization": f"Bearer {BEARER}"}
    callers = [one(user, headers or guarded) for user, headers in mode.users.items()]
    await asyncio.gather(*callers)


async def over_stdio(environment: dict[str, str], log, mode: Mode) -> None:
    server = StdioServerParameters(command=setting("PROGRAM"), args=[], env=environment)
    for user in mode.users:
        async with Client(stdio_client(server, errlog=log), mode="auto", read_timeout_seconds=20) as client:
            await use(client, user, mode.writes)


@contextlib.contextmanager
def listening(environment: dict[str, str], log_path: Path):
    """A server over HTTP, known by its ready line."""
    with log_path.open("wb") as log:
        server = subprocess.Popen([setting("PROGRAM")], env=environment, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and server.poll() is None:
            for line in log_path.read_text(errors="replace").splitlines():
                if "listening on http://" in line:
                    yield line.split("listening on ")[1].split()[0].removesuffix("/mcp")
                    return
            time.sleep(0.02)
        check("the server starts", False, log_path.read_text(errors="replace")[-2000:])
        finish()
    finally:
        server.terminate()
        server.wait(20)


def metrics(base: str) -> str:
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as answer:
        return answer.read().decode()


def run(name: str, transport: str, home: Path) -> None:
    mode = MODES[name](home)
    environment = usual(mode.gitlab, home) | mode.environment()
    logs = Path(setting("LOGS"))
    log_path = logs / f"mode-{name}-{transport}.log"
    secrets = [BEARER, *mode.secrets]
    (logs / f"mode-{name}-{transport}.secrets").write_text("\n".join(secrets))
    if transport == "stdio":
        with log_path.open("w") as log:
            asyncio.run(over_stdio(environment, log, mode))
        return
    environment |= {"STREAMABLE_HTTP": "true", "HOST": "127.0.0.1", "PORT": "0"}
    if not any(mode.users.values()) and name != "none":
        environment["STREAMABLE_HTTP_AUTH_TOKEN"] = BEARER
    with listening(environment, log_path) as base:
        asyncio.run(over_http(f"{base}/mcp", mode))
        (logs / f"mode-{name}-{transport}-metrics.log").write_text(metrics(base))


def main() -> None:
    name, transport = sys.argv[1:]
    with tempfile.TemporaryDirectory() as home:
        try:
            run(name, transport, Path(home))
        except BaseException:  # an exception group of the client, most of the time
            check("no exception", False, traceback.format_exc()[-3000:])
    finish()


main()
