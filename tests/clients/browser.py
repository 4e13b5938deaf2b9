"""A person at the pages of the mock: forms, cookies and links, without a browser."""

import re
import urllib.parse
import urllib.request
from http.cookiejar import MozillaCookieJar
from pathlib import Path


class Browser:
    """Follows links and sends forms like a browser without scripts."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.jar = MozillaCookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.page = ""
        self.url = base

    def open(self, url: str, form: dict[str, str] | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        target = urllib.parse.urljoin(self.url, url)
        with self.opener.open(target, data, timeout=10) as answer:
            self.url = answer.geturl()
            self.page = answer.read().decode()
        return self.page

    def submit(self, button: str = "", **fields: str) -> str:
        """Sends the form that holds every one of `fields` and, if named, the button."""
        for form in re.findall(r"<form.*?</form>", self.page, re.S):
            inputs = dict.fromkeys(re.findall(r'<(?:input|button)[^>]*\bname="([^"]+)"', form), "")
            if button not in form or not set(fields) <= set(inputs):
                continue
            for tag in re.findall(r"<input[^>]*>", form):
                name, value = attribute(tag, "name"), attribute(tag, "value")
                if name and value is not None and attribute(tag, "type") == "hidden":
                    inputs[name] = value
            action = attribute(re.match(r"<form[^>]*>", form)[0], "action") or self.url
            return self.open(action, {name: fields.get(name, value) for name, value in inputs.items()})
        raise AssertionError(f"no form with {sorted(fields)} {button!r} on {self.url}: {self.page}")

    def sign_in(self, user: str, password: str) -> None:
        self.open(f"{self.base}/users/sign_in")
        names = re.findall(r'name="([^"]+)"', self.page)
        login = next(name for name in names if "login" in name)
        secret = next(name for name in names if "password" in name)
        self.submit(**{login: user, secret: password})

    def approve_device(self, link: str) -> None:
        """Opens the complete verification link and confirms what it shows."""
        self.open(link)
        if "Authorize" not in self.page:
            self.submit("Continue")
        self.submit("Authorize")

    def cookie_values(self) -> list[str]:
        return [cookie.value for cookie in self.jar if cookie.value]

    def save_cookies(self, path: Path) -> None:
        self.jar.save(str(path), ignore_discard=True, ignore_expires=True)


def attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    if not found:
        return None
    return found[1].replace("&amp;", "&").replace("&quot;", '"').replace("&#39;", "'")
