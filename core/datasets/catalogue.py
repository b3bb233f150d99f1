"""The catalogue of recordings: declared, listed and opened by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import paths
from core.datasets.dataset import Dataset, DatasetInfo
from core.datasets.download.remote import RemoteFile, RemotePart
from core.datasets.own import links
from core.datasets.releases.layout import Expected
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.registry import Registry, check_given
from core.store import stamps

Loader = Callable[[DatasetInfo, str | None, Mapping[str, Any]], Dataset]
# A recording whose files change while it is opened is opened again, so often in all.
ATTEMPTS = 3


@dataclass(frozen=True)
class Recording:
    """A registered recording.

    Attributes
    ----------
    info : DatasetInfo
        Known before anything is read. ``where`` is None unless the recording needs
        no folder of its own.
    load : callable
        ``load(info, subject, options) -> Dataset``; ``info.where`` is the folder to
        read, which need not exist, and every declared option has a checked value.
    files : tuple of RemoteFile
        What ``python -m core fetch NAME`` downloads, where the files are few and known.
    folders : callable, optional
        Lists the folders below the data root that ``<name>:<folder>`` opens.
    remote : tuple of RemotePart
        What ``python -m core fetch NAME`` lists and downloads, after it has said the size.
    expected : callable, optional
        ``expected(folder, subject) -> list of Expected``: what the recording consists of, for a
        subject or (None) for all. ``folder`` may be read for how many there are; it need not
        exist.
    """

    info: DatasetInfo
    load: Loader
    files: tuple[RemoteFile, ...] = ()
    folders: Callable[[], Iterable[DatasetInfo]] | None = None
    remote: tuple[RemotePart, ...] = ()
    expected: Callable[[Path, str | None], Sequence[Expected]] | None = None

    @property
    def is_public(self) -> bool:
        """Whether there is something to download without a form."""
        return bool(self.files or self.remote)


DATASETS: Registry[Recording] = Registry("dataset")


def register(recording: Recording) -> None:
    """Add a recording to the catalogue; each dataset module calls this when imported."""
    DATASETS.register(recording.info.name, recording)


def available() -> list[DatasetInfo]:
    """List the registered recordings and the folders of the user's own data.

    Returns
    -------
    list of DatasetInfo
        ``where`` is None for what must be fetched first; a folder below the data root
        that holds a ``stimuli.csv`` appears as ``folder:<name>``.
    """
    recordings = DATASETS.values()
    folders = [info for entry in recordings if entry.folders for info in entry.folders()]
    return [*map(_located, recordings), *folders]


def load(
    name: str, subject: str | None = None, root: str | Path | None = None, **options: Any
) -> Dataset:
    """Open one subject of a recording.

    Parameters
    ----------
    name : str
        Id of ``available()``; ``"folder"`` opens the folder ``root``, and
        ``"folder:mydata"`` the folder ``mydata`` below the data root.
    subject : str, optional
        One of ``Dataset.subjects``; the first when not given.
    root : path, optional
        Folder of the recording; by default ``<data root>/<name>``.
    **options
        Options that the recording declares; they enter the fingerprint.

    Returns
    -------
    Dataset

    Raises
    ------
    NotFoundError
        If there is no such recording, subject or folder.
    InputError
        If an option is unknown or out of range, or the path leads outside.
    CorruptDataError
        If a file does not hold what its layout promises.
    """
    return load_with(name, subject, options, root)


def load_with(
    name: str,
    subject: str | None,
    options: Mapping[str, Any],
    root: str | Path | None = None,
) -> Dataset:
    """As ``load``, with options of any name, such as one that is called 'subject'.

    Raises
    ------
    NeurogalleryError
        If its files go on changing while it is opened.
    """
    info = located(name, root)
    recording = DATASETS[name.partition(":")[0]]
    values, path = check_options(info, options), ""
    for _ in range(ATTEMPTS):
        with stamps.noting(info.where) as files:
            ds = recording.load(info, subject, values)
        ds.files, path = files, stamps.changed(files)
        if not path:
            return ds
    raise NeurogalleryError(
        f"{stamps.called(path)} changes while the recording is opened",
        "files that stay as they are while they are read",
        "Open it again when nothing writes there any more.",
    )


def located(name: str, root: str | Path | None = None) -> DatasetInfo:
    """Describe a recording with the folder that ``load`` reads, which need not exist.

    Raises
    ------
    NotFoundError, InputError
        As ``load``.
    """
    recording = DATASETS[name.partition(":")[0]]
    info = recording.info
    if ":" in name:
        return _one_folder(recording, name, root)
    if root is not None:
        return replace(info, where=Path(root).expanduser().resolve())
    if info.where is None:
        links.check_followed(info.name)
        links.check_inside(paths.data_root() / info.name)
        return replace(info, where=paths.data_root() / info.name)
    return info


def check_options(info: DatasetInfo, options: Mapping[str, Any]) -> dict[str, Any]:
    """Give every declared option its checked value, the default where none was given."""
    return check_given(info.name, info.options, options, "option")


def choose_subject(subjects: tuple[str, ...], subject: str | None) -> str:
    """Give the subject, the first one where None was named, or raise NotFoundError."""
    if subject is None:
        return subjects[0]
    if paths.composed(subject) in subjects:
        return paths.composed(subject)
    if subject not in subjects:
        raise NotFoundError(f"There is no subject {subject!r}", choices=subjects)
    return subject


def _located(recording: Recording) -> DatasetInfo:
    info = recording.info
    folder = paths.data_root() / info.name
    complete = all((folder / file.name).is_file() for file in recording.files)
    is_there = complete and any(paths.visible(folder)) and links.is_open(folder)
    return replace(info, where=folder) if is_there and info.where is None else info


def _one_folder(recording: Recording, name: str, root: str | Path | None) -> DatasetInfo:
    """Describe ``<kind>:<folder>``; the name may come from a URL, so nothing in it is trusted."""
    below = name.partition(":")[2]
    known = [info.name for info in recording.folders()] if recording.folders else []
    if recording.folders is None or not below.isprintable() or not below.strip("./\\ "):
        raise NotFoundError(f"There is no dataset {name!r}", choices=known or DATASETS)
    if root is not None:
        raise InputError(f"Both the folder {name!r} and the root {root} were given", "one of them")
    where = links.linked(below)
    if where is not None:
        return replace(recording.info, name=name, where=where)
    where = paths.inside(paths.data_root(), below)
    where = paths.inside(paths.data_root(), paths.find(where.parent, where.name) or where)
    return replace(recording.info, name=name, where=where)
