"""The average surface of FreeSurfer: fsaverage5 as nilearn packs it, and how fsaverage refines it.

fsaverage5 is an icosahedron whose faces were divided in four five times, fsaverage one that was
divided seven times. Dividing goes on from the same vertices and numbers the new ones, the middles
of edges, in the order in which the faces name them: so the first 10,242 vertices of a hemisphere
of fsaverage are those of fsaverage5, and which lie nearest to each of them follows from the
numbers alone.

Source: Fischl, Sereno, Tootell & Dale (1999), Hum. Brain Mapp. 8:272-284; the files are those of
FreeSurfer's fsaverage5, in nilearn.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.datasets.places import SIDES
from core.errors import NotFoundError

VERTICES = 10_242
DIVIDED, FINE = 5, 7
# Which corners each of the 20 faces of the icosahedron has, in the order of the file.
ICOSAHEDRON = (
    (0, 3, 4), (0, 4, 5), (0, 5, 1), (0, 1, 2), (0, 2, 3), (3, 2, 8), (3, 8, 9), (3, 9, 4),
    (4, 9, 10), (4, 10, 5), (5, 10, 6), (5, 6, 1), (1, 6, 7), (1, 7, 2), (2, 7, 8), (8, 11, 9),
    (9, 11, 10), (10, 11, 6), (6, 11, 7), (7, 11, 8),
)  # fmt: skip
# Between the two inflated hemispheres, which the files lay over one another, in mm.
APART = 8.0


class Hemisphere5(NamedTuple):
    """One hemisphere of fsaverage5.

    ``inflated`` and ``flat`` are (10242, 3) and (10242, 2) float32 in mm, flat NaN at vertices of
    no flat face; ``faces`` and ``flat_faces`` (f, 3) int32; ``depth`` (10242,) float32 is the
    sulcal depth, positive in sulci.
    """

    inflated: np.ndarray
    flat: np.ndarray
    faces: np.ndarray
    flat_faces: np.ndarray
    depth: np.ndarray


class SurfaceCells(NamedTuple):
    """Vertices of fsaverage in the cells of fsaverage5: ``coarse[i]`` holds ``fine[i]``.

    A vertex in the middle between two counts half in each cell, which ``weight`` says.
    """

    fine: np.ndarray
    coarse: np.ndarray
    weight: np.ndarray


def folder() -> Path:
    """Where nilearn packs fsaverage5; nilearn itself is not imported.

    Raises
    ------
    NotFoundError
        If it is not installed.
    """
    package = importlib.util.find_spec("nilearn")
    for place in (package and package.submodule_search_locations) or ():
        path = Path(place) / "datasets" / "data" / "fsaverage5"
        if path.is_dir():
            return path
    raise NotFoundError(
        "The surface of fsaverage5 is not on this machine",
        "the package nilearn, which packs it",
        "Install what requirements.txt names.",
    )


@cache
def hemispheres() -> tuple[Hemisphere5, Hemisphere5]:
    """Left and right, moved apart; see ``folder`` for what raises."""
    left, right = (_hemisphere(side) for side in SIDES)
    for hemisphere, x in ((left, left.inflated[:, 0].max()), (right, right.inflated[:, 0].min())):
        outwards = -1 if hemisphere is left else 1
        hemisphere.inflated[:, 0] += outwards * APART / 2 - x
    for array in (*left, *right):
        array.flags.writeable = False
    return left, right


def _hemisphere(side: str) -> Hemisphere5:
    inflated, faces = _arrays(f"infl_{side}")
    flat, flat_faces = _arrays(f"flat_{side}")
    (depth,) = _arrays(f"sulc_{side}")
    flat = flat[:, :2].copy()
    # They stand anywhere: no box and no middle may count them.
    flat[np.setdiff1d(np.arange(len(flat)), flat_faces)] = np.nan
    return Hemisphere5(inflated.copy(), flat, faces, flat_faces, depth)


def _arrays(name: str) -> list[np.ndarray]:
    import nibabel

    image = nibabel.load(folder() / f"{name}.gii.gz")
    return [np.asarray(array.data) for array in image.darrays]  # type: ignore[attr-defined]


@cache
def divided(times: int) -> np.ndarray:
    """Faces of the icosahedron divided so many times. (20 * 4^times, 3) int64"""
    return np.array(ICOSAHEDRON) if times == 0 else _halved(times)[0]


@cache
def parents(times: int) -> np.ndarray:
    """The two vertices between which each vertex lies that the last division added. (k, 2)"""
    return _halved(times)[1]


@cache
def _halved(times: int) -> tuple[np.ndarray, np.ndarray]:
    """Faces and parents of ``divided`` and ``parents``: each face becomes four."""
    faces = divided(times - 1)
    first = int(faces.max()) + 1
    a, b, c = faces.T
    edges = np.sort(np.stack([a, c, c, b, b, a], axis=1).reshape(-1, 2), axis=1)
    ids = edges[:, 0] * first + edges[:, 1]
    _, where, which = np.unique(ids, return_index=True, return_inverse=True)
    rank = where.argsort().argsort()  # in the order in which they appear
    ac, cb, ba = (first + rank[which].reshape(-1, 3)).T
    inner = np.stack([ac, cb, c, ba, cb, ac, ba, b, cb], axis=1).reshape(-1, 3)
    return np.vstack([np.stack([a, ba, ac], axis=1), inner]), edges[np.sort(where)]


@cache
def cells() -> SurfaceCells:
    """The cell of fsaverage5 that each vertex of fsaverage lies in, by the numbers alone."""
    once, twice = parents(DIVIDED + 1), parents(FINE)
    own = np.arange(VERTICES)
    between = VERTICES + np.arange(len(once))
    finest = between[-1] + 1 + np.arange(len(twice))
    # The middle of an edge of fsaverage5 and a vertex belongs to the vertex; that of two
    # such middles to the vertex that both edges share.
    low, high = twice.T
    mids = low >= VERTICES
    shared = once[np.where(mids, low, VERTICES) - VERTICES]
    other = once[np.where(mids, high, VERTICES) - VERTICES]
    common = np.where((shared[:, :1] == other).any(axis=1), shared[:, 0], shared[:, 1])
    return SurfaceCells(
        np.concatenate([own, between, between, finest]),
        np.concatenate([own, once[:, 0], once[:, 1], np.where(mids, common, low)]),
        np.concatenate([np.ones(VERTICES), np.full(2 * len(once), 0.5), np.ones(len(twice))]),
    )
