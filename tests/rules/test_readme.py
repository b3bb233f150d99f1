"""README and docs: what they name is there, and what they tell the reader to run runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core import datasets, decoders, encoders, maps, paths, rdm, splits
from core.__main__ import main
from core.datasets.catalogue import DATASETS
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
    "method": set(maps.METHODS),
    "head": set(decoders.HEADS),
    "loss": set(decoders.LOSSES),
    "split": set(splits.KINDS),
    "option": {option.name for option in DATASETS["simulated"].info.options},
}
SMALL = {"stimuli": 80, "subjects": 2}
# Options of the first word after `python -m core` that are shown, not run.
NOT_RUN = ("fetch", "job")
IMAGES = (".png", ".jpg", ".svg")


def text_of(file: str) -> str:
    return (PROJECT / file).read_text(encoding="utf-8")


def blocks(file: str, language: str) -> list[str]:
    """The fenced blocks of one language, '' for none."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(file), re.MULTILINE | re.DOTALL)


def prose(file: str) -> str:
    return re.sub(r"^```.*?^```$", "", text_of(file), flags=re.MULTILINE | re.DOTALL)


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
    lines = [line for block in blocks(file, "(?:sh)?") for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if "python -m core " in line]
    return [words[words.index("core") + 1 :] for words in found]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Run in a folder of its own, where the simulated experiment is small unless told otherwise."""

    def smaller(option: Parameter) -> Parameter:
        return replace(option, default=SMALL.get(option.name, option.default))

    full = DATASETS["simulated"]
    info = replace(full.info, options=tuple(map(smaller, full.info.options)))
    entries = {**DATASETS._entries, "simulated": replace(full, info=info)}
    monkeypatch.setattr(DATASETS, "_entries", entries)
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
    named = {name for title, cell in rows if title == heading for name in re.findall(r"`([^`:]+)", cell)}
    assert REGISTERED[heading] - named == set()


@pytest.mark.parametrize("file", FILES)
def test_ids_with_a_colon_name_a_family(file):
    families = REGISTERED["encoder"] | REGISTERED["recording"]
    for span in spans(file):
        if match := re.match(r"([a-z_-]+):<", span):
            assert match[1] in families, span


@pytest.mark.parametrize("file", FILES)
def test_links_and_images_lead_somewhere(file):
    found = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(file))
    assert found or file == "docs/decoder-scores.md"
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
    code = [*spans(file), *(line for block in blocks(file, "(?:sh)?") for line in block.splitlines())]
    for line in code:
        if match := re.match(r"make ([a-z-]+)", line):
            assert match[1] in targets, line


@pytest.mark.parametrize("file", FILES)
def test_every_path_is_there(file):
    """Paths below a folder of the project; what a reader puts there is written with <...>."""
    folders = tuple(f"{path.name}/" for path in PROJECT.iterdir() if path.is_dir())
    made_later = ("data/recordings", "data/results")
    for span in spans(file):
        if span.startswith(folders) and not span.startswith(made_later) and "<" not in span:
            assert list(PROJECT.glob(span)), f"{file}: {span}"


@pytest.mark.parametrize("file", [file for file in FILES if blocks(file, "python")])
def test_the_python_runs(file, small):
    for block in blocks(file, "python"):
        exec(compile(block, file, "exec"), {"__name__": "documentation"})


@pytest.mark.parametrize("file", [file for file in FILES if commands(file)])
def test_the_commands_run(file, small, capsys):
    """In their order: what one trains, the next one scores."""
    trained = ""
    for words in commands(file):
        shown = words[0] in NOT_RUN or words[0].startswith("--")
        words = [trained if word == "decoder-..." else word for word in words]
        status = outcome([*words[:1], "--help"] if words[0] in NOT_RUN else words)
        printed = capsys.readouterr()
        assert status == 0, (words, printed.err)
        assert shown or printed.err == "", (words, printed.err)
        if words[0] == "train":
            trained = printed.out.split()[-1]


def outcome(words: list[str]) -> int:
    try:
        return main(words)
    except SystemExit as end:  # argparse leaves this way
        return int(end.code or 0)


def test_the_readme_is_short():
    assert 90 <= len(text_of("README.md").splitlines()) <= 115
