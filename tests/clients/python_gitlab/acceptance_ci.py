"""Rows C: pipelines, jobs, artifacts, lint and variables."""

from __future__ import annotations

import io
import zipfile

from stage import Stage, holds, refused, rows, same

ROWS: dict = {}
row = rows(ROWS)

CONFIGURATION = """
stages: [build, deliver]
build:
  stage: build
  script:
    - echo "a tune" > out/tune.txt
  artifacts:
    paths: [out/]
deliver:
  stage: deliver
  script: make deliver
  when: manual
"""


def pipeline(stage: Stage, branch: str = "ci"):
    """A pipeline of a branch with a configuration, made once."""
    names = [one.name for one in stage.project.branches.list(get_all=True)]
    if branch not in names:
        stage.commit(branch, ".gitlab-ci.yml", CONFIGURATION, start_branch="main")
    variables = [{"key": "TUNE", "value": "lullaby"}]
    return stage.project.pipelines.create({"ref": branch, "variables": variables})


@row("C01")
def pipeline_with_variables(stage: Stage) -> None:
    variables = pipeline(stage).variables.list()
    same([(one.key, one.value) for one in variables], [("TUNE", "lullaby")])
    refused(400, lambda: stage.project.pipelines.create({"ref": "no-such-branch"}))


@row("C02")
def lists_of_pipelines(stage: Stage) -> None:
    made = pipeline(stage)
    pipelines = stage.project.pipelines
    holds(made.id in [one.id for one in pipelines.list(ref="ci", source="api")], "by ref")
    same(pipelines.list(ref="main", source="schedule"), [])
    refused(400, lambda: pipelines.list(scope="everything"))


@row("C03")
def jobs(stage: Stage) -> None:
    made = pipeline(stage)
    same(sorted(one.name for one in made.jobs.list()), ["build", "deliver"])
    same([one.name for one in made.jobs.list(scope=["manual", "failed"])], ["deliver"])


@row("C04")
def traces(stage: Stage) -> None:
    made = pipeline(stage)
    stage.mock.advance(120)
    build = next(one for one in made.jobs.list() if one.name == "build")
    text = stage.project.jobs.get(build.id).trace()
    holds(b"Job succeeded" in text, text[-200:])
    jobs = stage.music_box.jobs.list(iterator=True)
    large = [one for one in jobs if one.name == "huge"]
    holds(large and len(large[0].trace()) >= 5 * 1024 * 1024, "a log of five megabytes")


@row("C05")
def play_retry_cancel(stage: Stage) -> None:
    made = pipeline(stage)
    stage.mock.advance(120)
    deliver = next(one for one in made.jobs.list() if one.name == "deliver")
    job = stage.project.jobs.get(deliver.id, lazy=True)
    job.play()
    same(stage.project.jobs.get(deliver.id).status, "pending")
    job.cancel()
    same(stage.project.jobs.get(deliver.id).status, "canceled")
    again = job.retry()
    holds(again["id"] != deliver.id, "a new try")
    made.cancel()
    same(stage.project.jobs.get(again["id"]).status, "canceled")


@row("C06")
def artifacts(stage: Stage) -> None:
    made = pipeline(stage)
    stage.mock.advance(120)
    build = next(one for one in made.jobs.list() if one.name == "build")
    job = stage.project.jobs.get(build.id, lazy=True)
    with zipfile.ZipFile(io.BytesIO(job.artifacts())) as archive:
        same(archive.namelist(), ["out/tune.txt"])
    same(job.artifact("out/tune.txt"), b"a tune\n")
    same(stage.project.artifacts.raw("ci", "out/tune.txt", "build"), b"a tune\n")
    refused(404, lambda: job.artifact("out/other.txt"))


@row("C07")
def lint(stage: Stage) -> None:
    good = stage.project.ci_lint.create({"content": CONFIGURATION})
    same((good.valid, good.errors), (True, []))
    bad = stage.project.ci_lint.create({"content": "sing:\n  stage: test\n"})
    same(bad.valid, False)
    holds("script:" in bad.errors[0], bad.errors)


@row("C08")
def variables(stage: Stage) -> None:
    all_ = stage.project.variables
    for scope in ["*", "production"]:
        all_.create({"key": "KEY", "value": scope, "environment_scope": scope})
    refused(409, lambda: all_.get("KEY"))
    one = all_.get("KEY", filter={"environment_scope": "production"})
    same(one.value, "production")
    short = {"key": "SHORT", "value": "abc", "masked": True}
    error = refused(400, lambda: all_.create(short))
    holds("value" in str(error.error_message), error.error_message)
    hidden = all_.create({"key": "HID", "value": "long-enough-1", "masked_and_hidden": True})
    same((hidden.value, hidden.masked, hidden.hidden), (None, True, True))
    refused(400, lambda: all_.create({"key": "KEY", "value": "x"}))
    all_.delete("KEY", filter={"environment_scope": "production"})
    same(all_.get("KEY").value, "*")
