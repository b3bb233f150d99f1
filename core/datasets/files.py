"""The files of a recording's folder: which are read, and which are there but are not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from core import paths
from core.datasets.dataset import Note
from core.validation import check_regular, enumerate_names
from core.words import counted

READ = {"responses": (".npy", ".csv", ".tsv"), "rdms": (".npy",), "embeddings": (".npy",)}
FOLDERS = (*READ, "rois", "images", "gallery")
READ |= {"rois": (".json",)}
# How files of other formats become arrays; of two endings the longer stands first.
READERS = {
    ".nii.gz": "nibabel",
    ".gii.gz": "nibabel",
    ".npy.gz": "gunzip, then numpy.load",
    ".mat": "scipy.io.loadmat, or h5py from MATLAB 7.3 on",
    ".h5": "h5py",
    ".hdf5": "h5py",
    ".npz": "numpy.load, which gives each of its arrays",
    ".gz": "gunzip",
    ".csv": "numpy.loadtxt",
    ".tsv": "numpy.loadtxt",
    ".txt": "numpy.loadtxt",
    ".nii": "nibabel",
    ".gii": "nibabel",
    ".mgz": "nibabel",
    ".pkl": "pickle, if you trust it",
    ".pt": "torch.load",
    ".pth": "torch.load",
}
ABOUT = ("readme", "license", "licence", "changes", "citation")


def arrays(folder: Path) -> dict[str, Path]:
    """The ``.npy`` files of a folder by their name without ending, in composed form.

    Raises
    ------
    InputError
        If two bear what reads as one name, or one is a folder, a pipe or the like.
    """
    files: dict[str, list[Path]] = {}
    for path in paths.visible(folder):
        if path.suffix.lower() != ".npy":
            continue
        check_regular(path)
        if path.is_file():
            files.setdefault(paths.composed(path.stem), []).append(path)
    for same in files.values():
        paths.check_single(same, folder)
    return {name: same[0] for name, same in files.items()}


def unread(folder: Path, below: str) -> list[str]:
    """Names in a folder of a recording that are of no format which is read there."""
    return [
        path.name
        for path in paths.visible(folder / below)
        if not (path.suffix.lower() in READ[below] and path.is_file())
        and not path.name.lower().startswith(ABOUT)
    ]


def save_as_npy(name: str) -> str:
    """What to do with a file of another format."""
    reader = next((READERS[end] for end in READERS if name.lower().endswith(end)), "")
    how = f" with {reader}," if reader else ""
    return f"Read {name}{how} and save it as {name.partition('.')[0]}.npy with numpy.save."


def notes(
    folder: Path, subjects: Collection[str], subject: str, empty: Sequence[str]
) -> list[Note]:
    """What of a recording's folder is passed over, left out or read under another ending.

    Parameters
    ----------
    folder : Path
    subjects : collection of str
        Those with responses, and their files without ending.
    subject : str
        The one that is opened.
    empty : sequence of str
        ROIs of which the subject has no unit.
    """
    listed = [note for below in READ for note in _other_formats(folder, below)]
    listed += _elsewhere(folder)
    listed += [
        Note("An ending in upper case", f"{below}/{path.name} is read all the same.")
        for below, endings in READ.items()
        for path in paths.visible(folder / below)
        if path.suffix.lower() in endings and path.suffix not in endings
    ]
    listed += _of_no_responses(folder, "responses", (".csv", ".tsv"), subjects)
    listed += _of_no_responses(folder, "rois", (".json",), subjects)
    if empty:
        title = f"{counted(len(empty), 'ROI is', 'ROIs are')} empty"
        detail = f"Left out, for {subject} has no unit of it: {enumerate_names(empty)}."
        listed.append(Note(title, detail))
    return listed


def note_images(images: Sequence[str], suffixes: Sequence[str]) -> Note:
    """Note image files that a gallery of folders passes over."""
    detail = f"{enumerate_names(images)}: shown are {', '.join(suffixes)} files."
    return Note(f"Not read in gallery/: {counted(len(images), 'file')} of another format", detail)


def _other_formats(folder: Path, below: str) -> list[Note]:
    others = unread(folder, below)
    if not others:
        return []
    title = f"Not read in {below}/: {counted(len(others), 'file')} of another format"
    remedy = "" if below == "rois" else f" {save_as_npy(others[0])}"
    what, endings = f"{below}/{enumerate_names(others)}", " and ".join(READ[below])
    return [Note(title, f"{what}: {endings} files are read.{remedy}")]


def _elsewhere(folder: Path) -> list[Note]:
    """Note arrays beside ``stimuli.csv``, and folders whose name is in other letters."""
    paths_here = paths.visible(folder)
    arrays_here = [path.name for path in paths_here if path.suffix.lower() in (".npy", *READERS)]
    arrays_here = [name for name in arrays_here if not name.lower().endswith((".csv", ".txt"))]
    folders = [path for path in paths_here if path.is_dir() and path.name not in FOLDERS]
    misspelt = [path.name for path in folders if path.name.lower() in FOLDERS]
    notes_here = []
    if arrays_here:
        detail = f"{enumerate_names(arrays_here)}: responses are read from responses/."
        notes_here.append(
            Note(f"Not read: {counted(len(arrays_here), 'file')} beside stimuli.csv", detail)
        )
    if misspelt:
        detail = f"{enumerate_names(misspelt)}: rename it to {misspelt[0].lower()}."
        notes_here.append(Note("Not read: a folder in other letters", detail))
    return notes_here


def _of_no_responses(
    folder: Path, below: str, endings: tuple[str, ...], subjects: Collection[str]
) -> list[Note]:
    """Note trial lists and ROIs whose subject has no responses, as a misspelt name gives."""
    lonely = [
        path
        for path in paths.visible(folder / below)
        if path.suffix.lower() in endings and paths.composed(path.stem) not in subjects
    ]
    if not lonely:
        return []
    what = f"{below}/{enumerate_names([path.name for path in lonely])}"
    detail = f"{what}: there is no responses/{lonely[0].stem}.npy to go with it."
    return [Note(f"Not used in {below}/: {counted(len(lonely), 'file')}", detail)]
