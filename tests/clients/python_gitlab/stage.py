"""What the rows of the acceptance list share: clients, a project to write in, expectations."""

from __future__ import annotations

import pathlib
from typing import Callable

import gitlab

from mock import Mock

ALICE = "glpat-alice-company-0001"
ALICE_READS = "glpat-alice-company-read"
BOB = "glpat-bob-company-000001"
CAROL = "glpat-carol-company-0001"
ROOT = "glpat-root-company-00001"
MUSIC_BOX = "larkspur/music-box"


class Skip(Exception):
    """The client cannot express the row; the text says why."""


def rows(table: dict[str, Callable]) -> Callable:
    """A decorator that puts a function into a table under the ids of its rows."""

    def under(*names: str) -> Callable:
        def put(body: Callable) -> Callable:
            for name in names:
                table[name] = body
            return body

        return put

    return under


def same(found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")


def holds(truth: object, text: str) -> None:
    if not truth:
        raise AssertionError(text)


def refused(status: int, call: Callable[[], object]) -> gitlab.exceptions.GitlabError:
    """The call must fail with this status."""
    try:
        found = call()
    except gitlab.exceptions.GitlabError as error:
        same(error.response_code, status)
        return error
    raise AssertionError(f"{status} expected, not {found!r}")


class Stage:
    """A mock with its people."""

    def __init__(self, mock: Mock, program: pathlib.Path) -> None:
        self.mock = mock
        self.program = program
        self._project = None
        self.numbers = 0

    def client(self, token: str | None = ALICE, **options: object) -> gitlab.Gitlab:
        options = {"retry_transient_errors": False, "timeout": 20, **options}
        return gitlab.Gitlab(self.mock.url, private_token=token, **options)

    @property
    def alice(self) -> gitlab.Gitlab:
        return self.client()

    @property
    def bob(self) -> gitlab.Gitlab:
        return self.client(BOB)

    @property
    def root(self) -> gitlab.Gitlab:
        return self.client(ROOT)

    @property
    def music_box(self):
        return self.alice.projects.get(MUSIC_BOX)

    @property
    def project(self):
        """A project of alice with a README."""
        if self._project is None:
            new = {"name": "Acceptance", "initialize_with_readme": True, "visibility": "private"}
            self._project = self.alice.projects.create(new)
        return self._project

    def fresh(self, word: str) -> str:
        self.numbers += 1
        return f"{word}-{self.numbers}"

    def commit(self, branch: str, path: str, text: str, **more: object):
        action = {"action": "create", "file_path": path, "content": text}
        data = {"branch": branch, "commit_message": f"Add {path}", "actions": [action], **more}
        return self.project.commits.create(data)

    def merge_request(self, **more: object):
        """An open merge request with a file of its own."""
        branch = self.fresh("change")
        self.commit(branch, f"{branch}.txt", "one\ntwo\n", start_branch="main")
        new = {"source_branch": branch, "target_branch": "main", "title": f"Add {branch}", **more}
        return self.project.mergerequests.create(new)
