"""A pytest plugin in place of pytest-docker: the suite's containers are one running mock.

The environment names the mock (`MOCK_PORT`) and the file of expected failures
(`MOCK_EXPECTED_FAILURES`). A listed case that passes fails the run, and so does an entry that
names no case of the files that were collected.
"""

from __future__ import annotations

import json
import math
import os
import pathlib
import time
import tomllib
import urllib.request

import pytest

PORT = int(os.environ["MOCK_PORT"])
REAL_SLEEP = time.sleep
# Long enough for another thread or process, short enough not to be noticed.
REAL_PAUSE = 0.02


def advance(seconds: int) -> None:
    """Moves the mock's clock."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/-/mock/clock",
        data=json.dumps({"advance_seconds": seconds}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


def sleep(seconds: float) -> None:
    """The suite waits for GitLab to catch up; the mock is told that the time has passed."""
    advance(math.ceil(seconds))
    REAL_SLEEP(min(seconds, REAL_PAUSE))


class Services:
    """What the suite's own fixtures ask of pytest-docker."""

    def port_for(self, service: str, container_port: int) -> int:
        return PORT

    def wait_until_responsive(self, check, timeout: float, pause: float) -> None:
        deadline = time.monotonic() + timeout
        while not check():
            if time.monotonic() > deadline:
                raise TimeoutError("the mock does not answer")
            REAL_SLEEP(REAL_PAUSE)


@pytest.fixture(scope="session")
def docker_ip() -> str:
    return "127.0.0.1"


@pytest.fixture(scope="session")
def docker_services() -> Services:
    return Services()


def expected_failures() -> dict[str, str]:
    """Node id → reason."""
    text = pathlib.Path(os.environ["MOCK_EXPECTED_FAILURES"]).read_text(encoding="utf-8")
    entries = tomllib.loads(text).get("case", [])
    return {entry["id"]: f"{entry['needs']}: {entry['why']}" for entry in entries}


def pytest_configure(config: pytest.Config) -> None:
    time.sleep = sleep


def pytest_unconfigure(config: pytest.Config) -> None:
    time.sleep = REAL_SLEEP


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = {item.nodeid for item in items}
    files = {item.nodeid.split("::")[0] for item in items}
    narrowed = any("::" in argument for argument in config.args)
    for case, reason in expected_failures().items():
        if case.split("::")[0] in files and case not in known and not narrowed:
            raise pytest.UsageError(f"expected_failures.toml: the suite has no case {case}")
        for item in items:
            if item.nodeid == case:
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_terminal_summary(terminalreporter, exitstatus: int) -> None:
    def count(*outcomes: str) -> int:
        return sum(len(terminalreporter.stats.get(outcome, [])) for outcome in outcomes)

    passed, expected = count("passed"), count("xfailed")
    unexpected, skipped = count("failed", "error"), count("skipped")
    line = f"{passed} passed, {expected} failed as expected, {unexpected} unexpected, {skipped} skipped"
    terminalreporter.write_line(f"python-gitlab: {line}")
