"""Where the RDMs of a comparison come from: each kind is listed cheaply and opened when needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core import encoders, rdm, store
from core.datasets import Dataset, Reference
from core.encoders import checkpoints
from core.encoders.encoder import EncoderInfo
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.jobs.request import check_fields
from core.progress import Progress
from core.registry import Registry

# What is compared with folds in the brain is the same distance without noise elsewhere.
WITHOUT_FOLDS = "sqeuclidean_per_channel"
MOST_LAYERS = 6
# Early and late: what explains the one rarely explains the other.
USUAL_PARTS = ("V1", "LOC", "IT", "V4")
USUAL_MODELS, MOST_PUBLISHED = ("category", "supercategory", "animacy"), 8
# Columns of the stimulus list that say nothing of what a stimulus shows, or have an own entry.
NO_MODEL = frozenset({"id", "file", "labels", "split", "category", "supercategory"})
ANIMATE = re.compile(
    r"\b(animate|animals?|people|persons?|humans?|man|woman|child|face|faces|body|bodies|"
    r"mammals?|birds?|fish|insects?|reptiles?)\b"
)


@dataclass(frozen=True)
class RdmSource:
    """An RDM by name, in small values that an address and a request can hold.

    Attributes
    ----------
    kind : str
        An id of ``RDM_KINDS``.
    name : str
        Within its kind: concatenated ROIs with ' + ', an encoder, a column of the stimulus
        list, a published RDM, the key of a decoder or of an uploaded RDM.
    subject : str
        Whose responses; '' where no subject matters.
    parameters : tuple of (str, value)
        What else it takes: the ROIs, the layer of an encoder.
    label : str
        For the reader.
    """

    kind: str
    name: str
    subject: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()
    label: str = field(default="", compare=False)

    @property
    def id(self) -> str:
        """Kind and name, such as 'encoder:clip-small, output visual'."""
        own = [] if self.kind == "roi" else [f"{name} {value}" for name, value in self.parameters]
        return ", ".join([f"{self.kind}:{self.name}", *own])

    @property
    def name_shown(self) -> str:
        """The label, the name where there is none; all subjects share it."""
        return self.label or self.name

    @property
    def title(self) -> str:
        """What is shown of it, with the subject where there is one."""
        return ", ".join(filter(None, (self.name_shown, self.subject)))

    def of(self, subject: str) -> RdmSource:
        """The same of a subject."""
        return replace(self, subject=subject)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; those that say nothing are left out."""
        values = {
            "kind": self.kind,
            "name": self.name,
            "subject": self.subject,
            "parameters": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self.parameters
            },
            "label": self.label,
        }
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RdmSource:
        """From JSON values.

        Raises
        ------
        InputError, NotFoundError
            If a field is unknown or absent, or there is no such kind.
        """
        fields = ("kind", "name", "subject", "parameters", "label")
        check_fields("compare", values, fields, fields[:2])
        parameters = tuple(
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in (values.get("parameters") or {}).items()
        )
        RDM_KINDS[values["kind"]]
        texts = (values.get("subject") or "", parameters, values.get("label") or "")
        return cls(values["kind"], values["name"], *texts)


@dataclass(frozen=True)
class OpenRdm:
    """An RDM that is ready to be computed.

    Attributes
    ----------
    ids : sequence of str
        Stimuli that it can tell of.
    compute : callable
        Gives the RDM (m, m) of some of them, in their order; stimuli that turn out to have no
        value are NaN off the diagonal.
    notes : tuple of str
        What a reader must know of it.
    """

    ids: Sequence[str]
    compute: Callable[[Sequence[str], Progress | None], np.ndarray]
    notes: tuple[str, ...] = ()


class Recordings:
    """The subjects of one recording, each opened once."""

    def __init__(self, references: Sequence[Reference]) -> None:
        self.first = references[0].open_seen()
        self._references = references
        self._opened = {self.first.subject: self.first}

    def of(self, subject: str) -> Dataset:
        """One subject, with those of the stimuli in view that it saw; '' for the first.

        Raises
        ------
        NotFoundError
            If it is not among the subjects that are compared.
        """
        subject = subject or self.first.subject
        if subject not in self._opened:
            named = {own.subject: own for own in self._references}
            if subject not in named:
                raise NotFoundError(f"{subject} is not compared", choices=map(str, named))
            self._opened[subject] = named[subject].open_seen()
        return self._opened[subject]


def _no_identity(recordings: Recordings, source: RdmSource) -> str:
    return ""


