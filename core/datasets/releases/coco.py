"""Labels of COCO images that were cropped, as those of NSD: what is still to be seen of them.

An object counts where its box reaches into what is left of the image, however it is outlined
(polygons or run lengths). A crowd, which COCO outlines as one region, counts as one object.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np

from core import store
from core.datasets.releases import converted
from core.errors import CorruptDataError, NotFoundError
from core.store.stamps import enter
from core.validation import enumerate_names

Crop: TypeAlias = tuple[float, float, float, float]
WHOLE: Crop = (0.0, 0.0, 0.0, 0.0)
# Read at a time, and the longest entry: outlines of crowds take some 100,000 characters.
CHUNK, LONGEST = 2**20, 2**26
EXPECTED = "COCO's instances_train2017.json or instances_val2017.json, whole"
VERSION = 1
LISTS = ("images", "annotations", "categories")
# What entries that are none of COCO's raise.
ERRORS = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    OverflowError,
    RecursionError,
    AttributeError,
)
START = re.compile(r'\s*,?\s*"(\w+)"\s*:\s*')
SPACE = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class Annotations:
    """What COCO's annotations say of its images.

    Attributes
    ----------
    categories : dict of int to str
        Names of the categories; their ids have gaps.
    supercategories : dict of str to str
        By the name of the category.
    images : np.ndarray of shape (images,), int64, sorted
    sizes : np.ndarray of shape (images, 2), int64
        Width and height of each image in pixels.
    owners : np.ndarray of shape (objects,), int64, sorted
        Image of each object.
    kinds : np.ndarray of shape (objects,), int64
        Category of each object.
    boxes : np.ndarray of shape (objects, 4), float32
        Left, top, width, height in pixels.
    """

    categories: Mapping[int, str]
    supercategories: Mapping[str, str]
    images: np.ndarray
    sizes: np.ndarray
    owners: np.ndarray
    kinds: np.ndarray
    boxes: np.ndarray

    def id_of(self, category: str) -> int:
        """Id of a category by its exact name.

        Raises
        ------
        NotFoundError
            If there is none: a misspelt name must not select everything, or nothing.
        """
        for number, name in self.categories.items():
            if name == category:
                return number
        raise NotFoundError(
            f"COCO has no category {category!r}", choices=sorted(self.categories.values())
        )


def read_annotations(paths: Sequence[Path]) -> Annotations:
    """What files of annotations say, e.g. of training and validation; stored when first read.

    The 450 MB of COCO's training images are read entry by entry; the copy has some 40 MB.

    Raises
    ------
    NotFoundError
        If a file is not there.
    CorruptDataError
        If one is no JSON of COCO's, or truncated, or two of them contradict each other.
    """
    key = _key(paths)
    result = store.load(key)
    if result is None:
        tables = _read(paths)
        facts = {"label": "COCO annotations", "categories": tables.categories}
        result = store.save(key, tables.arrays(), facts)
    names = {int(number): name for number, name, _ in result.facts["categories"]}
    above = {name: group for _, name, group in result.facts["categories"]}
    return Annotations(dict(sorted(names.items())), above, **result.arrays)


def is_stored(paths: Sequence[Path]) -> bool:
    """Whether annotations have been read before; raises NotFoundError as ``read_annotations``."""
    return store.load(_key(paths)) is not None


def annotations_beside(
    files: Sequence[Path], name: str, subject: str, subjects: tuple[str, ...]
) -> Annotations | None:
    """What the files of annotations say, None where one is not there.

    Where they have not been read before, that is announced as a first opening of the recording.
    """
    if not files or not all(path.is_file() for path in files):
        return None
    if not is_stored(files):
        converted.announce(name, subject, subjects, files)
    return read_annotations(files)


def supercategory_of(counts: Mapping[str, int], supercategories: Mapping[str, str]) -> str:
    """The supercategory of most of the objects that ``counts_of`` counts, '' of none."""
    objects: Counter[str] = Counter()
    for name, count in counts.items():
        objects[supercategories[name]] += count
    return objects.most_common(1)[0][0] if objects else ""


def counts_of(annotations: Annotations, coco_id: int, crop: Crop) -> dict[str, int]:
    """How many objects of each category are seen in what a crop leaves of an image.

    Parameters
    ----------
    annotations : Annotations
    coco_id : int
    crop : (top, bottom, left, right)
        Fractions of height and width that are cut off.

    Returns
    -------
    dict
        In order of COCO's ids; categories of which nothing is seen are not listed.

    Raises
    ------
    NotFoundError
        If the annotations have no such image.
    CorruptDataError
        If the crop leaves nothing.
    """
    row = int(np.searchsorted(annotations.images, coco_id))
    if row == len(annotations.images) or annotations.images[row] != coco_id:
        raise NotFoundError(f"The annotations have no image {coco_id}", EXPECTED)
    top, bottom, left, right = crop
    if not (min(crop) >= 0 and top + bottom < 1 and left + right < 1):
        raise CorruptDataError(f"The crop of image {coco_id} is {crop}", "fractions of the image")
    width, height = annotations.sizes[row]
    first, last = np.searchsorted(annotations.owners, [coco_id, coco_id + 1])
    boxes = annotations.boxes[first:last].astype(np.float64)
    starts, ends = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    window = np.array([[left * width, top * height], [(1 - right) * width, (1 - bottom) * height]])
    is_seen = (np.minimum(ends, window[1]) > np.maximum(starts, window[0])).all(axis=1)
    kinds, counts = np.unique(annotations.kinds[first:last][is_seen], return_counts=True)
    return {
        annotations.categories[int(kind)]: int(count)
        for kind, count in zip(kinds, counts, strict=True)
    }


def labels_of(annotations: Annotations, coco_id: int, crop: Crop) -> tuple[str, ...]:
    """Categories of which something is seen in what a crop leaves; see ``counts_of``."""
    return tuple(counts_of(annotations, coco_id, crop))


def _key(paths: Sequence[Path]) -> str:
    for path in paths:
        enter(path)
        if not path.is_file():
            raise NotFoundError(f"There is no {path.name} in {path.parent}", EXPECTED)
    status = [path.stat() for path in paths]
    files = [
        [str(p.resolve()), s.st_size, s.st_mtime_ns] for p, s in zip(paths, status, strict=True)
    ]
    return store.key("coco", store.fingerprint(files), {}, version=VERSION)


class _Tables:
    """The numbers of the entries, in arrays that grow: as Python's they would take gigabytes."""

    def __init__(self) -> None:
        self.categories: list[tuple[int, str, str]] = []
        self.images, self.objects = array("q"), array("d")

    def add(self, name: str, entry: Mapping[str, Any]) -> None:
        if name == "annotations":
            self.objects.extend(_annotation(entry))
        elif name == "images":
            self.images.extend(_image(entry))
        elif (category := _category(entry)) not in self.categories:
            self.categories.append(category)

    def arrays(self) -> dict[str, np.ndarray]:
        images = np.array(self.images, dtype=np.int64).reshape(-1, 3)
        objects = np.array(self.objects, dtype=np.float64).reshape(-1, 6)
        images = images[np.argsort(images[:, 0], kind="stable")]
        objects = objects[np.argsort(objects[:, 0], kind="stable")]
        return {
            "images": images[:, 0],
            "sizes": images[:, 1:],
            "owners": objects[:, 0].astype(np.int64),
            "kinds": objects[:, 1].astype(np.int64),
            "boxes": objects[:, 2:].astype(np.float32),
        }


