"""Which galleries there are: of the recording in view, of others, and folders of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core import datasets
from core.datasets import Dataset, DatasetInfo
from core.errors import NotFoundError
from core.galleries.folder import FOLDER, FolderImages, folder_names
from core.galleries.image_set import ImageSet, RecordingImages

OWN, RECORDING = "own", "recording:"


@dataclass(frozen=True)
class GalleryInfo:
    """What a gallery is, known before it is opened.

    Attributes
    ----------
    id : str
        For ``open_gallery``.
    title, note : str
        Texts for the reader.
    count : int or None
        Images; None where it has to be opened to know.
    """

    id: str
    title: str
    count: int | None = None
    note: str = ""


def available(ds: Dataset) -> list[GalleryInfo]:
    """List the galleries that can be searched beside a recording; none is opened."""
    infos = []
    if ds.images is not None:
        which = _which(ds)
        title = f"{'Gallery' if which == 'gallery' else 'Stimuli'} of this recording"
        infos.append(GalleryInfo(OWN, title, len(getattr(ds, which))))
    for info in datasets.available():
        if info.name != ds.info.name and _may_have_images(info):
            note = "simulated experiment" if info.is_simulated else "another recording"
            infos.append(GalleryInfo(f"{RECORDING}{info.name}", info.title, note=note))
    folders = folder_names()
    return infos + [GalleryInfo(f"{FOLDER}{n}", n, note="folder of images") for n in folders]


def open_gallery(
    name: str, ds: Dataset, load: Callable[[str], Dataset] = datasets.load
) -> ImageSet:
    """Open a gallery.

    Parameters
    ----------
    name : str
        Id of ``available(ds)``.
    ds : Dataset
        The recording in view.
    load : callable
        Opens another recording.

    Raises
    ------
    NotFoundError
        If there is no such gallery, or it has no images.
    InputError
        If its folder is a link that leads outside the data folder.
    """
    if name == OWN:
        return _own(ds)
    if name.startswith(RECORDING):
        return _of_recording(name.removeprefix(RECORDING), ds, load)
    if name.startswith(FOLDER):
        return FolderImages(name.removeprefix(FOLDER))
    choices = [info.id for info in available(ds)]
    raise NotFoundError(f"There is no gallery {name!r}", choices=choices or ["none"])


def _own(ds: Dataset) -> ImageSet:
    images = _images_of(ds, OWN)
    images.holds_stimuli = _which(ds) == "stimuli"
    return images


def _of_recording(name: str, ds: Dataset, load: Callable[[str], Dataset]) -> ImageSet:
    here = [info.name for info in datasets.available() if _may_have_images(info)]
    if name not in here:
        raise NotFoundError(f"The recording {name!r} is not here", choices=here)
    return _own(ds) if name == ds.info.name else _images_of(load(name), f"{RECORDING}{name}")


def _images_of(ds: Dataset, name: str) -> RecordingImages:
    if ds.images is None:
        raise NotFoundError(f"{ds.info.title} comes without images", "images to search")
    which = _which(ds)
    words = "gallery" if which == "gallery" else "stimuli"
    return RecordingImages(name, f"{words} of {ds.info.title}", ds, which)


def _which(ds: Dataset) -> str:
    return "gallery" if len(ds.gallery) else "stimuli"


def _may_have_images(info: DatasetInfo) -> bool:
    """Whether a recording is here, and has what looks like images."""
    if info.where is None or info.name == "folder":
        return False
    if not info.name.startswith("folder:"):
        return True
    return any((info.where / below).is_dir() for below in ("images", "gallery"))
