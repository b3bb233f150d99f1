"""Which page shows the result of a job, and with which settings: the other way round of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import store
from core.datasets import Reference
from core.decoders import Config
from core.decoders.runs import described
from core.dissimilarity.job import BASELINES, BESIDE
from core.encoders import PROMPT
from core.errors import NeurogalleryError
from core.jobs import Job
from pages.shared.decoders.choose import name_of_config
from pages.shared.decoders.outcome.ensemble import KEY as ENSEMBLE
from pages.shared.decoders.outcome.ensemble import name_in_choice
from pages.shared.frame.presets import Settings

Values = Mapping[str, Any]
# Requests of a page say nothing else; what a script asked for beside that, no page shows.
OF_CLUSTERS = {"dataset", "subject", "options", "subjects", "roi", "source", "metric", "seed"}
OF_CLUSTERS |= {"fingerprint", "across", "k", "ks"}


@dataclass(frozen=True)
class ResultView:
    """A page that shows a result.

    Attributes
    ----------
    page : str
        As its address names it.
    settings : dict
        Values of its widgets, by key.
    recording : Reference or None
        What is in view then; None for the one in view.
    config : Config or None
        Of the decoder that page Train is set to.
    """

    page: str
    settings: Settings = field(default_factory=dict)
    recording: Reference | None = None
    config: Config | None = None


def result_view(job: Job) -> ResultView | None:
    """The page that shows the result of a job; None where none does."""
    try:
        write = VIEWS.get(job.operation)
        return None if write is None else write(job.request)
    except (NeurogalleryError, LookupError, TypeError, ValueError, AttributeError):
        return None  # a request of a former version, or whose decoder is gone


def _rdm(values: Values) -> ResultView | None:
    if values.get("stimuli"):  # a selection, which is in no address
        return None
    settings = {
        "roi": list(values["rois"]),
        "metric": values["metric"],
        "rdm.noise": values["noise"],
        "rdm.order": values["order"],
        "rdm.combine": "concatenated",
    }
    return ResultView("rdm", settings, _recording(values))


def _clusters(values: Values) -> ResultView | None:
    if not values.keys() <= OF_CLUSTERS or ("ks" in values and "across" not in values):
        return None
    settings = {
        "clusters.source": values["source"],
        "metric": values["metric"],
        "random_seed": values["seed"],
    }
    if "roi" in values:
        settings["roi"] = list(values["roi"])
    return ResultView("clusters", settings, _recording(values))


def _consistency(values: Values) -> ResultView | None:
    shown = _clusters(values)
    if shown is None:
        return None
    more = {"clusters.tab": "Reproducibility", "clusters.across": values["across"]}
    if values["across"] == "subjects":
        more["clusters.k"] = str(values["k"])
    return ResultView(shown.page, {**shown.settings, **more}, shown.recording)


def _encode(values: Values) -> ResultView:
    encoder = values["encoder"]
    settings = {"encoders.encoder": [encoder], "encoders.which": values["which"]}
    settings |= _below(f"encoders.{encoder}.", values.get("parameters"))
    return ResultView("encoders", settings, _recording(values))


def _map(values: Values) -> ResultView | None:
    if values.get("encoder_parameters") or values.get("stimuli"):
        return None
    settings = {
        "maps.space": [_space(values)],
        "maps.method": values["method"],
        "random_seed": values["seed"],
    }
    settings |= _below(f"maps.{values['method']}.", values.get("parameters"))
    return ResultView("maps", settings, _recording(values))


def _space(values: Values) -> str:
    """What page Maps calls the space of a map."""
    source = str(values["source"])
    if "run" in values:
        return f"{source}:{_name_of(values['run']).partition(',')[0]}"
    name = values.get("roi") or values.get("encoder") or values.get("rdm") or ""
    return f"{source}:{_single(name)}" if name else source


def _single(name: Any) -> str:
    (only,) = [name] if isinstance(name, str) else name
    return str(only)


def _train(values: Values) -> ResultView:
    return ResultView("train", config=Config.from_json(values["config"]))


def _evaluate(values: Values) -> ResultView:
    if values.get("prototypes", "images") == "images":
        return ResultView("train", config=_config(values["run"]))
    return _zero_shot(values)


def _ensemble(values: Values) -> ResultView:
    """The first member, with the others chosen."""
    first, *others = values["runs"]
    names = [name_in_choice(run, _config(run)) for run in others]
    return ResultView("train", {ENSEMBLE: names}, config=_config(first))


def _zero_shot(values: Values) -> ResultView:
    config = _config(values["run"])
    kinds = {"images": "images", "names": "text prompts", "both": "both"}
    settings: Settings = {
        "zero_shot.decoder": [_name_of(values["run"])],
        "zero_shot.prototypes": kinds[values.get("prototypes", "images")],
        "zero_shot.prompts": "\n".join(values.get("prompts") or (PROMPT,)),
    }
    subject = config.subjects[0] if config.subjects else None
    return ResultView("zero_shot", settings, Reference(config.dataset, subject, config.options))


def _ground_truth(values: Values) -> ResultView:
    settings = {"roi": [values["roi"]] if values["roi"] else [], "metric": values["metric"]}
    return ResultView("ground_truth", settings, Reference("simulated", None, values["options"]))


def _compare(values: Values) -> ResultView | None:
    if values["flexible"]:  # of which the page has no address
        return None
    brain: Sequence[Values] = values["brain"]
    regions = [source for source in brain if source["kind"] == "roi"]
    names = [_single(source["parameters"]["rois"]) for source in regions if _rois(source)]
    settings = {
        "roi": names,
        "compare.brain": [source["name"] for source in brain if source["kind"] != "roi"],
        "compare.models": [source.get("label") or source["name"] for source in values["models"]],
        "compare.measure": values["method"],
        "compare.subjects": "all" if len(values["subjects"]) > 1 else "the one in view",
        "random_seed": values["seed"],
        "metric": values["metric"],
    }
    kept = ("resample", "correction", "most_stimuli", "samples", "permutations")
    settings |= _below("compare.", {name: values[name] for name in kept if name in values})
    return ResultView("compare", settings, _recording(values))


def _rois(source: Values) -> Any:
    return source.get("parameters", {}).get("rois")


def _dissimilarity(values: Values) -> ResultView | None:
    several = any(len(values[name]) != 1 for name in ("rois", "metrics", "embeddings"))
    if several or values["subjects"] or len(values["splits"]) != 2:
        return None
    models = [name for name in values["models"] if name not in BASELINES]
    settings = {
        "roi": [name for name in values["rois"][0].split(BESIDE) if name],
        "metric": values["metrics"][0],
        "dissimilarity.embedding": values["embeddings"][0],
        "dissimilarity.models": models,
        "dissimilarity.images": values["images"],
        "random_seed": values["seed"],
    }
    return ResultView("dissimilarity", settings, _recording(values))


def _components(values: Values) -> ResultView | None:
    if values.get("stimuli"):
        return None
    sources = {"regions": "region means", "units": "units of ROIs"}
    settings = {"components.source": sources[values["source"]], "roi": list(values["rois"])}
    settings |= _below("components.", {name: values[name] for name in ("method", "k")})
    return ResultView("components", settings | {"random_seed": values["seed"]}, _recording(values))


def _cortex(values: Values) -> ResultView | None:
    if values.get("stimuli"):
        return None
    own = {name: values[name] for name in ("map", "choice", "detail") if values.get(name)}
    return ResultView("cortex", _below("cortex.", own), _recording(values))


def _encoding(values: Values) -> ResultView | None:
    if values.get("split_parameters") or values.get("fold"):
        return None
    settings = {"encoding.models": list(values["models"]), "random_seed": values["seed"]}
    settings |= _below("encoding.", {name: values[name] for name in ("split", "inner")})
    return ResultView("encoding", settings | {"roi": list(values["rois"])}, _recording(values))


def _gallery(values: Values) -> ResultView:
    return ResultView("retrieval", {"retrieval.gallery": values["gallery"]})


def _open(values: Values) -> ResultView:
    return ResultView("overview", recording=_recording(values))


def _fetch(values: Values) -> ResultView:
    return ResultView("overview", {"recording": values["name"]})


def _data(values: Values) -> ResultView:
    return ResultView("data")


def _recording(values: Values) -> Reference:
    return Reference.from_json({"dataset": "simulated", **values, "fingerprint": None})


def _below(prefix: str, values: Values | None) -> Settings:
    return {prefix + name: value for name, value in (values or {}).items()}


def _config(run: str) -> Config:
    """The settings of a decoder in the store; CorruptDataError where it is gone or damaged."""
    return described(store.entry(run)).config


def _name_of(run: str) -> str:
    return name_of_config(run, _config(run))


# Of 'ablation' the page has no address yet: what it begins with may be any decoder.
VIEWS: dict[str, Callable[[Values], ResultView | None]] = {
    "rdm": _rdm,
    "clusters": _clusters,
    "consistency": _consistency,
    "encode": _encode,
    "gallery": _gallery,
    "map": _map,
    "train": _train,
    "score": _train,
    "audit": _train,
    "folds": _train,
    "generalisation": _train,
    "ensemble": _ensemble,
    "trust": lambda values: ResultView("train", config=_config(values["run"])),
    "evaluate": _evaluate,
    "zero_shot": _zero_shot,
    "ground_truth": _ground_truth,
    "compare": _compare,
    "dissimilarity": _dissimilarity,
    "components": _components,
    "cortex": _cortex,
    "encoding": _encoding,
    "information": _encoding,
    "open": _open,
    "fetch": _fetch,
    "export": _data,
    "check": _data,
}
