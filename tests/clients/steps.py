"""What every client script does, whatever client library runs it.

A check prints one JSON line: `{"check": …, "ok": …}`, with a `detail` when it failed.
"""

import json
import os
import sys

WANTED_TOOLS = ("get_project", "list_merge_requests", "create_merge_request_note")
UNKNOWN_PROJECT = "no-such-group/no-such-project"
VERSIONS = {"legacy": "2025-11-25", "auto": "2026-07-28", "2026-07-28": "2026-07-28"}

_failed = 0


def check(name: str, ok: bool, detail: object = "") -> None:
    """Reports one check."""
    global _failed
    line: dict[str, object] = {"check": name, "ok": bool(ok)}
    if not ok:
        _failed += 1
        line["detail"] = str(detail)[:2000]
    print(json.dumps(line), flush=True)


def finish() -> None:
    """Ends the script: 1 when a check failed."""
    sys.exit(1 if _failed else 0)


def setting(name: str) -> str:
    """A setting of the runner; its absence is a mistake in the call."""
    value = os.environ.get(f"GITLAB_MCP_TEST_{name}")
    if value is None:
        sys.exit(f"GITLAB_MCP_TEST_{name} is not set")
    return value


def same_in_text(structured: object, texts: list[str]) -> bool:
    """Whether one of the texts is the structured content as JSON."""
    for text in texts:
        try:
            if json.loads(text) == structured:
                return True
        except ValueError:
            continue
    return False
