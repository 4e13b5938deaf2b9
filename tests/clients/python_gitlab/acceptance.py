"""The acceptance list through python-gitlab, the library: each row is a call and what GitLab
answers to it.

    python acceptance.py --mock target/debug/mock-gitlab

Prints one JSON line per row and a line of sums; a difference makes the exit code 1. A row that
the client cannot express is counted apart.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import traceback
import warnings

import acceptance_ci
import acceptance_code
import acceptance_oauth
import acceptance_people
import acceptance_work
from mock import Mock
from stage import Skip, Stage

GROUPS = [acceptance_people, acceptance_oauth, acceptance_code, acceptance_work, acceptance_ci]
ALL = 84


def play(stage: Stage, name: str, body) -> str:
    """`ok`, `different` or `out of reach`."""
    try:
        with warnings.catch_warnings():
            # The client warns when addresses in bodies name another host than it was given.
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", category=ResourceWarning)
            body(stage)
    except Skip as why:
        return report(name, "out of reach", str(why))
    except Exception as error:  # noqa: BLE001 - whatever went wrong is the difference
        where = traceback.extract_tb(error.__traceback__)[-1]
        return report(name, "different", f"{type(error).__name__}: {error} ({where.line})")
    return report(name, "ok", None)


def report(name: str, outcome: str, detail: str | None) -> str:
    line = {"row": name, "outcome": outcome} | ({"detail": detail[:800]} if detail else {})
    print(json.dumps(line))
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mock", type=pathlib.Path, required=True)
    program = parser.parse_args().mock.resolve()
    rows = {name: body for group in GROUPS for name, body in group.ROWS.items()}
    outcomes = []
    with Mock(program) as mock:
        stage = Stage(mock, program)
        outcomes += [play(stage, name, body) for name, body in rows.items()]
    counts = {word: outcomes.count(word) for word in ("ok", "different", "out of reach")}
    if len(outcomes) != ALL:
        print(f"the list has {ALL} rows, {len(outcomes)} were played")
        return 1
    print(
        f"acceptance through python-gitlab: {counts['ok']} rows as GitLab, "
        f"{counts['different']} different, {counts['out of reach']} out of reach"
    )
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
