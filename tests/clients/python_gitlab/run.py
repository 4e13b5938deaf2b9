"""Runs python-gitlab's own functional suite against a fresh mock.

    python run.py --mock target/debug/mock-gitlab --suite python_gitlab-8.6.0 [-- pytest arguments]

The interpreter must have python-gitlab, pytest, pytest-console-scripts, PyYAML and responses.
Without pytest arguments it runs `tests/functional/api` and `tests/functional/cli`, each against a
mock of its own, and prints one line of sums for both.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = "glpat-python-gitlab-token_"
READY = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")
SUMS = re.compile(
    r"^python-gitlab: (\d+) passed, (\d+) failed as expected, (\d+) unexpected, (\d+) skipped$",
    re.MULTILINE,
)
PARTS = ["tests/functional/api", "tests/functional/cli"]
LIMIT_SECONDS = 20 * 60


def environment(port: int, folder: str) -> dict[str, str]:
    programs = pathlib.Path(sys.executable).parent
    given = {name: os.environ[name] for name in ("PYTHONPATH", "HOME") if name in os.environ}
    packages = [folder for folder in given.get("PYTHONPATH", "").split(os.pathsep) if folder]
    modules = [str(HERE), ".", *packages]
    scripts = [str(pathlib.Path(folder) / "bin") for folder in packages]
    return {
        **given,
        "PATH": os.pathsep.join([str(HERE), str(programs), *scripts, os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(modules),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": folder,
        "MOCK_PORT": str(port),
        "MOCK_TOKEN": TOKEN,
        "MOCK_EXPECTED_FAILURES": str(HERE / "expected_failures.toml"),
    }


def start(program: pathlib.Path) -> tuple[subprocess.Popen, int]:
    """The mock, and the port on which it says that it listens."""
    command = [str(program), "--port", "0", "--world", "empty", "--plan", "ultimate"]
    mock = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = mock.stdout.readline()
    found = READY.search(line)
    if not found:
        mock.kill()
        raise SystemExit(f"the mock did not say where it listens: {line!r}")
    return mock, int(found.group(1))


def play(program: pathlib.Path, suite: pathlib.Path, arguments: list[str]) -> tuple[int, list[int]]:
    """One pytest run against one mock: its exit code and sums."""
    mock, port = start(program)
    try:
        with tempfile.TemporaryDirectory() as folder:
            options = ["-p", "mock_docker_services", "-p", "no:cacheprovider", "-q", "--tb=short"]
            options += ["--script-launch-mode=subprocess", "--show-capture=no"]
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *options, *arguments],
                cwd=suite,
                env=environment(port, folder),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LIMIT_SECONDS,
            )
    finally:
        mock.terminate()
        mock.wait(timeout=10)
    sys.stdout.write(done.stdout)
    found = SUMS.search(done.stdout)
    sums = [int(number) for number in found.groups()] if found else [0, 0, 1, 0]
    if done.returncode != 0 and sums[2] == 0:
        sums[2] = 1  # pytest itself could not run
    return done.returncode, sums


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mock", type=pathlib.Path, required=True)
    parser.add_argument("--suite", type=pathlib.Path, required=True)
    parser.add_argument("arguments", nargs="*", help="arguments of pytest")
    given = parser.parse_args()
    runs = [given.arguments] if given.arguments else [[part] for part in PARTS]
    total = [0, 0, 0, 0]
    for arguments in runs:
        _, sums = play(given.mock.resolve(), given.suite.resolve(), arguments)
        total = [one + more for one, more in zip(total, sums)]
    passed, expected, unexpected, skipped = total
    print(
        f"python-gitlab in all: {passed} passed, {expected} failed as expected, "
        f"{unexpected} unexpected, {skipped} skipped"
    )
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
