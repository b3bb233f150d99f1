"""BOLD5000 (Chang et al. 2019): four people, some 5,000 photographs of scenes and objects.

Opened as downloaded, in either release: responses of five regions some seconds after each image
(1.0), or single-trial betas of GLMsingle in the same regions (2.0).
"""

from __future__ import annotations

import functools
import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.download.addresses import BOLD5000, STEPS
from core.datasets.releases import converted
from core.datasets.releases.coco import (
    WHOLE,
    Annotations,
    annotations_beside,
    counts_of,
    supercategory_of,
)
from core.datasets.releases.hdf5 import dataset, names_in, open_hdf5, read_whole
from core.datasets.releases.images import FileImages
from core.datasets.releases.layout import Expected
from core.datasets.releases.matlab import read_mat
from core.datasets.releases.options import ZSCORE, Standard, finished, standard, standard_of
from core.datasets.tables import complete_trials, names_column, stimuli_csv
from core.errors import CorruptDataError, InputError, NotFoundError
from core.registry import Parameter
from core.store.stamps import enter
from core.validation import StoredRows, enumerate_names, load_npy

VERSION = 1
SUBJECTS = ("CSI1", "CSI2", "CSI3", "CSI4")
REGIONS = ("EarlyVis", "LOC", "OPA", "PPA", "RSC")
RELEASED = tuple(f"{hemisphere}{region}" for region in REGIONS for hemisphere in ("LH", "RH"))
TRIALS_OF_A_RUN = 37

# Where the archives of the release lie, unpacked into the folder or into a folder of their name.
ROIS = ("ROIs", "BOLD5000_ROIs/ROIs", "BOLD5000_ROIs", ".")
LISTS = (*(f"{folder}/stim_lists" for folder in ROIS[:-1]), "stim_lists")
BETAS = ("BOLD5000_GLMsingle_ROI_betas/py", "BOLD5000_GLMsingle_ROI_betas", "py")
STIMULI = ("BOLD5000_Stimuli", ".")
PRESENTED = "Scene_Stimuli/Presented_Stimuli"
RUN_LISTS = "Stimuli_Presentation_Lists"
LABELS = "Image_Labels"
SOURCES = ("COCO", "ImageNet", "Scene")
# COCO's own files: the images are of its training set of 2014, which those of 2017 hold too.
ANNOTATIONS = (*(f"{folder}/annotations" for folder in STIMULI[:-1]), "annotations")
INSTANCES = (
    ("instances_train2014.json",),
    ("instances_train2017.json", "instances_val2017.json"),
)
# What comes with the release and is not read.
BESIDE = ("Scene_Stimuli/*.txt", "Scene_Stimuli/Original_Images/**/*", f"{LABELS}/*.pkl")
TRS = ("TR34", "TR1", "TR2", "TR3", "TR4", "TR5")

SUBJECT = re.compile(r"CSI\d+")
BETA_FILE = re.compile(
    r"(?P<subject>CSI\d+)_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_allses_(?P<roi>\w+)\.npy"
)
RUN_FILE = re.compile(r"sess(\d+)_run(\d+)\.txt", re.IGNORECASE)
SYNSET = re.compile(r"(n\d{8})_")
COCO = re.compile(r"COCO_train2014_(\d+)\.")
REPEATED = "rep_"
TOGETHER = "Take the list and the responses from one release; both are in the order of the scans."

ZSCORED, NOISE_CEILING = standard()
NEWEST, AUTHORS = "newest", "as recommended"
HELP = (
    f"'{AUTHORS}' does so within sessions for release 2.0 where the lists tell them, else not at "
    "all."
)