def _read(paths: Sequence[Path]) -> _Tables:
    tables = _Tables()
    for path in paths:
        seen = set()
        try:
            for name, entry in _entries(path):
                seen.add(name)
                tables.add(name, entry)
        except ERRORS as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise CorruptDataError(f"{path.name} could not be read ({reason})", EXPECTED) from None
        if seen != set(LISTS):
            missing = enumerate_names([name for name in LISTS if name not in seen])
            raise CorruptDataError(f"{path.name} has no {missing}", EXPECTED)
    _check(tables, enumerate_names([path.name for path in paths]))
    return tables


def _check(tables: _Tables, names: str) -> None:
    arrays, numbers = tables.arrays(), [number for number, *_ in tables.categories]
    problems = {
        "name an image twice": (np.diff(arrays["images"]) == 0).any(),
        "give one category two names": len(set(numbers)) < len(numbers),
        "give two categories one name": len({n for _, n, _ in tables.categories}) < len(numbers),
        "have objects of a category without a name": not np.isin(arrays["kinds"], numbers).all(),
    }
    for problem, holds in problems.items():
        if holds:
            raise CorruptDataError(f"{names} {problem}", EXPECTED)


def _image(entry: Mapping[str, Any]) -> tuple[int, int, int]:
    number, width, height = (int(entry[key]) for key in ("id", "width", "height"))
    if width < 1 or height < 1:
        raise ValueError(f"image {number} is {width} x {height}")
    return number, width, height


def _annotation(entry: Mapping[str, Any]) -> tuple[float, ...]:
    box = tuple(float(value) for value in entry["bbox"])
    if len(box) != 4 or not all(map(math.isfinite, box)):
        raise ValueError(f"a box is {box[:5]}")
    return (int(entry["image_id"]), int(entry["category_id"]), *box)


def _category(entry: Mapping[str, Any]) -> tuple[int, str, str]:
    return int(entry["id"]), str(entry["name"]), str(entry.get("supercategory", ""))


def _entries(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries of the lists of a file, each with the name of its list, one at a time."""
    with open(path, encoding="utf-8") as file:
        text = _Text(file)
        if text.take() != "{":
            raise ValueError("it is no JSON object")
        while (match := text.match(START)) is not None:
            name = match[1]
            if name not in LISTS or text.peek() != "[":
                text.value()
                continue
            text.take()
            while text.peek() != "]":
                yield name, text.value()
            text.take()
        if text.take() != "}":
            raise ValueError("it ends before its end")


class _Text:
    """A JSON text that is read piece by piece."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._text, self._at = file, "", 0
        self._decode = json.JSONDecoder().raw_decode

    def peek(self) -> str:
        """The next character that is no space and no comma."""
        while True:
            match = SPACE.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self) -> str:
        character = self.peek()
        self._at += 1
        return character

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        while self.peek() == '"':
            match = pattern.match(self._text, self._at)
            # One that ends with the text may go on in what follows.
            if match is not None and match.end() < len(self._text):
                self._at = match.end()
                return match
            if not self._more():
                break
        return None

    def value(self) -> Any:
        """The next JSON value, read on until it is whole."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def _more(self) -> bool:
        piece = self._file.read(max(CHUNK, len(self._text) - self._at))
        if len(self._text) - self._at > LONGEST:
            raise ValueError("an entry has no end")
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)
