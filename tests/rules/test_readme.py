"""README and docs: what they name is there, and what they tell the reader to run runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core import components, cortex, datasets, decoders, encoders, maps, paths, rdm, splits
from core.__main__ import main
from core.datasets import Dataset, DatasetInfo
from core.datasets.catalogue import DATASETS, Recording
from core.registry import Parameter

PROJECT = paths.PROJECT
FILES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"]
FILES += sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "docs").glob("*.md"))
# The heading of the first column of a table, and the ids that stand in it. Read when this file is
# imported, before any test registers more.
REGISTERED = {
    "recording": set(datasets.DATASETS),
    "encoder": set(encoders.ENCODERS),
    "metric": set(rdm.METRICS),
    "comparison": set(rdm.COMPARISONS),
    "method": set(maps.METHODS),
    "head": set(decoders.HEADS),
    "loss": set(decoders.LOSSES),
    "split": set(splits.KINDS),
    "component method": set(components.METHODS),
    "cortex map": set(cortex.MAPS),
    "option": {option.name for option in DATASETS["simulated"].info.options},
}
SMALL = {"stimuli": 80, "subjects": 2}
# What would download, or needs a job: its help is shown.
# The whole of study B takes minutes; its command has tests of its own.
NOT_RUN = ("fetch", "job", "dissimilarity")
QUICK = {
    "train": ["--set", "epochs=2"],
    "sweep": ["--set", "epochs=2"],
    "ablate": ["--set", "epochs=2"],
    "evaluate": ["--no-baselines"],
}


def text_of(file: str) -> str:
    return (PROJECT / file).read_text(encoding="utf-8")


def blocks(file: str, language: str) -> list[str]:
    """The fenced blocks of one language, '' for none."""
    parts = re.split(r"^```(\w*)$", text_of(file), flags=re.MULTILINE)
    # Prose, language, block, the empty name of its end, prose, and so on.
    return [block for name, block in zip(parts[1::4], parts[2::4], strict=True) if name == language]


def prose(file: str) -> str:
    return "".join(re.split(r"^```\w*$", text_of(file), flags=re.MULTILINE)[::2])


def spans(file: str) -> list[str]:
    """What stands in backticks within the prose."""
    return re.findall(r"`([^`\n]+)`", prose(file))


def rows_of_tables(file: str) -> Iterator[tuple[str, str]]:
    """Heading of the first column, and the first cell, of each row of each table."""
    heading = None
    for line in text_of(file).splitlines():
        if not line.startswith("|"):
            heading = None
            continue
        first = line.split("|")[1].strip()
        if heading is None:
            heading = first
        elif set(first) - set("-: "):
            yield heading, first


def commands(file: str) -> list[list[str]]:
    """The arguments of every `python -m core` in the code blocks."""
    found = [shlex.split(line, comments=True) for line in typed(file) if "python -m core " in line]
    return [words[words.index("core") + 1 :] for words in found]


def typed(file: str) -> list[str]:
    """Lines of the code blocks without a language: what a reader types, or layouts of folders."""
    return [line for block in blocks(file, "") for line in block.splitlines()]


@pytest.fixture(scope="module")
def recording() -> Recording:
    """The simulated experiment, small unless told otherwise, and simulated once."""
    full, opened = DATASETS["simulated"], {}

    def smaller(option: Parameter) -> Parameter:
        return replace(option, default=SMALL.get(option.name, option.default))

    def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
        key = subject or "S1", repr(options)
        if key not in opened:
            opened[key] = full.load(info, subject, options)
        return opened[key]

    info = replace(full.info, options=tuple(map(smaller, full.info.options)))
    return replace(full, info=info, load=load)


@pytest.fixture
def small(recording: Recording, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in a folder of its own, on the small recording."""
    monkeypatch.setattr(DATASETS, "_entries", {**DATASETS._entries, "simulated": recording})
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)


@pytest.mark.parametrize("file", FILES)
def test_every_id_in_a_table_is_registered(file):
    for heading, cell in rows_of_tables(file):
        names = re.findall(r"`([^`:]+)(?::[^`]*)?`", cell)
        known = REGISTERED.get(heading.removesuffix("s"), set(names))
        assert [name for name in names if name not in known] == [], f"{heading}: {cell}"