@dataclass(frozen=True)
class RdmKind:
    """A kind of RDMs.

    Attributes
    ----------
    id, label, note : str
    members : callable
        ``members(ds)`` lists what there is for a recording; computes nothing.
    open : callable
        ``open(recordings, source, metric) -> OpenRdm``.
    identity : callable
        ``identity(recordings, source) -> str`` stands for the content where neither the
        recording nor the name does.
    """

    id: str
    label: str
    note: str
    members: Callable[[Dataset], Iterable[RdmSource]]
    open: Callable[[Recordings, RdmSource, str], OpenRdm]
    identity: Callable[[Recordings, RdmSource], str] = _no_identity


RDM_KINDS: Registry[RdmKind] = Registry("kind of RDM")


def available(ds: Dataset) -> list[RdmSource]:
    """Every RDM that a recording can be compared by, each with its own label; computes nothing."""
    listed = [source for kind in RDM_KINDS.values() for source in kind.members(ds)]
    taken = {source.name_shown for source in listed if source.kind == "roi"}
    named = [source for source in listed if source.kind == "roi"]
    for source in listed[len(named) :]:
        label, count = source.name_shown, 1
        while label in taken:
            kind = RDM_KINDS[source.kind].label.lower()
            label = f"{source.name_shown} ({kind}{f' {count}' if count > 1 else ''})"
            count += 1
        taken.add(label)
        named.append(replace(source, label=label))
    return named


def usual_parts(ds: Dataset) -> list[str]:
    """ROIs that are compared unless a reader chooses others."""
    return [name for name in USUAL_PARTS if name in ds.rois][:2] or list(ds.rois)[:1]


def usual_models(sources: Sequence[RdmSource], brain: Sequence[RdmSource]) -> list[RdmSource]:
    """What a brain is compared with unless a reader chooses: models that come along, else some.

    Where the recording has RDMs that it calls models, these; else categories, animacy, and
    each encoder that is here.
    """
    names = {source.name for source in brain}
    published = [s for s in sources if s.kind == "published" and s.name not in names]
    called_so = [source for source in published if source.name.lower().startswith("model")]
    if called_so:
        return called_so
    own = [s for s in sources if s.kind == "model" and s.name in USUAL_MODELS]
    own += [s for s in sources if s.kind == "encoder" and not s.parameters]
    return own + published[: MOST_PUBLISHED - len(own)] if len(own) < MOST_PUBLISHED else own


def of_rois(rois: Sequence[str], subject: str) -> RdmSource:
    """The RDM of one ROI or several concatenated (none: every unit) of a subject."""
    name = " + ".join(rois) or "every unit"
    return RdmSource("roi", name, subject, (("rois", tuple(rois)),), name)


def _rois(ds: Dataset) -> Iterator[RdmSource]:
    for roi in ds.rois if ds.betas is not None else ():
        for subject in ds.subjects:
            yield of_rois([roi], subject)


def _open_rois(recordings: Recordings, source: RdmSource, metric: str) -> OpenRdm:
    ds, rois = recordings.of(source.subject), list(dict(source.parameters)["rois"])
    ids = ds.stimuli["id"].to_numpy()[~ds.missing(rois or None)]

    def compute(chosen: Sequence[str], progress: Progress | None) -> np.ndarray:
        part = ds if list(chosen) == ds.stimuli["id"].tolist() else ds.subset(chosen)
        stored = rdm.load(rdm.result_key(part, rois, metric))
        if stored is not None:
            return stored
        return rdm.of_dataset(part, rois, metric, progress=progress)

    return OpenRdm(ids.tolist(), compute, rdm.notes_of(ds, rois, metric))


def _published(ds: Dataset) -> Iterator[RdmSource]:
    for name in ds.rdms:
        yield RdmSource("published", name, label=name)


def _open_published(recordings: Recordings, source: RdmSource, metric: str) -> OpenRdm:
    ds = recordings.of(source.subject)
    return _of_matrix(ds.stimuli["id"].tolist(), rdm.published(ds, source.name))


def _of_matrix(ids: Sequence[str], matrix: np.ndarray) -> OpenRdm:
    """An RDM that is there; stimuli without any value are not among its ids."""
    place = {name: row for row, name in enumerate(ids)}
    for row in rdm.undefined(matrix):
        del place[ids[row]]

    def compute(chosen: Sequence[str], progress: Progress | None) -> np.ndarray:
        rows = [place[name] for name in chosen]
        return np.asarray(matrix[np.ix_(rows, rows)])

    return OpenRdm(list(place), compute)


