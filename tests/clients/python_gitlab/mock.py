"""A running mock, and what its control interface offers."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import urllib.request

READY = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")


class Mock:
    """One instance of the mock, ended with the `with` block."""

    def __init__(self, program: pathlib.Path, *arguments: str) -> None:
        command = [str(program), "--port", "0", "--print-tokens", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = READY.search(line)
        if not found:
            self.process.kill()
            raise SystemExit(f"the mock did not say where it listens: {line!r}")
        self.url = found.group(1)
        self.secrets, _ = json.JSONDecoder().raw_decode(self._json())

    def _json(self) -> str:
        """The secrets it prints after the first line: JSON up to a closing brace at the margin."""
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.rstrip() == "}":
                break
        return "".join(lines)

    def control(self, method: str, path: str, body: dict | None = None) -> object:
        """A call of `/-/mock/…`."""
        request = urllib.request.Request(
            f"{self.url}/-/mock/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def advance(self, seconds: int) -> None:
        self.control("POST", "clock", {"advance_seconds": seconds})

    def fault(self, **fault: object) -> None:
        self.control("POST", "faults", fault)

    def mint(self, user: str, scopes: list[str], **more: object) -> str:
        """A new personal access token."""
        body = {"do": "mint_token", "user": user, "scopes": scopes, **more}
        answer = self.control("POST", "edit", body)
        return answer["token"] if "token" in answer else answer["value"]

    def __enter__(self) -> "Mock":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)