@pytest.mark.parametrize("heading", REGISTERED)
def test_every_registered_id_is_documented(heading):
    """Whoever adds one adds a row to its table."""
    rows = [row for file in FILES for row in rows_of_tables(file)]
    named = {
        name for title, cell in rows if title == heading for name in re.findall(r"`([^`:]+)", cell)
    }
    assert REGISTERED[heading] - named == set()


@pytest.mark.parametrize("file", [file for file in FILES if file != "CHANGELOG.md"])
def test_ids_with_a_colon_name_a_family(file):
    families = REGISTERED["encoder"] | REGISTERED["recording"]
    for span in spans(file):
        if match := re.match(r"([a-z_-]+):<", span):
            assert match[1] in families, span


@pytest.mark.parametrize("file", FILES)
def test_links_and_images_lead_somewhere(file):
    found = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(file))
    for link in found:
        address, _, anchor = link.partition("#")
        if "://" in address:
            continue
        target = (PROJECT / file).parent / address if address else PROJECT / file
        assert target.is_file(), f"{file}: {link}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {title.lower().replace(" ", "-") for title in titles}, link


def test_images_have_a_text():
    for file in FILES:
        assert "![](" not in text_of(file), file


@pytest.mark.parametrize("file", FILES)
def test_every_make_target_is_there(file):
    targets = re.search(r"^\.PHONY: (.*)$", text_of("Makefile"), re.MULTILINE)[1].split()
    for line in [*spans(file), *typed(file)]:
        if match := re.match(r"make ([a-z-]+)", line):
            assert match[1] in targets, line


@pytest.mark.parametrize("file", ["README.md", "docs/tour.md"])
def test_what_is_in_italics_is_on_the_screen(file):
    sources = [path for name in ("core", "pages") for path in (PROJECT / name).rglob("*.py")]
    screen = "\n".join(path.read_text(encoding="utf-8") for path in sources).lower()
    named = re.findall(r"(?<!\*)\*([A-Za-z][^*]*)\*(?!\*)", prose(file))
    assert named
    assert [words for words in named if " ".join(words.lower().split()) not in screen] == []


def test_the_tests_that_make_is_told_to_run_are_there():
    named = re.findall(r"ARGS=\"?([\w/.]+)(?:::(\w+))?", text_of("CONTRIBUTING.md"))
    assert named
    for path, test in named:
        assert (PROJECT / path).exists(), path
        assert not test or f"def {test}(" in text_of(path)


@pytest.mark.parametrize("file", FILES)
def test_every_path_is_there(file):
    """Paths below a folder of the project; what a reader puts there is written with <...>."""
    folders = tuple(f"{path.name}/" for path in PROJECT.iterdir() if path.is_dir())
    made_later = (".venv/", "data/recordings", "data/results")
    for span in spans(file):
        if span.startswith(folders) and not span.startswith(made_later) and "<" not in span:
            assert list(PROJECT.glob(span)), f"{file}: {span}"


@pytest.mark.parametrize("file", [file for file in FILES if blocks(file, "python")])
def test_the_python_runs(file, small):
    names: dict[str, object] = {"__name__": "documentation"}
    for block in blocks(file, "python"):
        exec(compile(block, file, "exec"), names)


@pytest.mark.parametrize("file", [file for file in FILES if commands(file)])
def test_the_commands_run(file, small, capsys):
    """In their order: what one trains, the next one scores."""
    trained = ""
    for words in commands(file):
        command = words[0]
        words = [trained if word == "decoder-..." else word for word in words]
        words = [command, "--help"] if command in NOT_RUN else [*words, *QUICK.get(command, [])]
        status = outcome(words)
        printed = capsys.readouterr()
        assert (status, printed.err) == (0, ""), words
        if command == "train":
            trained = printed.out.split()[-1]


def outcome(words: list[str]) -> int:
    try:
        return main(words)
    except SystemExit as end:  # argparse leaves this way
        return int(end.code or 0)


def test_the_readme_is_short():
    assert 90 <= len(text_of("README.md").splitlines()) <= 115
