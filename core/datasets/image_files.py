"""Images, as they are seen; image files of folders: finding, reading, telling them apart."""

from __future__ import annotations

import functools
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core import paths
from core.errors import CorruptDataError, InputError
from core.store.stamps import note_all

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
# Images that are shown where a table names them, and passed over where a folder is listed.
OTHER_SUFFIXES = (".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic", ".jp2", ".svg")
# Of any image, and of a file of people's folders.
MOST_PIXELS, MAX_PIXELS = 100_000_000, 50_000_000
ORIENTATION = 0x0112  # the EXIF tag
# Bytes at either end of a file in which a note about the orientation is looked for.
HEAD, TAIL = 4096, 16_384
# Files whose orientation is not read twice in a process.
REMEMBERED = 50_000
JPEG = (".jpg", ".jpeg")
ORIENTATION_NOTES = (b"Exif", b"EXIF", b"eXIf", b"exif", b"adobe.xmp", b"/xap/1.0/")


def as_rgb(image: Image.Image) -> Image.Image:
    """An image as RGB: turned as its camera says, alpha on white, 16 bits as 8, the first frame.

    The one rule of what an image looks like, wherever it is shown, encoded or compared.

    Raises
    ------
    InputError
        If it has more than 100 million pixels, and is then not decoded, or holds floats.
    """
    if image.width * image.height > MOST_PIXELS:
        raise InputError(
            f"The image has {image.width} x {image.height} pixels",
            f"at most {MOST_PIXELS // 1_000_000} million",
        )
    if image.mode == "F":
        raise InputError("The image holds floats", "8 or 16 bits for each channel")
    image = _upright(image)
    if image.mode.startswith("I"):
        values = np.asarray(image)
        grey = values.clip(0, 65_535) // 257
        grey[values == image.info.get("transparency")] = 255
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def read_image(path: Path, name: str, content: BinaryIO | None = None) -> Image.Image:
    """Read the image ``name`` from a file, RGB, turned as its camera says.

    ``content`` are its bytes, where they lie inside the file.

    Raises
    ------
    CorruptDataError
        If the file is no image, or not a whole one.
    InputError
        If it has more than 50 million pixels, and is then not decoded.
    """
    try:
        with Image.open(path if content is None else content) as image:
            if image.width * image.height <= MAX_PIXELS:
                return as_rgb(image)
            size = f"{image.width} x {image.height}"
    except Image.DecompressionBombError as error:
        size = str(error)
    except (OSError, SyntaxError, ValueError) as error:
        # Pillow would name the object that holds the bytes, by its address in memory.
        is_unknown = isinstance(error, UnidentifiedImageError)
        reason = "no image format that is known" if is_unknown else error
        raise CorruptDataError(
            f"The image {path} of {name!r} could not be read ({reason})", "a whole image"
        ) from None
    raise InputError(
        f"The image {path} of {name!r} is too large ({size})",
        f"at most {MAX_PIXELS // 1_000_000} million pixels",
    )


