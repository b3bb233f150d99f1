"""Which galleries there are: of the recording in view, of others, and folders of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core import datasets
from core.datasets import Dataset, DatasetInfo
from core.errors import NotFoundError
from core.galleries.folder import FOLDER, FolderImages, folder_names
from core.galleries.image_set import ImageSet, RecordingImages

OWN, STIMULI, RECORDING = "gallery", "stimuli", "recording:"


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
    if ds.images is not None and len(ds.gallery):
        infos.append(GalleryInfo(OWN, "Gallery of this recording", len(ds.gallery)))
    if ds.images is not None or ds.embeddings:
        infos.append(GalleryInfo(STIMULI, "Stimuli of this recording", ds.n_stimuli))
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
    if name == STIMULI:
        return _images_of(ds, STIMULI, "stimuli")
    if name.startswith(RECORDING):
        return _of_recording(name.removeprefix(RECORDING), ds, load)
    if name.startswith(FOLDER):
        return FolderImages(name.removeprefix(FOLDER))
    choices = [info.id for info in available(ds)]
    raise NotFoundError(f"There is no gallery {name!r}", choices=choices or ["none"])


def _own(ds: Dataset) -> ImageSet:
    """Its gallery, or the stimuli where it has none."""
    return _images_of(ds, OWN if len(ds.gallery) else STIMULI, _which(ds))


def _of_recording(name: str, ds: Dataset, load: Callable[[str], Dataset]) -> ImageSet:
    here = [info.name for info in datasets.available() if _may_have_images(info)]
    if name not in here:
        raise NotFoundError(f"The recording {name!r} is not here", choices=here)
    return _own(ds) if name == ds.info.name else _other(load(name))


def _other(ds: Dataset) -> ImageSet:
    return _images_of(ds, f"{RECORDING}{ds.info.name}", _which(ds))


def _images_of(ds: Dataset, name: str, which: str) -> RecordingImages:
    if ds.images is None and not (name == STIMULI and ds.embeddings):
        raise NotFoundError(f"{ds.info.title} comes without images", "images to search")
    images = RecordingImages(name, f"{which} of {ds.info.title}", ds, which)
    images.holds_stimuli = name == STIMULI
    return images


def _which(ds: Dataset) -> str:
    return "gallery" if len(ds.gallery) else "stimuli"


def _may_have_images(info: DatasetInfo) -> bool:
    """Whether a recording is here, and has what looks like images."""
    if info.where is None or info.name == "folder":
        return False
    if not info.name.startswith("folder:"):
        return True
    return any((info.where / below).is_dir() for below in ("images", "gallery"))