def _models(ds: Dataset) -> Iterator[RdmSource]:
    for column in ("category", "supercategory"):
        if ds.stimuli[column].replace("", np.nan).nunique() > 1:
            yield RdmSource("model", column, label=column)
    if _animate(ds.stimuli) is not None:
        yield RdmSource("model", "animacy", label="animacy")
    for column in ds.stimuli.columns.difference(list(NO_MODEL), sort=False):
        if _divides(ds.stimuli[column]):
            yield RdmSource("model", str(column), label=str(column))


def _divides(values: pd.Series) -> bool:
    """Whether a column puts stimuli into groups of two or more on average."""
    if values.dtype.kind == "f" or not values.map(lambda value: isinstance(value, str)).all():
        return values.dtype.kind == "b" and values.nunique() == 2
    groups = values[values != ""].nunique()
    return 1 < groups <= len(values) // 2


def _animate(stimuli: pd.DataFrame) -> pd.Series | None:
    """Whether each stimulus shows what lives, by the words of its supercategory; None if unknown.

    Plants are no such thing, as in Kriegeskorte et al. (2008).
    """
    known = stimuli["supercategory"] != ""
    is_animate = stimuli["supercategory"].map(lambda text: bool(ANIMATE.search(text.lower())))
    if is_animate[known].nunique() < 2:
        return None
    return is_animate.astype(str).where(known, "")


def _open_model(recordings: Recordings, source: RdmSource, metric: str) -> OpenRdm:
    """0 for two stimuli of one group, 1 for others; '' is unknown."""
    stimuli = recordings.first.stimuli
    values = stimuli.get(source.name)
    if values is None and source.name == "animacy":
        values = _animate(stimuli)
    if values is None:
        raise NotFoundError(f"The stimulus list has no column {source.name!r}", "one that it has")
    group = dict(zip(stimuli["id"], values.astype(str), strict=True))

    def compute(chosen: Sequence[str], progress: Progress | None) -> np.ndarray:
        names = np.array([group[name] for name in chosen])
        return (names[:, None] != names[None, :]).astype(np.float32)

    return OpenRdm([name for name, value in group.items() if value], compute)


def _encoders(ds: Dataset) -> Iterator[RdmSource]:
    """Every encoder that can be used here, and its layers."""
    for info in encoders.available(ds):
        if not info.is_here or (ds.images is None and info.kind != "precomputed"):
            continue
        for parameters in _layers(info):
            own = ", ".join(f"{name} {value}" for name, value in parameters)
            label = f"{info.label}, {own}" if own else info.label
            yield RdmSource("encoder", info.id, "", parameters, label)


def _layers(info: EncoderInfo) -> list[tuple[tuple[str, Any], ...]]:
    """The outputs of an encoder, the usual one (no parameter) first."""
    declared = {parameter.name: parameter for parameter in info.parameters}
    if "layer" in declared:
        return [(), *((("layer", layer), ("pooling", "mean")) for layer in _numbers(info))]
    outputs = declared["output"].choices if "output" in declared else ()
    return [(), *((("output", name),) for name in outputs if name != declared["output"].default)]


def _numbers(info: EncoderInfo) -> list[int]:
    """Some layers of a transformer, evenly spread; none where its configuration tells no count."""
    try:
        config = checkpoints.read_config(info.where) if info.where else {}
    except NeurogalleryError:  # opening it says why
        return []
    count = config.get("num_hidden_layers") or config.get("vision_config", {}).get(
        "num_hidden_layers", 0
    )
    spread = np.linspace(1, count, min(MOST_LAYERS, count)) if isinstance(count, int) else ()
    return sorted({round(layer) for layer in spread})


def _open_encoder(recordings: Recordings, source: RdmSource, metric: str) -> OpenRdm:
    ds, parameters = recordings.first, dict(source.parameters)
    encoders.get(source.name)
    lacking = set(ds.missing_images()) if ds.images is not None else set()
    ids = [name for name in ds.stimuli["id"] if name not in lacking]
    is_precomputed = encoders.get(source.name).info.kind == "precomputed"
    metric = WITHOUT_FOLDS if rdm.METRICS[metric].needs_folds else metric

    def compute(chosen: Sequence[str], progress: Progress | None) -> np.ndarray:
        """Of all images where they were encoded before, else of these alone."""
        key = None if is_precomputed else encoders.result_key(ds, source.name, **parameters)
        rows = [ds.row(name) for name in chosen]
        if is_precomputed or (key and encoders.load(key) is not None):
            features = encoders.encode_images(ds, source.name, **parameters)[rows]
        else:
            part = ds.subset(chosen)
            features = encoders.encode_images(part, source.name, progress=progress, **parameters)
        return rdm.compute(features, metric)

    return OpenRdm(ids, compute)


