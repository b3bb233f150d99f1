#!/bin/sh
# faiss-cpu 1.15.1, IndexFlatIP: of rows with the same score it keeps those with the lowest ids, and
# lists them with the highest id first. A gallery with duplicate images is so ordered the other way
# round than by numpy's stable argsort of the negative scores. Places that nothing fills have the id
# -1 and the score -3.4028235e+38, as have all places of a query that is not a number.
#
# Seen 2026-11-29: ids [4 3 2 1 0] of ten equal rows, [41 40 0 ...] of a row and its two copies.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check faiss-cpu==1.15.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import faiss
import numpy as np

rng = np.random.default_rng(0)
rows = rng.normal(size=(40, 16)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)


def search(gallery, queries, k):
    index = faiss.IndexFlatIP(gallery.shape[1])
    index.add(np.ascontiguousarray(gallery))
    return index.search(np.ascontiguousarray(queries), k)


scores, equal = search(np.repeat(rows[:1], 10, axis=0), rows[:1], 5)
print("ten equal rows, k = 5:", equal[0], scores[0])
_, copies = search(np.concatenate([rows, rows[:1], rows[:1]]), rows[:1], 5)
print("a row and its two copies, k = 5:", copies[0])
filled, places = search(rows[:3], rows[:1], 5)
print("three rows, k = 5:", places[0], filled[0])
nothing, nowhere = search(rows, np.full((1, 16), np.nan, np.float32), 2)
print("a query of NaN:", nowhere[0], nothing[0])

assert len(set(scores[0])) == 1
assert equal[0].tolist() == [4, 3, 2, 1, 0]
assert copies[0][:3].tolist() == [41, 40, 0]
least = np.finfo(np.float32).min
assert places[0].tolist()[3:] == [-1, -1] and (filled[0][3:] == least).all()
assert nowhere[0].tolist() == [-1, -1] and (nothing[0] == least).all()
PYTHON
