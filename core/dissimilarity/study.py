"""Study B: its setting as a request, and its published numbers."""

from __future__ import annotations

from typing import NamedTuple

from core.datasets import Dataset, Reference
from core.dissimilarity.data import split_text
from core.dissimilarity.job import STUDY_MODELS, DissimilarityRequest

IMAGES = 500
V1 = ("V1", "V1v", "V1d")


class PublishedNumber(NamedTuple):
    """A number of the study, and what it is of; None where the study shows no number."""

    table: str
    what: str
    roi: str
    metric: str
    value: float | None
    note: str = ""


CITATION = (
    "Hexter & Puente Quera (2025), Predicting fMRI response dissimilarity to natural scenes, "
    "Bar-Ilan University; NSD as packaged for Algonauts 2023, one subject"
)
SIAMESE = "Table 3, Siamese CNN"
PUBLISHED = (
    PublishedNumber("Table 1", "smallest", "V1", "correlation", 0.288),
    PublishedNumber("Table 1", "largest", "V1", "correlation", 1.630),
    PublishedNumber("Table 1", "smallest", "V1", "euclidean", 38.154),
    PublishedNumber("Table 1", "largest", "V1", "euclidean", 185.448),
    PublishedNumber("Table 2", "smallest", "all visual cortex", "correlation", 0.356),
    PublishedNumber("Table 2", "largest", "all visual cortex", "correlation", 1.524),
    PublishedNumber("Table 2", "smallest", "all visual cortex", "euclidean", 181.478),
    PublishedNumber("Table 2", "largest", "all visual cortex", "euclidean", 573.075),
    PublishedNumber(SIAMESE, "R², linear output", "V1", "correlation", -0.0039),
    PublishedNumber(SIAMESE, "R², 2 × sigmoid", "V1", "correlation", -0.1116),
    PublishedNumber(SIAMESE, "Spearman, linear output", "V1", "correlation", 0.0065),
    PublishedNumber(SIAMESE, "Spearman, 2 × sigmoid", "V1", "correlation", 0.0053),
    PublishedNumber(
        "Discussion",
        "Spearman, visual layer and response RDM",
        "all visual cortex",
        "correlation",
        0.288,
    ),
    PublishedNumber(
        "Discussion",
        "Spearman, visual layer and response RDM",
        "all visual cortex",
        "euclidean",
        0.162,
    ),
    PublishedNumber(
        "Figures 6 to 9",
        "R², MLP, pairs leaked",
        "all visual cortex",
        "euclidean",
        None,
        "drawn without numbers: higher than for correlation",
    ),
    PublishedNumber(
        "Figures 10 to 13",
        "R², MLP, images held out",
        "all visual cortex",
        "both",
        None,
        "drawn without numbers: negative throughout",
    ),
)


def regions(ds: Dataset) -> dict[str, tuple[str, ...]]:
    """The study's regions in a recording: V1 where it has one, and every unit."""
    if "V1" in ds.rois:
        v1: tuple[str, ...] = ("V1",)
    else:
        v1 = tuple(name for name in V1 if name in ds.rois)
    return ({"V1": v1} if v1 else {}) | {"all visual cortex": ()}


def study_b(ds: Dataset, encoder: str = "clip-small", seed: int = 0) -> DissimilarityRequest:
    """Study B's setting: 500 images, 400 to train and 100 to test, both metrics, every model.

    Its embeddings are the final one of CLIP ViT-B/32 and the raw visual layer; an encoder
    without such a layer gives its one embedding.
    """
    from core import encoders

    parameters = encoders.get(split_text(encoder)[0]).info.parameters
    has_layer = any(p.name == "output" and "visual" in p.choices for p in parameters)
    embeddings = (encoder, f"{encoder},output=visual") if has_layer else (encoder,)
    return DissimilarityRequest(
        Reference.of(ds),
        rois=tuple(regions(ds).values()),
        metrics=("correlation", "euclidean"),
        embeddings=embeddings,
        models=STUDY_MODELS,
        images=IMAGES,
        seed=seed,
    )