class ImageFolder:
    """The files below a folder, found by what a table calls them.

    A name is found as it is written; else with backslashes for slashes, with the name of the
    folder itself before it, in the other Unicode form, or with its ending in another case.
    Each folder is listed once, which is faster than looking for each of many files.

    Parameters
    ----------
    folder : Path
        No name leads out of it; links in it are followed as ``paths.check_link`` says.
    recording : Path, optional
        Folder of the recording, ``folder`` itself where it is not said.

    Raises
    ------
    InputError
        If ``folder`` is a link that is not followed.
    """

    def __init__(self, folder: Path, recording: Path | None = None) -> None:
        self._recording = recording or folder
        paths.check_link(folder, self._recording)
        self._folder, self._name = folder.resolve(), folder.name
        roots = (self._recording.resolve(), paths.data_root())
        self._roots = tuple(os.path.join(root, "") for root in roots)
        self._real_folders: dict[str, str] = {}
        self._listed: dict[str, _Listing] = {}
        self._heads: dict[str, _Listing | None] = {}

    def find(self, file: str) -> Path:
        """Where a file is, or where it would be if it is missing; raises as ``place``."""
        return Path(self.place(file))

    def place(self, file: str) -> str:
        """As ``find``, as text: of many thousand images a path each takes longer than the rest.

        The folder that a file stands in is looked for and checked once for all of its files.

        Raises
        ------
        InputError
            If it leads outside the folder, is no path, or could be one of several.
        """
        head, _, name = file.rpartition("/")
        listed = self._head(head) if "\\" not in file and file[:1] != "/" else None
        if listed is not None and name in listed.names and name not in listed.links:
            return listed.prefix + name
        return str(self._search(file))

    def _head(self, head: str) -> _Listing | None:
        """What is in the folder that a table names as it is written; None where there is none."""
        if head not in self._heads:
            parts = PurePosixPath(head).parts
            folder = None if ".." in parts else self._walk(parts) if parts else str(self._folder)
            self._heads[head] = None if folder is None else self._listing(folder)
        return self._heads[head]

    def absolute(self, file: str) -> str | None:
        """A path from the root of the file system that stays in the recording or the data root."""
        if not file.startswith("/") or "\0" in file:
            return None
        path = self._real(file)
        return path if path.startswith(self._roots) else None

    def _real(self, path: str) -> str:
        """As ``os.path.realpath``; a folder is resolved once for all of its files."""
        head, name = os.path.split(path)
        if head not in self._real_folders:
            self._real_folders[head] = os.path.join(os.path.realpath(head), "")
        real = self._real_folders[head] + name
        is_plain = name not in ("", ".", "..") and not os.path.islink(real)
        return real if is_plain else os.path.realpath(path)

    def _linked(self, path: str) -> str:
        """Where a link leads, checked by the rule of ``paths.check_link``."""
        try:
            target = os.readlink(path)
        except OSError:  # gone since the folder was listed
            return path
        real = self._real(os.path.join(os.path.dirname(path), target))
        if not real.startswith(self._roots):
            paths.check_link(Path(path), self._recording)
        # The name of what a link leads to is what an image is told by.
        return path if paths.links_are_followed() else real

    def _search(self, file: str) -> str | Path:
        slashed = file.replace("\\", "/")
        if ".." in slashed.split("/") or PurePosixPath(slashed).is_absolute() or "\0" in file:
            return paths.inside(self._folder, slashed)
        written, parts = PurePosixPath(file).parts, PurePosixPath(slashed).parts
        below = parts[1:] if parts[:1] == (self._name,) else parts
        for reading in dict.fromkeys((written, parts, below)):
            path = self._walk(reading)
            if path is not None:
                return path
        path = self._real(os.path.join(self._folder, slashed))
        is_inside = path.startswith(os.path.join(self._folder, "")) and paths.is_possible(slashed)
        return path if is_inside else paths.inside(self._folder, slashed)

    def _walk(self, parts: tuple[str, ...]) -> str | None:
        path = str(self._folder)
        for part in parts:
            listed = self._listing(path)
            if part not in listed.names:
                same = sorted(listed.read.get(paths.plain_name(part), []))
                paths.check_single([Path(path, name) for name in same], Path(path))
                if not same:
                    return None
                part = same[0]
            path = listed.prefix + part
            if part in listed.links:
                path = self._linked(path)
        return path if parts else None

    def _listing(self, folder: str) -> _Listing:
        if folder not in self._listed:
            self._listed[folder] = _Listing(folder)
        return self._listed[folder]


class _Listing:
    """Names in a folder, those of links, and the names of each ``plain_name``."""

    def __init__(self, folder: str) -> None:
        self.prefix = os.path.join(folder, "")
        self.names, self.links = set[str](), set[str]()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self.names.add(entry.name)
                    if entry.is_symlink():
                        self.links.add(entry.name)
        except OSError:
            pass  # no folder, or none that may be listed: nothing is found in it

    @functools.cached_property
    def read(self) -> dict[str, list[str]]:
        read: dict[str, list[str]] = {}
        for name in self.names:
            read.setdefault(paths.plain_name(name), []).append(name)
        return read


class Stamp(NamedTuple):
    """What an image file is told by, cheaply.

    Attributes
    ----------
    size, changed : int
        Bytes, and time of the last change in nanoseconds.
    orientation : int
        1 where the pixels lie as they are to be seen, see ``orientation``.
    """

    size: int
    changed: int
    orientation: int


