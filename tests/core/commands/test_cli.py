"""The command line as a user runs it: output, exit status, one line on bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core import operations, paths
from core.__main__ import main
from core.errors import InputError, NotFoundError

PLUGIN = """
import time
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NEUROGALLERY_PLUGINS", raising=False)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True)


def check_one_line(message: str, status: int, out: str, error: str) -> None:
    assert message in error
    assert (status, out, error.count("\n")) == (2, "", 1), (out, error)


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("datasets",),
        ("check",),
        ("fetch",),
        ("encode",),
        ("rdm",),
        ("train",),
        ("evaluate",),
        ("sweep",),
        ("job",),
        ("cluster",),
    ],
)
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.returncode == 0
    assert "usage: python -m core" in result.stdout
    assert command == () or "--json" in result.stdout


def test_help_imports_nothing_heavy() -> None:
    code = "import core.__main__, sys; print({'numpy', 'pandas', 'torch'} & set(sys.modules))"
    text = subprocess.check_output([sys.executable, "-c", code], cwd=paths.PROJECT, text=True)
    assert text.strip() == "set()"


def test_datasets_are_listed_with_where_they_lie(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["datasets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(lines) == len(listed) > 1
    by_name = {info["name"]: info for info in listed}
    assert by_name["simulated"]["is_simulated"] is True
    assert all(info["title"] for info in listed)
    for line, info in zip(lines, listed, strict=True):
        assert line.split()[0] == info["name"]
        assert info["title"] in line
        assert info["where"] or info["is_simulated"] or line.endswith("not fetched")


def test_rdm_is_saved_and_summarised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rdm.npy"
    result = run("rdm", "simulated", "--metric", "cosine", "--out", out)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    matrix = np.load(out)
    assert matrix.dtype == np.float32
    assert f"{len(matrix):,} stimuli, cosine" in result.stdout
    assert "(simulated)" in result.stdout
    assert "missing rows" in result.stdout
    assert [path.name for path in tmp_path.glob("*rdm*")] == ["rdm.npy"]

    assert main(["rdm", "simulated", "--metric", "cosine", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    pairs = matrix[np.triu_indices(len(matrix), 1)]
    assert again["n"] == len(matrix)
    assert again["pairs"] == np.isfinite(pairs).sum()
    assert again["minimum"] == pytest.approx(np.nanmin(pairs))
    assert again["maximum"] == pytest.approx(np.nanmax(pairs))
    assert again["mean"] == pytest.approx(np.nanmean(pairs), rel=1e-5)
    assert again["out"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "arguments are required"),
        (["frob"], "invalid choice: 'frob'"),
        (["rdm"], "required: DATASET"),
        (["rdm", "simulated"], "Neither --out nor --json"),
        (["rdm", "simulated", "--out", "x.txt"], "ends in .npy"),
        (["rdm", "simulated", "--out", "/absent/folder/x.npy"], "/absent/folder"),
        (["rdm", "simulated", "--json", "--option", "snr"], "NAME=VALUE"),
        (["rdm", "simulated", "--json", "--published", "x", "--roi", "V1"], "--published"),
        (["rdm", "nonsense", "--json"], "nonsense"),
        (["rdm", "simulated", "--json", "--roi", "nonsense"], "nonsense"),
        (["rdm", "simulated", "--json", "--metric", "nonsense"], "nonsense"),
        (["rdm", "simulated", "--json", "--published", "nonsense"], "nonsense"),
        (["rdm", "simulated", "--json", "--subject", "nonsense"], "nonsense"),
        (["rdm", "simulated", "--json", "--option", "nonsense=1"], "nonsense"),
        (["fetch", "nonsense"], "nonsense"),
        (["job", "/absent/rdm-0123456789abcdef"], "There is no job"),
    ],
)
def test_bad_input_gives_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(arguments)
    except SystemExit as end:  # argparse leaves this way
        status = int(end.code or 0)
    check_one_line(message, status, *capsys.readouterr())


def _responses(value: object) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / "responses" / "s1.npy", value, allow_pickle=True)


def _stimuli(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "stimuli.csv").write_text(text) and None


def _garbled(folder: Path) -> None:
    file = folder / "responses" / "s1.npy"
    file.write_bytes(file.read_bytes()[:60] + b"(6, 4\n")


BAD_DATA: dict[str, tuple[Callable[[Path], None], str]] = {
    "one dimension": (_responses(np.zeros(6)), "shape"),
    "another length": (_responses(np.zeros((5, 4))), "5 rows"),
    "infinite": (_responses(np.full((6, 4), np.inf)), "infinite"),
    "needs pickle": (_responses(np.array([{}] * 6, dtype=object)), "pickle"),
    "beyond measure": (_responses(np.arange(24.0).reshape(6, 4) * 1e30), "larger unit"),
    "garbled header": (_garbled, "s1.npy"),
    "duplicate ids": (_stimuli("id\n" + "a\n" * 6), "duplicate id: a"),
    "trailing commas": (_stimuli("id,category\n" + "".join(f"p{i},x,\n" for i in range(6))), "csv"),
    "a column twice": (_stimuli("id, id\n" + "".join(f"p{i},x\n" for i in range(6))), "twice"),
    "outside": (_stimuli("id,file\n" + "".join(f"p{i},../x.png\n" for i in range(6))), "outside"),
    "a single unit": (_responses(np.arange(6.0)[:, None]), "1 − r is undefined"),
    "a folder as file": (lambda folder: (folder / "dataset.json").mkdir(), "dataset.json"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_gives_one_line(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data" / "mine"
    (folder / "responses").mkdir(parents=True)
    _stimuli("id\n" + "".join(f"p{i}\n" for i in range(6)))(folder)
    _responses(np.random.default_rng(0).normal(size=(6, 4)))(folder)
    break_it, message = BAD_DATA[case]
    break_it(folder)
    metric = "correlation" if case == "a single unit" else "euclidean"
    status = main(["rdm", "folder:mine", "--metric", metric, "--json"])
    check_one_line(message, status, *capsys.readouterr())


def test_an_rdm_that_memory_cannot_hold_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.memory.free_bytes", lambda: 50e3)
    out = tmp_path / "x.npy"
    for metric in ("correlation", "euclidean", "crossnobis"):
        status = main(["rdm", "simulated", "--metric", metric, "--out", str(out)])
        check_one_line("would take", status, *capsys.readouterr())
        assert not out.exists()


def test_memory_that_runs_out_ends_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 13.4 GiB\nfor an array")

    monkeypatch.setattr("core.rdm.of_dataset", run_out)
    status = main(["rdm", "simulated", "--json"])
    check_one_line("(Unable to allocate 13.4 GiB for an array)", status, *capsys.readouterr())


def test_memory_of_a_gpu_that_runs_out_ends_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(error: RuntimeError) -> None:
        def run(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr("core.rdm.of_dataset", run)

    fail(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nMore"))
    status = main(["rdm", "simulated", "--json"])
    check_one_line("The memory of the GPU does not suffice", status, *capsys.readouterr())
    fail(RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes"):
        main(["rdm", "simulated", "--json"])


def test_the_summary_says_what_served_as_folds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["rdm", "simulated", "--option", "stimuli=120", "--roi", "V1"]
    out = ["--out", str(tmp_path / "x.npy")]
    assert main([*command, "--metric", "crossnobis", *out]) == 0
    assert "\nFolds are 5 runs.\n" in capsys.readouterr().out
    assert main([*command, "--metric", "crossnobis", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == ["Folds are 5 runs."]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == []


def test_a_path_outside_the_data_root_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["rdm", "folder:../elsewhere", "--json"])
    check_one_line("leads outside", status, *capsys.readouterr())


def test_a_truncated_mat_file_is_named(
    kriegeskorte_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data" / "kriegeskorte92"
    folder.mkdir(parents=True)
    for file in kriegeskorte_root.iterdir():
        (folder / file.name).write_bytes(file.read_bytes()[:100_000])
    status = main(["rdm", "kriegeskorte92", "--published", "model: animacy", "--json"])
    check_one_line(".mat", status, *capsys.readouterr())


@pytest.mark.parametrize("arguments", [["frob"], ["job", "/absent/rdm-0123456789abcdef"]])
def test_bad_input_ends_the_process_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    check_one_line("", result.returncode, result.stdout, result.stderr)


def test_ctrl_c_ends_with_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_plugin.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "slow_plugin")
    command = [sys.executable, "-m", "core", "datasets"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=paths.PROJECT, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")


# --- operations


def test_every_operation_can_be_resolved() -> None:
    assert {"rdm", "fetch"} <= set(operations.OPERATIONS)
    for name in operations.OPERATIONS:
        assert callable(operations.resolve(name))


def test_an_unknown_operation_lists_the_choices() -> None:
    choices = "rdm, ground_truth, encode, gallery, map, clusters, consistency, train, score, "
    choices += "audit, evaluate, folds, ablation, generalisation, ensemble, zero_shot, trust, "
    choices += (
        "dissimilarity, encoding, information, cortex, components, compare, open, fetch, export, "
    )
    choices += "check"
    with pytest.raises(NotFoundError, match=f"'bake'.*Choices: {choices}"):
        operations.resolve("bake")


def test_a_plugin_that_cannot_be_found_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "json, absent_plugin")
    with pytest.raises(InputError, match="absent_plugin"):
        operations.resolve("rdm")
    assert main(["datasets"]) == 2


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_the_bar_shows_on_a_terminal_only() -> None:
    code = "from core.__main__ import Bar; bar = Bar(); bar(0.5, 'half'); bar.clear()"
    leader, follower = os.openpty()
    subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, stderr=follower, check=True)
    os.close(follower)
    shown = os.read(leader, 1000).decode()
    os.close(leader)
    assert "[###############               ]  50% half" in shown
    piped = subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, capture_output=True)
    assert piped.stderr == b""
