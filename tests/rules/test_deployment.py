"""Dockerfile and compose.yaml: what they name is there, who reaches what, no rights too many."""

from __future__ import annotations

import fnmatch
import re
import shlex
import subprocess

import pytest
import yaml

from core.paths import PROJECT
from core.store import read_only
from pages.shared.glossary import glossary
from pages.shared.lessons import lesson

DOCKERFILE = (PROJECT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
IGNORED = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()


def lines(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} +(.+)$", DOCKERFILE, flags=re.MULTILINE)


def copied() -> list[str]:
    return [path.rstrip("/") for line in lines("COPY") for path in line.split()[:-1]]


def test_what_is_copied_is_in_the_repository_and_in_the_context():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for path in copied():
        assert any(name == path or name.startswith(f"{path}/") for name in tracked), path
        assert f"!{path}" in IGNORED


def test_what_the_app_reads_is_copied():
    for file in (glossary.FILE, lesson.FOLDER, PROJECT / ".streamlit", PROJECT / "app.py"):
        place = file.relative_to(PROJECT).as_posix()
        assert any(place == path or place.startswith(f"{path}/") for path in copied()), place


@pytest.mark.parametrize(
    "private",
    [".streamlit/secrets.toml", "data/recordings", "data/results", ".git", ".venv", ".env"],
)
def test_what_is_a_machines_own_stays_out_of_the_image(private):
    is_out = False
    for pattern in filter(None, IGNORED):  # the last that fits counts
        if fnmatch.fnmatch(private, pattern.lstrip("!")):
            is_out = not pattern.startswith("!")
    assert is_out


def test_the_base_is_pinned_and_runs_what_the_project_allows():
    [base] = lines("FROM")
    version = re.fullmatch(r"python:3\.(\d+)-slim-\w+", base)
    assert version is not None
    assert int(version[1]) >= 11


def test_it_runs_without_root():
    assert lines("USER") == ["neurogallery"]
    assert DOCKERFILE.index("\nUSER") < DOCKERFILE.index("\nCMD")
    for service in SERVICES.values():
        assert not {"user", "privileged", "cap_add", "network_mode", "pid"} & service.keys()


def test_torch_is_pinned_once():
    """Its version is read from the requirements, which name it as the command expects."""
    assert "grep '^torch==' requirements.txt" in DOCKERFILE
    assert re.search(r"^torch==[\d.]+$", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)


def test_the_server_listens_in_its_container_and_is_published_on_this_machine_alone():
    [command] = lines("CMD")[-1:]
    assert '"--server.address", "0.0.0.0"' in command
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:8501:8501"]


def test_jobs_run_on_two_workers_of_the_scheduler_that_the_server_names():
    scheduler, worker = (shlex.split(SERVICES[name]["command"]) for name in ("scheduler", "worker"))
    address = f"tcp://scheduler:{scheduler[scheduler.index('--port') + 1]}"
    assert SERVICES["server"]["environment"]["NEUROGALLERY_CLUSTER"] == f"dask:{address}"
    assert worker[:4] == ["python", "-m", "distributed.cli.dask_worker", address]
    assert "--no-nanny" in worker
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


def test_server_and_workers_share_folders_and_the_mode():
    folders = {line.split("=")[1] for line in re.findall(r"NEUROGALLERY_\w+=\S+", DOCKERFILE)}
    for name in ("server", "worker"):
        service = SERVICES[name]
        assert {volume.rpartition(":")[2] for volume in service["volumes"]} == folders
        assert {read_only.SWITCH, read_only.BUDGET} <= service["environment"].keys()
    assert {"data", "results"} == COMPOSE["volumes"].keys()