def _identity_of_encoder(recordings: Recordings, source: RdmSource) -> str:
    """Changes with the checkpoint and the images."""
    if encoders.get(source.name).info.kind == "precomputed":
        return ""
    return encoders.result_key(recordings.first, source.name, **dict(source.parameters))


def _decoders(ds: Dataset) -> Iterator[RdmSource]:
    from core import decoders

    for entry in (*decoders.entries(), *decoders.examples()):
        config = entry.facts.get("config", {})
        if config.get("dataset") == ds.info.name and ds.subject in config.get("subjects", ()):
            short = decoders.short_name(entry.key, config["head"])
            label = f"decoder {short} of {config['encoder']}"
            yield RdmSource("decoder", entry.key, ds.subject, (), label)


def _open_decoder(recordings: Recordings, source: RdmSource, metric: str) -> OpenRdm:
    """What a decoder predicts of its test set; it was fitted to all other stimuli."""
    from core import decoders
    from core.decoders.map_source import embed

    run = decoders.load(source.name)
    if run is None:
        raise NotFoundError(f"There is no decoder {source.name}", "one that was trained")
    ds = recordings.of(source.subject)
    data = decoders.prepare(run.config, opened=[ds])
    ids = data.opened[0].stimuli["id"].to_numpy()[data.fold.test]
    tested = ds.subset([name for name in ids if ds.has_stimulus(name)])
    predicted = embed(run, tested)
    usable = np.isfinite(predicted).all(axis=1)
    names = tested.stimuli["id"].to_numpy()[usable].tolist()
    metric = WITHOUT_FOLDS if rdm.METRICS[metric].needs_folds else metric

    def compute(chosen: Sequence[str], progress: Progress | None) -> np.ndarray:
        return rdm.compute(predicted[[tested.row(name) for name in chosen]], metric)

    note = (
        f"{source.title}: predictions of its {len(names):,} test stimuli; fitted ones are left out."
    )
    return OpenRdm(names, compute, (note,))


def _identity_of_decoder(recordings: Recordings, source: RdmSource) -> str:
    """A training that goes on changes the parameters, and not the key."""
    from core import decoders

    run = decoders.load(source.name)
    return "" if run is None else run.digest


def _uploads(ds: Dataset) -> Iterator[RdmSource]:
    from core.rsa.uploads import uploaded

    for key, facts in uploaded(ds):
        yield RdmSource("upload", key, "", (), facts["name"])


def _open_upload(recordings: Recordings, source: RdmSource, metric: str) -> OpenRdm:
    result = store.load(source.name)
    if result is None or "rdm" not in result.arrays or "ids" not in result.facts:
        raise NotFoundError(f"There is no uploaded RDM {source.name}", "one that was uploaded here")
    return _of_matrix(result.facts["ids"], np.asarray(result.arrays["rdm"]))


def open_source(recordings: Recordings, source: RdmSource, metric: str) -> OpenRdm:
    """Open an RDM; the errors of its kind are raised.

    Raises
    ------
    InputError
        If it has fewer than two stimuli.
    """
    opened = RDM_KINDS[source.kind].open(recordings, source, metric)
    if len(opened.ids) < 2:
        raise InputError(f"{source.title} has {len(opened.ids)} usable stimuli", "at least 2")
    return opened


for _kind in (
    RdmKind(
        "roi",
        "Brain",
        "Responses of a ROI of a subject.",
        _rois,
        _open_rois,
    ),
    RdmKind(
        "published", "With the recording", "RDMs that come along.", _published, _open_published
    ),
    RdmKind(
        "model",
        "Models",
        "0 for two stimuli of one group, 1 for others, by a column of the stimulus list.",
        _models,
        _open_model,
    ),
    RdmKind(
        "encoder",
        "Encoders",
        "Embeddings of the images, by layer where an encoder has several.",
        _encoders,
        _open_encoder,
        identity=_identity_of_encoder,
    ),
    RdmKind(
        "decoder",
        "Decoders",
        "Embeddings that a decoder predicts from the responses to its test set.",
        _decoders,
        _open_decoder,
        identity=_identity_of_decoder,
    ),
    RdmKind("upload", "Uploaded", "RDMs of your own.", _uploads, _open_upload),
):
    RDM_KINDS.register(_kind.id, _kind)