INFO = DatasetInfo(
    name="bold5000",
    title="BOLD5000 (Chang et al. 2019)",
    description=(
        "Four people saw 4,916 photographs in a slow 3T experiment of 15 sessions (CSI4: 9): "
        "1,916 of ImageNet, 2,000 of COCO, 1,000 scenes; 113 of them several times. Responses "
        "in early visual cortex, LOC and the scene regions OPA, PPA and RSC, each of both "
        "hemispheres. Release 1.0 has the response at each of five TRs (2 s each) after the "
        "image and, as TR34, that of TRs 3 and 4 together; release 2.0 has single-trial betas "
        "of GLMsingle, which its authors recommend. At TR 1 the BOLD response has barely risen. "
        "Photographs of COCO have no category; where COCO's instances_train2014.json (or both of "
        "2017) lies in the folder 'annotations', their labels are the objects of the whole "
        "photograph, of which a part was shown, and the supercategory is that of most of them."
    ),
    citation=(
        "Chang N, Pyles JA, Marcus A, Gupta A, Tarr MJ, Aminoff EM (2019) BOLD5000, a public "
        "fMRI dataset while viewing 5000 visual images. Scientific Data 6:49. "
        "doi:10.1038/s41597-019-0052-3. Release 2.0: doi:10.1184/R1/14456124."
    ),
    licence=(
        "Responses, lists and labels: CC0. The photographs are those of COCO, ImageNet and SUN, "
        "and keep their terms."
    ),
    how_to_get=STEPS["bold5000"],
    disk=(
        "Release 2.0 about 0.3 GB, lists and labels 5 MB; release 1.0 4.2 GB as an archive (every "
        "TR, each as .mat and .h5). Copies take 40 MB for each subject and TR that is opened."
    ),
    fetchable=True,
    options=(
        Parameter(
            "release",
            "Release",
            NEWEST,
            "1.0 has responses at a TR, 2.0 betas of GLMsingle in % signal change; "
            f"'{NEWEST}' takes 2.0 where it is there, else 1.0",
            choices=(NEWEST, "1.0", "2.0"),
        ),
        Parameter(
            "tr",
            "Time of the response",
            TRS[0],
            "Of release 1.0: which TR (2 s) after the image; TR34 is a file of its own, of TRs 3 "
            "and 4",
            choices=TRS,
        ),
        replace(
            ZSCORED, default=AUTHORS, choices=(AUTHORS, *ZSCORE), help=f"{ZSCORED.help} {HELP}"
        ),
        NOISE_CEILING,
    ),
)


