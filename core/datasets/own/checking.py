"""Every problem of a person's folder at once, each with its place and how to mend it.

Opening a folder stops at the first thing that is wrong. The check goes on with what is left: it
uses the functions that the opening uses, on one file at a time, and at last opens every subject,
so that a folder without a problem that stops it is one that opens.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from core import paths
from core.datasets import files
from core.datasets.image_files import ImageFolder, read_image
from core.datasets.own.parts import ResponsePart, parts_of
from core.datasets.own.responses import held, read_part
from core.datasets.recordings import folder as opening
from core.datasets.regions import roi_errors
from core.datasets.tables import complete_stimuli, read_stimuli
from core.errors import NeurogalleryError
from core.progress import Progress, silent
from core.words import counted

# Of one kind in one file; whatever is wrong a thousand times is mended once.
MOST_OF_A_KIND = 100
# Images that are decoded whole; of the others the head is read.
MOST_DECODED = 500


class FolderProblem(NamedTuple):
    """Something that is wrong with a folder, or that is passed over.

    Attributes
    ----------
    place : str
        File or folder, below the folder of the recording.
    row : str
        Line, unit or stimulus in it; '' where the whole file is meant.
    problem, expected, remedy : str
        What was found, what was expected, how to mend it.
    is_fatal : bool
        False where the recording opens all the same.
    """

    place: str
    row: str
    problem: str
    expected: str = ""
    remedy: str = ""
    is_fatal: bool = True


class _List:
    """Problems in the order in which they are met, each once."""

    def __init__(self) -> None:
        self.problems: list[FolderProblem] = []
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, problem: FolderProblem, kind: str = "") -> None:
        if problem in self.problems:
            return
        self._counts[problem.place, kind] = self._counts.get((problem.place, kind), 0) + 1
        if not kind or self._counts[problem.place, kind] <= MOST_OF_A_KIND:
            self.problems.append(problem)

    def add_error(self, error: NeurogalleryError, place: str, row: str = "") -> None:
        choices = f"Choices: {', '.join(error.choices)}." if error.choices else ""
        remedy = " ".join(filter(None, (error.remedy, choices)))
        self.add(FolderProblem(place, row, error.problem, error.expected, remedy))

    @contextmanager
    def catching(self, place: str) -> Iterator[None]:
        try:
            yield
        except NeurogalleryError as error:
            self.add_error(error, place)

    def finish(self) -> list[FolderProblem]:
        """The problems, with a last row for those of a kind that are not listed."""
        for (place, kind), count in self._counts.items():
            if kind and count > MOST_OF_A_KIND:
                more = f"{count - MOST_OF_A_KIND:,} more: {kind}"
                fatal = any(p.is_fatal for p in self.problems if p.place == place)
                self.problems.append(FolderProblem(place, "", more, is_fatal=fatal))
        return sorted(self.problems, key=lambda problem: not problem.is_fatal)


def check_folder(folder: Path, progress: Progress = silent) -> list[FolderProblem]:
    """List every problem of a person's folder, those that keep it from opening first.

    Parameters
    ----------
    folder : Path
        Holds, or should hold, a ``stimuli.csv``.
    progress : Progress

    Returns
    -------
    list of FolderProblem
        At most 100 of a kind in a file. None is fatal where every subject opens.
    """
    listed = _List()
    info = replace(opening.INFO, where=folder)
    with listed.catching("dataset.json"):
        opening.read_description(info)
    stimuli, lines = _stimuli(folder, listed)
    if stimuli is not None:
        progress(0.1, "Looking at images")
        _images(folder, stimuli, lines, listed)
        with listed.catching("gallery/"):
            opening.read_gallery(folder, stimuli)
        progress(0.4, "Reading responses")
        _responses(folder, stimuli, listed)
        ids = stimuli["id"].tolist()
        for name, path in _arrays(folder, "rdms", listed):
            with listed.catching(name):
                opening.read_rdm(path, ids)
        for name, path in _arrays(folder, "embeddings", listed):
            with listed.catching(name):
                opening.read_embedding(path, ids)
        progress(0.8, "Opening every subject")
        _open_all(folder, listed)
    return listed.finish()


def _stimuli(folder: Path, listed: _List) -> tuple[pd.DataFrame | None, list[int]]:
    """The list of stimuli with the line of each; None where it has no ids.

    A row that is wrong stays, under a name of its own: what else stands in it is looked at, and
    arrays have a row for it.
    """
    try:
        path = opening.stimulus_table(folder)
    except NeurogalleryError as error:
        listed.add_error(error, "stimuli.csv")
        return None, []
    rows = _rows(path, listed)
    lines = [line for line, _ in rows]
    try:
        return read_stimuli(path), lines
    except NeurogalleryError as error:
        if not any(problem.place == path.name for problem in listed.problems):
            listed.add_error(error, path.name)
    if not rows:
        return None, []
    table = pd.DataFrame([values for _, values in rows])
    if "labels" in table:
        table["labels"] = [tuple(text.split("|")) for text in table["labels"]]
    return complete_stimuli(table), lines


def _rows(path: Path, listed: _List) -> list[tuple[int, dict[str, str]]]:
    """Line and values of each row; none where what reads the list says why."""
    rows: list[tuple[int, dict[str, str]]] = []
    lines: dict[str, int] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            names = [name.strip() for name in next(reader, [])]
            if "id" not in names or len(set(names)) < len(names):
                return []
            for row in reader:
                line = reader.line_num
                if not row:
                    continue
                texts = (text.strip() for text in row)
                values = dict.fromkeys(names, "") | dict(zip(names, texts, strict=False))
                problem = _row_problem(path.name, row, names, lines)
                if problem is not None:
                    listed.add(problem._replace(row=f"line {line}"), problem.expected)
                    values["id"] = f"line {line} of {path.name}"
                lines[paths.composed(values["id"])] = line
                rows.append((line, values))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    return rows


def _row_problem(
    name: str, row: Sequence[str], names: Sequence[str], lines: dict[str, int]
) -> FolderProblem | None:
    if len(row) > len(names):
        return FolderProblem(
            name,
            "",
            f"{len(row)} fields",
            f"{len(names)}, as the first line",
            "Put texts that hold a comma into double quotes.",
        )
    place = names.index("id")
    stimulus = row[place].strip() if len(row) > place else ""
    if not stimulus:
        return FolderProblem(name, "", "no id", "an id in every row", "Name the stimulus.")
    former = lines.get(paths.composed(stimulus))
    if former is not None:
        return FolderProblem(
            name,
            "",
            f"the id {stimulus!r} stands in line {former} already",
            "each id once",
            "Give repeats of a stimulus as rows of the trial list responses/SUBJECT.csv.",
        )
    return None


def _images(folder: Path, stimuli: pd.DataFrame, lines: list[int], listed: _List) -> None:
    """Images that the list names: outside, missing or unreadable."""
    inside, decoded = ImageFolder(folder / "images", folder), 0
    for number, (stimulus, file) in enumerate(zip(stimuli["id"], stimuli["file"], strict=True)):
        row = f"line {lines[number]}" if len(lines) == len(stimuli) else str(stimulus)
        if not file:
            continue
        try:
            path = Path(opening.image_path(inside, file))
        except ValueError as error:
            text = error.problem if isinstance(error, NeurogalleryError) else "it is no file name"
            listed.add(
                FolderProblem(
                    "stimuli.csv",
                    row,
                    f"file {file!r}: {text}",
                    "a path below images/",
                    "Put the image into images/ and write its path from there.",
                ),
                "files outside",
            )
            continue
        if not path.is_file():
            problem = f"file {file!r} of {stimulus!r} is not there"
            remedy = "Put the image there, or correct its name."
            expected = f"an image at {_below(path, folder)}"
            listed.add(
                FolderProblem("stimuli.csv", row, problem, expected, remedy, False),
                "images that are not there",
            )
            continue
        decoded += 1
        _look_at(path, str(stimulus), decoded <= MOST_DECODED, lambda p: listed.add(p, "images"))


def _look_at(path: Path, stimulus: str, whole: bool, add: Callable[[FolderProblem], None]) -> None:
    try:
        if whole:
            read_image(path, stimulus)
        else:
            Image.open(path).close()
    except NeurogalleryError as error:
        add(FolderProblem(f"images/{path.name}", "", error.problem, error.expected, "", False))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        add(FolderProblem(f"images/{path.name}", "", str(error), "a whole image", "", False))


def _responses(folder: Path, stimuli: pd.DataFrame, listed: _List) -> None:
    """Arrays, tables, trial lists and ROIs of every subject."""
    subjects: dict[str, tuple[ResponsePart, ...]] = {}
    with listed.catching("responses/"):
        subjects = parts_of(folder / "responses")
    for subject, parts in subjects.items():
        units = {_part(part, stimuli, listed) for part in parts} - {0}
        if len(units) > 1:
            counts = " and ".join(map(str, sorted(units)))
            text = f"{subject} has {counts} units in its files"
            expected = "the same units in every file of a subject"
            listed.add(FolderProblem("responses/", subject, text, expected))
        with listed.catching("rois/"):
            path = opening.roi_file(folder, subject, parts)
            if path is not None and len(units) == 1:
                for name, error in roi_errors(path, units.pop()):
                    listed.add_error(error, f"rois/{path.name}", name)
    with listed.catching("responses/"):
        for note in files.notes(folder, opening.stems(subjects), "", ()):
            listed.add(FolderProblem(note.title, "", note.detail, is_fatal=False))


def _part(part: ResponsePart, stimuli: pd.DataFrame, listed: _List) -> int:
    """Read one file of responses; gives its number of units, 0 where it cannot be read."""
    name = f"responses/{part.files[0].name}"

    def complain(error: NeurogalleryError, line: int) -> None:
        problem, place = error.problem.removeprefix(f"{name} has "), f"line {line}"
        problem = problem.replace(f" in line {line}", "")
        listed.add(FolderProblem(name, place, problem, error.expected, error.remedy), "rows")

    with listed.catching(name):
        read = held(read_part(part, stimuli, complain), part)
        where = f"responses/{part.table.name}" if part.table is not None else name
        for line, stimulus in read.unknown(stimuli):
            listed.add(
                FolderProblem(
                    where,
                    f"line {line}",
                    f"the id {stimulus!r} is not in stimuli.csv",
                    "ids of stimuli.csv",
                    "Add the stimulus there, or correct the id.",
                ),
                "ids that stimuli.csv lacks",
            )
        opening.check_betas(np.asanyarray(read.betas), read.name, read.trials["id"].tolist())
        return int(read.betas.shape[1])
    return 0


def _arrays(folder: Path, below: str, listed: _List) -> Iterator[tuple[str, Path]]:
    with listed.catching(f"{below}/"):
        for path in files.arrays(folder / below).values():
            yield f"{below}/{path.name}", path


def _open_all(folder: Path, listed: _List) -> None:
    """Open every subject, where nothing speaks against it; what still fails is listed."""
    if any(problem.is_fatal for problem in listed.problems):
        return
    info = replace(opening.INFO, where=folder)
    with listed.catching(folder.name):
        ds = opening.load(info, None, {})
        for subject in ds.subjects[1:]:
            with listed.catching(subject):
                opening.load(info, subject, {})


def _below(path: Path, folder: Path) -> str:
    try:
        return path.relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def summary(problems: Sequence[FolderProblem]) -> str:
    """The list in a sentence."""
    fatal = sum(problem.is_fatal for problem in problems)
    others = len(problems) - fatal
    if not problems:
        return "Nothing is wrong: every subject opens."
    parts = []
    if fatal:
        keeps = "keeps" if fatal == 1 else "keep"
        parts.append(f"{counted(fatal, 'problem')} {keeps} it from opening")
    if others:
        parts.append(f"{counted(others, 'thing')} it opens without")
    return "; ".join(parts) + "."
