"""Which pages a recording can show: the rule, by what it has."""

from __future__ import annotations

from typing import NamedTuple

from core.datasets.dataset import Dataset


class Ability(NamedTuple):
    """A page, whether a recording has what it needs, and what it lacks or goes without."""

    page: str
    title: str
    is_possible: bool
    note: str = ""


def abilities(ds: Dataset) -> list[Ability]:
    """Say of each page whether a recording can be shown there, in the order of the navigation.

    The rule: responses for Responses, Clusters, Components and Cortex; responses or RDMs for
    RDM, Maps and Compare; images or precomputed embeddings for Encoders; both responses and one
    of these for decoders (Train, Retrieval, Zero-shot, Ablations), Predict dissimilarity and
    Encoding, a category of
    several stimuli for Zero-shot besides, and a simulation for Ground truth. Where stimuli have
    no repeats there is no noise ceiling.
    """
    responses, images = ds.betas is not None, ds.images is not None
    embedded = images or bool(ds.embeddings)
    repeated = responses and int(ds.repeats.max(initial=0)) > 1
    categories = ds.stimuli["category"].replace("", None).nunique() > 1
    no_responses = "" if responses else "no responses"
    no_target = "" if embedded else "neither images nor embeddings"
    decoders = " and ".join(filter(None, (no_responses, no_target)))
    compared = "" if responses or ds.rdms else "neither responses nor RDMs"
    pages = {
        ("overview", "Overview"): "",
        ("responses", "Responses"): no_responses,
        ("rdm", "RDM"): compared,
        ("maps", "Maps"): compared if no_target else "",
        ("clusters", "Clusters"): no_responses,
        ("components", "Components"): no_responses,
        ("compare", "Compare"): compared,
        ("selection", "Selection"): "",
        ("encoders", "Encoders"): no_target,
        ("train", "Train"): decoders,
        ("retrieval", "Retrieval"): decoders,
        ("zero_shot", "Zero-shot"): decoders or ("" if categories else "no categories"),
        ("ablations", "Ablations"): decoders,
        ("dissimilarity", "Predict dissimilarity"): decoders,
        ("encoding", "Encoding"): decoders,
        ("cortex", "Cortex"): no_responses,
        ("ground_truth", "Ground truth"): ""
        if ds.info.is_simulated
        else "of simulated recordings only",
    }
    without = {
        "responses": "" if repeated else "no repeats: no reliability, no noise ceiling",
        "rdm": "" if repeated or not responses else "no repeats: no noise ceiling",
        "overview": "" if images else "no images: stimuli are shown by id",
        "maps": "" if images else "no images: points are dots",
    }
    return [
        Ability(page, title, not lacking, lacking or without.get(page, ""))
        for (page, title), lacking in pages.items()
    ]