class Parts(NamedTuple):
    """The released ROIs of a subject.

    Attributes
    ----------
    files : tuple of Path
    shapes : dict of str to tuple of int
        Of each ROI, as stored.
    read : callable
        Gives the array of each ROI, as stored.
    """

    files: tuple[Path, ...]
    shapes: dict[str, tuple[int, ...]]
    read: Callable[[], Mapping[str, np.ndarray]]


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject of a release; see ``datasets.load``."""
    folder = info.where
    assert folder is not None
    number = _number(folder, options["release"])
    release = RELEASES[number]
    subjects = release.subjects(folder, options["tr"])
    chosen = choose_subject(subjects, subject)
    parts = release.parts(folder, chosen, options["tr"])
    trials, lists = _trials(folder, chosen)
    sizes = _sizes(parts, len(trials), lists[0].name)
    reading = converted.Reading(
        files=(*parts.files, *lists),
        shape=(len(trials), sum(sizes.values())),
        trials=trials,
        blocks=functools.partial(_blocks, parts, [n for n in sizes if sizes[n]], len(trials)),
        subjects=subjects,
        parameters={"release": number} | {name: options[name] for name in release.options},
    )
    treatment = _standard(number, options, trials)
    copy = converted.responses(info.name, VERSION, chosen, reading, treatment)
    annotations = annotations_beside(_instances(folder), info.name, chosen, subjects)
    stimuli = _stimuli(folder, list(dict.fromkeys(trials["id"])), annotations)
    stamps = images.stamps() if (images := _images(folder, stimuli)) else {}
    ds = Dataset(
        info=_described(info, number),
        subject=chosen,
        subjects=subjects,
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, *_content(stimuli, annotations)),
        rois=(rois := _rois(sizes)),
        regions=tuple(name for name in REGIONS if name in rois),
        betas=copy.betas,
        trials=trials,
        images=images,
        without_image=tuple(name for name in stimuli["id"] if stamps.get(name) is None),
        images_fingerprint=store.fingerprint(info.name, repr(stamps)),
        options=dict(options),
        notes=_notes(chosen, sizes, trials),
        scanned=copy.scanned,
    )
    return finished(ds, treatment)


def _number(folder: Path, release: str) -> str:
    """The release that is meant: 2.0, which its authors recommend, where it is there."""
    if release != NEWEST:
        return release
    return "2.0" if _beta_files(folder) else "1.0"


def _described(info: DatasetInfo, number: str) -> DatasetInfo:
    release, title = RELEASES[number], INFO.title.replace("BOLD5000", f"BOLD5000 {number}")
    # Release 2.0 has no times of the response to be drawn side by side.
    options = [o for o in info.options if o.name != "tr" or "tr" in release.options]
    return replace(info, title=title, units=release.units, options=tuple(options))


def _standard(number: str, options: Mapping[str, Any], trials: pd.DataFrame) -> Standard:
    chosen = standard_of(options)
    if chosen.zscore != AUTHORS:
        return chosen
    is_known = number == "2.0" and names_column(trials, "session")
    return chosen._replace(zscore="session" if is_known else "none")


# Responses ------------------------------------------------------------------------------------


def _subjects_1(folder: Path, tr: str) -> tuple[str, ...]:
    """Subjects with responses of release 1.0 at a TR."""
    below = [path for at in ROIS for path in paths.visible(folder / at)]
    named = {path.name for path in below if SUBJECT.fullmatch(path.name)}
    subjects = tuple(sorted(name for name in named if _roi_file(folder, name, tr)))
    if not subjects:
        raise NotFoundError(
            f"There are no responses of BOLD5000 1.0 at {tr} in {folder}",
            f"ROIs/CSI1/h5/CSI1_ROIs_{tr}.h5 or ROIs/CSI1/mat/CSI1_ROIs_{tr}.mat",
            "Unpack BOLD5000_ROIs.zip or the ROI betas of release 2.0 there, or choose another TR.",
        )
    return subjects


def _roi_file(folder: Path, subject: str, tr: str) -> Path | None:
    """The file of a subject and TR: HDF5 where both are there, which is read faster."""
    for ending in ("h5", "mat"):
        for at in ROIS:
            below = folder / at / subject / ending
            path = paths.find(below, f"{subject}_ROIs_{tr}.{ending}") if below.is_dir() else None
            if path is not None:
                return path
    return None


def _parts_1(folder: Path, subject: str, tr: str) -> Parts:
    path = _roi_file(folder, subject, tr)
    assert path is not None
    if path.suffix.lower() == ".mat":
        return Parts((path,), _held(path, _mat_shapes(path)), functools.partial(_read_mat, path))
    with open_hdf5(path) as file:
        shapes = {
            name: dataset(file, name).shape if name in RELEASED else () for name in names_in(file)
        }
    held = _held(path, shapes)
    return Parts((path,), held, functools.partial(_read_h5, path, tuple(held)))


def _mat_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays of a MATLAB file, from its headers where scipy reads those."""
    from scipy.io import whosmat

    with suppress(Exception):  # what is wrong with the file is said when it is read
        return {name: shape for name, shape, _ in whosmat(path)}
    return {name: array.shape for name, array in _read_mat(path).items()}


def _read_mat(path: Path) -> dict[str, np.ndarray]:
    values = read_mat(path, RELEASED)
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    if len(arrays) < len(values):
        raise CorruptDataError(
            f"{path.name} holds text or cells as {enumerate_names(sorted({*values} - {*arrays}))}",
            "an array (trials, voxels) for each ROI",
        )
    return arrays