def look_at(files: Mapping[str, str | Path]) -> dict[str, os.stat_result | None]:
    """Status of each file, which is noted (``store.stamps``); None where there is no such file."""
    statuses: dict[str, os.stat_result | None] = {}
    noted: dict[str, os.stat_result | None] = {}
    for name, path in files.items():
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            statuses[name] = noted[str(path)] = None
            continue
        is_file = stat.S_ISREG(status.st_mode)
        statuses[name] = status if is_file else None
        if is_file:
            noted[str(path)] = status
    note_all(noted)
    return statuses


def stamps(
    files: Mapping[str, str | Path],
    is_upright: bool = False,
    statuses: Mapping[str, os.stat_result | None] | None = None,
) -> dict[str, tuple[str | int | bytes, ...] | None]:
    """What each image file is told by, None where there is none.

    Name, size and time of change; the orientation where the image is turned for display, unless
    all are known to be upright; and the first and last bytes where two files have one size and
    time, because an exchange of those would change nothing else. ``statuses`` are those of
    ``look_at``, which looks now where they are not given.
    """
    statuses = look_at(files) if statuses is None else statuses
    # A cache that is smaller than the list forgets each file before it is asked for it again.
    remembered = _orientation if len(files) <= REMEMBERED else _orientation.__wrapped__
    turn = None if is_upright else remembered
    read = {
        name: None if status is None else _stamp(str(files[name]), status, turn)
        for name, status in statuses.items()
    }
    count = Counter((stamp.size, stamp.changed) for stamp in read.values() if stamp)
    result: dict[str, tuple[str | int | bytes, ...] | None] = dict.fromkeys(files)
    for name, stamp in read.items():
        if stamp is not None:
            path = files[name]
            turned = () if stamp.orientation == 1 else (stamp.orientation,)
            is_double = count[stamp.size, stamp.changed] > 1
            ends = (hashlib.blake2b(b"".join(_ends(path))).digest(),) if is_double else ()
            result[name] = (os.path.basename(path), stamp.size, stamp.changed, *turned, *ends)
    return result


def orientation(path: str | Path) -> int:
    """How an image is turned for display, by EXIF or XMP: 1 (not at all) to 8.

    Only the ends of the file are read, unless they speak of an orientation. TIFF files give 1,
    for Pillow itself turns them.
    """
    try:
        # Behind the pixels it stands in PNG and WebP alone.
        head, tail = _ends(path, with_tail=not str(path).lower().endswith(JPEG))
        if not _speaks_of_orientation(head + tail):
            return 1
        with Image.open(path) as image:
            return int(image.getexif().get(ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, UnidentifiedImageError):
        return 1  # what cannot be read is said when it is shown


def _speaks_of_orientation(ends: bytes) -> bool:
    """Whether a note stands in the ends; two searches rule out all six.

    Where XMP is, ``adobe.`` stands before each of its notes.
    """
    plain = ends.lower()
    is_likely = b"exif" in plain or b"adobe." in plain
    return is_likely and any(note in ends for note in ORIENTATION_NOTES)


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image as its camera says; the result says no more that it is to be turned."""
    image.load()  # some formats note the orientation behind the pixels
    try:
        if image.getexif().get(ORIENTATION, 1) != 1:
            return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # a note that is broken takes nothing from the image
        pass
    return image


def _stamp(path: str, status: os.stat_result, turn: Callable[..., int] | None) -> Stamp:
    size, changed = status.st_size, status.st_mtime_ns
    if turn is None:
        return Stamp(size, changed, 1)
    return Stamp(size, changed, turn(path, size, changed, status.st_ctime_ns, status.st_ino))


@functools.lru_cache(maxsize=REMEMBERED)
def _orientation(path: str, size: int, changed: int, status: int, inode: int) -> int:
    return orientation(path)


def _ends(path: str | Path, with_tail: bool = True) -> tuple[bytes, bytes]:
    """First and last bytes of a file; ``open`` of Python takes twice the time."""
    file = os.open(path, os.O_RDONLY)
    try:
        read = os.read(file, HEAD + TAIL if with_tail else HEAD)
        if len(read) < HEAD + TAIL:
            return read[:HEAD], read[HEAD:]
        return read[:HEAD], os.pread(file, TAIL, os.fstat(file).st_size - TAIL)
    finally:
        os.close(file)
