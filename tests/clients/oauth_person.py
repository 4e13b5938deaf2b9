#!/usr/bin/env python3
"""A person who is shown a link to sign in: reads each page, approves, and ends up where the pages
lead. The link that a program opens in a browser can be opened with this instead.

Usage: oauth_person.py LINK

GITLAB_MCP_TEST_PEOPLE names the file that keeps one line for each sign-in.
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from browser import Browser, attribute

USER, PASSWORD = "alice", "alice-winds-the-spring"
PATIENCE = 20.0
PAGES = 20


class Redirects(urllib.request.HTTPRedirectHandler):
    """Keeps where a redirect leads, and follows none."""

    def redirect_request(self, *_):
        return None


class Person(Browser):
    """A browser with somebody in front of it."""

    def __init__(self) -> None:
        super().__init__("")
        self.jar = CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(cookies, Redirects())
        self.requests: list[str] = []
        self.sent_password = 0

    def open(self, url: str, form: dict[str, str] | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        target = urllib.parse.urljoin(self.url, url)
        for _ in range(PAGES):
            headers = {"Accept": "text/html", "User-Agent": "a person of the tests"}
            if data is not None:
                headers["Origin"] = origin(self.url)
            answer = self.fetch(urllib.request.Request(target, data, headers))
            self.url = target
            self.page = answer.read().decode()
            if not 300 <= answer.status < 400:
                if answer.status >= 400:
                    raise AssertionError(f"{answer.status} at {shown(target)}: {self.page}")
                return self.page
            target, data = urllib.parse.urljoin(target, answer.headers["Location"]), None
        raise AssertionError(f"more than {PAGES} redirects: {self.requests}")

    def fetch(self, request: urllib.request.Request):
        """One request. The listener of a program may not listen yet."""
        self.requests.append(f"{request.get_method()} {shown(request.full_url)}")
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.opener.open(request, timeout=PATIENCE)
            except urllib.error.HTTPError as error:
                return error
            except urllib.error.URLError as error:
                refused = isinstance(error.reason, ConnectionRefusedError)
                if not refused or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def follow(self, link: str) -> str:
        """Goes from page to page until one has nothing more to be done."""
        self.open(link)
        for _ in range(PAGES):
            onward = self.next_step()
            if onward is None:
                return self.page
        raise AssertionError(f"no end after {PAGES} pages: {self.requests}")

    def next_step(self) -> str | None:
        if 'value="approve"' in self.page:
            return self.submit("Approve", decision="approve")
        if 'id="sign_in"' in self.page:
            self.sent_password += 1
            return self.submit(**{"user[login]": USER, "user[password]": PASSWORD})
        if 'id="authorize"' in self.page:
            return self.submit("Authorize")
        refresh = re.search(r'<meta http-equiv="refresh"[^>]*>', self.page)
        if refresh:
            return self.open(attribute(refresh[0], "content").split("url=", 1)[1])
        return None


def origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def shown(url: str) -> str:
    """Without what may be secret."""
    return url.split("?")[0]


def sign_in(link: str) -> None:
    """Goes through the pages and writes down that it happened."""
    person = Person()
    line: dict[str, object] = {"link": shown(link)}
    try:
        person.follow(link)
    except Exception as error:
        line["error"] = str(error)
        raise
    finally:
        line |= {"passwords": person.sent_password, "requests": person.requests}
        with open(os.environ["GITLAB_MCP_TEST_PEOPLE"], "a") as people:
            people.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sign_in(sys.argv[1])