def _read_h5(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    with open_hdf5(path) as file:
        return {name: read_whole(dataset(file, name)) for name in names}


def _held(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    held = {name: shapes[name] for name in RELEASED if name in shapes}
    if not held:
        raise CorruptDataError(
            f"{path.name} holds {enumerate_names(list(shapes)) or 'nothing'}",
            f"the ROIs of the release, {enumerate_names(RELEASED, 3)}",
        )
    return held


def _beta_files(folder: Path) -> dict[tuple[str, str], Path]:
    """The files of release 2.0 by subject and ROI."""
    files: dict[tuple[str, str], Path] = {}
    for path in [path for at in BETAS for path in paths.visible(folder / at)]:
        named = BETA_FILE.fullmatch(path.name)
        if named and named["roi"] in RELEASED:
            files.setdefault((named["subject"], named["roi"]), path)
    return files


def _subjects_2(folder: Path, tr: str) -> tuple[str, ...]:
    """Subjects with betas of release 2.0."""
    subjects = tuple(sorted({subject for subject, _ in _beta_files(folder)}))
    if not subjects:
        raise NotFoundError(
            f"There are no betas of BOLD5000 2.0 in {folder}",
            f"{BETAS[0]}/{_beta_file('CSI1', 'LHPPA')} and its like",
            "Put the ROI betas of release 2.0 there, or choose release 1.0.",
        )
    return subjects


def _parts_2(folder: Path, subject: str, tr: str) -> Parts:
    present = _beta_files(folder)
    files = {roi: present[subject, roi] for roi in RELEASED if (subject, roi) in present}
    shapes = {roi: StoredRows(path).shape for roi, path in files.items()}
    read = {roi: functools.partial(load_npy, path) for roi, path in files.items()}
    return Parts(tuple(files.values()), shapes, lambda: {roi: read[roi]() for roi in read})


def _sizes(parts: Parts, n_trials: int, listed: str) -> dict[str, int]:
    """Number of voxels of each ROI; which axis is that of trials is told by the list.

    Raises
    ------
    InputError
        If an ROI has no axis as long as the list.
    """
    sizes = {}
    for name, shape in parts.shapes.items():
        if 0 in shape:
            sizes[name] = 0
            continue
        if len(shape) != 2 or n_trials not in shape:
            raise InputError(
                f"{name} of {parts.files[0].name} has the shape {shape}, and {listed} lists "
                f"{n_trials} trials",
                "(trials, voxels), a line of the list for each trial",
                TOGETHER,
            )
        sizes[name] = shape[1] if shape[0] == n_trials else shape[0]
    return sizes


def _blocks(parts: Parts, names: Sequence[str], n_trials: int) -> Iterator[np.ndarray]:
    """All trials at once, some 70 MB. Yields (trials, voxels)."""
    arrays = parts.read()
    released = [arrays[name] for name in names]
    yield np.hstack([array if len(array) == n_trials else array.T for array in released])


def _rois(sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The five regions of both hemispheres, left first, then the released ROIs."""
    ends = np.cumsum(list(sizes.values()))
    released = {n: np.arange(end - sizes[n], end) for n, end in zip(sizes, ends, strict=True)}
    both = {
        region: np.concatenate([released.get(f"{h}{region}", ends[:0]) for h in ("LH", "RH")])
        for region in REGIONS
    }
    return {name: units for name, units in {**both, **released}.items() if len(units)}


# Trials and stimuli ---------------------------------------------------------------------------


def _trials(folder: Path, subject: str) -> tuple[pd.DataFrame, list[Path]]:
    """Trials in the order of presentation, and the files that list them.

    Sessions are those of the lists of runs, where these make up the whole list; without them
    runs are counted, and where a session ends is not known.

    Raises
    ------
    NotFoundError
        If there is no list.
    InputError
        If two lists of the whole order differ.
    """
    whole, runs = _lists(folder, subject), _run_lists(folder, subject)
    by_run = [(name, *number) for number, path in runs.items() for name in _lines(path)]
    if not whole and not runs:
        raise NotFoundError(
            f"There is no list of the images that {subject} saw in {folder}",
            f"{LISTS[0]}/{_padded(subject)}_stim_lists.txt (release 1.0) or "
            f"{STIMULI[0]}/{RUN_LISTS}/{subject}/{subject}_imgnames.txt (release 2.0)",
        )
    listed = next(iter(whole.values())) if whole else [name for name, *_ in by_run]
    for path, lines in whole.items():
        if lines != listed:
            raise InputError(
                f"{path.name} and {next(iter(whole)).name} differ{_difference(lines, listed)}",
                f"one order of presentation of {subject}",
                TOGETHER,
            )
    trials = pd.DataFrame({"id": listed})
    if by_run and [name for name, *_ in by_run] == listed:
        trials["session"] = [session for _, session, _ in by_run]
        trials["run"] = [run for *_, run in by_run]
    elif len(listed) % TRIALS_OF_A_RUN == 0:
        trials["run"] = np.arange(len(listed)) // TRIALS_OF_A_RUN + 1
    return complete_trials(trials), [*whole, *runs.values()]


def _lists(folder: Path, subject: str) -> dict[Path, list[str]]:
    """Ids in the order of presentation, of each file that lists all trials of a subject."""
    names = [f"{name}_stim_lists.txt" for name in (_padded(subject), subject)]
    places = [f"{at}/{name}" for at in LISTS for name in names]
    listed = f"{subject}_imgnames.txt"
    places += [f"{at}/{RUN_LISTS}/{subject}/{listed}" for at in STIMULI]
    places += [f"{at}/{listed}" for at in (*BETAS, ".")]
    return {folder / at: _lines(folder / at) for at in places if (folder / at).is_file()}


def _padded(subject: str) -> str:
    """CSI01 for CSI1, as the lists of release 1.0 are called."""
    return f"CSI{int(subject.removeprefix('CSI')):02d}"


def _run_lists(folder: Path, subject: str) -> dict[tuple[int, int], Path]:
    """The list of each run, by session and run."""
    lists = {}
    for path in [p for at in STIMULI for p in (folder / at / RUN_LISTS / subject).glob("*/*.txt")]:
        number = RUN_FILE.search(path.name)
        if number and not paths.is_hidden(path.name):
            lists[int(number[1]), int(number[2])] = path
    return dict(sorted(lists.items()))


def _lines(path: Path) -> list[str]:
    """Ids of a list: ``rep_`` stands before images shown again, some of them the first time too."""
    enter(path)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorruptDataError(
            f"{path.name} could not be read ({error})", "a file name a line"
        ) from None
    return [line.strip().removeprefix(REPEATED) for line in lines if line.strip()]


def _difference(lines: Sequence[str], others: Sequence[str]) -> str:
    if len(lines) != len(others):
        return f": {len(lines)} and {len(others)} lines"
    pairs = zip(lines, others, strict=True)
    row, (left, right) = next((i, pair) for i, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return f": {left!r} and {right!r} in line {row}"


def _instances(folder: Path) -> list[Path]:
    """COCO's annotations of all images, where they are there."""
    places = [[folder / at / name for name in names] for at in ANNOTATIONS for names in INSTANCES]
    return next((files for files in places if all(path.is_file() for path in files)), [])


def _stimuli(folder: Path, ids: Sequence[str], annotations: Annotations | None) -> pd.DataFrame:
    """Source of each image by its name; category by the lists of labels, of COCO none."""
    synsets = {wnid: words for wnid, _, words in map(_split, _label_lines(folder, "imagenet"))}
    first = Counter(words.split(", ")[0] for words in synsets.values())
    scenes = {line.lower(): line for line in _label_lines(folder, "scene")}
    rows = []
    for name in ids:
        synset, source = SYNSET.match(name), "Scene"
        wnid = synset[1] if synset else ""
        labels: tuple[str, ...] = ()
        if synset:
            source, labels = "ImageNet", tuple(synsets.get(wnid, wnid).split(", "))
        elif name.startswith("COCO_"):
            source = "COCO"
        else:
            place = os.path.splitext(name)[0].rstrip("0123456789")
            labels = (scenes.get(place.lower(), place),)
        category = labels[0] if labels else ""
        # Two synsets are called crane, two maillot.
        category += f" ({wnid})" if first[category] > 1 else ""
        rows.append((name, category, labels, source, wnid))
    stimuli = pd.DataFrame(rows, columns=["id", "category", "labels", "source", "wnid"])
    return stimuli if annotations is None else _with_objects(stimuli, annotations)


def _content(stimuli: pd.DataFrame, annotations: Annotations | None) -> list[str]:
    """What the fingerprint is made of; without annotations as it was before they were read."""
    categories = "|".join(stimuli["category"])
    return [categories] if annotations is None else [categories, stimuli_csv(stimuli)]


def _with_objects(stimuli: pd.DataFrame, annotations: Annotations) -> pd.DataFrame:
    """Labels and supercategory of the images of COCO, those of the whole photograph."""
    numbers = [COCO.match(name) for name in stimuli["id"]]
    counts = [counts_of(annotations, int(n[1]), WHOLE) if n else None for n in numbers]
    pairs = list(zip(counts, stimuli["labels"], strict=True))
    above = [supercategory_of(each or {}, annotations.supercategories) for each in counts]
    labels = [own if each is None else tuple(each) for each, own in pairs]
    return stimuli.assign(labels=pd.Series(labels, dtype=object), supercategory=above)


def _split(line: str) -> tuple[str, str, str]:
    return line.partition(" ")


def _label_lines(folder: Path, kind: str) -> list[str]:
    files = [folder / at / LABELS / f"{kind}_final_labels.txt" for at in STIMULI]
    return next((_lines(path) for path in files if path.is_file()), [])


def _images(folder: Path, stimuli: pd.DataFrame) -> FileImages | None:
    """The images as presented, not the originals that they were cut from."""
    places = [folder / at / PRESENTED for at in STIMULI]
    below = next((place for place in places if place.is_dir()), None)
    pairs = zip(stimuli["id"], stimuli["source"], strict=True)
    names = {stimulus: f"{source}/{stimulus}" for stimulus, source in pairs}
    return None if below is None else FileImages(below, names)


def _notes(subject: str, sizes: Mapping[str, int], trials: pd.DataFrame) -> tuple[Note, ...]:
    notes = []
    absent = [name for name in RELEASED if not sizes.get(name)]
    if absent:
        title = f"{len(absent)} ROIs without voxels" if len(absent) > 1 else "1 ROI without voxels"
        notes.append(Note(title, f"Left out of {subject}: {enumerate_names(absent, 10)}."))
    if not names_column(trials, "session"):
        runs = "Runs are counted, 37 trials each." if names_column(trials, "run") else ""
        detail = (
            f"The list of trials does not say where a session ends. {runs} The folder {RUN_LISTS} "
            "of BOLD5000_Stimuli.zip tells sessions and runs."
        )
        notes.append(Note("Sessions are not known", detail))
    return tuple(notes)


# What may be there -----------------------------------------------------------------------------


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """What the two releases hold; the responses of one of them are needed."""
    rois, lists, betas, stimuli = (
        next((at for at in places if at != "." and (folder / at).is_dir()), places[0])
        for places in (ROIS, LISTS, BETAS, STIMULI)
    )
    second = (folder / betas).is_dir()
    first = (folder / rois).is_dir() or not second
    files = []
    for name in [subject] if subject else _found(folder) or SUBJECTS:
        for tr, ending in itertools.product(TRS, ("h5", "mat")):
            at = f"{rois}/{name}/{ending}/{name}_ROIs_{tr}.{ending}"
            read = _roi_file(folder, name, tr)
            needed = first and tr == TRS[0] and (ending == "h5" if read is None else read.match(at))
            files.append(Expected(at, f"1.0: responses at {tr}", needed))
        at = f"{lists}/{_padded(name)}_stim_lists.txt"
        files.append(Expected(at, "1.0: order of presentation", first))
        files += [
            Expected(f"{betas}/{_beta_file(name, r)}", "2.0: betas", second) for r in RELEASED
        ]
        at = f"{stimuli}/{RUN_LISTS}/{name}/{name}_imgnames.txt"
        files.append(Expected(at, "2.0: order of presentation", second and not first))
    further = {f"{PRESENTED}/{source}/*": f"images of {source}" for source in SOURCES}
    further[f"{RUN_LISTS}/**/*.txt"] = "lists of the runs, which tell sessions"
    further |= {f"{LABELS}/{kind}_final_labels.txt": "labels" for kind in ("imagenet", "scene")}
    files += [Expected(f"{stimuli}/{at}", what, False) for at, what in further.items()]
    beside = {f"{stimuli}/{at}": "what comes with it" for at in BESIDE}
    beside |= {f"{at}/instances_*.json": "objects in the images of COCO" for at in ANNOTATIONS}
    present = {at: what for at, what in beside.items() if any(folder.glob(at))}
    return files + [Expected(at, what, False) for at, what in present.items()]


def _found(folder: Path) -> list[str]:
    """Subjects of whom anything is there."""
    names = [path.name for at in (*ROIS, *BETAS) for path in paths.visible(folder / at)]
    return [subject for subject in SUBJECTS if any(name.startswith(subject) for name in names)]


def _beta_file(subject: str, roi: str) -> str:
    return f"{subject}_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_allses_{roi}.npy"


class _Release(NamedTuple):
    subjects: Callable[[Path, str], tuple[str, ...]]
    parts: Callable[[Path, str, str], Parts]
    units: str
    options: tuple[str, ...]


RELEASES = {
    "1.0": _Release(_subjects_1, _parts_1, "arbitrary units", ("tr",)),
    "2.0": _Release(_subjects_2, _parts_2, "% signal change", ()),
}

register(Recording(INFO, load, remote=BOLD5000, expected=expected))
